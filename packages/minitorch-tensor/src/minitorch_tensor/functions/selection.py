"""Choosing between values element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch_autodiff import Context, Function, Variable
from minitorch_tensor.dtypes import bool_, float32
from minitorch_tensor.functions.base import NUMBERS, alike, check_backends, number
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


def where(condition: Tensor, x: TensorLike, y: TensorLike) -> Tensor:
    """x where `condition` (bool) holds, else y; the three broadcast.

    Raises: TypeError if the condition is not bool, RuntimeError for several backends, ValueError
        for shapes that do not broadcast.
    """
    check_backends("where", condition)
    if condition.dtype is not bool_:
        raise TypeError(
            f"where: the condition must be bool, got {condition.dtype}. Compare first: x != 0."
        )
    if isinstance(x, NUMBERS) and isinstance(y, NUMBERS):
        fractional = not (hasattr(x, "__index__") and hasattr(y, "__index__"))
        beside = condition.to(float32) if fractional else condition
        x, y = number(Where, x, beside), number(Where, y, beside)
    chosen = alike(Where, x, y)
    check_backends("where", condition, *chosen)
    for operand in chosen:
        broadcast_shapes(operand.shape, condition.shape, "where")
    return Where.apply(condition, *chosen)  # type: ignore[no-any-return]


def masked_fill(x: Tensor, mask: Tensor, value: TensorLike) -> Tensor:
    """x with `value`, a number or zero-dimensional tensor, where the bool mask holds.

    Raises: TypeError if the mask is not bool; ValueError if the value has dimensions.
    """
    if isinstance(value, Variable):
        if value.ndim:
            raise ValueError(
                f"masked_fill: the value must be a number or zero-dimensional, got shape "
                f"{value.shape}. Use where."
            )
        value = value.to(x.dtype)
    else:
        value = x._new(x.backend.constant(value, x.dtype))
    return where(mask, value, x)


def nan_to_num(
    x: Tensor, nan: Number = 0.0, posinf: Number | None = None, neginf: Number | None = None
) -> Tensor:
    """x with NaN replaced by `nan`, and infinities by the given numbers or the largest finite ones.

    A gradient passes where nothing was replaced.
    """
    if x.dtype.kind != "float":
        return x.clone()
    largest = float(np.finfo(x.dtype.numpy).max)
    high = largest if posinf is None else posinf
    low = -largest if neginf is None else neginf
    infinite = x.isinf()
    result = masked_fill(x, infinite & (x > 0), high)
    result = masked_fill(result, infinite & (x < 0), low)
    return masked_fill(result, x.isnan(), nan)
