"""Merge dimensions: the fewest that describe the same elements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from minitorch_tensor.layout import Shape


def merge(shape: Shape, *strides: Sequence[int]) -> tuple[list[int], list[list[int]]]:
    """The fewest dimensions that describe the same elements in the same order, for one or more
    arrays: sizes, and strides of each array. A single element has no dimensions."""
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for size, *own in zip(reversed(shape), *[reversed(s) for s in strides]):
        if size == 1:
            continue
        if sizes and all(s == kept[0] * sizes[0] for s, kept in zip(own, steps)):
            sizes[0] *= size
            continue
        sizes.insert(0, size)
        for kept, s in zip(steps, own):
            kept.insert(0, s)
    return sizes, steps


@lru_cache(maxsize=4096)
def folds(shape: Shape, dims: tuple[int, ...]) -> tuple[Shape, tuple[tuple[int, int, int], ...]]:
    """The plan of a reduction over several dimensions: the shape of the result, reduced sizes kept
    as 1, and, for each run of adjacent reduced dimensions, which merge into one, the number of
    elements before it, along it and after it.

    The last run comes first, so that memory is read in order and the most data is reduced first.
    """
    runs: list[tuple[int, int]] = []
    for dim in sorted(dims):
        if runs and runs[-1][1] == dim:
            runs[-1] = (runs[-1][0], dim + 1)
        else:
            runs.append((dim, dim + 1))
    steps = []
    for first, end in reversed(runs):
        steps.append(
            (math.prod(shape[:first]), math.prod(shape[first:end]), math.prod(shape[end:]))
        )
        shape = (*shape[:first], *[1] * (end - first), *shape[end:])
    return shape, tuple(steps)
