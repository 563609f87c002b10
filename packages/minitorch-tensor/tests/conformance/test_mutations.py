"""The conformance kit catches wrong backends: `numpy` with one mistake each, as they are made."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_autodiff import operators as ops
from minitorch_tensor import registry
from minitorch_tensor.backends.numpy import NumpyBackend
from minitorch_tensor.tensor_data import TensorData, as_array

pytest_plugins = ["pytester"]


def new(array: np.ndarray, dtype: mt.DType) -> TensorData:
    """An array as a result: of that dtype, contiguous, its own."""
    return TensorData(np.array(array, dtype.numpy, order="C"), dtype, np.shape(array))


def flat(x: TensorData) -> np.ndarray:
    return x.buffer.reshape(-1)


class StridesIgnored(NumpyBackend):
    """Reads the buffer from the offset on, whatever the strides are."""

    caught_by = "test_kernel and map and permuted"

    def map(self, fn, x, dtype):
        rows = flat(x)[x.offset : x.offset + x.size]
        if len(rows) < x.size:  # expanded, so that the buffer is too short: do it right
            return super().map(fn, x, dtype)
        return super().map(fn, new(rows.reshape(x.shape), x.dtype), dtype)


class OffsetIgnored(NumpyBackend):
    """Reads a view from the beginning of the buffer."""

    caught_by = "test_kernel and zip and offset"

    def zip(self, fn, x, y, dtype):
        if x.base is not None and min(x.strides, default=0) >= 0:
            x = x.as_strided(x.shape, x.strides, 0)
        return super().zip(fn, x, y, dtype)


class NegativeStridesIgnored(NumpyBackend):
    """Takes every stride for positive when it copies."""

    caught_by = "contiguous-reversed"

    def contiguous(self, x):
        return new(
            as_array(x)[tuple(slice(None, None, -1 if s < 0 else 1) for s in x.strides)], x.dtype
        )


class TransposedMatmul(NumpyBackend):
    """Takes a transposed matrix for one that lies row by row."""

    caught_by = "test_matmul_agrees_with_simple"

    def matmul(self, x, y):
        if y.base is not None and y.ndim == 2 and y.strides[0] == 1 and y.shape[0] == y.shape[1]:
            y = y.transpose()
        return super().matmul(x, y)


class ReductionStartsAtZero(NumpyBackend):
    """Folds onto 0 whatever the function: the maximum of negative numbers is 0."""

    caught_by = "test_a_fold"

    def reduce_dims(self, fn, x, dims, start, dtype):
        return super().reduce_dims(fn, x, dims, 0, dtype)


class ReductionStartsAtTheFirst(NumpyBackend):
    """Folds onto the first element: an empty dimension has none."""

    caught_by = "test_a_fold"

    def reduce(self, fn, x, dim, start, dtype):
        if x.shape[dim] == 0:
            return self.full((*x.shape[:dim], 1, *x.shape[dim + 1 :]), 0, dtype)
        return super().reduce(fn, x, dim, start, dtype)


class AliasingOutput(NumpyBackend):
    """A copy that copies nothing where the data is contiguous already."""

    caught_by = "contiguous-contiguous"

    def contiguous(self, x):
        return x if x.is_contiguous() else super().contiguous(x)


class AliasingMap(NumpyBackend):
    """relu into the memory of its argument."""

    caught_by = "map.relu"

    def map(self, fn, x, dtype):
        if fn is ops.relu and x.base is None and dtype is x.dtype:
            np.maximum(x.buffer, 0, out=x.buffer)
            return TensorData(x.buffer, dtype, x.shape)
        return super().map(fn, x, dtype)


class BroadcastFromTheLeft(NumpyBackend):
    """Aligns shapes at the first dimension where that works."""

    caught_by = "test_broadcasting"

    def zip(self, fn, x, y, dtype):
        if 0 < y.ndim < x.ndim and y.shape == x.shape[: y.ndim]:
            y = self.reshape(y, (*y.shape, *(1,) * (x.ndim - y.ndim)))
        return super().zip(fn, x, y, dtype)


class BroadcastOffByOne(NumpyBackend):
    """Stretches all but the last place of a repeated dimension."""

    caught_by = "test_broadcasting"

    def zip(self, fn, x, y, dtype):
        result = super().zip(fn, x, y, dtype)
        if y.shape != x.shape and result.ndim == 2 and result.shape[0] > 1 and y.shape[:1] == (1,):
            flat(result)[-1] = flat(result)[-result.shape[1] - 1]
        return result


class ComputesInFloat32(NumpyBackend):
    """float64 goes through float32 on the way."""

    caught_by = "test_kernel and map.unknown"

    def map(self, fn, x, dtype):
        if x.dtype is mt.float64 and dtype is mt.float64:
            return self.cast(super().map(fn, self.cast(x, mt.float32), mt.float32), dtype)
        return super().map(fn, x, dtype)


class AddsInFloat32(NumpyBackend):
    """The same in sums alone."""

    caught_by = "test_kernel and reduce.add"

    def reduce_dims(self, fn, x, dims, start, dtype):
        if dtype is mt.float64 and fn is ops.add:
            total = super().reduce_dims(fn, self.cast(x, mt.float32), dims, start, mt.float32)
            return self.cast(total, dtype)
        return super().reduce_dims(fn, x, dims, start, dtype)


class NaNDropped(NumpyBackend):
    """The maximum of NaN and a number is the number."""

    caught_by = "test_special_numbers_through_aggregates"

    def reduce_dims(self, fn, x, dims, start, dtype):
        if fn is ops.max and dtype.kind == "float":
            result = np.fmax.reduce(as_array(x), axis=tuple(dims), keepdims=True, initial=start)
            return new(result, dtype)
        return super().reduce_dims(fn, x, dims, start, dtype)


class NaNDroppedByRelu(NumpyBackend):
    """relu as a comparison: NaN is not positive."""

    caught_by = "test_special_numbers_through_map and relu"

    def map(self, fn, x, dtype):
        if fn is ops.relu:
            return new(np.where(as_array(x) > 0, as_array(x), 0), dtype)
        return super().map(fn, x, dtype)


class IntegersThroughFloats(NumpyBackend):
    """Products of integers by the BLAS of float64: the last bits are lost."""

    caught_by = "test_integers"

    def matmul(self, x, y):
        if x.dtype.kind == "int":
            with np.errstate(all="ignore"):
                return new(np.matmul(as_array(x).astype(float), as_array(y).astype(float)), x.dtype)
        return super().matmul(x, y)


class IntegersSaturate(NumpyBackend):
    """The largest plus one is the largest."""

    caught_by = "test_integers"

    def zip(self, fn, x, y, dtype):
        if fn is ops.add and dtype is mt.uint8:
            wide = as_array(x).astype(int) + as_array(y).astype(int)
            return new(np.minimum(wide, 255), dtype)
        return super().zip(fn, x, y, dtype)


class CastRounds(NumpyBackend):
    """2.75 becomes 3."""

    caught_by = "test_casting"

    def cast(self, x, dtype):
        if dtype.kind == "int" and x.dtype.kind == "float":
            x = self.map(ops.id, new(np.rint(as_array(x)), x.dtype), x.dtype)
        return super().cast(x, dtype)


class WritesAroundAView(NumpyBackend):
    """Fills a view from its first place on, whatever lies between its elements."""

    caught_by = "test_copying"

    def copy_(self, out, x):
        place = flat(out)[out.offset : out.offset + out.size]
        if out.base is not None and len(place) == out.size and min(out.strides, default=1) > 0:
            place[:] = as_array(x).ravel()
        else:
            super().copy_(out, x)


class ChangesItsArgument(NumpyBackend):
    """Shifts the logits in place."""

    caught_by = "test_kernel and softmax-contiguous"

    def softmax(self, x, dim):
        if x.base is None:
            x.buffer -= x.buffer.max(axis=dim, keepdims=True, initial=-math.inf)
        return super().softmax(x, dim)


class SoftmaxUnshifted(NumpyBackend):
    """exp of what is large overflows."""

    caught_by = "test_softmax_does_not"

    def softmax(self, x, dim):
        with np.errstate(all="ignore"):
            e = np.exp(as_array(x))
            return new(e / e.sum(axis=dim, keepdims=True), x.dtype)


class TailForgotten(NumpyBackend):
    """Works in blocks of 1024 and leaves out what is over."""

    caught_by = "test_large_elementwise"

    def map(self, fn, x, dtype):
        result = super().map(fn, x, dtype)
        over = result.size % 1024 if result.size > 1024 else 0
        if over:
            flat(result)[-over:] = 0
        return result


class CompiledByName(NumpyBackend):
    """Keeps what it compiled under the function's name."""

    caught_by = "test_functions_are_told_apart"

    def map(self, fn, x, dtype):
        return super().map(self.compiled(fn.__name__, fn.__code__.co_filename, fn), x, dtype)

    @staticmethod
    def compiled(name, file, fn, kept={}):  # noqa: B006 - the mistake
        return kept.setdefault((name, file), fn)


class SharedScratch(NumpyBackend):
    """One buffer for intermediate results, which a second thread overwrites."""

    caught_by = "test_threads_do_not"

    scratch = np.empty(1 << 18, np.float32)

    def zip(self, fn, x, y, dtype):
        result = super().zip(fn, x, y, dtype)
        if result.dtype is not mt.float32 or result.size < 500:
            return result
        self.scratch[: result.size] = flat(result)
        time.sleep(0.001)
        return new(self.scratch[: result.size].reshape(result.shape), dtype)


class SumsInAnyOrder(NumpyBackend):
    """As atomics do: the order is another each time."""

    caught_by = "test_repeated_calls and matmul"

    def matmul(self, x, y):
        order = np.random.default_rng().permutation(x.shape[-1])
        return new(np.matmul(as_array(x)[..., order], as_array(y)[..., order, :]), x.dtype)


class WrongDtype(NumpyBackend):
    """A comparison that answers in numbers."""

    caught_by = "test_zip_agrees_with_simple or test_function and lt"

    def zip(self, fn, x, y, dtype):
        if fn is ops.lt:
            return super().zip(fn, x, y, x.dtype)
        return super().zip(fn, x, y, dtype)


class ZeroDimensionsAreOne(NumpyBackend):
    """A number comes back as an array of one."""

    caught_by = "test_shapes_with_one"

    def map(self, fn, x, dtype):
        result = super().map(fn, x, dtype)
        return TensorData(result.buffer, dtype, (1,)) if x.shape == () else result


class LastOfEquals(NumpyBackend):
    """The index of a maximum, found from behind."""

    caught_by = "argmax"

    def argmax(self, x, dim):
        back = np.argmax(np.flip(as_array(x), dim), axis=dim, keepdims=True)
        return new(x.shape[dim] - 1 - back, mt.int64)


class ConvolutionFlipped(NumpyBackend):
    """A convolution by the mathematician's definition."""

    caught_by = "test_kernel and conv2d-contiguous"

    def conv2d(self, x, weight, conv):
        flipped = weight.slice(3, weight.shape[3] - 1, weight.shape[3], -1)
        return super().conv2d(x, flipped, conv)


class PaddingCounts(NumpyBackend):
    """Pooling takes the zeros of the padding for elements."""

    caught_by = "test_kernel and max_pool2d-contiguous"

    def max_pool2d(self, x, window):
        padded = self.pad2d(x, window.padding, 0.0)
        return super().max_pool2d(padded, window._replace(padding=(0, 0)))


class AdamUncorrected(NumpyBackend):
    """Adam without the correction of its first steps."""

    caught_by = "adam_step_"

    def adam_step_(self, parameter, gradient, mean, square, settings):
        super().adam_step_(parameter, gradient, mean, square, settings._replace(step=10**6))


class SignOfZeroLost(NumpyBackend):
    """-0.0 comes in as 0.0."""

    caught_by = "bit_by_bit"

    def from_numpy(self, array):
        return super().from_numpy(array + 0 if array.dtype.kind == "f" else array)


class Renamed(NumpyBackend):
    """An override whose arguments have other names than the interface's."""

    caught_by = "test_a_method_takes and softmax"

    def softmax(self, x, axis):
        return super().softmax(x, axis)


MUTATIONS = [cls for cls in NumpyBackend.__subclasses__() if cls.__module__ == __name__]


@pytest.fixture
def run_kit(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run the whole kit, by pytest as an author would, on an instance that is registered."""

    def run(backend: mt.Backend, *options: str) -> pytest.RunResult:
        backend.name = "mutant"
        monkeypatch.setitem(registry._registry.loaded, "mutant", backend)
        pytester.makepyfile(
            """
            from minitorch_tensor.testing.conformance import BackendConformance

            class TestMutant(BackendConformance):
                backend = "mutant"
                size = "small"

                def test_arithmetic_is_silent(self):
                    "The mutant is not installed, so no other interpreter finds it."
            """
        )
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "--tb=short", *options)

    return run


def test_what_is_mutated_passes_unmutated(run_kit):
    """So that what catches a mutation below is the mutation."""

    class Unmutated(NumpyBackend):
        pass

    result = run_kit(Unmutated())
    outcomes = result.parseoutcomes()
    assert outcomes.keys() == {"passed"}
    assert outcomes["passed"] > 1000


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda cls: cls.__name__)
def test_the_kit_catches(mutation: type[mt.Backend], run_kit):
    # A part of the kit that fails, up to its first failure: the whole kit fails there, too.
    result = run_kit(mutation(), "--maxfail=1", "-k", mutation.caught_by)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert "errors" not in outcomes
    result.stdout.fnmatch_lines(["*conformance of backend 'mutant'*", "*1 checks failed*"])


# -- how the kit speaks -------------------------------------------------------------------------


def kit(pytester: pytest.Pytester, body: str) -> pytest.RunResult:
    """Run a few checks of the kit on a class with that body."""
    pytester.makepyfile(
        "import minitorch_tensor as mt\n"
        "from minitorch_tensor.testing.conformance import BackendConformance\n\n\n"
        f"class TestMine(BackendConformance):\n    {body}\n"
    )
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-k", "zeros or empty_batch")


def test_a_class_without_a_backend_is_told_what_to_set(pytester):
    result = kit(pytester, "pass")
    result.stdout.fnmatch_lines(["*TestMine: set `backend` to the name of the backend to check*"])


def test_an_unknown_size_is_told_what_there_is(pytester):
    body = """
    backend = "numpy"
    size = "tiny"

    def test_zeros(self):
        self._size
    """
    result = kit(pytester, body)
    result.stdout.fnmatch_lines(["*size is 'tiny'; it must be one of 'full', 'small', or a Size.*"])


def test_a_backend_that_does_not_load_says_so_once(pytester):
    result = kit(pytester, "backend = 'nunpy'")
    outcomes = result.parseoutcomes()
    assert outcomes["errors"] == 1
    assert outcomes["skipped"] >= 1
    result.stdout.fnmatch_lines(["*no backend 'nunpy'*Did you mean 'numpy'?*"])


def test_a_backend_that_cannot_run_here_is_skipped_with_what_it_needs(pytester):
    body = """
    @property
    def _backend(self):
        raise mt.BackendUnavailable("no device found: install its driver")
    """
    result = kit(pytester, body)
    assert result.parseoutcomes().keys() == {"skipped", "deselected"}
