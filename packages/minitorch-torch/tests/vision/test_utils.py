"""Grids of pictures, and pictures as files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minitorch_torch as torch
from minitorch_torch.vision import get_image_backend, set_image_backend
from minitorch_torch.vision.utils import make_grid, save_image


def test_a_grid_holds_every_image_in_its_place() -> None:
    torch.manual_seed(0)
    images = torch.rand(7, 3, 4, 5)
    grid = make_grid(images, nrow=3, padding=2, pad_value=0.25)
    assert grid.shape == (3, 3 * 6 + 2, 3 * 7 + 2)
    rest = grid.clone()
    for number in range(7):
        top, left = number // 3 * 6 + 2, number % 3 * 7 + 2
        place = np.s_[:, top : top + 4, left : left + 5]
        assert np.array_equal(grid[place].numpy(), images[number].numpy())
        rest[place] = 0.25
    assert (rest == 0.25).all().item()


def test_normalizing_leaves_the_images_as_they_are() -> None:
    images = torch.arange(12.0).view(3, 1, 2, 2)
    grid = make_grid(images, normalize=True)
    assert images.max().item() == 11 and grid.max().item() == 1 and grid.min().item() == 0


def test_a_saved_picture_reads_back(tmp_path: Path) -> None:
    levels = torch.arange(3 * 4 * 5).view(3, 4, 5) * 4
    for target, rest in ((str(tmp_path / "a.png"), 0.4), (tmp_path / "b.png", -0.4)):
        save_image((levels + rest) / 255, target)
        found = np.asarray(Image.open(target))
        assert np.array_equal(found, levels.permute(1, 2, 0).numpy())
    buffer = io.BytesIO()
    save_image(torch.full((2, 1, 3, 3), 9.0), buffer, format="png", padding=0)
    assert (np.asarray(Image.open(buffer)) == 255).all()  # beyond 1 there is no more


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(TypeError, match="got ndarray"):
        make_grid(np.zeros((2, 3, 4, 4)))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="got int"):
        make_grid([1])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="tuple"):
        make_grid(torch.zeros(1, 1, 2, 2), normalize=True, value_range=[0, 1])  # type: ignore[arg-type]


def test_pillow_is_what_reads_pictures() -> None:
    set_image_backend(get_image_backend())
    with pytest.raises(ValueError, match="got 'accimage'"):
        set_image_backend("accimage")
