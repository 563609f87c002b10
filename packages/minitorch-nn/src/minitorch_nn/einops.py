"""einops' operations as layers: `Rearrange`, `Reduce` and `EinMix`.

They have the arguments of those in `einops.layers.torch`. einops must be installed
(`pip install einops`); no other module needs it.
"""

from __future__ import annotations

from einops.layers import RearrangeMixin, ReduceMixin
from einops.layers._einmix import _EinmixMixin  # noqa: PLC2701 - no other door to it

import minitorch_tensor as mt
from minitorch_nn.module import Module, Parameter
from minitorch_tensor import Tensor


class Rearrange(RearrangeMixin, Module):
    """`einops.rearrange` with a fixed pattern.

    Args:
        pattern: such as "b c h w -> b (c h w)".
        axes_lengths: sizes that the pattern does not tell, by name.
    """

    def forward(self, input: Tensor) -> Tensor:
        result: Tensor = self._apply_recipe(input)  # type: ignore[no-untyped-call]
        return result


class Reduce(ReduceMixin, Module):
    """`einops.reduce` with a fixed pattern.

    Args:
        pattern: such as "b c (h 2) (w 2) -> b c h w".
        reduction: "max", "min", "sum", "mean", "prod", "any" or "all".
        axes_lengths: sizes that the pattern does not tell, by name.
    """

    def forward(self, input: Tensor) -> Tensor:
        result: Tensor = self._apply_recipe(input)  # type: ignore[no-untyped-call]
        return result


class EinMix(_EinmixMixin, Module):
    """`einops.einsum` of the input and a weight that is learned, and a bias added.

    Args:
        pattern: from the input's axes to the result's: "b c_in h -> b c_out h".
        weight_shape: the axes of the weight: "c_in c_out".
        bias_shape: the axes of the bias, which the result has too; no bias if None.
        axes_lengths: the size of each axis of the weight and the bias, by name.

    Attributes:
        weight: uniform in [-b, b] with b = sqrt(3 / n), n inputs for each output.
        bias: uniform in [-b, b] with b = sqrt(1 / n); or None.
    """

    def _create_parameters(
        self,
        weight_shape: list[int],
        weight_bound: float,
        bias_shape: list[int] | None,
        bias_bound: float,
    ) -> None:
        self.weight = _uniform(weight_shape, weight_bound)
        self.bias = None if bias_shape is None else _uniform(bias_shape, bias_bound)

    def _create_rearrange_layers(
        self,
        pre_reshape_pattern: str | None,
        pre_reshape_lengths: dict[str, int] | None,
        post_reshape_pattern: str | None,
        post_reshape_lengths: dict[str, int] | None,
    ) -> None:
        self.pre_rearrange = _rearrange(pre_reshape_pattern, pre_reshape_lengths)
        self.post_rearrange = _rearrange(post_reshape_pattern, post_reshape_lengths)

    def forward(self, input: Tensor) -> Tensor:
        x = input if self.pre_rearrange is None else self.pre_rearrange(input)
        result = mt.einsum(self.einsum_pattern, x, self.weight)
        if self.bias is not None:
            result = result + self.bias
        return result if self.post_rearrange is None else self.post_rearrange(result)


def _uniform(shape: list[int], bound: float) -> Parameter:
    return Parameter(mt.empty(shape).uniform_(-bound, bound))


def _rearrange(pattern: str | None, lengths: dict[str, int] | None) -> Rearrange | None:
    return None if pattern is None else Rearrange(pattern, **(lengths or {}))


__all__ = ["EinMix", "Rearrange", "Reduce"]
