"""Choosing between values element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from minitorch_autodiff import Context, Function, Variable
from minitorch_tensor.dtypes import bool_, float32
from minitorch_tensor.functions.base import NUMBERS, alike, check_backends, constant, number
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods, in_place
from minitorch_tensor.layout import broadcast_shapes

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Number, Tensor, TensorLike


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


@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...


@overload
def where(condition: Tensor, input: TensorLike, other: TensorLike) -> Tensor: ...


@guarded
def where(
    condition: Tensor, input: TensorLike | None = None, other: TensorLike | None = None
) -> Any:
    """input where `condition` (bool) holds, else other; the three broadcast.

    With the condition alone, it returns `nonzero(condition, as_tuple=True)`.

    Raises: TypeError if the condition is not bool, RuntimeError for different backends, ValueError
        for shapes that do not broadcast.
    """
    check_backends("where", condition)
    if input is None or other is None:
        if input is not other:
            raise TypeError("where: give both of input and other, or none.")
        return condition.nonzero(as_tuple=True)
    if condition.dtype is not bool_:
        raise TypeError(
            f"where: the condition must be bool, got {condition.dtype}. Compare first: x != 0."
        )
    if isinstance(input, NUMBERS) and isinstance(other, NUMBERS):
        fractional = not (hasattr(input, "__index__") and hasattr(other, "__index__"))
        beside = condition.to(float32) if fractional else condition
        input, other = number(Where, input, beside), number(Where, other, beside)
    chosen = alike(Where, input, other)
    check_backends("where", condition, *chosen)
    for operand in chosen:
        broadcast_shapes(operand.shape, condition.shape, "where")
    return Where.apply(condition, *chosen)


@guarded
def masked_fill(input: Tensor, mask: Tensor, value: TensorLike) -> Tensor:
    """input with `value`, a number or zero-dimensional tensor, where the bool mask holds.

    Raises: TypeError if the mask is not bool; ValueError if the value has dimensions.
    """
    if isinstance(value, Variable):
        if value.ndim:
            raise ValueError(
                f"masked_fill: the value must be a number or zero-dimensional, got shape "
                f"{value.shape}. Use where."
            )
        value = value.to(input.dtype)
    else:
        value = constant("masked_fill", value, input)
    return where(mask, value, input)


@guarded
def nan_to_num(
    input: Tensor, nan: Number = 0.0, posinf: Number | None = None, neginf: Number | None = None
) -> Tensor:
    """input with NaN replaced by `nan`, and infinities by the given numbers or, by default, by the
    largest finite ones.

    A gradient passes where nothing was replaced.
    """
    if input.dtype.kind != "float":
        return input.clone()
    largest = float(np.finfo(input.dtype.numpy).max)
    high = largest if posinf is None else posinf
    low = -largest if neginf is None else neginf
    infinite = input.isinf()
    result = masked_fill(input, infinite & (input > 0), high)
    result = masked_fill(result, infinite & (input < 0), low)
    return masked_fill(result, input.isnan(), nan)


def _where_self(input: Tensor, condition: Tensor, other: TensorLike) -> Tensor:
    """input where `condition` (bool) holds, else other."""
    return where(condition, input, other)


# -- methods, and what the package exports ---------------------------------------------------------


class SelectionMethods(Methods):
    """Choices between values."""

    masked_fill = masked_fill
    masked_fill_ = in_place(masked_fill)
    nan_to_num = nan_to_num
    nan_to_num_ = in_place(nan_to_num)
    where = _where_self


__all__ = [
    "masked_fill",
    "nan_to_num",
    "where",
]
