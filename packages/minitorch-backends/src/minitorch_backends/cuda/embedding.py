"""Embedding: looking up rows of a table, and accumulating gradients in them.

In `fast.embedding` each thread owns rows of the table and adds their gradients in order. Here there
are far more threads than rows with gradients, and several threads adding to one row would need
atomic additions, whose order changes from run to run. So positions are first sorted by the row that
they name; the gradients of one row then form a *run*, and runs are cut into chunks of equal length,
so that one frequent word takes no longer than many rare ones:

1. `sort_by_row`: a radix sort, from the lowest digit to the highest. For each digit, thread blocks
   make a histogram (`count_digits`), a prefix sum turns it into places (`scan`), and every position
   moves to its place (`place_digits`). The sort is stable, so the order of additions is fixed.
2. `sum_runs`: sums the runs of each chunk; whole runs go directly into the result.
3. `join_runs`: adds up the parts of runs that span several chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from minitorch_backends.cuda.compile import (
    THREADS,
    Kernel,
    blocks,
    device_function,
    i64,
    number,
    pointer,
    u32,
)
from minitorch_backends.cuda.device import cuda, sized
from minitorch_tensor.dtypes import DType, float32, float64, int32, int64
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_backends.cuda.backend import CudaBackend

#: Bits of a digit, and the number of its values.
BITS = sized(8, 2)
DIGITS = 1 << BITS

#: Threads of a sorting block, and the number of neighbouring positions for each: a block keeps
#: COUNTS counts in shared memory, which has room for 12,288.
LANES = sized(32, 4)
ITEMS = sized(16, 2)
COUNTS = DIGITS * LANES

#: Threads of the single block that computes the prefix sum.
SCAN_THREADS = sized(512, 4)

#: Sorted positions that one thread adds up.
CHUNK = sized(32, 3)


@cache
def embedding(dtype: DType) -> Kernel:
    """out[n] = weight[index[n]]: weight (V, size), index int64 (N) -> out (N, size).

    Each thread takes elements of out at a fixed distance, `count` in all; neighbours read a row of
    weight side by side.
    """

    def kernel(out: Any, weight: Any, index: Any, count: Any, size: Any) -> None:
        t = u32(cuda.grid(1))
        while t < count:
            n = u32(t // size)
            out[t] = weight[u32(index[n] * size + (t - n * size))]
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), pointer(int64), u32, u32), THREADS)


# -- sorting ---------------------------------------------------------------------------------------


@device_function
def digit_of(index: Any, p: Any, shift: Any) -> Any:
    """The digit of position p that begins at bit `shift`."""
    return u32(u32(u32(index[p]) >> shift) % u32(DIGITS))


@device_function
def count_own(held: Any, order: Any, index: Any, count: Any, shift: Any, first: Any) -> None:
    """held[d, lane] = the number of the lane's positions with digit d, for every lane."""
    lane = u32(cuda.threadIdx.x)
    d = u32(0)
    while d < u32(DIGITS):
        held[u32(d * LANES + lane)] = u32(0)
        d = u32(d + 1)
    k = u32((cuda.blockIdx.x * LANES + lane) * ITEMS)
    end = min(count, u32(k + ITEMS))
    while k < end:
        p = k if first != u32(0) else u32(order[k])
        held[u32(digit_of(index, p, shift) * LANES + lane)] += u32(1)
        k = u32(k + 1)
    cuda.syncthreads()


@cache
def count_digits() -> Kernel:
    """counts[d, block] = the number of the block's positions with digit d.

    The positions are order (count), or, if `first` is not 0, simply 0, 1, ...; a lane has ITEMS
    neighbouring ones.
    """

    def kernel(counts: Any, order: Any, index: Any, count: Any, shift: Any, first: Any) -> None:
        held = cuda.shared.array(COUNTS, u32)
        lane = u32(cuda.threadIdx.x)
        count_own(held, order, index, count, shift, first)
        d = lane
        while d < u32(DIGITS):
            total = u32(0)
            other = u32(0)
            while other < u32(LANES):
                total = u32(total + held[u32(d * LANES + other)])
                other = u32(other + 1)
            counts[u32(d * cuda.gridDim.x + cuda.blockIdx.x)] = total
            d = u32(d + LANES)

    return Kernel(kernel, (pointer(int32), pointer(int32), pointer(int64), u32, u32, u32), LANES)


@cache
def scan() -> Kernel:
    """counts[i] = the sum of all counts before it. One block; its threads own equal parts."""

    def kernel(counts: Any, count: Any) -> None:
        sums = cuda.shared.array(SCAN_THREADS, u32)
        t = u32(cuda.threadIdx.x)
        part = u32(u32(count + SCAN_THREADS - 1) // u32(SCAN_THREADS))
        first, end = min(count, u32(t * part)), min(count, u32(t * part + part))
        total = u32(0)
        k = first
        while k < end:
            total = u32(total + counts[k])
            k = u32(k + 1)
        sums[t] = total
        distance = u32(1)
        while distance < u32(SCAN_THREADS):
            # Before each turn, sums[t] is that of the last `distance` parts, its own included.
            cuda.syncthreads()
            before = sums[u32(t - distance)] if t >= distance else u32(0)
            cuda.syncthreads()
            sums[t] = u32(sums[t] + before)
            distance = u32(distance * 2)
        before = u32(sums[t] - total)
        k = first
        while k < end:
            here = counts[k]
            counts[k] = before
            before = u32(before + here)
            k = u32(k + 1)

    return Kernel(kernel, (pointer(int32), u32), SCAN_THREADS)


@cache
def place_digits() -> Kernel:
    """Move the positions of `order` into `to`, stably sorted by digit.

    `places`, from `scan`, says where each block's positions of a digit begin. The rest is as in
    `count_digits`, with the same blocks.
    """

    def kernel(
        to: Any, places: Any, order: Any, index: Any, count: Any, shift: Any, first: Any
    ) -> None:
        held = cuda.shared.array(COUNTS, u32)
        lane = u32(cuda.threadIdx.x)
        count_own(held, order, index, count, shift, first)
        d = lane
        while d < u32(DIGITS):  # where each lane's positions of the digit begin
            before = u32(places[u32(d * cuda.gridDim.x + cuda.blockIdx.x)])
            other = u32(0)
            while other < u32(LANES):
                here = held[u32(d * LANES + other)]
                held[u32(d * LANES + other)] = before
                before = u32(before + here)
                other = u32(other + 1)
            d = u32(d + LANES)
        cuda.syncthreads()
        k = u32((cuda.blockIdx.x * LANES + lane) * ITEMS)
        end = min(count, u32(k + ITEMS))
        while k < end:
            p = k if first != u32(0) else u32(order[k])
            digit = digit_of(index, p, shift)
            place = held[u32(digit * LANES + lane)]
            held[u32(digit * LANES + lane)] = u32(place + 1)
            to[place] = p
            k = u32(k + 1)

    return Kernel(kernel, (*[pointer(int32)] * 3, pointer(int64), u32, u32, u32), LANES)


# -- adding up -------------------------------------------------------------------------------------


@cache
def sum_runs(dtype: DType) -> Kernel:
    """out[v] = sum of d[p] over the positions p of row v, in order, if these are in one chunk.

    d (count, size), index int64 (count), order sorted by index[order[k]]; out (V, size) holds
    zeros, and row `padding` keeps them. If a run spans several chunks, its sum in the first chunk
    goes to tails, those in the others to heads, both (chunks, size). A thread owns one of `size`
    columns of a chunk.
    """
    T = number(dtype)

    def kernel(
        out: Any, heads: Any, tails: Any, d: Any, order: Any, index: Any,
        count: Any, size: Any, padding: Any,
    ) -> None:  # fmt: skip
        total_count = u32(u32(u32(count + CHUNK - 1) // u32(CHUNK)) * size)
        t = u32(cuda.grid(1))
        while t < total_count:
            chunk = u32(t // size)
            j = u32(t - chunk * size)
            k = u32(chunk * CHUNK)
            end = min(count, u32(k + CHUNK))
            row = index[order[k]]
            begun = k > u32(0) and index[order[u32(k - 1)]] == row
            total = T(0)
            while k < end:
                p = u32(order[k])
                if index[p] != row:
                    if begun:
                        heads[t] = total
                    elif row != padding:
                        out[u32(row * size + j)] = total
                    row, begun, total = index[p], False, T(0)
                total += d[u32(p * size + j)]
                k = u32(k + 1)
            if begun:
                heads[t] = total
            elif end < count and index[order[end]] == row:
                tails[t] = total
            elif row != padding:
                out[u32(row * size + j)] = total
            t = u32(t + cuda.gridsize(1))

    return Kernel(
        kernel, (*[pointer(dtype)] * 4, pointer(int32), pointer(int64), u32, u32, i64), THREADS
    )


@cache
def join_runs(dtype: DType) -> Kernel:
    """out[v] = the sum of the parts of row v's run, in order, if it spans several chunks; arguments
    as in `sum_runs`. The threads of a run's first chunk add them up."""

    def kernel(
        out: Any,
        heads: Any,
        tails: Any,
        order: Any,
        index: Any,
        count: Any,
        size: Any,
        padding: Any,
    ) -> None:
        total_count = u32(u32(u32(count + CHUNK - 1) // u32(CHUNK)) * size)
        t = u32(cuda.grid(1))
        while t < total_count:
            chunk = u32(t // size)
            first, end = u32(chunk * CHUNK), u32(chunk * CHUNK + CHUNK)
            if end < count:
                row = index[order[end]]
                inside = index[order[u32(end - 1)]] == row
                begun = first > u32(0) and index[order[u32(first - 1)]] == row
                if inside and not begun and row != padding:
                    total = tails[t]
                    part = t
                    while end < count and index[order[end]] == row:
                        part = u32(part + size)
                        total += heads[part]
                        end = u32(end + CHUNK)
                    out[u32(row * size + (t - chunk * size))] = total
            t = u32(t + cuda.gridsize(1))

    return Kernel(
        kernel, (*[pointer(dtype)] * 3, pointer(int32), pointer(int64), u32, u32, i64), THREADS
    )


# -- launching -------------------------------------------------------------------------------------


def sort_by_row(backend: CudaBackend, index: TensorData, rows: int) -> TensorData:
    """The positions of index, int64 (N) in [0, rows), stably sorted by the row that they name:
    int32 (N). N is not 0."""
    count = index.size
    grid = -(-count // (LANES * ITEMS))
    counts = backend.empty((DIGITS * grid,), int32)
    order, other = (backend.empty((count,), int32) for _ in range(2))
    for digit in range(max(1, -(-(rows - 1).bit_length() // BITS))):
        given = order, index, count, digit * BITS, digit == 0
        count_digits()(grid, counts, *given)
        scan()(1, counts, counts.size)
        place_digits()(grid, other, counts, *given)
        order, other = other, order
    return order


def add_rows(
    backend: CudaBackend, out: TensorData, d: TensorData, index: TensorData, padding: int | None
) -> None:
    """out[index[p]] += d[p] for all p in order, except for row `padding`: d (N, size), index int64
    (N), N and size not 0; out (V, size) holds zeros."""
    count, size = d.shape
    order = sort_by_row(backend, index, out.shape[0])
    chunks = -(-count // CHUNK)
    heads, tails = (backend.empty((chunks, size), d.dtype) for _ in range(2))
    numbers = count, size, -1 if padding is None else padding
    grid = blocks(chunks * size)
    sum_runs(d.dtype)(grid, out, heads, tails, d, order, index, *numbers)
    if chunks > 1:
        join_runs(d.dtype)(grid, out, heads, tails, order, index, *numbers)


def examples() -> Iterator[Kernel]:
    """Every kernel of this module, for the compile gate."""
    yield count_digits()
    yield scan()
    yield place_digits()
    for dtype in (float32, float64):
        yield embedding(dtype)
        yield sum_runs(dtype)
        yield join_runs(dtype)
