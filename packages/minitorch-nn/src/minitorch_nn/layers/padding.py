"""Padding layers: `functional.pad` of the last dimensions."""

from __future__ import annotations

from typing import ClassVar

from minitorch_nn import functional as F
from minitorch_nn.functional.windows import Pair
from minitorch_nn.module import Module
from minitorch_tensor import Tensor


class _Pad(Module):
    """Padding of the last `dims` dimensions.

    Args:
        padding: for each side, from the last dimension to the first, how much to add; or one
            number for all sides. Negative numbers crop.

    Raises: ValueError for another number of sides, or an input of other dimensions than
        (N, C, *) or (C, *).
    """

    #: How many dimensions are padded, and in which mode of `functional.pad`.
    dims: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: Pair) -> None:
        sides = (padding,) * (2 * self.dims) if isinstance(padding, int) else tuple(padding)
        if len(sides) != 2 * self.dims:
            raise ValueError(
                f"{type(self).__name__}: padding must be one number or {2 * self.dims}, for the "
                f"sides of {self.dims} dimensions, got {padding}."
            )
        self.padding = sides

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (self.dims + 1, self.dims + 2):
            layout = ", ".join("DHW"[-self.dims :] if self.dims > 1 else "L")
            raise ValueError(
                f"{type(self).__name__}: wanted an input of shape (N, C, {layout}) or "
                f"(C, {layout}), got {input.shape}."
            )
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return str(self.padding)


class _ConstantPad(_Pad):
    """Padding by one value, of an input of any more dimensions."""

    mode = "constant"

    def __init__(self, padding: Pair, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Pair) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return str(self.padding)


class ConstantPad1d(_ConstantPad):
    """(N, C, L) or (C, L) with a constant around it.

    Args: padding, one number or (left, right); value.
    """

    dims = 1


class ConstantPad2d(_ConstantPad):
    """(N, C, H, W) or (C, H, W) with a constant around it.

    Args: padding, one number or (left, right, top, bottom); value.
    """

    dims = 2


class ZeroPad1d(_ZeroPad):
    """(N, C, L) or (C, L) with zeros around it.

    Args: padding, one number or (left, right).
    """

    dims = 1


class ZeroPad2d(_ZeroPad):
    """(N, C, H, W) or (C, H, W) with zeros around it.

    Args: padding, one number or (left, right, top, bottom).
    """

    dims = 2


class ReflectionPad1d(_Pad):
    """(N, C, L) or (C, L) with its mirror image, without the edge, around it.

    Args: padding, one number or (left, right).
    """

    dims = 1
    mode = "reflect"


class ReflectionPad2d(_Pad):
    """(N, C, H, W) or (C, H, W) with its mirror image, without the edge, around it.

    Args: padding, one number or (left, right, top, bottom).
    """

    dims = 2
    mode = "reflect"


class ReplicationPad1d(_Pad):
    """(N, C, L) or (C, L) with its edge, repeated, around it.

    Args: padding, one number or (left, right).
    """

    dims = 1
    mode = "replicate"


class ReplicationPad2d(_Pad):
    """(N, C, H, W) or (C, H, W) with its edge, repeated, around it.

    Args: padding, one number or (left, right, top, bottom).
    """

    dims = 2
    mode = "replicate"


class CircularPad1d(_Pad):
    """(N, C, L) or (C, L) with its other end around it.

    Args: padding, one number or (left, right).
    """

    dims = 1
    mode = "circular"


class CircularPad2d(_Pad):
    """(N, C, H, W) or (C, H, W) with its other end around it.

    Args: padding, one number or (left, right, top, bottom).
    """

    dims = 2
    mode = "circular"


__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ZeroPad1d",
    "ZeroPad2d",
]
