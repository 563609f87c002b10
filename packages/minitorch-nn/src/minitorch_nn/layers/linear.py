"""The affine layer."""

from __future__ import annotations

from typing import Any

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.module import Module, Parameter
from minitorch_tensor import DType, Tensor
from minitorch_tensor.extend import Place


class Linear(Module):
    """y = x @ weight^T + bias.

    Args:
        in_features: size of the last dimension of the input.
        out_features: size of the last dimension of the output.
        bias: true to add a learned bias.
        device, dtype: of the parameters.

    Attributes:
        weight: (out_features, in_features), uniform in [-b, b] with b = 1 / sqrt(in_features).
        bias: (out_features), likewise; or None.

    Shapes: (..., in_features) -> (..., out_features)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self.in_features = in_features
        self.out_features = out_features
        made: Any = {"device": device, "dtype": dtype}
        self.weight = Parameter(mt.empty(out_features, in_features, **made))
        self.bias = Parameter(mt.empty(out_features, **made)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise the parameters again."""
        init.default_(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


__all__ = ["Linear"]
