"""Tensor data of any layout, for hypothesis to search through. Needs hypothesis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from minitorch_tensor.backend import Backend
from minitorch_tensor.dtypes import DType
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing.samples import NUMBERS


@dataclass(frozen=True)
class View:
    """A recipe for the same view of the same elements on any backend.

    Attributes:
        base: shape of the data that it is a view of.
        dtype: of the elements.
        seed: that they are drawn from.
        slices: (start, length, step) along each dimension.
        order: of the dimensions after that.
        repeats: size of a new first dimension with a stride of 0; None for none.
    """

    base: Shape
    dtype: DType
    seed: int
    slices: tuple[tuple[int, int, int], ...]
    order: tuple[int, ...]
    repeats: int | None = None

    @property
    def shape(self) -> Shape:
        """Describe the view."""
        shape = tuple([self.slices[dim][1] for dim in self.order])
        return shape if self.repeats is None else (self.repeats, *shape)

    def on(self, backend: Backend) -> TensorData:
        """The view, on a backend."""
        x = backend.from_numpy(values(self.base, self.dtype, self.seed))
        for dim, (start, length, step) in enumerate(self.slices):
            x = x.slice(dim, start, length, step)
        x = x.permute(*self.order)
        return x if self.repeats is None else x.expand((self.repeats, *x.shape))


def values(shape: Sequence[int], dtype: DType, seed: int) -> npt.NDArray[Any]:
    """Elements of a dtype from a seed: normal, small whole numbers, or truth."""
    random = np.random.default_rng([seed, math.prod(shape)])
    if dtype.kind == "float":
        return random.normal(size=tuple(shape)).astype(dtype.numpy)
    low = 0 if np.iinfo(dtype.numpy).min == 0 else -9
    return random.integers(low, 9, tuple(shape), endpoint=True).astype(dtype.numpy)


@st.composite
def views(
    draw: st.DrawFn,
    min_dims: int = 0,
    max_dims: int = 3,
    dtypes: Sequence[DType] = NUMBERS,
    expand: bool = True,
) -> View:
    """Permuted, cut out, stepped through, reversed, expanded, empty, zero-dimensional."""
    shape = draw(st.lists(st.integers(0, 4), min_size=min_dims, max_size=max_dims))
    slices = []
    for n in shape:
        start, step = draw(st.sampled_from([(0, 1), (1, 1), (0, 2), (1, 2), (n, -1)]))
        slices.append((start, n, step))
    repeats = draw(st.none() | st.integers(0, 3)) if expand and len(shape) < max_dims else None
    return View(
        base=tuple([2 * n + 1 for n in shape]),
        dtype=draw(st.sampled_from(list(dtypes))),
        seed=draw(st.integers(0, 99)),
        slices=tuple(slices),
        order=tuple(draw(st.permutations(range(len(shape))))),
        repeats=repeats,
    )


@st.composite
def views_to_broadcast(draw: st.DrawFn, other: View) -> View:
    """A view whose shape broadcasts with that of another, and adds no size to it."""
    kept = draw(st.integers(0, len(other.shape)))
    shape = [draw(st.sampled_from([1, n])) for n in other.shape[len(other.shape) - kept :]]
    start, step = draw(st.sampled_from([(0, 1), (0, 2), (1, 2)]))
    return View(
        base=tuple([2 * n + 1 for n in shape]),
        dtype=other.dtype,
        seed=draw(st.integers(100, 199)),
        slices=tuple([(start, n, step) for n in shape]),
        order=tuple(range(len(shape))),
    )


@st.composite
def matrices(draw: st.DrawFn) -> tuple[Shape, Shape]:
    """Two shapes that a matrix product takes: with the same leading sizes, any of them 0."""
    lead = tuple(draw(st.lists(st.integers(0, 2), max_size=2)))
    m, k, n = (draw(st.integers(0, 5)) for _ in range(3))
    return (*lead, m, k), (*lead, k, n)
