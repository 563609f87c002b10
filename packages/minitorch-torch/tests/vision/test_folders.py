"""Pictures in folders, and pictures without content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

import minitorch_torch as torch
from minitorch_torch.utils.data import DataLoader
from minitorch_torch.vision import datasets, transforms
from minitorch_torch.vision.datasets import folder


@pytest.fixture
def pictures(root: Path) -> Path:
    """cat with two pictures, one of them in a folder below it, and dog with one."""
    for number, name in enumerate(("cat/b.png", "cat/deep/a.PNG", "dog/c.bmp")):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 3), 50 * number).save(path)
    (root / "cat" / "notes.txt").write_text("no picture")
    return root


def test_a_folder_is_a_class(pictures: Path) -> None:
    dataset = datasets.ImageFolder(pictures)
    assert dataset.classes == ["cat", "dog"] and dataset.class_to_idx == {"cat": 0, "dog": 1}
    names = [(Path(path).relative_to(pictures).as_posix(), n) for path, n in dataset.samples]
    assert names == [("cat/b.png", 0), ("cat/deep/a.PNG", 0), ("dog/c.bmp", 1)]
    assert dataset.imgs is dataset.samples and dataset.targets == [0, 0, 1] and len(dataset) == 3
    picture, target = dataset[1]
    assert picture.mode == "RGB" and picture.getpixel((0, 0)) == (50, 50, 50) and target == 0


def test_batches_of_a_folder(pictures: Path) -> None:
    dataset = datasets.ImageFolder(pictures, transform=transforms.ToTensor())
    ((images, targets),) = DataLoader(dataset, batch_size=3)
    assert images.shape == (3, 3, 3, 4) and targets.tolist() == [0, 0, 1]


def test_other_files_by_another_loader(pictures: Path) -> None:
    dataset = datasets.DatasetFolder(
        pictures, lambda path: Path(path).read_text(), (".txt",), str.upper, allow_empty=True
    )
    assert dataset[0] == ("NO PICTURE", 0) and len(dataset) == 1
    chosen = datasets.ImageFolder(
        pictures, is_valid_file=lambda path: path.endswith(".bmp"), allow_empty=True
    )
    assert chosen.targets == [1]


def test_missing_pictures_are_named(pictures: Path, tmp_path: Path) -> None:
    (pictures / "ant").mkdir()
    with pytest.raises(FileNotFoundError, match=r"of the classes ant. allow_empty=True"):
        datasets.ImageFolder(pictures)
    assert len(datasets.ImageFolder(pictures, allow_empty=True)) == 3
    with pytest.raises(FileNotFoundError, match="holds no folders"):
        datasets.ImageFolder(pictures / "ant")
    with pytest.raises(ValueError, match="one of them"):
        datasets.DatasetFolder(pictures, str)
    with pytest.raises(ValueError, match="at least one class"):
        folder.make_dataset(pictures, {}, ".png")


def test_the_content_decides_what_a_file_is(pictures: Path) -> None:
    for format in folder.FORMATS:
        Image.new("RGB", (2, 2), (255, 0, 0)).save(pictures / "cat" / "b.png", format)
        red, *_ = folder.pil_loader(pictures / "cat" / "b.png").getpixel((0, 0))
        assert red > 250, format
    Image.new("RGB", (2, 2)).save(pictures / "cat" / "b.png", "EPS")  # Ghostscript would read it
    with pytest.raises(UnidentifiedImageError):
        folder.pil_loader(pictures / "cat" / "b.png")


def test_fake_pictures_are_the_same_for_an_index() -> None:
    dataset = datasets.FakeData(5, (3, 8, 6), 7, random_offset=2)
    other = datasets.FakeData(5, (3, 8, 6), 7, random_offset=3)
    torch.manual_seed(0)
    before = torch.rand(1).item()
    torch.manual_seed(0)
    picture, target = dataset[1]
    assert torch.rand(1).item() == before  # nothing is drawn from the default generator
    assert picture.size == (6, 8) and 0 <= target < 7
    assert np.array_equal(np.asarray(picture), np.asarray(other[0][0])) and target == other[0][1]
    assert not np.array_equal(np.asarray(picture), np.asarray(dataset[2][0]))
    with pytest.raises(IndexError, match="index 5 of 5"):
        dataset[5]
