"""Embedding: rows of a table looked up by number, and gradients added up in them.

The twin of `fast.embedding`, where each thread owns rows of the table and adds to them whatever
comes for them, in order. Here there are far more threads than rows that matter, and threads that
add to one row at a time would have to take turns (atomics), in an order that changes from run to
run. So positions are first sorted by the row that they name; what is added to one row is then a
*run*, and runs are cut into chunks of equal length, so that a word which is everywhere takes no
longer than many that are rare:

1. `sort_by_row`: a radix sort, from the lowest digit to the highest. For each digit, blocks count
   what they have (`count_digits`), the counts become places (`scan`), and every position moves to
   its place (`place_digits`). Equals keep their order, so the sums do too.
2. `sum_runs`: each chunk's sums, of whole runs straight into the result.
3. `join_runs`: the parts of runs that reach over several chunks.
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

#: Bits of a digit, and how many digits there are.
BITS = sized(8, 2)
DIGITS = 1 << BITS

#: Threads of a block that sorts, and how many neighbouring positions each of them takes: a block
#: keeps COUNTS counts in shared memory, which has room for 12,288.
LANES = sized(32, 4)
ITEMS = sized(16, 2)
COUNTS = DIGITS * LANES

#: Threads of the one block that makes places of counts.
SCAN_THREADS = sized(512, 4)

#: Sorted positions that are added up one after another.
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
    """held[d, lane] = how many of the lane's positions have the digit d, for every lane."""
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
    """counts[d, block] = how many of the block's positions have the digit d.

    The positions are order (count), or, if `first` is not 0, simply 0, 1, ...; a lane has ITEMS
    neighbours.
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
    """counts[i] = the sum of all counts before it. One block, each of whose threads owns an equal
    part."""

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
    """The positions of `order` by digit into `to`, those of one digit in the order they had.

    `places` is what `scan` made of the counts: where each block's positions of a digit begin. The
    rest is as in `count_digits`, with the same blocks.
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
    """out[v] = sum of d[p] over the positions p of row v, in order, where these lie in one chunk.

    d (count, size), index int64 (count), order sorted by index[order[k]]; out (V, size) holds
    zeros, and row `padding` keeps them. Of a run that reaches over several chunks, the part in its
    first chunk goes to tails, those in the others to heads, both (chunks, size). A thread owns one
    of `size` columns of a chunk.
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
    """out[v] = the parts of row v's run, in order, where it reaches over several chunks; arguments
    as in `sum_runs`. The threads of a run's first chunk do it."""

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
    """The positions of index, int64 (N) in [0, rows), in the order of the rows that they name, and
    those of one row in their own order: int32 (N). N is not 0."""
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
    """out[index[p]] += d[p] for all p in order, but none in row `padding`: d (N, size), index int64
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
