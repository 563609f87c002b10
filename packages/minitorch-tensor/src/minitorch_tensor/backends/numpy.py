"""`numpy`: the light default where numba is not installed.

Every scalar operator that has a numpy ufunc uses it; any other scalar function is applied element
by element. Operations that numpy has in one call (`where`, sums over several dimensions) override
the derived defaults; the rest is derived.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import operators as ops
from minitorch_tensor.backends.approximations import erf, erfc
from minitorch_tensor.backends.host import HostBackend, store
from minitorch_tensor.dtypes import DType
from minitorch_tensor.layout import Shape, broadcast_shapes
from minitorch_tensor.silence import converted, silently
from minitorch_tensor.tensor_data import TensorData, as_array

if TYPE_CHECKING:
    from minitorch_tensor.expressions import Expression

Array = npt.NDArray[Any]


def _sigmoid(x: Array) -> Array:
    result: Array = np.reciprocal(1 + np.exp(-x))
    return result


def _abs_back(x: Array, d: Array) -> Array:
    return d * np.where(x == x, np.sign(x), 0)


def _relu_back(y: Array, d: Array) -> Array:
    return np.where(y <= 0, 0, d)


def _keep_if(condition: Array, x: Array) -> Array:
    kind = np.asarray(x).dtype.kind  # a constant of a traced function is a plain number
    return np.where(condition, x, -0.0 if kind == "f" else 0)


def _is_close(x: Array, y: Array) -> Array:
    result: Array = np.abs(x - y) < 1e-2
    return result


def _sign(x: Array) -> Array:
    return x if x.dtype.kind == "b" else np.sign(x)


#: Scalar functions and their vectorized forms.
UNARY: dict[Callable[..., float], Callable[..., Any]] = {
    ops.id: np.array,
    ops.neg: np.negative,
    ops.abs: np.abs,
    ops.sign: _sign,
    ops.square: np.square,
    ops.inv: lambda x: 1 / x,
    ops.exp: np.exp,
    ops.expm1: np.expm1,
    ops.log: np.log,
    ops.log1p: np.log1p,
    ops.sqrt: np.sqrt,
    ops.sin: np.sin,
    ops.cos: np.cos,
    ops.tanh: np.tanh,
    ops.sigmoid: _sigmoid,
    ops.relu: lambda x: np.maximum(x, 0),
    ops.isnan: np.isnan,
    ops.isinf: np.isinf,
    ops.signbit: np.signbit,
    ops.logical_not: np.logical_not,
    ops.floor: np.floor,
    ops.ceil: np.ceil,
    ops.trunc: np.trunc,
    ops.round: np.rint,
    ops.bitwise_not: np.invert,
    ops.log2: np.log2,
    ops.log10: np.log10,
    ops.tan: np.tan,
    ops.asin: np.arcsin,
    ops.acos: np.arccos,
    ops.atan: np.arctan,
    ops.sinh: np.sinh,
    ops.cosh: np.cosh,
    ops.asinh: np.arcsinh,
    ops.acosh: np.arccosh,
    ops.atanh: np.arctanh,
}
#: Functions without a ufunc, composed of several. A backend that compiles scalar functions should
#: prefer to compile these.
ASSEMBLED: dict[Callable[..., float], Callable[..., Any]] = {ops.erf: erf, ops.erfc: erfc}
BINARY: dict[Callable[..., float], Callable[..., Any]] = {
    ops.add: np.add,
    ops.sub: np.subtract,
    ops.mul: np.multiply,
    ops.div: np.true_divide,
    ops.pow: np.power,
    ops.lt: np.less,
    ops.le: np.less_equal,
    ops.gt: np.greater,
    ops.ge: np.greater_equal,
    ops.eq: np.equal,
    ops.ne: np.not_equal,
    ops.is_close: _is_close,
    ops.max: np.maximum,
    ops.min: np.minimum,
    ops.logical_and: np.logical_and,
    ops.logical_or: np.logical_or,
    ops.logical_xor: np.logical_xor,
    ops.keep_if: _keep_if,
    ops.abs_back: _abs_back,
    ops.relu_back: _relu_back,
    ops.sigmoid_back: lambda y, d: d * y * (1 - y),
    ops.tanh_back: lambda y, d: d * (1 - y * y),
    ops.remainder: np.remainder,
    ops.fmod: np.fmod,
    ops.floor_divide: np.floor_divide,
    ops.atan2: np.arctan2,
    ops.copysign: np.copysign,
    ops.logaddexp: np.logaddexp,
    ops.int_remainder: np.remainder,
    ops.int_floor_divide: np.floor_divide,
    ops.int_pow: np.power,
    ops.bitwise_and: np.bitwise_and,
    ops.bitwise_or: np.bitwise_or,
    ops.bitwise_xor: np.bitwise_xor,
    ops.bitwise_left_shift: np.left_shift,
    ops.bitwise_right_shift: np.right_shift,
}
FOLDS: dict[Callable[..., float], np.ufunc] = {
    ops.add: np.add,
    ops.mul: np.multiply,
    ops.max: np.maximum,
    ops.min: np.minimum,
    ops.logical_and: np.logical_and,
    ops.logical_or: np.logical_or,
}


#: Length of the runs that are summed one by one, before their sums are added.
_RUN = 64


def _sum(array: Array, dims: tuple[int, ...], start: float, dtype: DType) -> Array:
    """The sum over dims, each kept with size 1.

    numpy adds pairwise, whose error grows with the logarithm of the count (Higham 1993, "The
    accuracy of floating point summation"), only along elements that follow each other in memory.
    Along other dimensions it adds one by one, so these are split into runs here.
    """
    dims = tuple(sorted(dims))
    inner: tuple[int, ...] = ()
    if array.flags.c_contiguous:
        while dims and dims[-1] == array.ndim - 1 - len(inner):
            dims, inner = dims[:-1], (dims[-1], *inner)
    if inner:
        array = np.add.reduce(array, inner, dtype.numpy, keepdims=True, initial=start)
    for dim in dims:
        array = _sum_along(array, dim, start, dtype)
    return array


def _sum_along(array: Array, dim: int, start: float, dtype: DType) -> Array:
    while array.shape[dim] > _RUN:
        runs, rest = divmod(array.shape[dim], _RUN)
        whole, left = np.split(array, [runs * _RUN], dim)
        cut = whole.reshape(*array.shape[:dim], runs, _RUN, *array.shape[dim + 1 :])
        sums = np.add.reduce(cut, dim + 1, dtype.numpy)
        if rest:
            left = np.add.reduce(left, dim, dtype.numpy, keepdims=True)
            sums = np.concatenate([sums, left], dim)
        array = sums
    return np.add.reduce(array, dim, dtype.numpy, keepdims=True, initial=start)


class NumpyBackend(HostBackend):
    """numpy's ufuncs and BLAS."""

    name: ClassVar[str] = "numpy"
    interface_version: ClassVar[int] = 2

    def map(self, fn: Callable[[float], float], x: TensorData, dtype: DType) -> TensorData:
        array = x.buffer if x.base is None else as_array(x)
        vectorized = UNARY.get(fn) or ASSEMBLED.get(fn) or traced(fn)
        if vectorized is None:
            return one_by_one(fn, x.shape, dtype, array)
        return wrap(silently().run(vectorized, array), x.shape, dtype)

    def zip(
        self, fn: Callable[[float, float], float], x: TensorData, y: TensorData, dtype: DType
    ) -> TensorData:
        vectorized = BINARY.get(fn) or traced(fn)
        if vectorized is None:
            shape = broadcast_shapes(x.shape, y.shape)
            return one_by_one(fn, shape, dtype, as_array(x), as_array(y))
        if x.base is None is y.base:
            result = silently().run(vectorized, x.buffer, y.buffer)
            if result.__class__ is np.ndarray and result.dtype is dtype.numpy:
                return TensorData(result, dtype, result.shape)  # a fast path of `wrap`
        else:
            result = silently().run(vectorized, as_array(x), as_array(y))
        return wrap(result, result.shape, dtype)

    def reduce(
        self,
        fn: Callable[[float, float], float],
        x: TensorData,
        dim: int,
        start: float,
        dtype: DType,
    ) -> TensorData:
        if fn in FOLDS:
            return self.reduce_dims(fn, x, (dim,), start, dtype)
        total = self.full((*x.shape[:dim], 1, *x.shape[dim + 1 :]), start, dtype)
        for i in range(x.shape[dim]):
            total = self.zip(fn, total, x.slice(dim, i, 1), dtype)
        return total

    def reduce_dims(
        self,
        fn: Callable[[float, float], float],
        x: TensorData,
        dims: Sequence[int],
        start: float,
        dtype: DType,
    ) -> TensorData:
        fold = FOLDS.get(fn)
        if fold is None:
            return super().reduce_dims(fn, x, dims, start, dtype)
        array = as_array(x)
        if fold is np.add and dtype.kind == "float" and x.size > _RUN:
            result = silently().run(_sum, array, tuple(dims), start, dtype)
        else:
            result = silently().run(
                fold.reduce, array, tuple(dims), dtype.numpy, keepdims=True, initial=start
            )
        return wrap(result, result.shape, dtype)

    def contiguous(self, x: TensorData) -> TensorData:
        return TensorData(np.array(as_array(x), order="C"), x.dtype, x.shape)

    def cast(self, x: TensorData, dtype: DType) -> TensorData:
        return TensorData(converted(as_array(x), dtype.numpy), dtype, x.shape)

    def where(self, condition: TensorData, x: TensorData, y: TensorData) -> TensorData:
        result = np.where(as_array(condition), as_array(x), as_array(y))
        return wrap(result, result.shape, x.dtype)

    def matmul(self, x: TensorData, y: TensorData) -> TensorData:
        result = silently().run(np.matmul, as_array(x), as_array(y))
        return wrap(result, result.shape, x.dtype)


@lru_cache(maxsize=1024)
def traced(fn: Callable[..., float]) -> Callable[..., Any] | None:
    """A traced expression's function, run on whole arrays; None for other functions."""
    expression: Expression | None = getattr(fn, "expression", None)
    if expression is None:
        return None
    if expression.root in expression.inputs:
        return np.array  # a copy: results own their memory
    operators: dict[str, Callable[..., Any]] = {}
    for name, operator in expression.operators.items():
        vectorized = (
            UNARY.get(operator)
            or ASSEMBLED.get(operator)
            or BINARY.get(operator)
            or np.frompyfunc(operator, operator.__code__.co_argcount, 1)
        )
        operators[name] = _in_floats(vectorized)
    return expression.compiled(operators, __name__)


def _in_floats(vectorized: Callable[..., Any]) -> Callable[..., Any]:
    """The function with results in its arguments' dtype; comparisons give 1 and 0."""
    return lambda *x: np.asarray(vectorized(*x)).astype(np.result_type(*x), copy=False)


def one_by_one(fn: Callable[..., float], shape: Shape, dtype: DType, *arrays: Array) -> TensorData:
    """Any scalar function, applied to Python numbers."""
    columns = [np.broadcast_to(array, shape).ravel().tolist() for array in arrays]
    values = store(itertools.starmap(fn, zip(*columns, strict=True)), dtype)
    return TensorData(values.reshape(shape), dtype, shape)


def wrap(result: Any, shape: Shape, dtype: DType) -> TensorData:
    """A new numpy array as contiguous tensor data of that dtype."""
    if result.__class__ is not np.ndarray:  # numpy turns 0-dimensional results into scalars
        result = np.asarray(result)
    if result.dtype is not dtype.numpy:
        result = converted(result, dtype.numpy)
    elif not result.flags.c_contiguous:
        result = np.ascontiguousarray(result)
    return TensorData(result, dtype, shape)
