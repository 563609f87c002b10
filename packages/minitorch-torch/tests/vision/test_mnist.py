"""MNIST and its like, in torchvision's folders."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minitorch_torch as torch
from minitorch_datasets import CATALOG, DatasetError, UnavailableError, write_idx
from minitorch_torch.vision import datasets, transforms
from minitorch_torch.vision.datasets.vision import StandardTransform

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype=np.uint8)
LABELS = np.arange(6, dtype=np.uint8)
KINDS = [datasets.MNIST, datasets.FashionMNIST, datasets.KMNIST]


def write(folder: Path, packed: bool = True) -> None:
    """The four files; the test set is the training set backwards, of four."""
    folder.mkdir(parents=True)
    ending = ".gz" if packed else ""
    write_idx(folder / f"train-images-idx3-ubyte{ending}", IMAGES)
    write_idx(folder / f"train-labels-idx1-ubyte{ending}", LABELS)
    write_idx(folder / f"t10k-images-idx3-ubyte{ending}", IMAGES[:1:-1])
    write_idx(folder / f"t10k-labels-idx1-ubyte{ending}", LABELS[:1:-1])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_both_sets_are_read(root: Path, kind: type[datasets.MNIST], packed: bool) -> None:
    write(root / kind.__name__ / "raw", packed)
    train, test = kind(root), kind(str(root), train=False, download=True)
    assert (len(train), len(test)) == (6, 4)
    assert train.data.dtype is torch.uint8 and train.targets.dtype is torch.int64
    assert np.array_equal(train.data.numpy(), IMAGES) and train.targets.tolist() == [*LABELS]
    assert np.array_equal(test.data.numpy(), IMAGES[:1:-1]) and test.targets.tolist() == [
        5,
        4,
        3,
        2,
    ]
    picture, target = test[-1]
    assert isinstance(picture, Image.Image) and picture.mode == "L" and type(target) is int
    assert np.array_equal(np.asarray(picture), IMAGES[2]) and target == 2


def test_the_classes_have_numbers(root: Path) -> None:
    for kind, name, number in zip(KINDS, ("9 - nine", "Sneaker", "su"), (9, 7, 2)):
        write(root / kind.__name__ / "raw")
        dataset = kind(root)
        assert dataset.class_to_idx[name] == number and len(dataset.classes) == 10


def test_samples_are_transformed(root: Path) -> None:
    write(root / "MNIST" / "raw")
    dataset = datasets.MNIST(root, transform=transforms.ToTensor(), target_transform=str)
    tensor, target = dataset[3]
    assert target == "3" and np.array_equal(tensor.numpy()[0], IMAGES[3] / np.float32(255))


def test_its_text_is_that_of_torchvision(root: Path) -> None:
    write(root / "MNIST" / "raw")
    steps = transforms.Compose([transforms.ToTensor()])
    text = repr(datasets.MNIST(root, False, steps, transforms.Lambda(int)))
    assert text == (
        "Dataset MNIST\n    Number of datapoints: 4\n"
        f"    Root location: {root}\n    Split: Test\n"
        "    StandardTransform\nTransform: Compose(\n               ToTensor()\n           )\n"
        "Target transform: Lambda()"
    )


def test_missing_files_are_named_with_a_way_out(root: Path) -> None:
    with pytest.raises(RuntimeError, match=r"lacks train-images.* Pass download=True, or copy"):
        datasets.MNIST(root)


def test_a_download_that_fails_says_so(root: Path, no_network: None) -> None:
    with pytest.raises(UnavailableError, match=r"train-images-idx3-ubyte.gz cannot be downloaded"):
        datasets.MNIST(root, download=True)


def test_damaged_files_are_refused(root: Path) -> None:
    folder = root / "MNIST" / "raw"
    write(folder)
    path = folder / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x01\x7f\xff\xff\xff"))
    with pytest.raises(DatasetError, match=r"claims to hold|truncated"):
        datasets.MNIST(root)
    write_idx(path, LABELS[:5])
    with pytest.raises(RuntimeError, match=r"labels of shape \(5,\)"):
        datasets.MNIST(root)


def test_only_what_is_missing_is_downloaded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Path]] = []

    def download(name: str, folder: str) -> None:
        asked.append((name, Path(folder)))
        write(Path(folder))

    monkeypatch.setattr(datasets.mnist, "download_files", download)
    for _ in range(2):
        assert len(datasets.KMNIST(root, download=True)) == 6
    assert asked == [("kmnist", root / "KMNIST" / "raw")]


def test_the_real_mnist(root: Path) -> None:
    configured = os.environ.get("MINITORCH_TEST_DATA")
    places = [Path(configured)] if configured else []
    places += [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    found = next((place / "mnist" for place in places if (place / "mnist").is_dir()), None)
    if found is None:
        pytest.skip("no real data: no folder mnist in MINITORCH_TEST_DATA or ../shared/data")
    (root / "MNIST").mkdir(parents=True)
    (root / "MNIST" / "raw").symlink_to(found)
    train = datasets.MNIST(root)
    assert train.data.shape == (60000, 28, 28) and train.targets[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.isclose(train.data.numpy().mean() / 255, 0.1307, atol=1e-4)
    assert len(datasets.MNIST(root, train=False)) == 10000


def test_the_root_may_be_in_the_home_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(root))
    write(root / "MNIST" / "raw")
    assert len(datasets.MNIST("~")) == 6


def test_a_data_set_of_ones_own(root: Path) -> None:
    class Squares(datasets.VisionDataset):
        def __len__(self) -> int:
            return 3

    assert repr(Squares()) == "Dataset Squares\n    Number of datapoints: 3"
    with pytest.raises(NotImplementedError, match="Squares must define __getitem__"):
        Squares()[0]
    both = Squares(transforms=lambda x, y: (y, x))
    assert both.transforms(1, 2) == (2, 1)
    with pytest.raises(ValueError, match="not both"):
        Squares(transforms=lambda x, y: (y, x), transform=str)
    assert StandardTransform(str, None)(1, 2) == ("1", 2)


def test_the_catalog_has_what_the_classes_name() -> None:
    assert {kind.published for kind in KINDS} <= CATALOG.keys()
