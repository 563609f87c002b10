"""The real MNIST, where it is at hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from minitorch_datasets import load_mnist
from minitorch_mnist.images import fit_digit


@pytest.mark.slow
@pytest.mark.parametrize(("model", "least"), [("lenet", 9750), ("course", 9500)])
def test_one_epoch_teaches_most_of_mnist(
    model: str, least: int, run: Any, real_mnist: Path
) -> None:
    how = ("--model", model, "--epochs", 1, "--backend", "fast")
    ended = run(*how, "--data-dir", real_mnist)
    assert (ended.code, ended.err) == (0, "")
    assert "on mnist: 55,000 images to train on, 5,000 to validate, 10,000 to test" in ended.out
    found = re.search(r"test accuracy 0\.\d{4} \((\d+)/10000\)\n$", ended.out)
    assert found and int(found[1]) > least
    again = run("evaluate", "--data-dir", real_mnist, "--backend", "fast")
    assert again.out.splitlines()[-1] == ended.out.splitlines()[-1]


def test_a_large_picture_of_a_digit_becomes_the_digit_that_mnist_has(real_mnist: Path) -> None:
    images = load_mnist(real_mnist).test_images[:300].astype(np.uint8)
    apart = []
    for image in images:
        page = Image.new("L", (500, 400), 255)
        ink = Image.fromarray(image).resize((280, 280), Image.Resampling.BICUBIC)
        page.paste(0, (150, 70), ink)
        fitted = fit_digit(np.asarray(page))
        apart.append(np.abs(fitted.astype(int) - image.astype(int)).mean())
    assert np.median(apart) < 6  # a shift by one pixel makes it 16


def test_the_test_images_can_be_predicted_one_by_one(
    run: Any, trained: Path, real_mnist: Path
) -> None:
    (images,) = real_mnist.glob("t10k-images-idx3-ubyte*")
    ended = run("predict", "--checkpoint", trained, "--backend", "numpy", "--quiet", images)
    assert ended.code == 0
    assert len(ended.out.split()) == 10_000
