"""Activation functions. Those that are also methods of tensors (sigmoid, tanh) are imported from
minitorch_tensor.

`inplace` is accepted where PyTorch has it, and saves no memory here: the result is a new tensor,
and the input keeps its elements.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import minitorch_tensor as mt
from minitorch_autodiff import operators
from minitorch_tensor import DType, Tensor, sigmoid, where
from minitorch_tensor.extend import Context, Function


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0). Any shape."""
    return input.relu()


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where positive, else negative_slope * x (Maas et al. 2013, section 2). Any shape."""
    return where(input > 0, input, input * negative_slope)


@mt.elementwise
def _gelu(x: Any) -> Any:
    return x * 0.5 * (1.0 + operators.erf(x * math.sqrt(0.5)))


@mt.elementwise
def _gelu_tanh(x: Any) -> Any:
    inner = (x + 0.044715 * x * x * x) * math.sqrt(2.0 / math.pi)
    return x * 0.5 * (1.0 + operators.tanh(inner))


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Phi(x), with Phi the normal distribution function (Hendrycks and Gimpel 2016, section 2).

    Args:
        approximate: "none", or "tanh" for their approximation
            0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3))).

    Raises: ValueError for any other `approximate`.
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}.")
    out: Tensor = _gelu(input) if approximate == "none" else _gelu_tanh(input)
    return out


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x), also called swish (Elfwing et al. 2018, equation 6). Any shape."""
    return input * input.sigmoid()


class Softplus(Function):
    """log(1 + e**x). Gradient: d sigmoid(x).

    It has its own backward because log1p(exp(-|x|)) + max(x, 0), which does not overflow, would
    get the derivative at 0 wrong: |x| and max have none there.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        out: Tensor = (-x.abs()).exp().log1p() + x.relu()
        return out

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return d * sigmoid(x)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + e**(beta x)) / beta, a smooth relu, without overflow. Any shape.

    Args:
        threshold: where beta x is above, the result is x.
    """
    scaled = input if beta == 1.0 else input * beta
    result: Tensor = Softplus.apply(scaled)
    if beta != 1.0:
        result = result / beta
    return result if threshold == math.inf else where(scaled > threshold, input, result)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), without underflow. Any shape."""
    return -Softplus.apply(-input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x)) (Misra 2019, section 3). Any shape."""
    return input * Softplus.apply(input).tanh()


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|). Any shape."""
    return input / (1.0 + input.abs())


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x). Any shape."""
    return input - input.tanh()


# -- exponential below 0 ---------------------------------------------------------------------------


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, else alpha (e**x - 1) (Clevert et al. 2016, equation 15). Any shape."""
    return where(input > 0, input, _below(input).expm1() * alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` scaled so that mean 0 and variance 1 are kept (Klambauer et al. 2017, equation 2). Any
    shape."""
    return elu(input, SELU_ALPHA) * SELU_SCALE


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where positive, else alpha (e**(x / alpha) - 1) (Barron 2017, equation 2). Any shape.

    Raises: ValueError for an alpha of 0.
    """
    if alpha == 0.0:
        raise ValueError("celu: alpha divides, and cannot be 0.")
    return where(input > 0, input, (_below(input) / alpha).expm1() * alpha)


#: The constants of selu: its fixed point is mean 0 and variance 1.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def _below(input: Tensor) -> Tensor:
    """x where it is not positive, else 0: the branch that is not taken must not overflow."""
    return where(input > 0, 0.0, input)


# -- pieces of lines -------------------------------------------------------------------------------


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x limited to [min_val, max_val], whose gradient is 0 also at both ends. Any shape.

    Raises: ValueError unless min_val is at most max_val.
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val {min_val} is larger than max_val {max_val}.")
    return where(input <= min_val, min_val, where(input >= max_val, max_val, input))


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """x limited to [0, 6] (Krizhevsky 2010, section 2). Any shape."""
    return hardtanh(input, 0.0, 6.0)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """x / 6 + 1 / 2, limited to [0, 1] (Courbariaux et al. 2015, with PyTorch's slope). Any
    shape."""
    return hardtanh(input, -3.0, 3.0) / 6.0 + 0.5


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x) (Howard et al. 2019, section 5.2). Any shape."""
    middle = input * (input + 3.0) / 6.0
    return where(input <= -3.0, 0.0, where(input >= 3.0, input, middle))


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it is above `threshold`, else `value`. Any shape."""
    return where(input <= threshold, value, input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved by lambd towards 0, and 0 where it is nearer than that. Any shape.

    Raises: ValueError for a negative lambd.
    """
    if not lambd >= 0.0:
        raise ValueError(f"softshrink: lambd must be at least 0, got {lambd}.")
    near = input * 0.0  # which keeps NaN
    return where(input > lambd, input - lambd, where(input < -lambd, input + lambd, near))


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x, but 0 where |x| is at most lambd. Any shape."""
    return where(input.abs() <= lambd, 0.0, input)


# -- learned, gated, and along a dimension ---------------------------------------------------------


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where positive, else weight x (He et al. 2015, section 2.1).

    Shapes: input (N, C, *), weight (C); or input of any shape and a weight of one element
    Raises: ValueError if the weight has another shape.
    """
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.ndim > 1 or weight.numel() not in (1, channels):
        raise ValueError(
            f"prelu: wanted a weight of one element, or one for each of the {channels} channels of "
            f"input {input.shape}, got shape {weight.shape}."
        )
    if input.ndim > 1:
        weight = weight.reshape(-1, *[1] * (input.ndim - 2))
    return where(input > 0, input, input * weight)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a sigmoid(b), where a and b are the halves of x along `dim` (Dauphin et al. 2017, section 2).

    Raises: ValueError for an odd size.
    """
    if input.ndim == 0 or input.shape[dim] % 2:
        raise ValueError(
            f"glu: wanted an even size along dimension {dim}, for two halves, got {input.shape}."
        )
    a, b = input.chunk(2, dim)
    return a * b.sigmoid()


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """exp(x) / sum(exp(x)) along `dim`, after a conversion to `dtype` if given. Any shape.

    Without `dim` it is chosen as PyTorch once did, with its warning: 1, or 0 for 0, 1 or 3
    dimensions.
    """
    return mt.softmax(input, _chosen("softmax", input, dim, _stacklevel), dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """softmax(-x) along `dim`. Args: as `softmax`."""
    return mt.softmax(-input, _chosen("softmin", input, dim, _stacklevel), dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """log(softmax(x)) along `dim`. Args: as `softmax`."""
    return mt.log_softmax(input, _chosen("log_softmax", input, dim, _stacklevel), dtype)


def _chosen(operation: str, input: Tensor, dim: int | None, stacklevel: int) -> int:
    if dim is not None:
        return dim
    dim = 0 if input.ndim in (0, 1, 3) else 1
    warnings.warn(
        f"{operation}: the choice of a dimension is deprecated. Say dim={dim} to keep it.",
        stacklevel=stacklevel,
    )
    return dim


__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanhshrink",
    "threshold",
]
