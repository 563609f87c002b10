"""The operations on tensors (..., C, H, W) that find values between pixels.

Resizing and blurring mix rows, then columns: each is a product with a matrix that holds one output
pixel's weights in a row. Rotations and their kin look up single pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_torch.vision.transforms._arguments import Fill

Weights = NDArray[np.float32]


def resize(image: Tensor, size: tuple[int, int], mode: str, antialias: bool) -> Tensor:
    """The image with `size` (rows, columns).

    Args:
        mode: "nearest", "nearest-exact", "bilinear" or "bicubic".
        antialias: widen the filter where the image shrinks, as Pillow does.
    Source: Keys 1981, "Cubic convolution interpolation for digital image processing".
    """
    if mode in ("nearest", "nearest-exact"):
        for dim, n in zip((-2, -1), size):
            places = _nearest(image.shape[dim], n, 0.5 if mode == "nearest-exact" else 0.0)
            image = image.index_select(dim % image.ndim, mt.from_numpy(places).to(image.device))
        return image
    if mode not in ("bilinear", "bicubic"):
        raise NotImplementedError(
            f"resize: interpolation {mode!r} works on pictures of Pillow's alone, got a tensor. "
            "Use bilinear, or resize before ToTensor()."
        )
    weigh = _antialiased if antialias else _interpolating
    rows, columns = (weigh(image.shape[dim], n, mode) for dim, n in zip((-2, -1), size))
    return mixed(image, rows, columns, clamped=mode == "bicubic")


def mixed(image: Tensor, rows: Weights, columns: Weights, clamped: bool = False) -> Tensor:
    """rows @ image @ columns^T, in float32 and rounded for integers.

    Args:
        clamped: also keep bytes within 0 and 255, where weights may be negative.
    """
    floating = image.dtype.is_floating_point
    values = image if floating else image.float()
    left, right = (
        mt.from_numpy(w.astype(values.dtype.name)).to(image.device) for w in (rows, columns.T)
    )
    result = left @ (values @ right)
    if floating:
        return result
    if clamped and image.dtype is mt.uint8:
        result = result.clamp(0, 255)
    return result.round().to(image.dtype)


def _nearest(size: int, n: int, offset: float) -> NDArray[np.int64]:
    """Which of `size` pixels each of n is a copy of."""
    scale = np.float32(size) / np.float32(n)
    places = np.floor((np.arange(n, dtype=np.float32) + np.float32(offset)) * scale)
    inside: NDArray[np.int64] = np.minimum(places.astype(np.int64), size - 1)
    return inside


def _interpolating(size: int, n: int, mode: str) -> Weights:
    """(n, size): each of n pixels from the 2 or 4 nearest of `size`; the edge is repeated."""
    support, filter = _FILTERS[mode]
    place = (np.arange(n) + 0.5) * (size / n) - 0.5
    if mode == "bilinear":
        place = place.clip(0)
    first = np.floor(place).astype(int) - (support - 1)
    weights = np.zeros((n, size), np.float32)
    for step in range(2 * support):
        source = first + step
        np.add.at(weights, (np.arange(n), source.clip(0, size - 1)), filter(source - place, -0.75))
    return weights


def _antialiased(size: int, n: int, mode: str) -> Weights:
    """(n, size): each of n pixels from all of `size` that a filter of its width reaches."""
    support, filter = _FILTERS[mode]
    scale = size / n
    stretch = max(scale, 1.0)
    weights = np.zeros((n, size), np.float32)
    for i in range(n):
        center = scale * (i + 0.5)
        first = max(int(center - support * stretch + 0.5), 0)
        last = min(int(center + support * stretch + 0.5), size)
        values = filter((np.arange(first, last) - center + 0.5) / stretch, -0.5)
        weights[i, first:last] = values / values.sum()
    return weights


def _linear(x: NDArray[Any], a: float) -> NDArray[Any]:
    weights: NDArray[Any] = (1 - np.abs(x)).clip(0)
    return weights


def _cubic(x: NDArray[Any], a: float) -> NDArray[Any]:
    """Keys's kernel; a is its slope at 1."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


#: By mode: how far a filter reaches to either side, and the filter.
_FILTERS: dict[str, tuple[int, Callable[[NDArray[Any], float], NDArray[Any]]]] = {
    "bilinear": (1, _linear),
    "bicubic": (2, _cubic),
}


def gaussian(size: int, length: int, sigma: float) -> Weights:
    """(size, size): each pixel from `length` around it by a normal distribution; the image is
    mirrored at its edges."""
    half = length // 2
    if half >= size:
        raise ValueError(
            f"gaussian_blur: a kernel of {length} reaches beyond the mirror image of {size} "
            f"pixels, wanted at most {2 * size - 1}."
        )
    distance = np.arange(-half, half + 1, dtype=np.float32)
    kernel = np.exp(-0.5 * (distance / sigma) ** 2)
    kernel /= kernel.sum()
    source = np.pad(np.arange(size), half, mode="reflect")
    weights = np.zeros((size, size), np.float32)
    for step in range(length):
        np.add.at(weights, (np.arange(size), source[step : step + size]), kernel[step])
    return weights


def inverse_affine(
    center: Sequence[float],
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Sequence[float],
) -> list[float]:
    """The first two rows of the matrix that maps a pixel of the result to where it comes from.

    The result is T C R S H C^-1 of the image: C moves `center` to the origin and back, R turns by
    `angle`, S scales, H shears along y and x, T translates. Angles are in degrees.
    """
    rot, sx, sy = (math.radians(x) for x in (angle, shear[0], shear[1]))
    a = math.cos(rot - sy) / math.cos(sy)
    b = -math.cos(rot - sy) * math.tan(sx) / math.cos(sy) - math.sin(rot)
    c = math.sin(rot - sy) / math.cos(sy)
    d = -math.sin(rot - sy) * math.tan(sx) / math.cos(sy) + math.cos(rot)
    (cx, cy), (tx, ty) = center, translate
    # [a b; c d] has the determinant 1, so that its inverse is [d -b; -c a].
    rows = [(d / scale, -b / scale, cx), (-c / scale, a / scale, cy)]
    return [x for p, q, at in rows for x in (p, q, p * (-cx - tx) + q * (-cy - ty) + at)]


def affine(
    image: Tensor, matrix: Sequence[float], mode: str, fill: Fill, expand: bool = False
) -> Tensor:
    """Each pixel from where the matrix says, in coordinates around the image's center."""
    h, w = image.shape[-2:]
    oh, ow = _extent(matrix, h, w) if expand else (h, w)
    # As PyTorch computes it, in units of half the image, so that ties are rounded alike.
    precision: Any = np.float64 if image.dtype is mt.float64 else np.float32
    grid: NDArray[Any] = np.ones((oh, ow, 3), precision)
    grid[..., 0] = np.arange(ow) - (ow - 1) * 0.5
    grid[..., 1] = (np.arange(oh) - (oh - 1) * 0.5)[:, None]
    half: NDArray[Any] = np.array([0.5 * w, 0.5 * h], precision)
    scaled = np.array(matrix, precision).reshape(2, 3).T / half
    return _looked_up(image, grid.reshape(-1, 3) @ scaled, (oh, ow), mode, fill)


def perspective(image: Tensor, coefficients: Sequence[float], mode: str, fill: Fill) -> Tensor:
    """Each pixel (x, y) from ((a x + b y + c) / q, (d x + e y + f) / q) with q = g x + h y + 1."""
    h, w = image.shape[-2:]
    precision: Any = np.float64 if image.dtype is mt.float64 else np.float32
    grid: NDArray[Any] = np.ones((h, w, 3), precision)
    grid[..., 0] = np.arange(w) + 0.5
    grid[..., 1] = (np.arange(h) + 0.5)[:, None]
    values = np.array([*coefficients, 1.0], precision).reshape(3, 3)
    half: NDArray[Any] = np.array([0.5 * w, 0.5 * h], precision)
    above, below = grid.reshape(-1, 3) @ (values[:2].T / half), grid.reshape(-1, 3) @ values[2:].T
    return _looked_up(image, above / below - 1, (h, w), mode, fill)


def perspective_coefficients(
    startpoints: Sequence[Sequence[float]], endpoints: Sequence[Sequence[float]]
) -> list[float]:
    """a to h of `perspective`, such that four start points come to lie at the end points."""
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"perspective: wanted four corners, got {len(startpoints)} startpoints and "
            f"{len(endpoints)} endpoints."
        )
    rows = []
    for (x, y), (u, v) in zip(endpoints, startpoints):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    wanted = np.array(startpoints, np.float64).reshape(8)
    solution = np.linalg.lstsq(np.array(rows, np.float64), wanted)[0]
    return [float(x) for x in solution.astype(np.float32)]


def _extent(matrix: Sequence[float], h: int, w: int) -> tuple[int, int]:
    """Rows and columns that hold all of the image after its turn."""
    corners = np.array([[x * w, y * h, 1] for x in (-0.5, 0.5) for y in (-0.5, 0.5)], np.float32)
    places = corners @ np.array(matrix, np.float32).reshape(2, 3).T
    half = np.array([w * 0.5, h * 0.5], np.float32)
    # Cut to four decimals, so that a rounding error is no further pixel.
    high, low = (np.trunc((x + half) / 1e-4) * 1e-4 for x in (places.max(0), places.min(0)))
    columns, rows = np.ceil(high) - np.floor(low)
    return int(rows), int(columns)


def _looked_up(
    image: Tensor, grid: NDArray[Any], size: tuple[int, int], mode: str, fill: Fill
) -> Tensor:
    """The image's values at places (size, 2) that are given as x and y from -1 to 1."""
    if mode not in ("nearest", "bilinear"):
        raise ValueError(
            f"interpolation {mode!r} works on pictures of Pillow's alone, got a tensor. Use "
            "nearest or bilinear, or transform before ToTensor()."
        )
    h, w = image.shape[-2:]
    x, y = (((grid[:, k] + 1) * n - 1) / 2 for k, n in ((0, w), (1, h)))
    dtype = image.dtype if image.dtype.is_floating_point else mt.float32
    values = image.to(dtype).reshape(*image.shape[:-2], h * w)
    if mode == "nearest":
        corners = [(np.rint(x), np.rint(y), np.ones_like(x))]
    else:
        left, top = np.floor(x), np.floor(y)
        corners = [
            (left + i, top + j, np.abs(1 - i - (x - left)) * np.abs(1 - j - (y - top)))
            for j in (0, 1)
            for i in (0, 1)
        ]
    result: Any = 0.0
    covered = np.zeros_like(x)
    for column, row, weight in corners:
        inside = (column >= 0) & (column < w) & (row >= 0) & (row < h)
        weight = np.where(inside, weight, 0).astype(grid.dtype)
        place = np.where(inside, row * w + column, 0).astype(np.int64)
        taken = values.index_select(values.ndim - 1, mt.from_numpy(place).to(image.device))
        result = result + taken * mt.from_numpy(weight).to(image.device, dtype)
        covered += weight
    if fill is not None:
        colors = mt.tensor(fill if isinstance(fill, Sequence) else [fill], dtype=dtype)
        channels = 1 if image.ndim == 2 else image.shape[-3]
        if len(colors) not in (1, channels):
            raise ValueError(
                f"fill has {len(colors)} numbers, and the image has {channels} channels. Give one "
                "number for all of them, or one for each."
            )
        mask = mt.from_numpy(covered).to(image.device, dtype)
        color = colors.to(image.device).view(-1, 1) if image.ndim > 2 else colors.to(image.device)
        result = result * mask + (1.0 - mask) * color
    turned: Tensor = result.reshape(*image.shape[:-2], *size)
    return turned if dtype is image.dtype else turned.round().to(image.dtype)
