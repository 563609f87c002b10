"""The embedded digits: handwriting-like images drawn at run time, so that no download is needed.

A digit is a few pen strokes. Each stroke is a smooth curve through control points; drawing it
anew with moved control points, another slant, another size and another pen gives another
"handwritten" digit. Everything is batched: one array operation works on a whole chunk of images.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minitorch_datasets._checks import check_not_negative
from minitorch_datasets.errors import DatasetError
from minitorch_datasets.images import NUM_CLASSES, SIZE, ImageDataset

__all__ = ["draw_digits", "load_digits"]

Point = tuple[float, float]
Stroke = tuple[Point, ...]

# Glyphs as strokes through control points, x to the right and y down, both in [-1, 1]. Points with
# equal coordinates are one joint: they move together, so corners and closed loops stay closed.
# A stroke is smooth; a corner is where one stroke ends and the next begins.
GLYPHS: dict[int, tuple[tuple[Stroke, ...], ...]] = {
    0: (
        (((0.1, -1), (-0.5, -0.6), (-0.62, 0.1), (-0.3, 0.85), (0.2, 0.95), (0.6, 0.4),
          (0.6, -0.4), (0.1, -1)),),
        (((0.3, -0.95), (-0.3, -0.85), (-0.6, -0.1), (-0.45, 0.7), (0, 1), (0.45, 0.7),
          (0.6, -0.1), (0.35, -0.8), (-0.1, -0.95)),),
    ),
    1: (
        (((0, -1), (0, 0), (0, 1)),),
        (((-0.3, -0.5), (-0.1, -0.72), (0.08, -1)), ((0.08, -1), (0.06, 0), (0.05, 1))),
        (((-0.32, -0.52), (-0.12, -0.72), (0.05, -1)), ((0.05, -1), (0.03, 0), (0, 0.97)),
         ((-0.45, 1), (0, 0.97), (0.45, 0.97))),
    ),
    2: (
        (((-0.55, -0.5), (-0.4, -0.88), (0.05, -1), (0.48, -0.75), (0.4, -0.2), (-0.05, 0.4),
          (-0.6, 0.95)), ((-0.6, 0.95), (0, 0.9), (0.65, 0.92))),
        (((-0.5, -0.6), (-0.2, -0.95), (0.25, -0.92), (0.45, -0.5), (0.2, 0.1), (-0.25, 0.75),
          (-0.55, 0.85), (-0.55, 0.55), (-0.2, 0.6), (0.2, 0.88), (0.65, 0.75)),),
        (((-0.5, -0.75), (0, -1), (0.45, -0.8), (0.42, -0.3), (0, 0.25), (-0.55, 0.9)),
         ((-0.55, 0.9), (-0.1, 0.78), (0.25, 0.95), (0.65, 0.8))),
    ),
    3: (
        (((-0.5, -0.75), (-0.1, -1), (0.4, -0.8), (0.38, -0.3), (-0.1, -0.05)),
         ((-0.1, -0.05), (0.45, 0.15), (0.55, 0.6), (0.1, 1), (-0.55, 0.75))),
        (((-0.5, -0.92), (0, -0.95), (0.5, -0.92)), ((0.5, -0.92), (0.2, -0.5), (-0.1, -0.12)),
         ((-0.1, -0.12), (0.4, 0), (0.55, 0.5), (0.15, 0.97), (-0.5, 0.8))),
        (((-0.45, -0.8), (0.05, -1), (0.42, -0.65), (0.2, -0.2), (-0.15, -0.05), (0.15, -0.02),
          (0.5, 0.3), (0.35, 0.85), (-0.1, 1), (-0.5, 0.8)),),
    ),
    4: (
        (((-0.4, -0.95), (-0.5, -0.4), (-0.6, 0.15)), ((-0.6, 0.15), (0.05, 0.12), (0.7, 0.05)),
         ((0.4, -0.75), (0.35, 0.1), (0.3, 1))),
        (((0.3, -1), (-0.2, -0.4), (-0.75, 0.3)), ((-0.75, 0.3), (0, 0.3), (0.7, 0.27)),
         ((0.3, -1), (0.3, 0), (0.3, 1))),
        (((-0.5, -0.9), (-0.6, -0.3), (-0.4, 0.05), (0.05, 0.02), (0.42, -0.15)),
         ((0.5, -0.95), (0.42, -0.15), (0.3, 1))),
    ),
    5: (
        (((0.5, -0.95), (0.1, -0.95), (-0.35, -0.9)), ((-0.35, -0.9), (-0.42, -0.5), (-0.48, -0.1)),
         ((-0.48, -0.1), (0, -0.3), (0.48, 0), (0.5, 0.55), (0.1, 0.97), (-0.5, 0.8))),
        (((0.6, -1), (0.2, -0.9), (-0.25, -0.85)), ((-0.25, -0.85), (-0.35, -0.2)),
         ((-0.35, -0.2), (0.15, -0.15), (0.45, 0.3), (0.2, 0.85), (-0.25, 1), (-0.6, 0.8))),
    ),
    6: (
        (((0.35, -0.95), (-0.15, -0.65), (-0.5, 0), (-0.45, 0.65), (0, 1), (0.45, 0.7),
          (0.4, 0.15), (0, 0), (-0.45, 0.3)),),
        (((0.1, -1), (-0.35, -0.5), (-0.52, 0.2), (-0.3, 0.85), (0.15, 0.97), (0.48, 0.55),
          (0.25, 0.15), (-0.15, 0.25), (-0.38, 0.75)),),
    ),
    7: (
        (((-0.65, -0.88), (0, -0.9), (0.6, -0.94)), ((0.6, -0.94), (0.15, -0.1), (-0.15, 1))),
        (((-0.6, -0.92), (0, -0.9), (0.6, -0.94)), ((0.6, -0.94), (0.2, -0.1), (-0.05, 1)),
         ((-0.2, 0.05), (0.15, 0), (0.5, -0.05))),
        (((-0.6, -0.55), (-0.58, -0.9)), ((-0.58, -0.9), (0, -0.84), (0.6, -0.95)),
         ((0.6, -0.95), (0.3, -0.3), (0.05, 0.3), (0, 1))),
    ),
    8: (
        (((0.45, -0.75), (0, -1), (-0.45, -0.75), (-0.35, -0.3), (0.15, 0), (0.52, 0.45),
          (0.35, 0.92), (-0.2, 0.97), (-0.55, 0.6), (-0.2, 0.08), (0.25, -0.25), (0.45, -0.75)),),
        (((0, -1), (-0.42, -0.78), (-0.4, -0.3), (0, -0.08), (0.4, -0.3), (0.42, -0.78), (0, -1)),
         ((0, -0.08), (-0.5, 0.2), (-0.5, 0.78), (0, 1), (0.5, 0.78), (0.5, 0.2), (0, -0.08))),
    ),
    9: (
        (((0.42, -0.65), (0.05, -1), (-0.42, -0.75), (-0.4, -0.3), (0, -0.12), (0.38, -0.35),
          (0.42, -0.65)), ((0.42, -0.65), (0.38, 0.2), (0.3, 1))),
        (((0.4, -0.7), (0, -1), (-0.45, -0.7), (-0.35, -0.2), (0.1, -0.15), (0.4, -0.55),
          (0.4, -0.7)), ((0.4, -0.7), (0.45, 0), (0.3, 0.7), (-0.1, 1), (-0.45, 0.85))),
        (((0.45, -0.8), (0, -0.98), (-0.42, -0.65), (-0.25, -0.15), (0.15, -0.25), (0.45, -0.8),
          (0.35, 0), (0.1, 1)),),
    ),
}  # fmt: skip

# These and the ranges below define the data set: changing one changes the images of a seed.
_POINTS = 56  # pen positions of a glyph, shared by its strokes: about one per pixel
_CHUNK = 1024  # images drawn at a time: bounds the working memory to some 60 MiB


class _Curve(NamedTuple):
    """A glyph prepared for drawing: pen positions are `basis @ controls`.

    Shapes: controls (K, 2); basis (P, K); drawn (P - 1,), true if the pen draws between a position
    and the next, false if it moves to another stroke.
    """

    controls: NDArray[np.float64]
    basis: NDArray[np.float64]
    drawn: NDArray[np.bool_]


def _catmull_rom(count: int, positions: int) -> NDArray[np.float64]:
    """Weights of a smooth curve through `count` control points, at evenly spaced parameters.

    Returns: (positions, count); each row sums to 1.
    Source: Catmull and Rom 1974, uniform; the tangent at an end points to the neighbour.
    """
    t = np.linspace(0.0, count - 1.0, positions)
    segment = np.minimum(t.astype(np.int64), count - 2)
    u = t - segment
    weights = np.stack(
        [
            -0.5 * u + u**2 - 0.5 * u**3,
            1.0 - 2.5 * u**2 + 1.5 * u**3,
            0.5 * u + 2.0 * u**2 - 1.5 * u**3,
            -0.5 * u**2 + 0.5 * u**3,
        ]
    )
    basis = np.zeros((positions, count + 2))  # one phantom control point before and one after
    for neighbour in range(4):
        basis[np.arange(positions), segment + neighbour] += weights[neighbour]
    inner = basis[:, 1:-1].copy()
    inner[:, 0] += 2 * basis[:, 0]  # phantom = 2 * end - neighbour
    inner[:, 1] -= basis[:, 0]
    inner[:, -1] += 2 * basis[:, -1]
    inner[:, -2] -= basis[:, -1]
    return inner


def _prepare(strokes: tuple[Stroke, ...]) -> _Curve:
    """Distribute the pen positions over the strokes by length, and build the basis."""
    controls = list(dict.fromkeys(point for stroke in strokes for point in stroke))
    lengths = [np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in strokes]
    ends = np.rint(np.cumsum([0.0, *lengths]) / sum(lengths) * _POINTS).astype(np.int64)
    basis = np.zeros((_POINTS, len(controls)))
    drawn = np.ones(_POINTS - 1, dtype=np.bool_)
    drawn[ends[1:-1] - 1] = False
    for stroke, begin, end in zip(strokes, ends[:-1], ends[1:], strict=True):
        columns = [controls.index(point) for point in stroke]
        weights = _catmull_rom(len(stroke), int(end - begin))
        for k, column in enumerate(columns):  # += because a closed stroke meets a joint twice
            basis[begin:end, column] += weights[:, k]
    return _Curve(np.array(controls), basis, drawn)


@cache
def _curves() -> tuple[tuple[_Curve, ...], ...]:
    return tuple(tuple(_prepare(strokes) for strokes in GLYPHS[d]) for d in range(NUM_CLASSES))


def _pen_positions(
    labels: NDArray[np.integer], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Write each label in one of its variants, with slightly perturbed control points.

    Returns: pen positions (n, P, 2) in glyph units; and (n, P - 1), true where the pen draws.
    """
    n = len(labels)
    positions = np.empty((n, _POINTS, 2))
    drawn = np.empty((n, _POINTS - 1), dtype=np.bool_)
    variant = rng.random(n)
    for digit, curves in enumerate(_curves()):
        for v, curve in enumerate(curves):
            rows = np.flatnonzero((labels == digit) & (np.floor(variant * len(curves)) == v))
            wobble = rng.normal(0.0, 0.065, (len(rows), *curve.controls.shape))
            positions[rows] = np.einsum("pk,nkd->npd", curve.basis, curve.controls + wobble)
            drawn[rows] = curve.drawn
    return positions, drawn


def _place(
    positions: NDArray[np.float64], drawn: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bend, slant, turn, scale and centre the glyphs: glyph units become pixels.

    Like MNIST's, a digit fills a box of about 20 pixels and its centre of mass is in the middle of
    the image, except for a small random shift.

    Returns: positions (n, P, 2), and the path length (n, P) that each of them represents.
    """
    n = len(positions)

    def uniform(low: float, high: float) -> NDArray[np.float64]:
        return low + (high - low) * rng.random((n, 1))

    x, y = positions[..., 0], positions[..., 1]
    x = x * uniform(0.8, 1.25)
    bend, lean = uniform(-0.15, 0.15), uniform(-0.15, 0.15)
    x, y = x + bend * (y * y - 0.5) + lean * x * y, y + uniform(-0.12, 0.12) * x * y
    x = x + uniform(-0.3, 0.3) * -y  # slant
    angle = uniform(-0.22, 0.22)
    x, y = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y

    step = np.hypot(np.diff(x), np.diff(y)) * drawn
    lengths = (np.pad(step, ((0, 0), (1, 0))) + np.pad(step, ((0, 0), (0, 1)))) / 2
    mass = lengths.sum(axis=1, keepdims=True)
    extent = np.maximum(np.ptp(x, axis=1), np.ptp(y, axis=1))[:, None]
    scale = uniform(15.0, 19.5) / extent
    middle = (SIZE - 1) / 2
    placed = [
        (axis - (axis * lengths).sum(axis=1, keepdims=True) / mass) * scale
        + middle
        + uniform(-2.5, 2.5)
        for axis in (x, y)
    ]
    return np.stack(placed, axis=-1), lengths * scale


def _ink(
    positions: NDArray[np.float64], lengths: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw pen positions (n, P, 2), in pixels, with a soft round pen.

    A Gaussian pen separates: exp(-(dx^2 + dy^2)) = exp(-dx^2) exp(-dy^2), so the ink of all pen
    positions is one matrix product, (rows, P) @ (P, columns), instead of a distance from every
    pixel to every segment. Both factors are rounded to whole numbers, and a sum stays below 2^24
    for any path shorter than 300 pixels (the longest here has 80), so float32 adds them exactly in
    any order: the images depend neither on the BLAS nor on the CPU.
    """
    n = len(positions)
    width = 0.7 + 0.5 * rng.random((n, 1, 1))  # standard deviation of the pen, in pixels
    pressure = 1 + (rng.random((n, 1)) - 0.5) * np.linspace(-0.6, 0.6, _POINTS)
    grid = np.arange(SIZE)[:, None]
    columns = np.exp(-0.5 * ((grid - positions[:, None, :, 0]) / width) ** 2)  # (n, SIZE, P)
    rows = np.exp(-0.5 * ((grid - positions[:, None, :, 1]) / width) ** 2)
    rows *= (lengths * pressure)[:, None, :] / (width * np.sqrt(2 * np.pi))
    exact_columns = np.rint(columns * 255).astype(np.float32)
    exact_rows = np.rint(rows * 255).astype(np.float32)
    density = exact_rows @ exact_columns.swapaxes(1, 2) / np.float32(255 * 255)

    edge = (1.3 + 1.2 * rng.random((n, 1, 1))).astype(np.float32)
    ink = np.clip((density - np.float32(0.15)) * edge, 0, 1)
    brightness = (0.7 + 0.3 * rng.random((n, 1, 1))).astype(np.float32)
    grain = (0.1 * rng.random((n, 1, 1))).astype(np.float32)
    ink *= brightness
    ink += grain * rng.standard_normal((n, SIZE, SIZE), dtype=np.float32)
    image: NDArray[np.uint8] = np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)
    return image


def draw_digits(labels: ArrayLike, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw one new handwriting-like image for each label.

    Args:
        labels: (N,) whole numbers from 0 to 9.
        rng: determines the handwriting; equal labels and states give equal images.
    Returns: (N, 28, 28) uint8, 0 for background to 255 for ink.
    Raises: DatasetError if labels are not a row of digits.
    """
    wanted = np.asarray(labels)
    if wanted.size == 0:
        wanted = wanted.astype(np.int64)
    if wanted.ndim != 1 or not np.issubdtype(wanted.dtype, np.integer):
        raise DatasetError(
            f"draw_digits: labels of shape {wanted.shape} and dtype {wanted.dtype}, "
            "wanted a row (N,) of whole numbers",
            "Pass one label an image",
        )
    strange = wanted[(wanted < 0) | (wanted >= NUM_CLASSES)]
    if strange.size:
        raise DatasetError(
            f"draw_digits: label {strange[0]}, wanted 0 to 9", "Only digits can be drawn"
        )
    images = np.empty((len(wanted), SIZE, SIZE), dtype=np.uint8)
    for begin in range(0, len(wanted), _CHUNK):
        chunk = wanted[begin : begin + _CHUNK]
        images[begin : begin + _CHUNK] = _ink(*_place(*_pen_positions(chunk, rng), rng), rng)
    return images


def load_digits(train: int = 10_000, test: int = 2_000, seed: int = 0) -> ImageDataset:
    """Draw the embedded digits: a data set with MNIST's layout that needs no file and no network.

    All digits are equally frequent (to within one image), in random order. Train and test
    images come from independent random streams. The same arguments give the same images.

    Args:
        train: number of train images.
        test: number of test images.
        seed: at least 0; another seed draws another data set.
    Raises: DatasetError if a number is negative.
    """
    check_not_negative("load_digits", train=train, test=test, seed=seed)

    def draw(count: int, stream: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        rng = np.random.default_rng([seed, stream])
        labels = rng.permutation(np.arange(count) % NUM_CLASSES).astype(np.uint8)
        return draw_digits(labels, rng), labels

    return ImageDataset("digits", *draw(train, 0), *draw(test, 1))
