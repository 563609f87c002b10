"""The kernels of the core, where the kit's small inputs do not reach: several blocks and chunks,
vectors that begin anywhere, positions of 64 bits, matrices in every order.

On a GPU sizes are what real ones are; in the simulator blocks and chunks are small instead.
"""

import math

import numpy as np
import pytest

from minitorch_autodiff import operators as ops
from minitorch_backends.cuda import compile as compiling
from minitorch_backends.cuda import device, elementwise, indexing, matmul, reductions, warps
from minitorch_tensor.dtypes import ALL, bool_, float32, float64, int32, int64, uint8
from minitorch_tensor.tensor_data import TensorData

SMALL = device.SIMULATED

gpu_module = device.cuda  # by a name that no fixture has


def numbers(shape, dtype=float32, seed=0):
    """Fresh random elements, as the host has them."""
    rng = np.random.default_rng(seed)
    if dtype.kind == "float":
        return rng.standard_normal(shape).astype(dtype.numpy)
    if dtype is bool_:
        return rng.random(shape) < 0.5
    low = 0 if dtype is uint8 else -100
    return rng.integers(low, 100, shape).astype(dtype.numpy)


def close(got, want, dtype):
    if dtype.kind != "float":
        np.testing.assert_array_equal(got, want)
    else:
        rtol = 1e-5 if dtype is float32 else 1e-12
        np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * max(1.0, np.abs(want).max()))


@pytest.fixture(params=[False, True], ids=["32 bits", "64 bits"])
def wide(request, monkeypatch):
    """Whether positions are computed as in data of 2**31 elements."""
    if request.param:
        for module in (elementwise, reductions, matmul, indexing):
            monkeypatch.setattr(module, "WIDE", 0)
    return request.param


# -- elementwise ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("start", [0, 1, 4])
def test_vectors_may_begin_anywhere_and_leave_some_over(cuda, dtype, start, wide):
    for n in (1, 3, 37 if SMALL else 1_000_003):
        x = numbers(n + start, dtype)
        part = cuda.from_numpy(x).slice(0, start, n)
        got = cuda.to_numpy(cuda.zip(ops.max, part, part, dtype))
        close(got, x[start:], dtype)


@pytest.mark.parametrize("dtype", [float32, int64], ids=str)
def test_any_strides(cuda, dtype, wide):
    """Permuted, stepped backwards, stretched, of more dimensions than the kernel has."""
    x = numbers((3, 2, 5, 2, 3, 4), dtype)
    y = numbers((4, 1, 5, 1, 3), dtype, seed=1)
    permuted = (5, 1, 2, 3, 4, 0)
    left = cuda.from_numpy(x).permute(*permuted).slice(2, 4, 5, -1)
    right = cuda.from_numpy(y).slice(0, 3, 4, -1)
    right = right.as_strided((*right.shape, 1), (*right.strides, 1), right.offset)
    want = x.transpose(permuted)[:, :, ::-1] - y[::-1][..., None]
    close(cuda.to_numpy(cuda.zip(ops.sub, left, right, dtype)), want, dtype)


def test_a_copy_into_a_view_leaves_the_rest(cuda, wide):
    whole = cuda.from_numpy(np.zeros((4, 5, 6), np.float32))
    view = whole.slice(0, 3, 2, -2).slice(2, 1, 3, 2)
    x = numbers((2, 5, 3))
    cuda.copy_(view, cuda.from_numpy(x))
    want = np.zeros((4, 5, 6), np.float32)
    want[3::-2, :, 1::2] = x
    np.testing.assert_array_equal(cuda.to_numpy(whole), want)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 10, 31, 128, 1000, 65535, 2**20 + 1, 2**31 - 1])
def test_division_by_multiplication_is_exact(size):
    _, multiplier, shift = elementwise.divisor(size, wide=False)
    assert 0 <= multiplier < 2**32
    edges = {k * size + d for k in (0, 1, 2, 1000, (2**31 - 1) // size) for d in (-1, 0, 1)}
    for n in [*edges, 2**31 - 1]:
        if 0 <= n < 2**31:
            assert ((n * multiplier >> 32) + n) >> shift == n // size


# -- reductions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ALL, ids=str)
@pytest.mark.parametrize("inner", [1, 3])
def test_folds_of_every_length(cuda, dtype, inner, wide):
    """Of a warp's, a block's and several blocks' work; of aligned rows, and others."""
    for size in (1, 2, 7, 8, 12, 33, 100) if SMALL else (1, 31, 1024, 1025, 8192, 100_001):
        x = numbers((3, size, inner), dtype)
        got = cuda.to_numpy(cuda.reduce(ops.add, cuda.from_numpy(x), 1, 0, dtype))
        wanted = x.sum(1, dtype=np.float64 if dtype.kind == "float" else dtype.numpy)
        want = wanted[:, None].astype(dtype.numpy)
        if dtype is float32:
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-3)
        else:
            close(got, want, dtype)
        largest = cuda.reduce(ops.max, cuda.from_numpy(x), 1, _least(dtype), dtype)
        np.testing.assert_array_equal(cuda.to_numpy(largest), x.max(1, keepdims=True))


def _least(dtype):
    return (
        -math.inf if dtype.kind == "float" else 0 if dtype is bool_ else np.iinfo(dtype.numpy).min
    )


def test_rows_beyond_a_grid_have_longer_chunks(cuda, monkeypatch):
    """A grid has no more than 65535 of them."""
    monkeypatch.setattr(reductions, "ROW_CHUNKS", 2)
    size = 5 * reductions.ROW_CHUNK + 3
    assert -(-size // reductions._chunk(size)) <= 2
    x = numbers((2, size), int64)
    got = cuda.to_numpy(cuda.reduce(ops.add, cuda.from_numpy(x), 1, 0, int64))
    np.testing.assert_array_equal(got, x.sum(1, keepdims=True))


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
def test_threads_fold_what_each_of_them_has(cuda, lanes):
    """Each group of neighbours its own, and all of a group get the result."""
    T = compiling.number(float32)
    fold = warps.warp_fold(compiling.scalar(ops.add), T, lanes)

    def kernel(out, x):
        i = gpu_module.threadIdx.x
        out[i] = fold(x[i])

    threads = 8 if SMALL else 32
    x = np.arange(threads, dtype=np.float32)
    out, given = cuda.empty((threads,), float32), cuda.from_numpy(x)
    compiling.Kernel(kernel, [compiling.pointer(float32)] * 2, threads)(1, out, given)
    want = np.repeat(x.reshape(-1, lanes).sum(1), lanes)
    np.testing.assert_array_equal(cuda.to_numpy(out), want)


@pytest.mark.parametrize("dtype", [float32, int32, uint8], ids=str)
def test_the_first_of_the_largest_is_found(cuda, dtype, wide):
    for shape, dim in (((5, 40), 1), ((5, 40), 0), ((2, 30, 3), 1)):
        x = numbers(shape, dtype) // dtype.numpy.type(40)  # many are equal
        got = cuda.argmax(cuda.from_numpy(x), dim)
        np.testing.assert_array_equal(cuda.to_numpy(got), x.argmax(dim, keepdims=True))
        got = cuda.argmin(cuda.from_numpy(x), dim)
        np.testing.assert_array_equal(cuda.to_numpy(got), x.argmin(dim, keepdims=True))


# -- matrix products ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [float32, float64, int64, uint8], ids=str)
@pytest.mark.parametrize("turned", ["", "x", "y", "xy"])
def test_products_of_every_order(cuda, dtype, turned, wide, monkeypatch):
    """Sizes that fill no tile, a sum that several blocks share, operands that are transposed."""
    monkeypatch.setenv("MINITORCH_CUDA_MATMUL", "own")
    matmul._cublas.cache_clear()
    for batch, m, n, k in (
        ((2, 5, 7, 3), (1, 3, 2, 40)) if SMALL else ((2, 100, 70, 33), (1, 130, 257, 5000))
    ):
        x, y = numbers((batch, m, k), dtype), numbers((batch, k, n), dtype, seed=1)
        left, right = (_turned(cuda, a, name in turned) for a, name in ((x, "x"), (y, "y")))
        got = cuda.to_numpy(cuda.matmul(left, right))
        exact = np.float64 if dtype.kind == "float" else dtype.numpy
        want = x.astype(exact) @ y.astype(exact)
        if dtype is float32:
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-3)
        else:
            close(got, want, dtype)
    matmul._cublas.cache_clear()


def _turned(cuda, array, turned):
    """The matrices on the device, by rows or by columns."""
    if not turned:
        return cuda.from_numpy(array)
    return cuda.from_numpy(np.ascontiguousarray(array.swapaxes(1, 2))).transpose()


def test_cublas_computes_as_our_own_does(gpu, monkeypatch):
    results = []
    for which in ("own", "cublas"):
        monkeypatch.setenv("MINITORCH_CUDA_MATMUL", which)
        matmul._cublas.cache_clear()
        try:
            for turned in (False, True):
                x = _turned(gpu, numbers((3, 100, 50), float64), turned)
                y = _turned(gpu, numbers((3, 50, 70), float64, seed=1), turned)
                results.append(gpu.to_numpy(gpu.matmul(x, y)))
        except device.BackendUnavailable as error:
            pytest.skip(str(error))
        finally:
            matmul._cublas.cache_clear()
    for got in results[1:]:
        np.testing.assert_allclose(got, results[0], rtol=1e-12, atol=1e-12)


def test_a_wish_for_another_library_is_refused(cuda, monkeypatch):
    monkeypatch.setenv("MINITORCH_CUDA_MATMUL", "blas")
    matmul._cublas.cache_clear()
    one = cuda.from_numpy(np.ones((2, 2), np.float32))
    with pytest.raises(ValueError, match="must be auto, cublas or own"):
        cuda.matmul(one, one)
    matmul._cublas.cache_clear()


class FakeBlas:
    """cuBLAS as its documentation has it: columns first, on the simulator's memory."""

    def __init__(self, memories):
        self.memories = memories

    def __getattr__(self, name):
        if not name.endswith(("gemm_v2", "gemmStridedBatched")):
            return lambda *arguments: 0
        batched = name.endswith("Batched")

        def gemm(handle, turn_a, turn_b, m, n, k, alpha, a, lda, *rest):
            if batched:
                step_a, b, ldb, step_b, _, c, ldc, step_c, batch = rest
            else:
                b, ldb, _, c, ldc = rest
                step_a = step_b = step_c = batch = type(lda)(0)
            for i in range(max(1, batch.value)):
                left = self.matrix(a, i * step_a.value, turn_a, m, k, lda)
                right = self.matrix(b, i * step_b.value, turn_b, k, n, ldb)
                plain = type(turn_a)(0)
                self.matrix(c, i * step_c.value, plain, m, n, ldc)[...] = left @ right
            return 0

        return gemm

    def matrix(self, start, step, turned, rows, columns, ld):
        """A (rows, columns) view of memory, whose columns are `ld` apart; turned, its rows are."""
        elements = self.memories[start]
        item = elements.itemsize
        strides = (ld.value * item, item) if turned.value else (item, ld.value * item)
        return np.lib.stride_tricks.as_strided(
            elements[step:], (rows.value, columns.value), strides
        )


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("turned", ["", "x", "y", "xy"])
def test_cublas_is_asked_for_the_right_product(monkeypatch, batch, turned):
    """Which of its arguments is what, on a stand-in that follows its documentation."""
    memories = {}

    def on_host(array):
        return TensorData(array.reshape(-1), float64, array.shape)

    library = object.__new__(matmul.Cublas)
    library._library = FakeBlas(memories)
    library._handle = None
    library._lock = compiling.threading.Lock()

    def pointer(x):
        memories[len(memories) + 1] = x.buffer[x.offset :]
        return len(memories)

    library._pointer = pointer
    monkeypatch.setattr(matmul.ctypes, "c_void_p", lambda value: value)
    x, y = numbers((batch, 5, 4), float64), numbers((batch, 4, 3), float64, seed=1)
    operands = []
    for array, name in ((x, "x"), (y, "y")):
        if name in turned:
            data = on_host(np.ascontiguousarray(array.swapaxes(1, 2))).transpose()
        else:
            data = on_host(array)
        operands.append(matmul.blas_order(matmul.as_matrices(data, None), None))

    def empty(shape, dtype):
        return on_host(np.empty(shape, dtype.numpy))

    out = library.matmul(empty, *operands, (batch, 5, 3, 4))
    np.testing.assert_allclose(out.buffer.reshape(batch, 5, 3), x @ y)


# -- indexing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [float32, int64, uint8, bool_], ids=str)
def test_running_sums_over_several_chunks(cuda, dtype, wide):
    for shape, dim in (((70 if SMALL else 100_003,), 0), ((2, 40, 3), 1), ((3, 0), 1)):
        x = numbers(shape, dtype)
        got = cuda.to_numpy(cuda.cumsum(cuda.from_numpy(x), dim))
        want = np.cumsum(x, dim, dtype=np.float64 if dtype is float32 else dtype.numpy)
        if dtype is float32:
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-2)
        else:
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("shape", [(50, 1), (7, 6), (3, 40)])
def test_what_goes_to_one_place_is_added_in_order(cuda, shape, wide):
    """In float32, where any other order gives other bits."""
    size, inner = shape
    index = np.random.default_rng(2).integers(0, size, 60)
    x, source = numbers(shape), numbers((60, inner), seed=1) * 1e3
    got = cuda.index_add(*[cuda.from_numpy(x), 0], *map(cuda.from_numpy, (index, source)))
    want = x.copy()
    np.add.at(want, index, source)
    np.testing.assert_array_equal(cuda.to_numpy(got), want)
    key = (index,)
    for accumulate in (True, False):
        got = cuda.index_put(cuda.from_numpy(x), key, cuda.from_numpy(source), accumulate)
        want = x.copy()
        if accumulate:
            np.add.at(want, key, source)
        else:
            want[key] = source
        np.testing.assert_array_equal(cuda.to_numpy(got), want)


@pytest.mark.parametrize(
    "key",
    [
        (np.array([2, 0, 2]),),
        (slice(None), np.array([[1, 0], [3, 3]])),
        (np.array([0, 1]), slice(1, 3), np.array([4, 2])),
        (np.array([True, False, True]),),
        (None, np.array([1]), 2),
    ],
    ids=str,
)
def test_positions_are_where_numpy_finds_them(key):
    shape = (3, 4, 5)
    flat = np.arange(60).reshape(shape)
    np.testing.assert_array_equal(indexing.positions(shape, key), flat[key])


# -- memory and launches --------------------------------------------------------------------------


def test_memory_is_freed_and_used_again(gpu):
    """By the stream's order: nothing waits, and what is kept does not grow."""
    gpu.synchronize()
    x = gpu.from_numpy(numbers(1 << 20))
    for _ in range(5):
        gpu.map(ops.exp, x, float32)
    gpu.synchronize()
    kept = gpu._device.reserved_bytes()
    for _ in range(500):
        gpu.map(ops.exp, x, float32)
    gpu.synchronize()
    assert gpu._device.reserved_bytes() <= kept + (64 << 20)


def test_a_kernel_that_leaves_its_memory_is_found_by_the_simulator(cuda):
    if not SMALL:
        pytest.skip("a GPU needs compute-sanitizer for that")
    x = cuda.from_numpy(numbers(8))
    kernel = elementwise.flat(ops.id, (float32, float32), (True,), 1, False)
    with pytest.raises(IndexError, match="element 8 of 8"):
        kernel(1, x, x, x, x, 9)


def test_unwritten_memory_is_noticed_in_the_simulator(cuda):
    if not SMALL:
        pytest.skip("a GPU's memory holds what was there")
    assert np.isnan(cuda.to_numpy(cuda.empty((3,), float64))).all()


def test_no_blocks_are_no_launch(cuda):
    kernel = elementwise.flat(ops.id, (float32, float32), (True,), 1, False)
    x = cuda.empty((0,), float32)
    kernel(0, x, x, x, x, 0)
    kernel((3, 0), x, x, x, x, 0)
    assert cuda.to_numpy(cuda.map(ops.exp, x, float32)).shape == (0,)
