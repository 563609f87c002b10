"""Gathering and scattering elements by index, and cumulative sums.

`fast` leaves these to numpy. Here, one thread gathers each result. Scattering is harder: several
elements may go to one place, and atomic additions would give different rounding in each run. So one
thread owns each place and adds to it in order:

- `put_along`, if the index is on the device: a thread owns some places of a line, reads the whole
  index of the line, and skips the places that it does not own.
- `put_sorted`, if the index comes from the host: the index is sorted there, and a thread handles
  all elements for one place.

Data is (outer, size, inner), contiguous, as for reductions; the middle dimension is indexed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import operators
from minitorch_backends.cuda import reductions
from minitorch_backends.cuda.compile import (
    THREADS,
    WIDE,
    Kernel,
    blocks,
    i64,
    number,
    pointer,
    u32,
)
from minitorch_backends.cuda.device import cuda, sized
from minitorch_backends.cuda.elementwise import converting
from minitorch_tensor.dtypes import ALL, DType, int64
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData

Empty = Callable[[Shape, DType], TensorData]

#: Threads that keep the GPU busy: with fewer lines than this, several threads share a line.
BUSY = sized(1 << 16, 8)


@lru_cache(maxsize=64)
def take(dtype: DType, shared: bool, wide: bool) -> Kernel:
    """out[o, j, i] = x[o, index[o, j, i], i]: x (outer, size, inner), out (outer, count, inner).

    Args:
        shared: true if the index is (count), the same for all o and i.
        wide: true if a position needs 64 bits.
    """
    index_type = i64 if wide else u32

    def kernel(out: Any, x: Any, index: Any, n: Any, count: Any, size: Any, inner: Any) -> None:
        place = index_type(cuda.grid(1))
        while place < n:
            row = index_type(place // inner)
            i = index_type(place - row * inner)
            o = index_type(row // count)
            j = index_type(row - o * count)
            chosen = index_type(index[j if shared else place])
            out[place] = x[index_type(index_type(o * size + chosen) * inner + i)]
            place = index_type(place + cuda.gridsize(1))

    arrays = (pointer(dtype), pointer(dtype), pointer(int64))
    return Kernel(kernel, (*arrays, *[index_type] * 4), THREADS)


@lru_cache(maxsize=64)
def put_along(dtype: DType, shared: bool, add: bool, wide: bool) -> Kernel:
    """Replace out[o, index[o, k, i], i] by source[o, k, i], or add to it, in the order of k.

    out (outer, size, inner), source (outer, count, inner).

    Args:
        shared: true if the index is (count), the same for all o and i.
        add: true to add, false to replace.
        wide: true if a position needs 64 bits.

    Part p of a line's `parts` owns the places with place % parts = p; n is the number of lines
    times parts.
    """
    index_type, convert = i64 if wide else u32, converting(dtype)

    def kernel(
        out: Any, index: Any, source: Any,
        n: Any, parts: Any, count: Any, size: Any, inner: Any,
    ) -> None:  # fmt: skip
        thread = index_type(cuda.grid(1))
        while thread < n:
            row = index_type(thread // inner)
            i = index_type(thread - row * inner)
            o = index_type(row // parts)
            part = index_type(row - o * parts)
            k = index_type(0)
            while k < count:
                at = index_type(index_type(o * count + k) * inner + i)
                chosen = index_type(index[k if shared else at])
                if chosen % parts == part:
                    place = index_type(index_type(o * size + chosen) * inner + i)
                    if add:
                        out[place] = convert(out[place] + source[at])
                    else:
                        out[place] = source[at]
                k = index_type(k + 1)
            thread = index_type(thread + cuda.gridsize(1))

    arrays = (pointer(dtype), pointer(int64), pointer(dtype))
    return Kernel(kernel, (*arrays, *[index_type] * 5), THREADS)


@lru_cache(maxsize=64)
def put_sorted(dtype: DType, add: bool) -> Kernel:
    """For each s < n, add source[order[k]], for k from starts[s] to starts[s + 1], to
    out[places[s]] in order, or replace out[places[s]] by the last of them."""
    convert = converting(dtype)

    def kernel(out: Any, places: Any, starts: Any, order: Any, source: Any, n: Any) -> None:
        s = i64(cuda.grid(1))
        while s < n:
            place, k, end = places[s], starts[s], starts[s + 1]
            if add:
                while k < end:
                    out[place] = convert(out[place] + source[order[k]])
                    k = i64(k + 1)
            else:
                out[place] = source[order[end - 1]]
            s = i64(s + cuda.gridsize(1))

    array, index = pointer(dtype), pointer(int64)
    return Kernel(kernel, (array, index, index, index, array, i64), THREADS)


@lru_cache(maxsize=64)
def scan(dtype: DType, wide: bool) -> Kernel:
    """out[o, k, i] = before[o, c - 1, i] + x[o, first of chunk c, i] + ... + x[o, k, i].

    x, out (outer, size, inner), cut into chunks; before (outer, chunks, inner), cumulative sums of
    the chunks' sums. A thread owns chunk c of a line; there are n chunks in all.
    """
    held = reductions.accumulator(dtype)
    A = number(held)
    accumulate, convert = converting(held), converting(dtype)
    index = i64 if wide else u32

    def kernel(
        out: Any, x: Any, before: Any, n: Any, size: Any, inner: Any, chunk: Any, chunks: Any
    ) -> None:
        place = index(cuda.grid(1))
        while place < n:
            row = index(place // inner)
            i = index(place - row * inner)
            o = index(row // chunks)
            c = index(row - o * chunks)
            k = index(c * chunk)
            end = index(k + chunk)
            if end > size:
                end = size
            total = A(0)
            if c > 0:
                total = accumulate(before[index(place - inner)])
            at = index(index(index(o * size) + k) * inner + i)
            while k < end:
                total = A(total + accumulate(x[at]))
                out[at] = convert(total)
                at = index(at + inner)
                k = index(k + 1)
            place = index(place + cuda.gridsize(1))

    array = pointer(dtype)
    return Kernel(kernel, (array, array, array, *[index] * 5), THREADS)


# -- launching -----------------------------------------------------------------------------------


def around(shape: Shape, dim: int) -> tuple[int, int, int]:
    """(outer, size, inner): the sizes before, along and after a dimension."""
    return math.prod(shape[:dim]), shape[dim], math.prod(shape[dim + 1 :])


def taken(empty: Empty, x: TensorData, dim: int, index: TensorData, shape: Shape) -> TensorData:
    """Elements of x along a dimension, gathered into this shape; index has that shape, or is
    1-dimensional and shared by all lines. x and index are contiguous; their other sizes agree."""
    out = empty(shape, x.dtype)
    _, size, inner = around(x.shape, dim)
    wide = max(out.size, x.size) >= WIDE
    kernel = take(x.dtype, index.shape != shape, wide)
    kernel(blocks(out.size), out, x, index, out.size, shape[dim], size, inner)
    return out


def put_(out: TensorData, dim: int, index: TensorData, source: TensorData, add: bool) -> None:
    """Scatter source's elements into out along a dimension, as `put_along` says; all arrays are
    contiguous, and their other sizes agree."""
    outer, size, inner = around(out.shape, dim)
    count = source.shape[dim]
    if count == 0 or size == 0:
        return
    lines = outer * inner
    parts = max(1, min(size, BUSY // max(lines, 1)))
    wide = max(out.size, source.size, lines * parts) >= WIDE
    kernel = put_along(out.dtype, index.shape != source.shape, add, wide)
    n = lines * parts
    kernel(blocks(n), out, index, source, n, parts, count, size, inner)


def positions(shape: Shape, key: tuple[Any, ...]) -> npt.NDArray[np.int64]:
    """The flat positions of the elements that a numpy key selects, in contiguous data of a shape.

    Only the result takes memory: each dimension is a range of numbers, broadcast by strides of 0
    before it is indexed.
    """
    place: Any = np.int64(0)
    step = 1
    for dim in reversed(range(len(shape))):
        line = np.arange(shape[dim], dtype=np.int64) * step
        beside = line.reshape(-1, *[1] * (len(shape) - dim - 1))
        place = place + np.broadcast_to(beside, shape)[key]
        step *= shape[dim]
    return np.asarray(place if shape else np.zeros((), np.int64)[key], np.int64)


def segments(places: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    """The arguments of `put_sorted` for places in any order: places, starts and order."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[first], np.append(first, len(places)), order


def running_sum(empty: Empty, x: TensorData, dim: int) -> TensorData:
    """out[k] = x[0] + ... + x[k] along a dimension of contiguous x.

    First sum each chunk, then take cumulative sums of those, and with them of each chunk.
    """
    outer, size, inner = around(x.shape, dim)
    out = empty(x.shape, x.dtype)
    if out.size == 0:
        return out
    chunk, wide = reductions.COLUMN_CHUNK, x.size >= WIDE
    chunks = -(-size // chunk)
    n = outer * chunks * inner
    before = x  # not read in the first chunk of a line
    if chunks > 1:
        sums = empty((outer, chunks, inner), x.dtype)
        summed = reductions.fold_columns(operators.add, (x.dtype, x.dtype), wide)
        summed(blocks(n), sums, x, 0, n, size, inner, chunk, chunks)
        before = running_sum(empty, sums, 1)
    scan(x.dtype, wide)(blocks(n), out, x, before, n, size, inner, chunk, chunks)
    return out


def examples() -> Iterator[Kernel]:
    """Every kernel here, in every dtype and variant, for the compile gate."""
    for dtype in ALL:
        for shared in (False, True):
            yield take(dtype, shared, False)
            for add in (False, True):
                yield put_along(dtype, shared, add, False)
        for add in (False, True):
            yield put_sorted(dtype, add)
        yield scan(dtype, False)
        yield take(dtype, False, True)
        yield put_along(dtype, False, True, True)
        yield scan(dtype, True)
