"""CIFAR in torchvision's folders, of a few made-up pictures."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from minitorch_datasets import DatasetError, UnavailableError
from minitorch_torch.vision import datasets, transforms

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 3072), dtype=np.uint8)


def files(kind: type[datasets.CIFAR10]) -> dict[str, bytes]:
    """The content of every file; each has the pictures one step on."""
    labels = "labels" if kind is datasets.CIFAR10 else "fine_labels"
    contents = {}
    for step, (name, _) in enumerate([*kind.train_list, *kind.test_list]):
        batch = {"data": np.roll(PIXELS, step, 0), labels: [step, 0, 1]}
        contents[name] = pickle.dumps(batch, 2)
    names = [f"class {number}" for number in range(10)]
    contents[kind.meta["filename"]] = pickle.dumps({kind.meta["key"]: names}, 2)
    return contents


@pytest.fixture(params=[datasets.CIFAR10, datasets.CIFAR100], ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Any:
    """One of the classes, with the checksums of the pictures made up here."""
    original = request.param
    content = files(original)

    def sums(listed: list[list[str]]) -> list[list[str]]:
        return [[name, md5(content[name])] for name, _ in listed]

    meta = {**original.meta, "md5": md5(content[original.meta["filename"]])}
    changed = {
        "train_list": sums(original.train_list),
        "test_list": sums(original.test_list),
        "meta": meta,
    }
    return type(original.__name__, (original,), changed)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def write(root: Path, kind: type[datasets.CIFAR10]) -> None:
    folder = root / kind.base_folder
    folder.mkdir(parents=True)
    for name, content in files(kind.__mro__[1]).items():
        (folder / name).write_bytes(content)


def test_both_sets_are_read(root: Path, kind: type[datasets.CIFAR10]) -> None:
    write(root, kind)
    train, test = kind(root, download=True), kind(root, train=False)
    count = 3 * len(kind.train_list)
    assert train.data.shape == (count, 32, 32, 3) and len(train) == len(train.targets) == count
    assert train.targets[:4] == [0, 0, 1, 1][:4] if count > 3 else [0, 0, 1]
    assert test.targets == [len(kind.train_list), 0, 1]
    picture, target = train[1]
    assert isinstance(picture, Image.Image) and picture.mode == "RGB" and target == 0
    assert np.array_equal(np.asarray(picture), PIXELS[1].reshape(3, 32, 32).transpose(1, 2, 0))
    assert train.class_to_idx["class 7"] == 7 and len(train.classes) == 10
    assert train.data.flags.writeable


def test_samples_are_transformed(root: Path, kind: type[datasets.CIFAR10]) -> None:
    write(root, kind)
    tensor, target = kind(root, transform=transforms.ToTensor(), target_transform=str)[2]
    assert np.array_equal(tensor.numpy().reshape(-1), PIXELS[2] / np.float32(255))
    assert target == "1"


def test_its_text_is_that_of_torchvision(root: Path, kind: type[datasets.CIFAR10]) -> None:
    write(root, kind)
    assert repr(kind(root, train=False)) == (
        f"Dataset {kind.__name__}\n    Number of datapoints: 3\n    Root location: {root}\n"
        "    Split: Test"
    )


def test_missing_and_changed_files_are_named(root: Path, kind: type[datasets.CIFAR10]) -> None:
    with pytest.raises(RuntimeError, match=r"lacks \w+. Pass download=True, or copy"):
        kind(root)
    write(root, kind)
    path = root / kind.base_folder / kind.test_list[0][0]
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(RuntimeError, match="not the published file: its MD5 is"):
        kind(root)


def test_nothing_in_a_file_is_run(root: Path, kind: type[datasets.CIFAR10]) -> None:
    write(root, kind)
    trace = root / "trace"

    class Evil:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
            return open, (str(trace), "w")

    content = pickle.dumps({"data": Evil()})
    (root / kind.base_folder / kind.test_list[0][0]).write_bytes(content)
    kind.test_list = [[kind.test_list[0][0], md5(content)]]
    with pytest.raises(DatasetError, match="which is not read here"):
        kind(root, train=False)
    assert not trace.exists()


def test_an_archive_is_unpacked(root: Path, kind: type[datasets.CIFAR10]) -> None:
    root.mkdir()
    with tarfile.open(root / kind.filename, "w:gz") as archive:
        for name, content in files(kind.__mro__[1]).items():
            info = tarfile.TarInfo(f"{kind.base_folder}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert len(kind(root, train=False, download=True)) == 3
    (root / kind.filename).unlink()
    assert len(kind(root, train=False, download=True)) == 3  # it is not asked for again


def test_a_download_that_fails_says_so(
    root: Path, kind: type[datasets.CIFAR10], no_network: None
) -> None:
    with pytest.raises(UnavailableError, match=f"{kind.filename} cannot be downloaded"):
        kind(root, download=True)
