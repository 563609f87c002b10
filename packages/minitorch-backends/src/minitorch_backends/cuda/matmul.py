"""Matrix products: a tiled kernel of our own, and NVIDIA's cuBLAS where it is found.

Where `fast` cuts the result into parts for cores and leaves each to a BLAS, here a thread block
computes a tile of the result. It reads the rows of x and columns of y for the tile once, a few
steps of k at a time, into shared memory, and each thread keeps a small square of results in
registers: a number loaded from shared memory serves as many products as the square is wide.

The environment variable MINITORCH_CUDA_MATMUL chooses: `cublas`, `own`, or `auto` (the default),
which is cuBLAS if it is found and our own kernel otherwise. cuBLAS comes with the CUDA
toolkit, with PyTorch, and as `pip install nvidia-cublas`. float32 is computed in float32;
MINITORCH_CUDA_TF32=1 lets cuBLAS round its factors to 10 bits of mantissa (TF32), which is several
times as fast.
"""

from __future__ import annotations

import ctypes
import math
import os
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from minitorch_autodiff import operators
from minitorch_backends.cuda import reductions
from minitorch_backends.cuda.compile import (
    ALIGNMENT,
    WIDE,
    Kernel,
    i32,
    i64,
    number,
    pointer,
    u32,
    vectors,
)
from minitorch_backends.cuda.device import SIMULATED, Hardware, cuda, get_device
from minitorch_backends.cuda.elementwise import converting
from minitorch_tensor.backend import BackendUnavailable
from minitorch_tensor.dtypes import ALL, DType, bool_, float32
from minitorch_tensor.tensor_data import TensorData

#: A function that makes a contiguous copy.
Contiguous = Callable[[TensorData], TensorData]
Empty = Callable[[tuple[int, ...], DType], TensorData]


class Tile(NamedTuple):
    """The division of work within a block.

    Attributes:
        rows, columns: of the result.
        depth: the steps of k that shared memory holds.
        square: rows, and columns, that each thread computes.
    """

    rows: int
    columns: int
    depth: int
    square: int

    @property
    def threads(self) -> int:
        """The number of threads per block."""
        return self.rows * self.columns // self.square**2


#: Tiles for large to small results; few large tiles would leave most of the GPU idle.
TILES = [Tile(128, 128, 8, 8), Tile(64, 64, 16, 4), Tile(32, 32, 32, 2)]
if SIMULATED:
    TILES = [Tile(4, 4, 2, 2)]

#: Tiles for elements that are not 4 bytes: 8 bytes take two registers, and bytes must be unpacked.
OTHER_TILES = TILES[-2:]

#: If tiles are few: the most parts of a sum over k (split-k), and the least length of a part.
SPLITS, SHORTEST = 64, 2 if SIMULATED else 256


class Matrices(NamedTuple):
    """A batch of matrices in memory, by strides.

    Attributes:
        data: at its first element.
        batch, row, column: distances between neighbours, in elements.
    """

    data: TensorData
    batch: int
    row: int
    column: int


def as_matrices(x: TensorData, contiguous: Contiguous) -> Matrices:
    """(..., M, N) as a batch of matrices, copied unless its leading dimensions merge into one."""
    rows, columns = x.shape[-2:]
    flat = x.reshape((math.prod(x.shape[:-2]), rows, columns))
    if flat is None:
        flat = contiguous(x).reshape((math.prod(x.shape[:-2]), rows, columns))
        assert flat is not None  # contiguous data takes any shape
    return Matrices(flat, *flat.strides)


# -- our own ------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def tiled(dtype: DType, tile: Tile, x_by_rows: bool, y_by_rows: bool, wide: bool) -> Kernel:
    """out[b, s, i, j] = sum over k of part s of x[b, i, k] * y[b, k, j].

    x (batch, m, k), y (batch, k, n) by strides -> out (batch, splits, m, n) in order.

    Args:
        tile: how a block divides its work.
        x_by_rows, y_by_rows: true if rows, not columns, are contiguous, so that the reads of a
            warp are coalesced.
        wide: true if a position needs 64 bits.

    The grid is (tiles along m times tiles along n, 1, batch times splits or fewer).
    """
    T, convert = number(dtype), converting(dtype)
    A = number(reductions.accumulator(dtype))
    index, position = (i64, i64) if wide else (u32, i32)
    rows, columns, depth, square = tile
    threads = tile.threads
    across = columns // square
    # A row of x's part is as long as a column of the tile; 4 elements of padding avoid bank
    # conflicts between neighbours along k, and keep rows aligned to 16 bytes.
    x_pitch, y_pitch = rows + 4, columns + 4
    x_loads, y_loads = rows * depth // threads, columns * depth // threads
    x_down, x_along = (threads // depth, 0) if x_by_rows else (0, threads // rows)
    y_along, y_over = (threads // columns, 0) if y_by_rows else (0, threads // depth)
    half = square // 2
    load, _ = vectors(half)
    x_part, y_part, results = depth * x_pitch, depth * y_pitch, square * square

    def kernel(
        out: Any, x: Any, y: Any, sizes: Any, division: Any, x_strides: Any, y_strides: Any
    ) -> None:
        batch, m, n, k = sizes
        tiles_n, splits, chunk = division
        xb, xr, xc = x_strides
        yb, yr, yc = y_strides
        xs = cuda.shared.array(x_part, T, ALIGNMENT)
        ys = cuda.shared.array(y_part, T, ALIGNMENT)
        next_x = cuda.local.array(x_loads, T)
        next_y = cuda.local.array(y_loads, T)
        sums = cuda.local.array(results, A)
        left = cuda.local.array(half, T)
        far_left = cuda.local.array(half, T)
        right = cuda.local.array(half, T)
        far_right = cuda.local.array(half, T)
        thread = index(cuda.threadIdx.x)
        # A thread's square is in two halves, half a tile apart: the threads of a warp then read
        # shared memory side by side.
        down, over = index(thread // across), index(thread % across)  # in halves of squares
        first_row = index(index(index(cuda.blockIdx.x) // tiles_n) * rows)
        first_column = index(index(index(cuda.blockIdx.x) % tiles_n) * columns)
        # The element that a thread loads first, and the distance to its next ones.
        x_row, x_step = index(thread % rows), index(thread // rows)
        if x_by_rows:
            x_row, x_step = index(thread // depth), index(thread % depth)
        y_step, y_column = index(thread % depth), index(thread // depth)
        if y_by_rows:
            y_step, y_column = index(thread // columns), index(thread % columns)
        x_apart = position(x_down * xr + x_along * xc)
        y_apart = position(y_along * yr + y_over * yc)
        z = index(cuda.blockIdx.z)
        while z < batch * splits:
            b, begin = index(z // splits), index(index(z % splits) * chunk)
            end = index(begin + chunk)
            if end > k:
                end = k
            at_x = position(b * xb + (first_row + x_row) * xr + (begin + x_step) * xc)
            at_y = position(b * yb + (begin + y_step) * yr + (first_column + y_column) * yc)
            for e in range(results):
                sums[e] = A(0)
            step = begin
            loaded = False
            while step < end or loaded:
                # Prefetch the next round's elements from memory while this round multiplies those
                # in shared memory.
                ahead = step < end
                if ahead:
                    for e in range(x_loads):
                        next_x[e] = T(0)
                        i = index(first_row + x_row + e * x_down)
                        q = index(step + x_step + e * x_along)
                        if i < m and q < end:
                            next_x[e] = x[position(at_x + e * x_apart)]
                    for e in range(y_loads):
                        next_y[e] = T(0)
                        q = index(step + y_step + e * y_along)
                        j = index(first_column + y_column + e * y_over)
                        if q < end and j < n:
                            next_y[e] = y[position(at_y + e * y_apart)]
                    at_x = position(at_x + depth * xc)
                    at_y = position(at_y + depth * yr)
                if loaded:
                    for q in range(depth):
                        load(left, xs, q * (x_pitch // half) + down)
                        load(far_left, xs, q * (x_pitch // half) + rows // 2 // half + down)
                        load(right, ys, q * (y_pitch // half) + over)
                        load(far_right, ys, q * (y_pitch // half) + columns // 2 // half + over)
                        for i in range(half):
                            for j in range(half):
                                e = i * square + j
                                sums[e] = A(sums[e] + A(A(left[i]) * A(right[j])))
                                sums[e + half] = A(sums[e + half] + A(A(left[i]) * A(far_right[j])))
                                e += half * square
                                sums[e] = A(sums[e] + A(A(far_left[i]) * A(right[j])))
                                sums[e + half] = A(
                                    sums[e + half] + A(A(far_left[i]) * A(far_right[j]))
                                )
                cuda.syncthreads()  # no thread still reads the parts
                if ahead:
                    for e in range(x_loads):
                        xs[(x_step + e * x_along) * x_pitch + x_row + e * x_down] = next_x[e]
                    for e in range(y_loads):
                        ys[(y_step + e * y_along) * y_pitch + y_column + e * y_over] = next_y[e]
                cuda.syncthreads()
                loaded = ahead
                step = index(step + depth)
            for i in range(square):
                for j in range(square):
                    row = index(first_row + down * half + i)
                    if i >= half:
                        row = index(first_row + rows // 2 + down * half + i - half)
                    column = index(first_column + over * half + j)
                    if j >= half:
                        column = index(first_column + columns // 2 + over * half + j - half)
                    if row < m and column < n:
                        place = index(index(index(z * m) + row) * n + column)
                        out[place] = convert(sums[i * square + j])
            z = index(z + cuda.gridDim.z)

    array = pointer(dtype)
    strides = (position,) * 3
    sizes, division = (index,) * 4, (index,) * 3
    arguments = (array, array, array, sizes, division, strides, strides)
    return Kernel(kernel, arguments, threads, resident=2)


def own(empty: Empty, x: Matrices, y: Matrices, sizes: tuple[int, int, int, int]) -> TensorData:
    """x (batch, m, k) times y (batch, k, n) by our own kernel: (batch, m, n).

    Args:
        sizes: batch, m, n, k, none of them 0.
    """
    batch, m, n, k = sizes
    dtype = x.data.dtype
    processors = get_device().processors
    tiles = TILES if dtype.itemsize == 4 else OTHER_TILES

    def count(tile: Tile) -> int:
        return -(-m // tile.rows) * -(-n // tile.columns) * batch

    tile = next((tile for tile in tiles if count(tile) >= processors), tiles[-1])
    # With few tiles and a long sum, several blocks share the sum of a tile.
    splits = max(1, min(SPLITS, 2 * processors // count(tile), k // SHORTEST))
    chunk = -(-k // (splits * tile.depth)) * tile.depth
    splits = -(-k // chunk)
    out = empty((batch, splits, m, n), dtype)
    wide = max(x.data.owner.size, y.data.owner.size, out.size) >= WIDE
    kernel = tiled(dtype, tile, abs(x.column) <= abs(x.row), abs(y.column) <= abs(y.row), wide)
    across = -(-n // tile.columns)
    kernel(
        (-(-m // tile.rows) * across, 1, min(batch * splits, 65535)),
        *[out, x.data, y.data, sizes, (across, splits, chunk)],
        *[(x.batch, x.row, x.column), (y.batch, y.row, y.column)],
    )
    if splits == 1:
        return out
    return reductions.fold(operators.add, empty, out, (batch, splits, m * n), 0.0, dtype)


# -- cuBLAS -------------------------------------------------------------------------------------

_PLAIN, _TRANSPOSED = 0, 1
_TF32 = 3


class Cublas:
    """cuBLAS's products. It stores matrices in column-major order, so our matrices are transposed
    to it: it computes out^T = y^T x^T, which in memory is our result.

    Raises: OSError if the library is not found.
    """

    def __init__(self, device: Hardware) -> None:
        self._library = ctypes.CDLL(device.library("cublas"))
        self._pointer = device.pointer
        self._lock = threading.Lock()  # a handle serves one thread at a time
        handle = ctypes.c_void_p()
        self._check(self._library.cublasCreate_v2(ctypes.byref(handle)))
        self._handle = handle
        self._check(self._library.cublasSetStream_v2(handle, ctypes.c_void_p(device.stream)))
        if os.environ.get("MINITORCH_CUDA_TF32", "0") == "1":
            self._check(self._library.cublasSetMathMode(handle, _TF32))

    def matmul(self, empty: Empty, x: Matrices, y: Matrices, sizes: tuple[int, ...]) -> TensorData:
        """x (batch, m, k) times y (batch, k, n): (batch, m, n); both as `blas_order` says."""
        batch, m, n, k = sizes
        dtype = x.data.dtype
        out = empty((batch, m, n), dtype)
        letter, scalar_type = ("S", ctypes.c_float) if dtype is float32 else ("D", ctypes.c_double)
        one, zero = scalar_type(1.0), scalar_type(0.0)
        sides = [
            (_PLAIN, max(a.row, columns)) if a.column == 1 else (_TRANSPOSED, max(a.column, rows))
            for a, rows, columns in ((y, k, n), (x, m, k))
        ]
        (turn_y, pitch_y), (turn_x, pitch_x) = sides
        integers = [ctypes.c_int(i) for i in (turn_y, turn_x, n, m, k)]
        factors = [ctypes.c_void_p(self._pointer(a.data)) for a in (y, x)]
        result = ctypes.c_void_p(self._pointer(out))
        pitches = [ctypes.c_int(i) for i in (pitch_y, pitch_x, n)]
        with self._lock:
            if batch == 1:
                status = getattr(self._library, f"cublas{letter}gemm_v2")(
                    self._handle, *integers, ctypes.byref(one), factors[0], pitches[0],
                    factors[1], pitches[1], ctypes.byref(zero), result, pitches[2],
                )  # fmt: skip
            else:
                apart = [ctypes.c_longlong(i) for i in (y.batch, x.batch, m * n)]
                status = getattr(self._library, f"cublas{letter}gemmStridedBatched")(
                    self._handle, *integers, ctypes.byref(one), factors[0], pitches[0], apart[0],
                    factors[1], pitches[1], apart[1], ctypes.byref(zero), result, pitches[2],
                    apart[2], ctypes.c_int(batch),
                )  # fmt: skip
        self._check(status)
        return out

    def _check(self, status: int) -> None:
        """Raise cuBLAS's error, if any."""
        if status:
            raise RuntimeError(f"matmul: cuBLAS reports status {status}.")


def blas_order(x: Matrices, contiguous: Contiguous) -> Matrices:
    """The matrices in a layout for cuBLAS: rows, or columns, that are dense and do not overlap."""
    _, rows, columns = x.data.shape
    if (x.column == 1 or columns == 1) and (x.row >= columns or rows == 1) and x.batch >= 0:
        return x._replace(column=1)
    if (x.row == 1 or rows == 1) and (x.column >= rows or columns == 1) and x.batch >= 0:
        return x._replace(row=1)
    copy = contiguous(x.data)
    return Matrices(copy, rows * columns, columns, 1)


@lru_cache(maxsize=1)
def _cublas() -> Cublas | None:
    """cuBLAS if it is wanted and found.

    Raises: BackendUnavailable if MINITORCH_CUDA_MATMUL insists on it and it is not found.
    """
    wanted = os.environ.get("MINITORCH_CUDA_MATMUL", "auto")
    if wanted not in ("auto", "cublas", "own"):
        raise ValueError(f"MINITORCH_CUDA_MATMUL is {wanted!r}; it must be auto, cublas or own.")
    device = get_device()
    if wanted == "own" or not isinstance(device, Hardware):
        return None
    try:
        return Cublas(device)
    except OSError as error:
        if wanted == "cublas":
            raise BackendUnavailable(
                "cuda: MINITORCH_CUDA_MATMUL=cublas, but cuBLAS is not found; install it with "
                "pip install nvidia-cublas, or let it be auto."
            ) from error
        return None


_choosing = threading.Lock()


def multiply(empty: Empty, contiguous: Contiguous, x: TensorData, y: TensorData) -> TensorData:
    """x (..., M, K) times y (..., K, N), of one dtype: (batch, M, N)."""
    *lead, m, k = x.shape
    n = y.shape[-1]
    batch = math.prod(lead)
    sizes = (batch, m, n, k)
    left, right = as_matrices(x, contiguous), as_matrices(y, contiguous)
    if x.dtype.kind == "float" and max(sizes) < WIDE:
        with _choosing:
            library = _cublas()
        if library is not None:
            left, right = blas_order(left, contiguous), blas_order(right, contiguous)
            if max(left.row, left.column, right.row, right.column) < WIDE:
                return library.matmul(empty, left, right, sizes)
    return own(empty, left, right, sizes)


def examples() -> Iterator[Kernel]:
    """Every kernel here, in every dtype and variant, for the compile gate."""
    for tile in TILES:
        for x_by_rows, y_by_rows in ((True, True), (False, True), (True, False)):
            yield tiled(float32, tile, x_by_rows, y_by_rows, False)
    for dtype in ALL:
        if dtype is not bool_:
            for tile in TILES if dtype.itemsize == 4 else OTHER_TILES:
                yield tiled(dtype, tile, True, True, False)
            yield tiled(dtype, TILES[-1], True, True, True)
