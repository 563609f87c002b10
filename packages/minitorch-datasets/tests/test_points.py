"""The course's point sets: each label follows from its point by the set's rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_datasets import POINT_SETS, DatasetError, load_points

# The course's rules, point by point; written out again on purpose.
RULES: dict[str, Callable[[float, float], bool]] = {
    "Simple": lambda x, y: x < 0.5,
    "Diag": lambda x, y: x + y < 0.5,
    "Split": lambda x, y: x < 0.2 or x > 0.8,
    "Xor": lambda x, y: (x < 0.5 and y > 0.5) or (x > 0.5 and y < 0.5),
    "Circle": lambda x, y: (x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5) > 0.1,
}


@given(name=st.sampled_from(list(POINT_SETS)), n=st.integers(0, 80), seed=st.integers(0, 2**40))
def test_points_lie_in_the_unit_square_and_repeat_for_a_seed(name: str, n: int, seed: int) -> None:
    points, labels = load_points(name, n, seed)
    assert points.shape == (n, 2)
    assert points.dtype == np.float32
    assert labels.shape == (n,)
    assert labels.dtype == np.uint8
    assert ((points >= 0) & (points <= 1)).all()
    assert set(labels.tolist()) <= {0, 1}
    again = load_points(name, n, seed)
    np.testing.assert_array_equal(points, again.points)
    np.testing.assert_array_equal(labels, again.labels)


@pytest.mark.parametrize("name", list(RULES))
def test_labels_follow_the_rule_of_the_course(name: str) -> None:
    points, labels = load_points(name, 500, seed=3)
    expected = [RULES[name](np.float32(x), np.float32(y)) for x, y in points]
    assert labels.tolist() == expected
    assert 0 < labels.sum() < 500
    assert not np.array_equal(points, load_points(name, 500, seed=4).points)


def test_the_arms_of_the_spiral_are_one_turned_by_a_quarter() -> None:
    points, labels = load_points("Spiral", 100)
    first, second = points[labels == 0] - 0.5, points[labels == 1] - 0.5
    assert len(first) == len(second) == 50
    np.testing.assert_allclose(second, np.stack([first[:, 1], -first[:, 0]], axis=1), atol=1e-6)
    radius = np.hypot(*first.T)
    assert (np.diff(radius) > 0).all()
    assert radius[-1] == pytest.approx(0.5, abs=1e-6)


def test_the_spiral_is_the_courses_where_there_are_many_points() -> None:
    half = 100_000
    points, _ = load_points("Spiral", 2 * half)
    for i in (5, 1000, half // 2, half - 10):
        t = 10.0 * i / half
        expected = (t * np.cos(t) / 20 + 0.5, t * np.sin(t) / 20 + 0.5)
        np.testing.assert_allclose(points[i - 5], expected, atol=1e-3)


def test_an_odd_number_of_points_on_a_spiral_is_kept() -> None:
    labels = load_points("Spiral", 11).labels
    assert np.bincount(labels).tolist() == [6, 5]


def test_names_are_known_in_any_case_and_others_corrected() -> None:
    np.testing.assert_array_equal(load_points("xor").points, load_points("XOR").points)
    with pytest.raises(DatasetError, match=r"'Spirall', wanted one of Simple.*'Spiral'"):
        load_points("Spirall")
    with pytest.raises(DatasetError, match="n is -1, wanted 0 or more"):
        load_points("Simple", -1)
    with pytest.raises(DatasetError, match="seed is -2, wanted 0 or more"):
        load_points("Simple", 1, -2)
