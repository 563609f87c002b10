"""Comparison and logic, element by element: bool results, without gradient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minitorch_autodiff import Function, Variable
from minitorch_autodiff import operators as ops
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.functions.base import (
    NUMBERS,
    Comparison,
    alike,
    binary,
    check_backends,
    map_,
    zip_,
)
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods, augmented, in_place, reflected

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


@guarded
def lt(input: Tensor, other: TensorLike) -> Tensor:
    """input < other."""
    return binary(LT, input, other)


@guarded
def le(input: Tensor, other: TensorLike) -> Tensor:
    """input <= other."""
    return binary(LE, input, other)


@guarded
def gt(input: Tensor, other: TensorLike) -> Tensor:
    """input > other."""
    return binary(GT, input, other)


@guarded
def ge(input: Tensor, other: TensorLike) -> Tensor:
    """input >= other."""
    return binary(GE, input, other)


@guarded
def eq(input: Tensor, other: TensorLike) -> Tensor:
    """input == other, element by element."""
    return binary(EQ, input, other)


@guarded
def ne(input: Tensor, other: TensorLike) -> Tensor:
    """input != other, element by element."""
    return binary(NE, input, other)


@guarded
def is_close(input: Tensor, other: TensorLike) -> Tensor:
    """|input - other| < 0.01 (the course's function; see `isclose` for other tolerances)."""
    return binary(IsClose, input, other)


@guarded
def isclose(
    input: Tensor,
    other: TensorLike,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> Tensor:
    """|input - other| <= atol + rtol |other|, element by element; infinities are close if equal.

    Args:
        equal_nan: true if two NaN count as close.
    """
    input, y = alike(IsClose, input.detach(), other)
    if input.dtype.kind != "float":
        input, y = input.double(), y.double()
    close: Tensor = ((input - y).abs() <= y.abs() * rtol + atol) & isfinite(y) | (input == y)
    return close | isnan(input) & isnan(y) if equal_nan else close


@guarded
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """True if all elements are close; see `isclose`."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


@guarded
def equal(input: Tensor, other: Tensor) -> bool:
    """True if two tensors have the same shape and equal elements."""
    check_backends("equal", input, other)
    return input.shape == other.shape and bool(eq(input, other).all())


@guarded
def isnan(input: Tensor) -> Tensor:
    """True where an element is NaN."""
    return map_(ops.isnan, input, bool_)


@guarded
def isinf(input: Tensor) -> Tensor:
    """True where an element is infinite."""
    return map_(ops.isinf, input, bool_)


@guarded
def isfinite(input: Tensor) -> Tensor:
    """True where an element is neither infinite nor NaN."""
    return logical_not(logical_or(isnan(input), isinf(input)))


@guarded
def isposinf(input: Tensor) -> Tensor:
    """True where an element is positive infinity."""
    return eq(input, math.inf) if input.dtype.kind == "float" else isinf(input)


@guarded
def isneginf(input: Tensor) -> Tensor:
    """True where an element is negative infinity."""
    return eq(input, -math.inf) if input.dtype.kind == "float" else isinf(input)


@guarded
def signbit(input: Tensor) -> Tensor:
    """True where an element has a minus sign, as -0.0 has."""
    return map_(ops.signbit, input, bool_) if input.dtype.kind == "float" else lt(input, 0)


def isin(elements: TensorLike, test_elements: TensorLike, *, invert: bool = False) -> Tensor:
    """True where an element of `elements` is among `test_elements`.

    Args:
        invert: true where it is not.

    Raises: TypeError if neither is a tensor; RuntimeError for tensors on different backends.
    """
    given = [x for x in (elements, test_elements) if isinstance(x, Variable)]
    if not given:
        raise TypeError("isin: wanted a tensor among elements and test_elements, got numbers.")
    check_backends("isin", *given)
    x = given[0]
    left, right = (
        y.backend.to_numpy(y._data) if isinstance(y, Variable) else y
        for y in (elements, test_elements)
    )
    return x._new(x.backend.from_numpy(np.asarray(np.isin(left, right, invert=invert))))


# -- logic -----------------------------------------------------------------------------------------


class LogicalAnd(Comparison):
    """Both are nonzero."""

    operator = staticmethod(ops.logical_and)


class LogicalOr(Comparison):
    """Either is nonzero."""

    operator = staticmethod(ops.logical_or)


class LogicalXor(Comparison):
    """Exactly one is nonzero."""

    operator = staticmethod(ops.logical_xor)


@guarded
def logical_and(input: Tensor, other: TensorLike) -> Tensor:
    """True where both are nonzero."""
    return binary(LogicalAnd, input, other)


@guarded
def logical_or(input: Tensor, other: TensorLike) -> Tensor:
    """True where either is nonzero."""
    return binary(LogicalOr, input, other)


@guarded
def logical_xor(input: Tensor, other: TensorLike) -> Tensor:
    """True where exactly one is nonzero."""
    return binary(LogicalXor, input, other)


@guarded
def logical_not(input: Tensor) -> Tensor:
    """True where an element is zero."""
    return map_(ops.logical_not, input, bool_)


# -- bits ------------------------------------------------------------------------------------------


class Bitwise(Function):
    """A bitwise function of two integers, or a logical one of two bools. No gradient passes."""

    operator: ClassVar[Any]

    @classmethod
    def apply(cls, x: Tensor, y: Tensor) -> Tensor:
        """Combine bit by bit; nothing is recorded."""
        _check_bits(cls.operator.__name__, x)
        return zip_(cls.operator, x, y)


class BitwiseAnd(Bitwise):
    """The bits set in both."""

    operator = staticmethod(ops.bitwise_and)


class BitwiseOr(Bitwise):
    """The bits set in either."""

    operator = staticmethod(ops.bitwise_or)


class BitwiseXor(Bitwise):
    """The bits set in exactly one."""

    operator = staticmethod(ops.bitwise_xor)


class Shift(Function):
    """The bits of an integer moved by a number of places. No gradient passes."""

    operator: ClassVar[Any]

    @classmethod
    def apply(cls, x: Tensor, places: Tensor) -> Tensor:
        """Shift each element; nothing is recorded."""
        name = cls.operator.__name__
        if x.dtype.kind != "int":
            raise TypeError(
                f"{name}: wanted integers, got {x.dtype}. Convert with .long(), or multiply by a "
                "power of 2."
            )
        if (places < 0).any():
            raise ValueError(
                f"{name}: got a negative number of places. Shift the other way instead."
            )
        return zip_(cls.operator, x, places)


class BitwiseLeftShift(Shift):
    """The bits moved to the left, zeros moved in."""

    operator = staticmethod(ops.bitwise_left_shift)


class BitwiseRightShift(Shift):
    """The bits moved to the right, the sign moved in."""

    operator = staticmethod(ops.bitwise_right_shift)


def _check_bits(operation: str, x: Tensor) -> None:
    if x.dtype.kind == "float":
        raise TypeError(
            f"{operation}: wanted integers or bool, got {x.dtype}. Compare first, "
            "for example with x != 0."
        )


@guarded
def bitwise_and(input: Tensor, other: TensorLike) -> Tensor:
    """input & other: bit by bit for integers, logic for bool.

    Raises: TypeError for floating point.
    """
    return binary(BitwiseAnd, input, other)


@guarded
def bitwise_or(input: Tensor, other: TensorLike) -> Tensor:
    """input | other: bit by bit for integers, logic for bool.

    Raises: TypeError for floating point.
    """
    return binary(BitwiseOr, input, other)


@guarded
def bitwise_xor(input: Tensor, other: TensorLike) -> Tensor:
    """input ^ other: bit by bit for integers, logic for bool.

    Raises: TypeError for floating point.
    """
    return binary(BitwiseXor, input, other)


@guarded
def bitwise_not(input: Tensor) -> Tensor:
    """~input: every bit flipped for integers, logical not for bool.

    Raises: TypeError for floating point.
    """
    _check_bits("bitwise_not", input)
    return logical_not(input) if input.dtype is bool_ else map_(ops.bitwise_not, input)  # type: ignore[arg-type]


@guarded
def bitwise_left_shift(input: Tensor, other: TensorLike) -> Tensor:
    """input << other: input times 2**other, without the bits that do not fit.

    Raises: TypeError for anything but integers; ValueError for a negative number of places.
    """
    return binary(BitwiseLeftShift, input, other)


@guarded
def bitwise_right_shift(input: Tensor, other: TensorLike) -> Tensor:
    """input >> other: floor(input / 2**other).

    Raises: TypeError for anything but integers; ValueError for a negative number of places.
    """
    return binary(BitwiseRightShift, input, other)


# -- the operators == and != ----------------------------------------------------------------------

#: The operand types that == and != compare elementwise; anything else is unequal to a tensor.
_OPERANDS: tuple[Any, ...] = (Methods, *NUMBERS, np.ndarray)


def _equal_to(input: Tensor, other: object) -> Tensor:
    """input == other."""
    return binary(EQ, input, other) if isinstance(other, _OPERANDS) else NotImplemented


def _unequal_to(input: Tensor, other: object) -> Tensor:
    """input != other."""
    return binary(NE, input, other) if isinstance(other, _OPERANDS) else NotImplemented


# -- other names -----------------------------------------------------------------------------------

greater_equal = ge
greater = gt
less_equal = le
less = lt
not_equal = ne


# -- methods, and what the package exports ---------------------------------------------------------


class ComparisonMethods(Methods):
    """Comparisons and logic, and their operators."""

    lt = less = lt
    le = less_equal = le
    gt = greater = gt
    ge = greater_equal = ge
    eq = eq
    ne = not_equal = ne
    is_close = is_close
    isclose = isclose
    allclose = allclose
    equal = equal
    isnan = isnan
    isinf = isinf
    isposinf = isposinf
    isneginf = isneginf
    isfinite = isfinite
    signbit = signbit
    logical_and = logical_and
    logical_and_ = in_place(logical_and)
    logical_or = logical_or
    logical_or_ = in_place(logical_or)
    logical_xor = logical_xor
    logical_xor_ = in_place(logical_xor)
    logical_not = logical_not
    logical_not_ = in_place(logical_not)
    bitwise_and = bitwise_and
    bitwise_and_ = in_place(bitwise_and)
    bitwise_or = bitwise_or
    bitwise_or_ = in_place(bitwise_or)
    bitwise_xor = bitwise_xor
    bitwise_xor_ = in_place(bitwise_xor)
    bitwise_not = bitwise_not
    bitwise_not_ = in_place(bitwise_not)
    bitwise_left_shift = bitwise_left_shift
    bitwise_left_shift_ = in_place(bitwise_left_shift)
    bitwise_right_shift = bitwise_right_shift
    bitwise_right_shift_ = in_place(bitwise_right_shift)

    __lt__ = lt
    __le__ = le
    __gt__ = gt
    __ge__ = ge
    __eq__ = _equal_to  # type: ignore[assignment]
    __ne__ = _unequal_to  # type: ignore[assignment]
    #: Elementwise == leaves identity as the only way to tell tensors apart in a dict.
    __hash__ = object.__hash__
    __and__ = __rand__ = bitwise_and
    __iand__ = augmented(bitwise_and)
    __or__ = __ror__ = bitwise_or
    __ior__ = augmented(bitwise_or)
    __xor__ = __rxor__ = bitwise_xor
    __ixor__ = augmented(bitwise_xor)
    __lshift__ = bitwise_left_shift
    __rlshift__ = reflected(bitwise_left_shift)  # type: ignore[arg-type]
    __ilshift__ = augmented(bitwise_left_shift)
    __rshift__ = bitwise_right_shift
    __rrshift__ = reflected(bitwise_right_shift)  # type: ignore[arg-type]
    __irshift__ = augmented(bitwise_right_shift)
    __invert__ = bitwise_not


__all__ = [
    "allclose",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "eq",
    "equal",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "is_close",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "le",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "ne",
    "not_equal",
    "signbit",
]
