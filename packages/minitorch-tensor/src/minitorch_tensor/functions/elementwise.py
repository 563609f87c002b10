"""Functions of every element by itself: arithmetic, exponentials, comparisons.

Shapes: a function of one tensor keeps its shape; of two, they broadcast. Integer and bool inputs
of functions with fractional values are converted to float32 first, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch_autodiff import Context, Function, Variable
from minitorch_autodiff import operators as ops

from minitorch_tensor.dtypes import DType, bool_, float32
from minitorch_tensor.functions.base import (
    Comparison,
    binary,
    check_backends,
    floating,
    map_,
    number,
    promoted,
    zip_,
)
from minitorch_tensor.layout import broadcast_shapes

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend
    from minitorch_tensor.tensor import Number, Tensor, TensorLike


# -- arithmetic ---------------------------------------------------------------------------------


class Add(Function):
    """x + y. Gradients: d, d."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        data = x._data
        return x._new(x.backend.zip(ops.add, data, y._data, data.dtype))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor]:
        return d, d


class Sub(Function):
    """x - y. Gradients: d, -d."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        return zip_(ops.sub, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor | None]:
        return d, -d if ctx.edges[1] else None


class Mul(Function):
    """x * y. Gradients: d y, d x."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        data = x._data
        return x._new(x.backend.zip(ops.mul, data, y._data, data.dtype))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return d * y if to_x else None, d * x if to_y else None


class Div(Function):
    """x / y. Gradients: d / y, -d x / y**2."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return zip_(ops.div, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        quotient = d / y
        return quotient if to_x else None, -(quotient * (x / y)) if to_y else None


class Pow(Function):
    """x ** y. Gradients: d y x**(y - 1) (0 where y is 0), d x**y log(x) (0 where x and x**y are)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return zip_(ops.pow, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        grad_x = grad_y = None
        if to_x:
            grad_x = where(y == 0, 0.0, d * y * power(x, y - 1.0))
        if to_y:
            grad_y = where((x == 0) & (y >= 0), 0.0, d * power(x, y) * log(x))
        return grad_x, grad_y


class Neg(Function):
    """-x. Gradient: -d."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        return map_(ops.neg, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        return -d


class Abs(Function):
    """|x|. Gradient: d sign(x), 0 at 0."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return map_(ops.abs, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return d * sign(x)


class Maximum(Function):
    """The larger of x and y, NaN if any is. A tie shares the gradient equally, as in PyTorch."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return zip_(ops.max, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor]:
        x, y = ctx.saved_tensors
        return _share(d, x >= y, x == y), _share(d, y >= x, x == y)


class Minimum(Function):
    """The smaller of x and y, NaN if any is. A tie shares the gradient equally, as in PyTorch."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return zip_(ops.min, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor]:
        x, y = ctx.saved_tensors
        return _share(d, x <= y, x == y), _share(d, y <= x, x == y)


def _share(d: Tensor, chosen: Tensor, tie: Tensor) -> Tensor:
    return where(chosen, where(tie, d * 0.5, d), 0.0)


def add(x: Tensor, other: TensorLike, alpha: Number = 1) -> Tensor:
    """x + alpha * other."""
    return binary(Add, x, other if alpha == 1 else other * alpha)


def sub(x: Tensor, other: TensorLike, alpha: Number = 1) -> Tensor:
    """x - alpha * other.

    Raises: TypeError for bool tensors, whose difference PyTorch does not define either.
    """
    return binary(Sub, x, other if alpha == 1 else other * alpha)


def mul(x: Tensor, other: TensorLike) -> Tensor:
    """x * other."""
    return binary(Mul, x, other)


def div(x: TensorLike, other: TensorLike) -> Tensor:
    """x / other, always a fraction: integers are converted to float32."""
    if isinstance(x, Variable) and isinstance(other, Variable):
        if x._data.dtype.kind != "float" and other._data.dtype.kind != "float":  # type: ignore[union-attr]
            x, other = floating(x), floating(other)  # type: ignore[arg-type]
    elif isinstance(x, Variable):
        x = floating(x)  # type: ignore[arg-type]
    else:
        other = floating(other)  # type: ignore[arg-type]
    return binary(Div, x, other)


def power(x: TensorLike, exponent: TensorLike) -> Tensor:
    """x ** exponent.

    Raises: ValueError for integers and a negative exponent, whose result is no integer.
    """
    if isinstance(exponent, (int, float)) and not isinstance(exponent, bool):
        if exponent == 2:
            return square(x)  # type: ignore[arg-type]
        if exponent == 0.5:
            return sqrt(x)  # type: ignore[arg-type]
        if exponent < 0 and isinstance(exponent, int) and x._data.dtype.kind != "float":  # type: ignore[union-attr]
            raise ValueError(
                f"pow: {x.dtype} to the power {exponent} is not an integer. "  # type: ignore[union-attr]
                "Convert to floating point first, with .float()."
            )
    return binary(Pow, x, exponent)


def neg(x: Tensor) -> Tensor:
    """-x."""
    return Neg.apply(x)  # type: ignore[no-any-return]


def abs(x: Tensor) -> Tensor:
    """|x|."""
    return Abs.apply(x)  # type: ignore[no-any-return]


def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1, with gradient 0; NaN for NaN."""
    return map_(ops.sign, x)


def maximum(x: Tensor, other: TensorLike) -> Tensor:
    """The larger of each pair."""
    return binary(Maximum, x, other)


def minimum(x: Tensor, other: TensorLike) -> Tensor:
    """The smaller of each pair."""
    return binary(Minimum, x, other)


def clamp(x: Tensor, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
    """x limited to [min, max]; a gradient passes where x is within.

    Raises: ValueError if both limits are missing.
    """
    if min is None and max is None:
        raise ValueError("clamp: give min, max or both.")
    result = x
    inside: Tensor | None = None
    if min is not None:
        result = result._new(maximum(result.detach(), _detached(min))._data)
        inside = x >= min
    if max is not None:
        result = result._new(minimum(result.detach(), _detached(max))._data)
        inside = x <= max if inside is None else inside & (x <= max)
    assert inside is not None
    return where(inside | isnan(x), x, result)


def _detached(x: TensorLike) -> Any:
    return x.detach() if isinstance(x, Variable) else x


# -- exponentials -------------------------------------------------------------------------------


class Exp(Function):
    """e ** x. Gradient: d e ** x."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        y = map_(ops.exp, x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return d * y


class Expm1(Function):
    """e ** x - 1. Gradient: d (y + 1)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        y = map_(ops.expm1, x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return d * (y + 1.0)


class Log(Function):
    """log x. Gradient: d / x."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return map_(ops.log, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return d / x


class Log1p(Function):
    """log(1 + x). Gradient: d / (1 + x)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return map_(ops.log1p, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return d / (x + 1.0)


class Sqrt(Function):
    """y = sqrt(x). Gradient: d / (2 y)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        y = map_(ops.sqrt, x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return d / (y * 2.0)


class Square(Function):
    """x ** 2. Gradient: 2 d x."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return map_(ops.square, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return d * x * 2


class Sin(Function):
    """sin x. Gradient: d cos x."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return map_(ops.sin, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return d * cos(x)


class Cos(Function):
    """cos x. Gradient: -d sin x."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return map_(ops.cos, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return -(d * sin(x))


class Erf(Function):
    """erf x. Gradient: d 2 / sqrt(pi) exp(-x**2)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return map_(ops.erf, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return d * exp(-square(x)) * (2.0 / math.sqrt(math.pi))


def exp(x: Tensor) -> Tensor:
    """e ** x."""
    return Exp.apply(floating(x))  # type: ignore[no-any-return]


def expm1(x: Tensor) -> Tensor:
    """e ** x - 1, exact near 0."""
    return Expm1.apply(floating(x))  # type: ignore[no-any-return]


def log(x: Tensor) -> Tensor:
    """Natural logarithm; -inf at 0, NaN below."""
    return Log.apply(floating(x))  # type: ignore[no-any-return]


def log1p(x: Tensor) -> Tensor:
    """log(1 + x), exact near 0."""
    return Log1p.apply(floating(x))  # type: ignore[no-any-return]


def sqrt(x: Tensor) -> Tensor:
    """Square root; NaN below 0."""
    return Sqrt.apply(floating(x))  # type: ignore[no-any-return]


def square(x: Tensor) -> Tensor:
    """x * x."""
    return Square.apply(x)  # type: ignore[no-any-return]


def reciprocal(x: Tensor) -> Tensor:
    """1 / x."""
    return div(1.0, x)


def sin(x: Tensor) -> Tensor:
    """Sine of x radians."""
    return Sin.apply(floating(x))  # type: ignore[no-any-return]


def cos(x: Tensor) -> Tensor:
    """Cosine of x radians."""
    return Cos.apply(floating(x))  # type: ignore[no-any-return]


def erf(x: Tensor) -> Tensor:
    """The error function."""
    return Erf.apply(floating(x))  # type: ignore[no-any-return]


# -- activations --------------------------------------------------------------------------------


class Sigmoid(Function):
    """y = 1 / (1 + e**-x). Gradient: d y (1 - y)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        y = map_(ops.sigmoid, x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return SigmoidBackward.apply(y, d)  # type: ignore[no-any-return]


class SigmoidBackward(Function):
    """d y (1 - y), in one pass. Gradients: e d (1 - 2 y), e y (1 - y)."""

    @staticmethod
    def forward(ctx: Context, y: Tensor, d: Tensor) -> Tensor:
        ctx.save_for_backward(y, d)
        return zip_(ops.sigmoid_back, y, d)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, Tensor]:
        y, d = ctx.saved_tensors
        return e * d * (1.0 - 2.0 * y), SigmoidBackward.apply(y, e)


class Tanh(Function):
    """y = tanh x. Gradient: d (1 - y**2)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        y = map_(ops.tanh, x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return TanhBackward.apply(y, d)  # type: ignore[no-any-return]


class TanhBackward(Function):
    """d (1 - y**2), in one pass. Gradients: -2 e d y, e (1 - y**2)."""

    @staticmethod
    def forward(ctx: Context, y: Tensor, d: Tensor) -> Tensor:
        ctx.save_for_backward(y, d)
        return zip_(ops.tanh_back, y, d)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, Tensor]:
        y, d = ctx.saved_tensors
        return e * d * y * -2.0, TanhBackward.apply(y, e)


class ReLU(Function):
    """max(x, 0). Gradient: d where x > 0, else 0."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        y = map_(ops.relu, x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors  # positive just where x is; x itself need not be kept
        return ReLUBackward.apply(y, d)  # type: ignore[no-any-return]


class ReLUBackward(Function):
    """d where y > 0, else 0. Gradients: none for y, the same mask for d."""

    @staticmethod
    def forward(ctx: Context, y: Tensor, d: Tensor) -> Tensor:
        ctx.save_for_backward(y)
        return zip_(ops.relu_back, y, d)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[None, Tensor]:
        (y,) = ctx.saved_tensors
        return None, ReLUBackward.apply(y, e)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e ** -x)."""
    return Sigmoid.apply(floating(x))  # type: ignore[no-any-return]


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent."""
    return Tanh.apply(floating(x))  # type: ignore[no-any-return]


def relu(x: Tensor) -> Tensor:
    """x where positive, else 0."""
    return ReLU.apply(x)  # type: ignore[no-any-return]


# -- comparison and logic: bool, without gradient ------------------------------------------------


class LT(Comparison):
    """x < y."""

    operator = staticmethod(ops.lt)


class LE(Comparison):
    """x <= y."""

    operator = staticmethod(ops.le)


class GT(Comparison):
    """x > y."""

    operator = staticmethod(ops.gt)


class GE(Comparison):
    """x >= y."""

    operator = staticmethod(ops.ge)


class EQ(Comparison):
    """x == y."""

    operator = staticmethod(ops.eq)


class NE(Comparison):
    """x != y."""

    operator = staticmethod(ops.ne)


class IsClose(Comparison):
    """|x - y| < 0.01, the course's notion."""

    operator = staticmethod(ops.is_close)


class LogicalAnd(Comparison):
    """Both nonzero."""

    operator = staticmethod(ops.logical_and)


class LogicalOr(Comparison):
    """Any nonzero."""

    operator = staticmethod(ops.logical_or)


class LogicalXor(Comparison):
    """Just one nonzero."""

    operator = staticmethod(ops.logical_xor)


def lt(x: Tensor, other: TensorLike) -> Tensor:
    """x < other."""
    return binary(LT, x, other)


def le(x: Tensor, other: TensorLike) -> Tensor:
    """x <= other."""
    return binary(LE, x, other)


def gt(x: Tensor, other: TensorLike) -> Tensor:
    """x > other."""
    return binary(GT, x, other)


def ge(x: Tensor, other: TensorLike) -> Tensor:
    """x >= other."""
    return binary(GE, x, other)


def eq(x: Tensor, other: TensorLike) -> Tensor:
    """x == other, element by element."""
    return binary(EQ, x, other)


def ne(x: Tensor, other: TensorLike) -> Tensor:
    """x != other, element by element."""
    return binary(NE, x, other)


def is_close(x: Tensor, other: TensorLike) -> Tensor:
    """|x - other| < 0.01 (the course's; for a tolerance of your own see `isclose`)."""
    return binary(IsClose, x, other)


def logical_and(x: Tensor, other: TensorLike) -> Tensor:
    """Whether both are nonzero."""
    return binary(LogicalAnd, x, other)


def logical_or(x: Tensor, other: TensorLike) -> Tensor:
    """Whether any is nonzero."""
    return binary(LogicalOr, x, other)


def logical_xor(x: Tensor, other: TensorLike) -> Tensor:
    """Whether just one is nonzero."""
    return binary(LogicalXor, x, other)


def logical_not(x: Tensor) -> Tensor:
    """Whether zero."""
    return map_(ops.logical_not, x, bool_)


def isnan(x: Tensor) -> Tensor:
    """Whether not a number."""
    return map_(ops.isnan, x, bool_)


def isinf(x: Tensor) -> Tensor:
    """Whether infinite."""
    return map_(ops.isinf, x, bool_)


def isfinite(x: Tensor) -> Tensor:
    """Whether neither infinite nor NaN."""
    return logical_not(logical_or(isnan(x), isinf(x)))


# -- selection ----------------------------------------------------------------------------------


class Where(Function):
    """x where condition, else y. Gradients: none, d where condition, d elsewhere; 0 otherwise."""

    @staticmethod
    def forward(ctx: Context, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(condition)
        return x._new(x.backend.where(condition._data, x._data, y._data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[None, Tensor | None, Tensor | None]:
        (condition,) = ctx.saved_tensors
        _, to_x, to_y = ctx.edges
        return (
            None,
            where(condition, d, 0.0) if to_x else None,
            where(condition, 0.0, d) if to_y else None,
        )


def where(condition: Tensor, x: TensorLike, y: TensorLike) -> Tensor:
    """x where `condition` (bool) holds, else y; the three broadcast."""
    if condition.dtype is not bool_:
        raise TypeError(
            f"where: the condition must be bool, got {condition.dtype}. Compare first: x != 0."
        )
    if not isinstance(x, Variable) and not isinstance(y, Variable):
        dtype = float32 if isinstance(x, float) or isinstance(y, float) else None
        x = number(Where, x, beside=condition if dtype is None else condition.to(dtype))
    if not isinstance(x, Variable):
        x = number(Where, x, beside=y)  # type: ignore[arg-type]
    if not isinstance(y, Variable):
        y = number(Where, y, beside=x)  # type: ignore[arg-type]
    check_backends("where", condition, x, y)  # type: ignore[arg-type]
    x, y = promoted(x, y)  # type: ignore[arg-type]
    broadcast_shapes(broadcast_shapes(x.shape, y.shape, "where"), condition.shape, "where")
    return Where.apply(condition, x, y)  # type: ignore[no-any-return]


# -- copies and conversion ----------------------------------------------------------------------


class Clone(Function):
    """A copy in memory of its own. Gradient: d."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        return map_(ops.id, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        return d


class Cast(Function):
    """x in another dtype. Gradient: d, converted back by the engine."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dtype: DType) -> Tensor:
        return x._new(x.backend.cast(x._data, dtype))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return d, None


class Move(Function):
    """x on another backend. Gradient: d, moved back."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, backend: Backend) -> Tensor:
        ctx.origin = x.backend  # type: ignore[attr-defined]
        array = x.backend.to_numpy(x._data)
        return x._new(backend.from_numpy(array.copy()), backend)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return move(d, ctx.origin), None  # type: ignore[attr-defined]


def clone(x: Tensor) -> Tensor:
    """A copy in memory of its own, through which gradients pass."""
    return Clone.apply(x)  # type: ignore[no-any-return]


def cast(x: Tensor, dtype: DType) -> Tensor:
    """x in another dtype."""
    return Cast.apply(x, dtype)  # type: ignore[no-any-return]


def move(x: Tensor, backend: Backend) -> Tensor:
    """x on another backend; itself if it is there."""
    return x if x.backend is backend else Move.apply(x, backend)
