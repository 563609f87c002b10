"""What einops needs to know of MiniTorch; einops finds the class by itself.

It is imported when einops is (see `_following`), and only then.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy.typing as npt
from einops._backends import AbstractBackend  # noqa: PLC2701 - where einops looks for backends

from minitorch_tensor import creation
from minitorch_tensor.functions import joining, views
from minitorch_tensor.functions.einsum import einsum
from minitorch_tensor.tensor import Tensor

#: Our methods for einops' reductions.
_REDUCTIONS = {name: name for name in ("sum", "mean", "prod", "any", "all")} | {
    "max": "amax",
    "min": "amin",
}


class MiniTorchBackend(AbstractBackend):
    """The operations of which einops composes its own. Gradients pass."""

    framework_name = "minitorch_tensor"

    def is_appropriate_type(self, tensor: object) -> bool:
        """True for tensors."""
        return isinstance(tensor, Tensor)

    def from_numpy(self, x: npt.NDArray[Any]) -> Tensor:
        """A tensor over an array's memory, which requires a gradient if it is floating point."""
        result = creation.from_numpy(x)
        return result.requires_grad_() if self.is_float_type(result) else result

    def to_numpy(self, x: Tensor) -> npt.NDArray[Any]:
        """The elements, without history."""
        return x.numpy(force=True)

    def arange(self, start: int, stop: int) -> Tensor:
        """start, start + 1, ... before stop."""
        return creation.arange(start, stop)

    def reduce(self, x: Tensor, operation: str, axes: Sequence[int]) -> Tensor:
        """One of einops' reductions along axes."""
        result: Tensor = getattr(x, _REDUCTIONS[operation])(dim=tuple(axes))
        return result

    def transpose(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        """Axes in another order."""
        return views.permute(x, tuple(axes))

    def stack_on_zeroth_dimension(self, tensors: list[Tensor]) -> Tensor:
        """Tensors stacked along a new first axis."""
        return joining.stack(tensors)

    def add_axis(self, x: Tensor, new_position: int) -> Tensor:
        """x with a new axis of size 1."""
        return views.unsqueeze(x, new_position)

    def add_axes(self, x: Tensor, n_axes: int, pos2len: dict[int, int]) -> Tensor:
        """x repeated along new axes: a view."""
        sizes = [-1] * n_axes
        for position, length in pos2len.items():
            x = views.unsqueeze(x, position)
            sizes[position] = length
        return views.expand(x, sizes)

    def tile(self, x: Tensor, repeats: Sequence[int]) -> Tensor:
        """x laid out repeatedly along each axis."""
        return x.repeat(tuple(repeats))

    def concat(self, tensors: Sequence[Tensor], axis: int) -> Tensor:
        """Tensors concatenated along an axis."""
        return joining.cat(list(tensors), axis)

    def is_float_type(self, x: Tensor) -> bool:
        """True for floating point."""
        return x.is_floating_point()

    def layers(self) -> ModuleType:
        """The layers Rearrange, Reduce and EinMix, which are part of minitorch-nn."""
        return importlib.import_module("minitorch_nn.einops")

    def einsum(self, pattern: str, *x: Tensor) -> Tensor:
        """Products summed over the axes that the result does not name."""
        return einsum(pattern, *x)
