"""The embedded digits: the same for the same seed, well-formed, and readable."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_datasets import DatasetError, ImageDataset, draw_digits, load_digits
from minitorch_datasets.digits import GLYPHS, _catmull_rom, _curves, _pen_positions, _place


def content(dataset: ImageDataset) -> str:
    arrays = (
        dataset.train_images,
        dataset.train_labels,
        dataset.test_images,
        dataset.test_labels,
    )
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


@pytest.fixture(scope="module")
def dataset() -> ImageDataset:
    return load_digits(3000, 1000)


def test_the_images_of_a_seed_are_the_same_everywhere() -> None:
    # On every platform, numpy and BLAS. A change here is a change of the data set that everybody's
    # results are measured on: it needs a line in the CHANGELOG and a new version.
    expected = "b4a459322e4965f51345adf96016201327d9754866e86c08ad6ebe927647bad3"
    assert content(load_digits(40, 20, seed=7)) == expected


def test_equal_arguments_give_equal_images_and_another_seed_others() -> None:
    assert content(load_digits(20, 10)) == content(load_digits(20, 10, seed=0))
    assert content(load_digits(20, 10)) != content(load_digits(20, 10, seed=1))


def test_the_test_split_does_not_depend_on_the_train_split() -> None:
    small, large = load_digits(10, 30), load_digits(50, 30)
    np.testing.assert_array_equal(small.test_images, large.test_images)


def test_no_image_is_in_both_splits(dataset: ImageDataset) -> None:
    train = {image.tobytes() for image in dataset.train_images}
    test = {image.tobytes() for image in dataset.test_images}
    assert len(train) == 3000
    assert len(test) == 1000
    assert not train & test


@given(train=st.integers(0, 60), test=st.integers(0, 60), seed=st.integers(0, 2**64))
@settings(max_examples=20, deadline=None)
def test_every_digit_is_as_frequent_as_the_others(train: int, test: int, seed: int) -> None:
    dataset = load_digits(train, test, seed)
    for labels, number in ((dataset.train_labels, train), (dataset.test_labels, test)):
        counts = np.bincount(labels, minlength=10)
        assert counts.sum() == number
        assert np.ptp(counts) <= 1


def test_labels_come_in_random_order(dataset: ImageDataset) -> None:
    same = (dataset.train_labels[1:] == dataset.train_labels[:-1]).mean()
    assert 0.05 < same < 0.15


def test_images_look_like_mnists(dataset: ImageDataset) -> None:
    images = dataset.train_images.astype(np.float64) / 255
    assert 0.08 < images.mean() < 0.18  # MNIST: 0.13
    assert 0.2 < images.std() < 0.35  # MNIST: 0.31
    assert images.max(axis=(1, 2)).min() > 0.5, "an image without ink"
    border = np.ones((28, 28), dtype=bool)
    border[1:-1, 1:-1] = False
    assert (images[:, border] > 0.4).mean() < 0.005, "digits are cut off"
    rows, columns = np.arange(28)[:, None], np.arange(28)
    mass = images.sum(axis=(1, 2))
    for axis in (rows, columns):
        centre = (images * axis).sum(axis=(1, 2)) / mass
        assert abs(centre - 13.5).max() < 3.5


def nearest_neighbour_accuracy(dataset: ImageDataset) -> float:
    train = dataset.train_images.reshape(-1, 784).astype(np.float32)
    test = dataset.test_images.reshape(-1, 784).astype(np.float32)
    distance = (train**2).sum(axis=1) - 2 * test @ train.T
    guess = dataset.train_labels[distance.argmin(axis=1)]
    return float((guess == dataset.test_labels).mean())


def test_the_digits_can_be_told_apart_but_not_by_their_average(dataset: ImageDataset) -> None:
    assert nearest_neighbour_accuracy(dataset) > 0.8
    means = [dataset.train_images[dataset.train_labels == d].mean(axis=0) for d in range(10)]
    averages = ImageDataset(
        "averages",
        np.stack(means).astype(np.uint8),
        np.arange(10, dtype=np.uint8),
        dataset.test_images,
        dataset.test_labels,
    )
    assert nearest_neighbour_accuracy(averages) < 0.8


def test_each_label_is_drawn_as_asked_in_every_way_it_has() -> None:
    rng = np.random.default_rng(0)
    for digit, variants in GLYPHS.items():
        positions, drawn = _pen_positions(np.full(60, digit), rng)
        assert positions.shape == (60, 56, 2)
        assert 1 <= len({row.tobytes() for row in drawn}) <= len(variants)
        curves = _curves()[digit]
        nearest = [
            np.argmin([np.abs(p - c.basis @ c.controls).mean() for c in curves]) for p in positions
        ]
        assert set(nearest) == set(range(len(variants)))


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_stroke_runs_through_its_control_points(count: int) -> None:
    basis = _catmull_rom(count, 6 * (count - 1) + 1)
    np.testing.assert_allclose(basis[::6], np.eye(count), atol=1e-12)
    np.testing.assert_allclose(basis.sum(axis=1), 1)
    line = basis @ np.arange(count)
    np.testing.assert_allclose(line, np.linspace(0, count - 1, len(line)), atol=1e-12)


def test_corners_stay_closed_and_a_lifted_pen_leaves_no_ink() -> None:
    rng = np.random.default_rng(0)
    positions, drawn = _pen_positions(np.arange(1000) % 10, rng)
    placed, lengths = _place(positions, drawn, rng)
    step = np.hypot(*np.moveaxis(np.diff(placed, axis=1), -1, 0))
    np.testing.assert_allclose(lengths.sum(axis=1), (step * drawn).sum(axis=1))
    assert (step * ~drawn).sum() > 0
    # so sums of ink stay below 2^24, where float32 stops counting
    assert lengths.sum(axis=1).max() < 300


def test_what_is_no_digit_is_not_drawn() -> None:
    rng = np.random.default_rng(0)
    assert draw_digits([], rng).shape == (0, 28, 28)
    assert draw_digits([3, 1, 4], rng).dtype == np.uint8
    with pytest.raises(DatasetError, match="label 10, wanted 0 to 9"):
        draw_digits([3, 10], rng)
    with pytest.raises(DatasetError, match="label -1"):
        draw_digits([-1], rng)
    with pytest.raises(DatasetError, match=r"shape \(1, 1\)"):
        draw_digits([[1]], rng)
    with pytest.raises(DatasetError, match="dtype float64"):
        draw_digits([1.0], rng)
    for argument in ("train", "test", "seed"):
        with pytest.raises(DatasetError, match=f"load_digits: {argument} is -1"):
            load_digits(**{"train": 1, "test": 1, argument: -1})
