"""MNIST from a folder and from the cache, and every way in which its files can be wrong."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from minitorch_datasets import (
    DatasetError,
    ImageDataset,
    UnavailableError,
    has_mnist,
    load_mnist,
    mnist,
    write_idx,
)

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = (file.name for file in mnist._FILES)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here may reach for the network."""

    def fail(*args: object, **kwargs: object) -> None:
        raise AssertionError("fetch was called")

    monkeypatch.setattr(mnist, "fetch", fail)


def swap(first: Path, second: Path) -> None:
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


def refused(folder: Path, saying: str, *, verify: bool = True) -> None:
    with pytest.raises(DatasetError, match=saying) as caught:
        load_mnist(folder, verify=verify)
    assert "\n" not in str(caught.value)
    assert caught.value.way_out


@pytest.mark.parametrize("place", ["", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("packed", [True, False])
def test_each_layout_is_read(
    published: Path, arrays: dict[str, np.ndarray], place: str, packed: bool, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    (root / place).mkdir(parents=True)
    for path in published.iterdir():
        if packed:
            shutil.copy(path, root / place)
        else:
            (root / place / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    assert has_mnist(root)
    dataset = load_mnist(str(root))
    assert dataset.name == "mnist"
    for found, expected in zip(
        (dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels),
        arrays.values(),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


def test_the_real_mnist_is_read_and_verified(real_mnist: Path) -> None:
    dataset = load_mnist(real_mnist)
    assert dataset.train_images.shape == (60000, 28, 28)
    assert dataset.test_images.shape == (10000, 28, 28)
    assert dataset.train_labels[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]
    assert dataset.test_labels[:8].tolist() == [7, 2, 1, 0, 4, 1, 4, 9]
    assert round(float(dataset.train_images.mean()) / 255, 4) == 0.1307  # known to all who use it


def test_one_changed_pixel_of_the_real_mnist_is_noticed(real_mnist: Path, tmp_path: Path) -> None:
    shutil.copytree(real_mnist, tmp_path / "copy")
    images = load_mnist(real_mnist).test_images.copy()
    images[5000, 14, 14] ^= 1
    write_idx(tmp_path / "copy" / TEST_IMAGES, images)  # is preferred to the gzipped one
    refused(tmp_path / "copy", "t10k-images.*wrong checksum.*wanted 0fa7898d")


def test_a_missing_folder_or_file_is_named(published: Path, tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "nowhere is no existing folder")
    refused(published / f"{TRAIN_LABELS}.gz", "is not a folder")
    (published / f"{TRAIN_LABELS}.gz").unlink()
    refused(published, f"lacks {TRAIN_LABELS}, wanted")
    assert not has_mnist(published)


def test_a_named_folder_is_never_completed_from_the_cache(published: Path, cache: Path) -> None:
    shutil.copytree(published, cache)
    assert load_mnist().name == "mnist"
    (published / f"{TEST_LABELS}.gz").unlink()
    refused(published, f"lacks {TEST_LABELS}")


@pytest.mark.parametrize("verify", [True, False])
def test_images_in_place_of_labels_are_told_so(published: Path, verify: bool) -> None:
    swap(published / f"{TRAIN_IMAGES}.gz", published / f"{TRAIN_LABELS}.gz")
    refused(published, f"{TRAIN_IMAGES}.gz.*look like labels.*swapped", verify=verify)
    shutil.copy(published / f"{TRAIN_LABELS}.gz", published / f"{TRAIN_IMAGES}.gz")
    refused(published, f"{TRAIN_LABELS}.gz.*look like images.*swapped", verify=verify)


def test_train_in_place_of_test_is_told_so(published: Path) -> None:
    swap(published / f"{TRAIN_IMAGES}.gz", published / f"{TEST_IMAGES}.gz")
    refused(published, "holds 5 images, but .* holds 12 labels")
    swap(published / f"{TRAIN_LABELS}.gz", published / f"{TEST_LABELS}.gz")
    refused(published, f"wrong checksum: holds MNIST's {TEST_IMAGES}, wanted {TRAIN_IMAGES}")


def test_each_kind_of_damage_has_its_own_message(
    published: Path, arrays: dict[str, np.ndarray]
) -> None:
    path = published / f"{TRAIN_LABELS}.gz"
    good = arrays[TRAIN_LABELS]

    path.write_bytes(path.read_bytes()[:-10])
    refused(published, "train-labels.*truncated")
    path.write_bytes(b"404 not found")
    refused(published, "train-labels.*begins with 34 30 34 20")
    write_idx(path, good.astype(np.int32))
    refused(published, r"train-labels.*holds int32 values of shape \(12,\), wanted labels")
    write_idx(path, good[:-1])
    refused(published, "12 images, but .*train-labels.* holds 11 labels")
    write_idx(path, np.where(np.arange(12) == 7, 10, good).astype(np.uint8))
    refused(published, "label 10 at position 7, wanted 0 to 9")
    write_idx(path, (good + 1) % 10)
    refused(published, "train-labels.*wrong checksum.*verify=False")
    write_idx(path, good)
    assert load_mnist(published).train_labels.tolist() == good.tolist()


def test_images_of_another_size_are_refused(published: Path) -> None:
    write_idx(published / f"{TEST_IMAGES}.gz", np.zeros((5, 32, 32), dtype=np.uint8))
    refused(published, r"shape \(5, 32, 32\), wanted images \(N, 28, 28\)", verify=False)


def test_another_data_set_of_the_layout_is_read_without_verifying(folder: Path) -> None:
    refused(folder, "wrong checksum")
    dataset = load_mnist(folder, verify=False)
    assert dataset.name == "mnist layout"
    assert len(dataset.train_labels) == 12


def test_the_cache_is_read_without_the_network(published: Path, cache: Path) -> None:
    assert not has_mnist()
    shutil.copytree(published, cache / "mnist")
    assert has_mnist()
    assert len(load_mnist(download=False).test_labels) == 5


def test_a_sound_copy_in_the_cache_makes_up_for_a_damaged_one(published: Path, cache: Path) -> None:
    shutil.copytree(published, cache / "mnist")
    (cache / TRAIN_LABELS).write_bytes(b"damaged")
    assert len(load_mnist().train_labels) == 12


def test_what_is_in_the_cache_is_verified(
    published: Path, cache: Path, arrays: dict[str, np.ndarray]
) -> None:
    shutil.copytree(published, cache)
    write_idx(cache / f"{TEST_LABELS}.gz", (arrays[TEST_LABELS] + 1) % 10)
    with pytest.raises(UnavailableError, match=r"in the cache .*t10k-labels.*wrong checksum"):
        load_mnist(download=False)


def test_without_download_an_empty_or_damaged_cache_is_an_error(
    published: Path, cache: Path
) -> None:
    with pytest.raises(UnavailableError, match=r"not in the cache .*may not be downloaded"):
        load_mnist(download=False)
    shutil.copytree(published, cache)
    (cache / f"{TEST_IMAGES}.gz").write_bytes(b"damaged")
    with pytest.raises(UnavailableError, match=r"in the cache .*t10k-images.*no IDX file"):
        load_mnist(download=False)


def test_a_data_set_cannot_be_changed_by_accident(published: Path) -> None:
    dataset = load_mnist(published)
    with pytest.raises(ValueError, match="read-only"):
        dataset.train_images[0, 0, 0] = 1
    with pytest.raises(AttributeError):
        dataset.name = "other"  # type: ignore[misc]
    assert repr(dataset) == "ImageDataset('mnist', 12 train and 5 test images of 28x28)"


def test_a_data_set_refuses_what_is_not_one() -> None:
    images, labels = np.zeros((2, 28, 28), dtype=np.uint8), np.zeros(2, dtype=np.uint8)
    with pytest.raises(DatasetError, match="test_images: holds float64 values"):
        ImageDataset("own", images, labels, images.astype(np.float64), labels)
    with pytest.raises(DatasetError, match="train_images: holds 2 images, but train_labels"):
        ImageDataset("own", images, labels[:1], images, labels)
