"""`tensor_reduce`: reducing one dimension by any scalar function.

As in `fast`, data is (outer, size, inner), contiguous, and the middle dimension is folded. Threads
take the place of lanes. There are two kernels, for coalesced reads:

- `fold_rows`, if inner is 1: a team of threads strides over a row; then the team folds its threads'
  results by shuffles. A team is a warp for short rows, a thread block for long ones.
- `fold_columns`, otherwise: a thread folds a column, and its neighbours the neighbouring columns.

Rows and columns are cut into chunks, whose results are folded in turn, so that a few long ones
keep the whole GPU busy, and rounding errors grow with the logarithm of the length. The division of
work depends only on sizes, and there are no atomic additions, so results repeat bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from minitorch_autodiff import operators
from minitorch_backends.cuda.compile import (
    THREADS,
    WIDE,
    Kernel,
    aligned,
    blocks,
    device_function,
    i64,
    number,
    pointer,
    scalar,
    u32,
    vectors,
)
from minitorch_backends.cuda.device import cuda, sized
from minitorch_backends.cuda.elementwise import converting
from minitorch_backends.cuda.warps import WARP, block_fold, shuffle_xor, warp_fold
from minitorch_tensor.dtypes import ALL, DType, int32, int64
from minitorch_tensor.tensor_data import TensorData

#: Elements of a chunk of a row: 32 for each thread of a block.
ROW_CHUNK = sized(8192, 32)

#: The most chunks of a row: a grid's y is at most 65535.
ROW_CHUNKS = 1 << 15

#: The longest row for a warp; longer ones take a thread block.
WARP_ROW = sized(1024, 8)

#: Elements of a chunk of a column, folded by one thread.
COLUMN_CHUNK = sized(128, 4)

#: Elements that a thread loads at once.
VECTOR = 4


def accumulator(dtype: DType) -> DType:
    """The dtype in which a fold is computed: dtype itself, or a wider integer that wraps to the
    same result."""
    return dtype if dtype.kind == "float" or dtype is int64 else int32


@lru_cache(maxsize=1024)
def fold_rows(
    fn: Callable[[float, float], float],
    dtypes: tuple[DType, DType],
    team: int,
    width: int,
    wide: bool,
) -> Kernel:
    """out[o, c] = fn(... fn(start, x[o, k]) ...) over k of chunk c, for x (outer, size).

    Args:
        fn: associative and commutative up to rounding, with `start` for its identity.
        dtypes: of out and of x.
        team: the number of threads that fold a chunk: WARP or THREADS.
        width: elements that a thread loads at once; size and chunk are multiples of it.
        wide: true if a position needs 64 bits.

    The grid is (outer in groups of THREADS / team, chunks).
    """
    out_dtype, x_dtype = dtypes
    held = accumulator(out_dtype)
    A, X = number(held), number(x_dtype)
    f, accumulate, convert = scalar(fn), converting(held), converting(out_dtype)
    load, _ = vectors(width)
    index = i64 if wide else u32
    together = warp_fold(f, A) if team == WARP else block_fold(f, A, THREADS)

    def kernel(out: Any, x: Any, start: Any, outer: Any, size: Any, chunk: Any) -> None:
        lane = cuda.threadIdx.x % team
        row = index(index(cuda.blockIdx.x) * (THREADS // team) + cuda.threadIdx.x // team)
        values = cuda.local.array(width, X)
        total = start
        if row < outer:
            k = index(index(cuda.blockIdx.y) * chunk + lane * width)
            end = index(index(cuda.blockIdx.y) * chunk + chunk)
            if end > size:
                end = size
            while k < end:
                load(values, x, index(index(row * size + k) // width))
                for v in range(width):
                    total = A(f(total, accumulate(values[v])))
                k = index(k + team * width)
        total = together(total)
        if row < outer and lane == 0:
            out[index(row * cuda.gridDim.y + cuda.blockIdx.y)] = convert(total)

    arguments = (pointer(out_dtype), pointer(x_dtype), A, index, index, index)
    return Kernel(kernel, arguments, THREADS, wide=width * x_dtype.itemsize == 16)


@lru_cache(maxsize=1024)
def fold_columns(
    fn: Callable[[float, float], float], dtypes: tuple[DType, DType], wide: bool
) -> Kernel:
    """out[o, c, i] = fn(... fn(start, x[o, k, i]) ...) over k of chunk c, x (outer, size, inner).

    Args:
        fn, dtypes, wide: as for `fold_rows`.

    A thread owns an element of out, n in all.
    """
    out_dtype, x_dtype = dtypes
    held = accumulator(out_dtype)
    A = number(held)
    f, accumulate, convert = scalar(fn), converting(held), converting(out_dtype)
    index = i64 if wide else u32

    def kernel(
        out: Any, x: Any, start: Any, n: Any, size: Any, inner: Any, chunk: Any, chunks: Any
    ) -> None:
        place = index(cuda.grid(1))
        while place < n:
            row = index(place // inner)
            i = index(place - row * inner)
            o = index(row // chunks)
            k = index(index(row - o * chunks) * chunk)
            end = index(k + chunk)
            if end > size:
                end = size
            at = index(index(index(o * size) + k) * inner + i)
            total = start
            while k < end:
                total = A(f(total, accumulate(x[at])))
                at = index(at + inner)
                k = index(k + 1)
            out[place] = convert(total)
            place = index(place + cuda.gridsize(1))

    arguments = (pointer(out_dtype), pointer(x_dtype), A, *[index] * 5)
    return Kernel(kernel, arguments, THREADS)


def fold(
    fn: Callable[[float, float], float],
    empty: Callable[[tuple[int, ...], DType], TensorData],
    x: TensorData,
    around: tuple[int, int, int],
    start: float,
    dtype: DType,
) -> TensorData:
    """Fold the middle of contiguous x (outer, size, inner): (outer, inner).

    Args:
        fn: associative and commutative up to rounding, with `start` for its identity.
        empty: makes memory.
        dtype: of the result.
    """
    outer, size, inner = around
    while True:
        wide = x.size >= WIDE
        dtypes = (dtype, x.dtype)
        if inner == 1 and size > 1:
            width = _width(x, size)
            long = size > WARP_ROW
            chunk = _chunk(size) if long else size
            chunks = -(-size // chunk)
            out = empty((outer, chunks), dtype)
            team = THREADS if long else WARP
            kernel = fold_rows(fn, dtypes, team, width, wide)
            groups = -(-outer // (THREADS // team))
            kernel((groups, chunks), out, x, start, outer, size, chunk)
        else:
            chunk = COLUMN_CHUNK
            chunks = max(1, -(-size // chunk))
            out = empty((outer, chunks, inner), dtype)
            kernel = fold_columns(fn, dtypes, wide)
            kernel(blocks(out.size), out, x, start, out.size, size, inner, chunk, chunks)
        if chunks == 1:
            return out
        x, size = out, chunks


def _width(x: TensorData, size: int) -> int:
    """The number of elements of a row that a thread loads at once."""
    width = min(VECTOR, 16 // x.dtype.itemsize)
    return width if size % width == 0 and aligned(x, width) else 1


def _chunk(size: int) -> int:
    """The length of a long row's chunks: a multiple of what a block loads at once."""
    step = THREADS * VECTOR
    return max(ROW_CHUNK, -(-size // (ROW_CHUNKS * step)) * step)


# -- index of the largest ------------------------------------------------------------------------


@lru_cache(maxsize=64)
def arg_extreme(dtype: DType, largest: bool, team: int, wide: bool) -> Kernel:
    """out[o, i] = the first k at which x[o, k, i] is largest (or smallest), for x (outer, size,
    inner); the first NaN, if there is one.

    Args:
        dtype: of x.
        team: the number of threads that search a line: WARP if inner is 1, else 1.
        wide: true if a position needs 64 bits.
    """
    held = accumulator(dtype)
    A = number(held)
    accumulate = converting(held)
    index = i64 if wide else u32

    def better(value: Any, k: Any, other: Any, other_k: Any) -> Any:
        """True if `value` at k beats the other."""
        if value != value:
            return other == other or k < other_k
        if other != other:
            return False
        if value == other:
            return k < other_k
        return value > other if largest else value < other

    goes_before = device_function(better)

    def kernel(out: Any, x: Any, lines: Any, size: Any, inner: Any) -> None:
        line = index(cuda.grid(1) // team)
        lane = cuda.threadIdx.x % team
        value, place = A(0), i64(size)  # past the end, so that any element beats it
        if line < lines:
            o = index(line // inner)
            first = index(index(index(o * size) * inner) + index(line - o * inner))
            k = index(lane)
            while k < size:
                candidate = accumulate(x[index(first + k * inner)])
                if place == size or goes_before(candidate, i64(k), value, place):
                    value, place = candidate, i64(k)
                k = index(k + team)
        distance = team // 2
        while distance > 0:
            other, other_place = shuffle_xor(value, distance), shuffle_xor(place, distance)
            if other_place != size and (
                place == size or goes_before(other, other_place, value, place)
            ):
                value, place = other, other_place
            distance //= 2
        if line < lines and lane == 0:
            out[line] = place

    return Kernel(kernel, (pointer(int64), pointer(dtype), index, index, index), THREADS)


def extreme(
    empty: Callable[[tuple[int, ...], DType], TensorData], x: TensorData, dim: int, largest: bool
) -> TensorData:
    """The index (int64) of the largest or smallest along a dimension of contiguous x, which keeps
    size 1."""
    shape = x.shape
    outer, size, inner = math.prod(shape[:dim]), shape[dim], math.prod(shape[dim + 1 :])
    out = empty((*shape[:dim], 1, *shape[dim + 1 :]), int64)
    team = WARP if inner == 1 else 1
    kernel = arg_extreme(x.dtype, largest, team, x.size >= WIDE)
    kernel(-(-out.size * team // THREADS), out, x, outer * inner, size, inner)
    return out


def examples() -> Iterator[Kernel]:
    """Every kernel here, in every dtype and variant, for the compile gate."""
    for dtype in ALL:
        width = min(VECTOR, 16 // dtype.itemsize)
        for fn in (operators.add, operators.max):
            for team in (WARP, THREADS):
                yield fold_rows(fn, (dtype, dtype), team, width, False)
            yield fold_columns(fn, (dtype, dtype), False)
        yield fold_rows(operators.mul, (dtype, dtype), THREADS, 1, True)
        yield fold_columns(operators.mul, (dtype, dtype), True)
        yield fold_rows(operators.add, (int64, dtype), THREADS, width, False)
        yield fold_columns(operators.add, (int64, dtype), False)
        for largest in (False, True):
            for team in (1, WARP):
                yield arg_extreme(dtype, largest, team, False)
        yield arg_extreme(dtype, True, WARP, True)
