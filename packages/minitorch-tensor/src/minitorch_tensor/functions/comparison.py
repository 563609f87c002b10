"""Comparison and logic, element by element: bool results, without gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from minitorch_autodiff import Function
from minitorch_autodiff import operators as ops
from minitorch_tensor import operators as more
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.functions.base import Comparison, alike, binary, check_backends, map_, zip_

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor, TensorLike

# -- comparison ------------------------------------------------------------------------------------


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


def isclose(
    x: Tensor, other: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """|x - other| <= atol + rtol |other|, element by element; infinities if they are equal.

    Args:
        equal_nan: whether two NaN count as close.
    """
    x, y = alike(IsClose, x.detach(), other)
    if x.dtype.kind != "float":
        x, y = x.double(), y.double()
    close: Tensor = ((x - y).abs() <= y.abs() * rtol + atol) & isfinite(y) | (x == y)
    return close | isnan(x) & isnan(y) if equal_nan else close


def allclose(
    x: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether all elements are close; see `isclose`."""
    return bool(isclose(x, other, rtol, atol, equal_nan).all())


def equal(x: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and equal elements."""
    check_backends("equal", x, other)
    return x.shape == other.shape and bool(eq(x, other).all())


def isnan(x: Tensor) -> Tensor:
    """Whether not a number."""
    return map_(ops.isnan, x, bool_)


def isinf(x: Tensor) -> Tensor:
    """Whether infinite."""
    return map_(ops.isinf, x, bool_)


def isfinite(x: Tensor) -> Tensor:
    """Whether neither infinite nor NaN."""
    return logical_not(logical_or(isnan(x), isinf(x)))


# -- logic -----------------------------------------------------------------------------------------


class LogicalAnd(Comparison):
    """Both nonzero."""

    operator = staticmethod(ops.logical_and)


class LogicalOr(Comparison):
    """Any nonzero."""

    operator = staticmethod(ops.logical_or)


class LogicalXor(Comparison):
    """Just one nonzero."""

    operator = staticmethod(ops.logical_xor)


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


# -- bits ------------------------------------------------------------------------------------------


class Bitwise(Function):
    """A function of the bits of two integers; of two bools, their logic. No gradient passes."""

    operator: ClassVar[Any]

    @classmethod
    def apply(cls, x: Tensor, y: Tensor) -> Tensor:
        """Combine bit by bit; nothing is recorded."""
        _check_bits(cls.operator.__name__, x)
        return zip_(cls.operator, x, y)


class BitwiseAnd(Bitwise):
    """The bits set in both."""

    operator = staticmethod(more.bitwise_and)


class BitwiseOr(Bitwise):
    """The bits set in any."""

    operator = staticmethod(more.bitwise_or)


class BitwiseXor(Bitwise):
    """The bits set in just one."""

    operator = staticmethod(more.bitwise_xor)


def _check_bits(operation: str, x: Tensor) -> None:
    if x.dtype.kind == "float":
        raise TypeError(
            f"{operation}: wanted integers or bool, got {x.dtype}. Compare first, "
            "for example with x != 0."
        )


def bitwise_and(x: Tensor, other: TensorLike) -> Tensor:
    """x & other: bit by bit for integers, logic for bool.

    Raises: TypeError for floating point.
    """
    return binary(BitwiseAnd, x, other)


def bitwise_or(x: Tensor, other: TensorLike) -> Tensor:
    """x | other: bit by bit for integers, logic for bool.

    Raises: TypeError for floating point.
    """
    return binary(BitwiseOr, x, other)


def bitwise_xor(x: Tensor, other: TensorLike) -> Tensor:
    """x ^ other: bit by bit for integers, logic for bool.

    Raises: TypeError for floating point.
    """
    return binary(BitwiseXor, x, other)


def bitwise_not(x: Tensor) -> Tensor:
    """~x: every bit flipped for integers, logical not for bool.

    Raises: TypeError for floating point.
    """
    _check_bits("bitwise_not", x)
    return logical_not(x) if x.dtype is bool_ else map_(more.bitwise_not, x)  # type: ignore[arg-type]
