"""The conformance kit catches wrong backends: `numpy` with one mistake each, as they are made."""

from __future__ import annotations

import dis
import math
import threading
import time
from typing import ClassVar

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

    caught_by = "test_matmul_agrees_with_simple or whole_numbers"

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


class NegLosesTheSign(NumpyBackend):
    """-x as 0 - x."""

    caught_by = "zeros_keep and neg or new_zero"

    def map(self, fn, x, dtype):
        return new(0 - as_array(x), dtype) if fn is ops.neg else super().map(fn, x, dtype)


class FullLosesTheSign(NumpyBackend):
    """Fills with value + 0."""

    caught_by = "new_zero"

    def full(self, shape, value, dtype):
        return super().full(shape, value + 0, dtype)


class WhereLosesTheSign(NumpyBackend):
    """Selects by adding +0.0, which swallows -0.0."""

    caught_by = "zeros_keep and where"

    def where(self, condition, x, y):
        c = as_array(condition)
        return new(np.where(c, as_array(x), 0) + np.where(c, 0, as_array(y)), x.dtype)


class ConstantByValue(NumpyBackend):
    """Keeps constants under their value: 0.0 == -0.0."""

    caught_by = "new_zero"

    kept: ClassVar[dict] = {}

    def constant(self, value, dtype):
        return self.kept.setdefault((value, dtype), self.full((), value, dtype))


class DenormalsFlushed(NumpyBackend):
    """As processors do that were told to be fast."""

    caught_by = "arithmetic_keeps and mul"

    def zip(self, fn, x, y, dtype):
        result = super().zip(fn, x, y, dtype)
        if dtype.kind == "float":
            result.buffer[np.abs(result.buffer) < np.finfo(dtype.numpy).tiny] = 0
        return result


class DenormalsFlushedByCopies(NumpyBackend):
    """A conversion that computes."""

    caught_by = "copies_keep and cast"

    def cast(self, x, dtype):
        result = super().cast(x, dtype)
        if dtype.kind == "float":
            result.buffer[np.abs(result.buffer) < np.finfo(dtype.numpy).tiny] = 0
        return result


class CopyUnlocked(NumpyBackend):
    """Replaces the whole buffer, as one does whose arrays are immutable, without a lock."""

    caught_by = "threads_write"

    def copy_(self, out, x):
        changed = flat(out).copy()
        super().copy_(TensorData(changed, out.dtype, out.shape, out.strides, out.offset, out), x)
        flat(out)[:] = changed


class ScratchWithoutALock(NumpyBackend):
    """A buffer for intermediate results, of which every call believes that it is its own."""

    caught_by = "share_no_scratch and zip"

    scratch = np.empty(1 << 18, np.float32)

    def zip(self, fn, x, y, dtype):
        result = super().zip(fn, x, y, dtype)
        if dtype is not mt.float32 or result.size > self.scratch.size:
            return result
        part = self.scratch[: result.size]
        part[:] = flat(result)
        for _ in range(20):  # the steps of a longer computation
            part += 0.0
        return new(part.reshape(result.shape), dtype)


class InnerSliceTooWide(NumpyBackend):
    """Writes four columns where three were meant, as a vector instruction does."""

    caught_by = "inner_dimensions"

    def copy_(self, out, x):
        if out.base is not None and out.ndim == 2 and out.shape[1] == 3:
            beside = out.as_strided((out.shape[0], 1), out.strides, out.offset + 3)
            if out.strides[1] == 1 and beside.offset + out.strides[0] * (out.shape[0] - 1) < len(
                flat(out)
            ):
                super().copy_(beside, x.slice(1, 2, 1))
        super().copy_(out, x)


class ReadOnlyArrays(NumpyBackend):
    """Gives arrays that nobody may write to."""

    caught_by = "can_be_written"

    def to_numpy(self, x):
        array = super().to_numpy(x).view()
        array.flags.writeable = False
        return array


class SharesWhatIsAligned(NumpyBackend):
    """Shares memory that begins at a multiple of 64 bytes, and copies the rest."""

    caught_by = "is_shared_with"

    def from_numpy(self, array):
        return super().from_numpy(array if array.ctypes.data % 64 == 0 else array.copy())


class SharesWhatIsLarge(NumpyBackend):
    """Copies what is small."""

    caught_by = "is_shared_with"

    def from_numpy(self, array):
        return super().from_numpy(array if array.size > 512 else array.copy())


class KernelsKept(NumpyBackend):
    """Keeps what it made for every function, for ever."""

    caught_by = "not_kept_for_ever"

    kept: ClassVar[dict] = {}

    def map(self, fn, x, dtype):
        return super().map(self.kept.setdefault(fn, fn), x, dtype)


class ResultsKept(NumpyBackend):
    """Remembers every result."""

    caught_by = "memory_is_returned"

    kept: ClassVar[list] = []

    def map(self, fn, x, dtype):
        self.kept.append(super().map(fn, x, dtype))
        return self.kept[-1]


class CompiledByCode(NumpyBackend):
    """Keeps what it compiled under the code, without the values of the closure."""

    caught_by = "told_apart"

    kept: ClassVar[dict] = {}

    def map(self, fn, x, dtype):
        code = getattr(fn, "__code__", fn)
        return super().map(self.kept.setdefault(code, fn), x, dtype)


class LoopsUnknown(NumpyBackend):
    """Compiles functions without loops only."""

    caught_by = "loops_and_branches"

    def map(self, fn, x, dtype):
        if any(i.opname == "JUMP_BACKWARD" for i in dis.get_instructions(fn)):
            raise NotImplementedError("a loop")
        return super().map(fn, x, dtype)


class OneTurn(NumpyBackend):
    """Goes once through a loop that depends on values."""

    caught_by = "halvings"

    def map(self, fn, x, dtype):
        if fn.__name__ == "halvings":
            return new((np.abs(as_array(x)) >= 1).astype(float), dtype)
        return super().map(fn, x, dtype)


class BranchOfTheFirst(NumpyBackend):
    """Traces with the first element, and takes its branches for all."""

    caught_by = "pieces"

    def map(self, fn, x, dtype):
        if fn.__name__ == "pieces" and x.size:
            return new(-as_array(x), dtype)
        return super().map(fn, x, dtype)


def bits_kept(array, bits):
    """float32 with so many bits of mantissa."""
    whole = np.ascontiguousarray(array, np.float32).view(np.uint32)
    return (whole & np.uint32(0xFFFFFFFF << (23 - bits) & 0xFFFFFFFF)).view(np.float32)


class Bfloat16InMatmul(NumpyBackend):
    """Multiplies with 7 bits of mantissa once it is worth while."""

    caught_by = "whole_numbers"

    def matmul(self, x, y):
        if x.dtype is mt.float32 and x.shape[-1] >= 32:
            return new(bits_kept(as_array(x), 7) @ bits_kept(as_array(y), 7), x.dtype)
        return super().matmul(x, y)


class TF32InMatmul(NumpyBackend):
    """Multiplies with 10 bits."""

    caught_by = "whole_numbers"

    def matmul(self, x, y):
        if x.dtype is mt.float32 and x.shape[-1] >= 32:
            return new(bits_kept(as_array(x), 10) @ bits_kept(as_array(y), 10), x.dtype)
        return super().matmul(x, y)


class SumsDifferNowAndThen(NumpyBackend):
    """Adds in another order once in eight times."""

    caught_by = "now_and_then and sum"

    def reduce(self, fn, x, dim, start, dtype):
        if fn is ops.add and dtype.kind == "float" and np.random.default_rng().random() < 1 / 8:
            order = np.random.default_rng().permutation(x.shape[dim])
            x = new(as_array(x).take(order, dim), x.dtype)
        return super().reduce(fn, x, dim, start, dtype)


class LargestOfAllButTheLast(NumpyBackend):
    """A maximum that forgets the last of an odd number."""

    caught_by = "test_reduce_agrees and max"

    def reduce_dims(self, fn, x, dims, start, dtype):
        if fn is ops.max and len(dims) == 1 and x.shape[dims[0]] % 2 and x.shape[dims[0]] > 1:
            x = x.slice(dims[0], 0, x.shape[dims[0]] - 1)
        return super().reduce_dims(fn, x, dims, start, dtype)


class CumsumBackwards(NumpyBackend):
    """Adds up from the end."""

    caught_by = "cumsum"

    def cumsum(self, x, dim):
        back = np.flip(np.cumsum(np.flip(as_array(x), dim), dim, dtype=x.dtype.numpy), dim)
        return new(back, x.dtype)


class OrderOfEqualsReversed(NumpyBackend):
    """Sorts equal elements in another order than they came in."""

    caught_by = "sort"

    def argsort(self, x, dim, descending):
        n = x.shape[dim]
        if not n:
            return super().argsort(x, dim, descending)
        back = new(np.flip(as_array(x), dim), x.dtype)
        return new(n - 1 - as_array(super().argsort(back, dim, descending)), mt.int64)


class RepeatedPlacesOverwrite(NumpyBackend):
    """Adds at repeated indices once."""

    caught_by = "index_add"

    def index_add(self, x, dim, index, source):
        result = np.moveaxis(as_array(x).copy(), dim, 0)
        result[as_array(index)] += np.moveaxis(as_array(source), dim, 0)
        return new(np.moveaxis(result, 0, dim), x.dtype)


class LogOfSoftmax(NumpyBackend):
    """log_softmax as the logarithm of a softmax that underflows."""

    caught_by = "does_not_overflow"

    def log_softmax(self, x, dim):
        with np.errstate(all="ignore"):
            return new(np.log(as_array(self.softmax(x, dim))), x.dtype)


class StrideIgnored(NumpyBackend):
    """Convolves at every place."""

    caught_by = "conv2d"

    def conv2d(self, x, weight, conv):
        window = conv.window
        if window.stride == (1, 1):
            return super().conv2d(x, weight, conv)
        dense = conv._replace(window=window._replace(stride=(1, 1)))
        rows, columns = window.output_size(x.shape[2:])
        full = as_array(super().conv2d(x, weight, dense))
        return new(full[:, :, :rows, :columns], x.dtype)


class NesterovIgnored(NumpyBackend):
    """Momentum alone."""

    caught_by = "sgd"

    def sgd_step_(self, parameter, gradient, memory, settings):
        super().sgd_step_(parameter, gradient, memory, settings._replace(nesterov=False))


class BoolsAreBytes(NumpyBackend):
    """Gives truth as numbers."""

    caught_by = "bit_by_bit"

    def to_numpy(self, x):
        array = super().to_numpy(x)
        return array.view(np.uint8) if array.dtype == bool else array


class EmptyProductsAreOnes(NumpyBackend):
    """A product over nothing is not 0."""

    caught_by = "test_kernel and matmul or matmul_agrees"

    def matmul(self, x, y):
        result = super().matmul(x, y)
        if x.shape[-1] == 0:
            result.buffer.fill(1)
        return result


class ComparesInFloat32(NumpyBackend):
    """float64 is narrowed where the result is bool anyway."""

    caught_by = "float64_is_not"

    def zip(self, fn, x, y, dtype):
        if dtype is mt.bool_ and x.dtype is mt.float64:
            x, y = self.cast(x, mt.float32), self.cast(y, mt.float32)
        return super().zip(fn, x, y, dtype)


class OwnRandomNumbers(NumpyBackend):
    """Another generator than everyone's."""

    caught_by = "a_seed_gives"

    def uniform(self, shape, dtype, generator):
        return (
            super().uniform(shape, dtype, generator)
            if dtype is mt.float64
            else new(np.random.default_rng(1).random(shape), dtype)
        )


class DivisionThroughFloats(NumpyBackend):
    """Quotients of integers by float64."""

    caught_by = "floor_divide"

    def zip(self, fn, x, y, dtype):
        if fn is ops.int_floor_divide:
            with np.errstate(all="ignore"):
                return new(np.floor(as_array(x) / as_array(y)), dtype)
        return super().zip(fn, x, y, dtype)


class ExpSaturates(NumpyBackend):
    """exp ends at the largest number, not at infinity."""

    caught_by = "special_numbers_through_map and exp"

    def map(self, fn, x, dtype):
        result = super().map(fn, x, dtype)
        if fn is ops.exp:
            np.minimum(result.buffer, np.finfo(dtype.numpy).max, out=result.buffer)
        return result


class OtherThreadsRefused(NumpyBackend):
    """Belongs to the thread that came first."""

    caught_by = "threads_share_no_scratch"

    def __init__(self):
        self.owner = threading.get_ident()

    def map(self, fn, x, dtype):
        if threading.get_ident() != self.owner:
            raise RuntimeError("called from another thread")
        return super().map(fn, x, dtype)


MUTATIONS = [cls for cls in NumpyBackend.__subclasses__() if cls.__module__ == __name__]


@pytest.fixture
def run_kit(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run the whole kit, by pytest as an author would, on an instance that is registered."""

    def run(backend: mt.Backend, *options: str, size: str = "small") -> pytest.RunResult:
        backend.name = "mutant"
        monkeypatch.setitem(registry._registry.loaded, "mutant", backend)
        pytester.makepyfile(
            f"""
            from minitorch_tensor.testing.conformance import BackendConformance

            class TestMutant(BackendConformance):
                backend = "mutant"
                size = {size!r}

                # The mutant is not installed, so no other interpreter finds it.
                test_arithmetic_is_silent = None
                test_loading_it_changes_no_settings_of_others = None
                test_importing_it_prints_nothing = None
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


@pytest.mark.parametrize("size", ["small", "quick"])
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda cls: cls.__name__)
def test_the_kit_catches(mutation: type[mt.Backend], size: str, run_kit):
    # A part of the kit that fails, up to its first failure: the whole kit fails there, too.
    result = run_kit(mutation(), "--maxfail=1", "-k", mutation.caught_by, size=size)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert "errors" not in outcomes
    result.stdout.fnmatch_lines(["*conformance of backend 'mutant'*", "*1 checks failed*"])


#: Modules of backends that disturb the process, by the part of the kit that catches them.
RUDE = {
    "np.seterr(all='raise')": "changes_no_settings",
    "decimal.getcontext().prec = 9": "changes_no_settings",
    "warnings.simplefilter('ignore')": "changes_no_settings",
    "np.random.seed(0)": "changes_no_settings",
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)": "changes_no_settings",
    "logging.basicConfig(level='DEBUG')": "changes_no_settings",
    "print('loading')": "prints_nothing",
}


@pytest.mark.parametrize("line", RUDE)
def test_the_kit_catches_a_backend_that_at_its_import_does(line, pytester):
    pytester.makepyfile(
        mt_rude=f"""
        import decimal, logging, signal, warnings
        import numpy as np
        from minitorch_tensor.backends.numpy import NumpyBackend

        {line}

        class Mine(NumpyBackend):
            name = "rude"
            interface_version = {mt.BACKEND_INTERFACE}
        """,
        test_rude="""
        from minitorch_tensor.testing.conformance import BackendConformance

        class TestRude(BackendConformance):
            backend = "rude"
            size = "quick"
        """,
    )
    info = pytester.mkdir("mt_rude-1.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mt-rude\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[minitorch.backends]\nrude = mt_rude:Mine\n")
    pytester.syspathinsert()
    # In a process of its own, which it disturbs.
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-k", RUDE[line])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.re_match_lines([r".*(changed: |its import printed )"])


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
    result.stdout.fnmatch_lines(["*size is 'tiny'; it must be one of 'full', 'small', 'quick', *"])


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
