"""The picture and the coarse one in the terminal show what the network says where it says it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from minitorch_datasets import PointSet
from minitorch_points.boundary import at, logit_field, probability, resampled
from minitorch_points.picture import (
    COLOURS,
    HEIGHT,
    INK,
    PAPER,
    WIDTH,
    draw_picture,
    place,
    save_picture,
    wrong_side,
)
from minitorch_points.terminal import COLUMNS, ROWS, render, shows_colour


class Plane:
    """Not a network, but it answers like one: its logit grows evenly along one direction."""

    def __init__(self, x: float, y: float, constant: float) -> None:
        self.weights, self.constant = np.array([x, y]), constant

    def __call__(self, points: Any) -> Any:
        return points.numpy() @ self.weights + self.constant

    def values(self, logits: Any) -> Any:
        return logits

    def loss(self, logits: Any, labels: Any) -> Any:
        raise AssertionError("a picture needs no loss")


def points(*where: tuple[float, float, int]) -> PointSet:
    table = np.array(where, np.float32).reshape(-1, 3)
    return PointSet(table[:, :2], table[:, 2].astype(np.uint8))


@given(x=st.floats(-3, 3), y=st.floats(-3, 3), c=st.floats(-3, 3), n=st.sampled_from([2, 5, 33]))
def test_a_field_that_is_a_plane_stays_one(x: float, y: float, c: float, n: int) -> None:
    field = logit_field(Plane(x, y, c), n)
    where = np.random.default_rng(0).random((20, 2), dtype=np.float32)
    expected = 4 * (where - 0.5) @ [x, y] + c
    np.testing.assert_allclose(at(field, where), expected, atol=1e-4)
    np.testing.assert_allclose(
        at(field, np.eye(2)), [2 * x - 2 * y + c, 2 * y - 2 * x + c], atol=1e-4
    )

    middles = (np.arange(8) + 0.5) / 8
    drawn = resampled(field, 8, 8)
    expected = 4 * ((middles[None] - 0.5) * x + (middles[::-1, None] - 0.5) * y) + c
    np.testing.assert_allclose(drawn, expected, atol=1e-4)


def test_probabilities_do_not_overflow() -> None:
    logits = np.array([-1e30, -1.0, 0.0, 1.0, 1e30], np.float32)
    expected = [0.0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1.0]
    np.testing.assert_allclose(probability(logits), expected, rtol=1e-6)


def test_the_picture_has_both_sides_the_boundary_and_the_points() -> None:
    field = logit_field(Plane(9, 0, 0), 65)  # label 1 to the right of x = 0.5
    shown = points((0.25, 0.75, 0), (0.75, 0.25, 1), (0.75, 0.75, 0))
    image = draw_picture(field, shown, "title", "subtitle")
    assert image.size == (WIDTH, HEIGHT)
    assert image.mode == "RGB"

    def colour(x: float, y: float) -> tuple[int, ...]:
        return np.asarray(image)[tuple(int(c) for c in place(np.array([x, y]))[::-1])].tolist()

    for x, y, label in ((0.25, 0.75, 0), (0.75, 0.25, 1), (0.75, 0.75, 0)):
        assert colour(x, y) == list(COLOURS[label])
    blue, orange = colour(0.1, 0.1), colour(0.9, 0.9)
    assert blue[2] > blue[0] + 50
    assert orange[0] > orange[2] + 50
    assert colour(0.5, 0.9) == list(INK)
    assert np.asarray(image)[2, 2].tolist() == list(PAPER)

    # The disc on the wrong side has a dark outline, the others have a light one.
    assert wrong_side(field, shown).tolist() == [False, False, True]
    rims = []
    for point in shown.points:
        x, y = place(point)
        rims.append(np.asarray(image)[int(y), int(x) + 4].astype(int).sum())
    assert rims[2] < 300 < min(rims[:2])


def test_the_terminal_shows_letters_where_things_are() -> None:
    field = logit_field(Plane(0, 1, 0), 33)  # label 1 above y = 0.5
    text = render(field, points((0.0, 0.0, 0), (1.0, 1.0, 1)), colour=False)
    assert text.isascii()
    rows = text.splitlines()
    assert [len(row) for row in rows[:ROWS]] == [COLUMNS] * ROWS
    assert rows[0] == ":" * (COLUMNS - 1) + "x"
    assert rows[ROWS // 2 - 1] == ":" * COLUMNS
    assert rows[ROWS // 2] == "." * COLUMNS
    assert rows[ROWS - 1] == "o" + "." * (COLUMNS - 1)
    assert len(rows) == ROWS + 1


def test_the_terminal_shows_two_pixels_a_character_in_colour() -> None:
    field = logit_field(Plane(0, 9, 0), 33)
    text = render(field, points((0.0, 0.0, 0), (1.0, 1.0, 1)), colour=True)
    rows = text.splitlines()[:ROWS]
    cell = re.compile(r"\x1b\[38;2;(\d+);(\d+);(\d+)m\x1b\[48;2;(\d+);(\d+);(\d+)m\u2580")
    grid = np.array([cell.findall(row) for row in rows], int)
    assert grid.shape == (ROWS, COLUMNS, 6)
    assert grid[0, -1, :3].tolist() == list(COLOURS[1])
    assert grid[-1, 0, 3:].tolist() == list(COLOURS[0])
    assert grid[0, 0, 0] > grid[0, 0, 2]
    assert grid[-1, -1, 0] < grid[-1, -1, 2]
    assert all(row.endswith("\x1b[0m") for row in rows)


@pytest.mark.parametrize(
    ("encoding", "terminal", "environment", "welcome"),
    [
        ("utf-8", True, {}, True),
        ("utf-8", False, {}, False),
        ("ascii", True, {}, False),
        ("utf-8", True, {"NO_COLOR": "1"}, False),
        ("utf-8", True, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_that_show_them(
    encoding: str,
    terminal: bool,
    environment: dict[str, str],
    welcome: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"NO_COLOR": "", "TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
    assert shows_colour(stream) is welcome


def test_a_saved_picture_replaces_the_old_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    image = Image.new("RGB", (3, 2), "red")
    target = tmp_path / "new" / "a.png"
    for _ in range(2):
        save_picture(str(target), image)
    assert [path.name for path in target.parent.iterdir()] == ["a.png"]
    with Image.open(target) as read:
        assert read.format == "PNG"
        assert read.size == (3, 2)


def test_a_picture_that_cannot_be_saved_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(b"old")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        save_picture(str(tmp_path / "a.png"), Image.new("RGB", (3, 2)))
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"old"
