"""Layout arithmetic: how indices, shapes and strides map to positions in flat storage.

The element of index (i, j, ...) lies at position offset + i * strides[0] + j * strides[1] + ...,
counted in elements. Everything here is plain integer arithmetic; nothing touches memory.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import SupportsIndex, TypeAlias

Shape: TypeAlias = "tuple[int, ...]"
Strides: TypeAlias = "tuple[int, ...]"


@lru_cache(maxsize=4096)
def contiguous_strides(shape: Shape) -> Strides:
    """Row-major strides: the last dimension is dense.

    >>> contiguous_strides((2, 3, 4))
    (12, 4, 1)
    """
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


@lru_cache(maxsize=4096)
def is_contiguous(shape: Shape, strides: Strides) -> bool:
    """True if the elements lie in row-major order without gaps; sizes 0 and 1 do not matter."""
    if 0 in shape:
        return True
    expected = contiguous_strides(shape)
    return all(n == 1 or s == e for n, s, e in zip(shape, strides, expected))


def positions(shape: Shape, strides: Strides, offset: int = 0) -> Iterator[int]:
    """The position of every element, in row-major order of the index.

    >>> list(positions((2, 3), (1, 2)))  # a transposed (3, 2)
    [0, 2, 4, 1, 3, 5]
    """
    if not shape:
        yield offset
        return
    for i in range(shape[0]):
        yield from positions(shape[1:], strides[1:], offset + i * strides[0])


@lru_cache(maxsize=4096)
def broadcast_shapes(a: Shape, b: Shape, operation: str = "broadcast") -> Shape:
    """The shape that two shapes broadcast to: aligned at the right, sizes of 1 stretch.

    Raises: ValueError that names the operation, both shapes and the mismatched dimension.
    """
    n = max(len(a), len(b))
    left = (1,) * (n - len(a)) + a
    right = (1,) * (n - len(b)) + b
    for dim, (x, y) in enumerate(zip(left, right)):
        if x != y and 1 not in (x, y):
            raise ValueError(
                f"{operation}: shapes {a} and {b} do not broadcast: counted from the right, "
                f"dimension {dim - n} has sizes {x} and {y}; sizes must be equal or 1. "
                "Insert a dimension with unsqueeze, or reshape one of them."
            )
    return tuple([y if x == 1 else x for x, y in zip(left, right)])


def broadcast_strides(shape: Shape, strides: Strides, to: Shape) -> Strides:
    """The strides of `shape` broadcast to `to`: 0 in each broadcast dimension."""
    lead = len(to) - len(shape)
    return (0,) * lead + tuple(
        [0 if n == 1 and m != 1 else s for n, m, s in zip(shape, to[lead:], strides)]
    )


def reshape_strides(shape: Shape, strides: Strides, to: Shape) -> Strides | None:
    """Strides of the same elements in another shape, or None if that requires a copy.

    Old and new dimensions are matched in groups that hold the same number of elements; a group of
    old dimensions can be split differently if each one's stride is the next one's size times its
    stride.
    """
    if 0 in shape:
        return contiguous_strides(to)
    old = [(n, s) for n, s in zip(shape, strides) if n != 1]
    result = [1] * len(to)
    i = j = 0  # the groups: old[i:i_end], to[j:j_end]
    while i < len(old) and j < len(to):
        i_end, j_end = i + 1, j + 1
        have, want = old[i][0], to[j]
        while have != want:
            if want < have:
                want *= to[j_end]
                j_end += 1
            else:
                have *= old[i_end][0]
                i_end += 1
        for k in range(i, i_end - 1):
            if old[k][1] != old[k + 1][0] * old[k + 1][1]:
                return None
        step = old[i_end - 1][1]
        for k in range(j_end - 1, j - 1, -1):
            result[k] = step
            step *= to[k]
        i, j = i_end, j_end
    return tuple(result)


def normalize_dim(dim: SupportsIndex, ndim: int, operation: str) -> int:
    """`dim` counted from the left.

    Raises: IndexError if it is out of range; TypeError if it is not an integer.
    """
    try:
        place = operator.index(dim)
    except TypeError:
        raise TypeError(f"{operation}: dim must be an integer, got {dim!r}.") from None
    bound = max(ndim, 1)  # PyTorch accepts -1 and 0 for a 0-dimensional tensor
    if not -bound <= place < bound:
        raise IndexError(
            f"{operation}: dim {place} is out of range for a tensor of {ndim} dimensions; "
            f"expected {-bound} to {bound - 1}."
        )
    return place % bound


def normalize_dims(dim: int | Sequence[int] | None, ndim: int, operation: str) -> tuple[int, ...]:
    """The dimensions that `dim` names, from the left and sorted; all of them for None.

    Raises: IndexError if one is out of range; ValueError if one is named twice.
    """
    if dim is None:
        return tuple(range(ndim))
    given = dim if isinstance(dim, (tuple, list)) else (dim,)
    dims = [normalize_dim(d, ndim, operation) for d in given]
    if len(set(dims)) != len(dims):
        raise ValueError(f"{operation}: dim {tuple(given)} names a dimension twice.")
    if not dims:
        return tuple(range(ndim))
    return tuple(sorted(dims)) if ndim else ()


def infer_shape(shape: Sequence[int], size: int, operation: str) -> Shape:
    """`shape` with at most one -1 replaced so that it holds `size` elements.

    Raises: ValueError if it cannot hold them; TypeError for sizes that are not integers.
    """
    try:
        result = [operator.index(n) for n in shape]
    except TypeError:
        raise TypeError(f"{operation}: sizes must be integers, got {tuple(shape)}.") from None
    unknown = [i for i, n in enumerate(result) if n == -1]
    known = math.prod(n for n in result if n != -1)
    if len(unknown) == 1 and known and size % known == 0:
        result[unknown[0]] = size // known
    elif unknown or known != size or any(n < 0 for n in result):
        raise ValueError(
            f"{operation}: {size} elements do not fit shape {tuple(shape)}; sizes must multiply "
            "to the same number, and at most one may be -1, which is then worked out."
        )
    return tuple(result)
