"""What all differentiable functions share: operands made alike, and raw kernels wrapped.

Functions never name the class Tensor: a result is made from an operand (`x._new(data)`), so that
`tensor.py` can import them and set them as methods.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch_autodiff import Function, Variable

from minitorch_tensor.dtypes import DType, bool_, float32, promote, scalar_dtype
from minitorch_tensor.layout import Shape, broadcast_shapes

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor, TensorLike


def map_(fn: Callable[[float], float], x: Tensor, dtype: DType | None = None) -> Tensor:
    """fn of every element, unrecorded."""
    data = x._data
    return x._new(x.backend.map(fn, data, dtype or data.dtype))


def zip_(
    fn: Callable[[float, float], float], x: Tensor, y: Tensor, dtype: DType | None = None
) -> Tensor:
    """fn of every pair of elements, unrecorded; the operands are alike already."""
    data = x._data
    return x._new(x.backend.zip(fn, data, y._data, dtype or data.dtype))


def binary(function: type[Function], x: TensorLike, y: TensorLike) -> Tensor:
    """Apply a function of two operands, made alike: one backend, one dtype, broadcastable.

    Raises: TypeError for an operand that is no tensor or number, RuntimeError for tensors on
        different backends, ValueError for shapes that do not broadcast.
    """
    if not isinstance(x, Variable):
        x = number(function, x, beside=y)  # type: ignore[arg-type]
    elif not isinstance(y, Variable):
        y = number(function, y, beside=x)
    a, b = x._data, y._data  # type: ignore[union-attr]
    if a.dtype is not b.dtype:
        x, y = promoted(x, y)  # type: ignore[arg-type]
    if x.backend is not y.backend:  # type: ignore[union-attr]
        check_backends(function.__name__, x, y)  # type: ignore[arg-type]
    if a.shape != b.shape:
        broadcast_shapes(a.shape, b.shape, function.__name__.lower())
    return function.apply(x, y)  # type: ignore[no-any-return]


def number(function: type[Function], value: Any, beside: Tensor) -> Tensor:
    """A plain number as a zero-dimensional tensor like `beside`; it does not widen its dtype."""
    if not isinstance(value, (bool, int, float)) and not hasattr(value, "__float__"):
        raise TypeError(
            f"{function.__name__.lower()}: a tensor combines with a tensor or a number, got "
            f"{type(value).__name__}. Make it a tensor first, with tensor(...)."
        )
    return beside._new(beside.backend.constant(value, scalar_dtype(value, beside.dtype)))


def promoted(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both operands in the dtype that holds their combination."""
    dtype = promote(x.dtype, y.dtype)
    return x.to(dtype), y.to(dtype)


def floating(x: Tensor) -> Tensor:
    """x, an integer or bool one converted to the default floating-point dtype."""
    return x if x._data.dtype.kind == "float" else x.to(float32)


def check_backends(operation: str, *tensors: Tensor) -> None:
    """Check that all operands are on one backend.

    Raises: RuntimeError that names them.
    """
    names = [t.backend.name for t in tensors]
    if any(t.backend is not tensors[0].backend for t in tensors):
        raise RuntimeError(
            f"{operation.lower()}: operands are on different backends: {', '.join(names)}. "
            f"Move one, for example with .to({names[0]!r})."
        )


def sum_to(x: Tensor, shape: Shape) -> Tensor:
    """The adjoint of broadcasting `shape` to x's: summed over what was repeated."""
    lead = x.ndim - len(shape)
    dims = tuple(range(lead)) + tuple(
        [d + lead for d, n in enumerate(shape) if n == 1 and x.shape[d + lead] != 1]
    )
    return (x.sum(dims, keepdim=True) if dims else x).reshape(shape)


class Comparison(Function):
    """A function whose result is bool: no gradient passes."""

    operator: Callable[[float, float], float]

    @classmethod
    def apply(cls, x: Tensor, y: Tensor) -> Tensor:
        """Compare element by element; nothing is recorded."""
        return zip_(cls.operator, x, y, bool_)
