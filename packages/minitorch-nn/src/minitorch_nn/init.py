"""Initial values of parameters. Each function fills a tensor in place and returns it.

`fan_in` is the number of inputs that an output depends on, `fan_out` the number of outputs that an
input affects. Random functions draw from `generator`, or from the default one if it is omitted.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

import minitorch_tensor as mt
from minitorch_autodiff.hints import lacking
from minitorch_tensor import (
    Generator,
    Tensor,
    float64,
    from_numpy,
    no_grad,
    rand,
    randn,
    randperm,
)


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in, *kernel).

    Raises: ValueError for fewer than two dimensions.
    """
    if len(shape) < 2:
        raise ValueError(
            f"init: fan_in and fan_out need a weight of 2 dimensions or more, got {tuple(shape)}. "
            "Fill it with uniform_, normal_ or constant_."
        )
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The recommended factor for a weight's standard deviation, given the nonlinearity after it.

    Args:
        nonlinearity: "linear" (also "sigmoid", "conv1d", "conv2d"), "tanh", "relu", "leaky_relu"
            or "selu".
        param: the slope of leaky_relu, 0.01 if omitted.

    Raises: ValueError for another name.
    """
    slope = 0.01 if param is None else param
    gains = {
        **dict.fromkeys(("linear", "sigmoid", "conv1d", "conv2d"), 1.0),
        "tanh": 5.0 / 3.0,
        "relu": math.sqrt(2.0),
        "leaky_relu": math.sqrt(2.0 / (1.0 + slope * slope)),
        "selu": 3.0 / 4.0,
    }
    if nonlinearity not in gains:
        raise ValueError(
            f"calculate_gain: no gain is known for {nonlinearity!r}; wanted one of "
            f"{', '.join(gains)}."
        )
    return gains[nonlinearity]


@no_grad()
def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Uniform in [a, b)."""
    drawn = rand(*tensor.shape, generator=generator, dtype=tensor.dtype, device=tensor.backend)
    return tensor.copy_(drawn * (b - a) + a)


@no_grad()
def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Normal."""
    drawn = randn(*tensor.shape, generator=generator, dtype=tensor.dtype, device=tensor.backend)
    return tensor.copy_(drawn * std + mean)


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element `val`."""
    return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Every element 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Every element 1."""
    return constant_(tensor, 1.0)


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Uniform in [-b, b], b = gain sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010,
    equation 16)."""
    bound = gain * math.sqrt(6.0 / max(sum(fans(tensor.shape)), 1))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal, std = gain sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 12)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / max(sum(fans(tensor.shape)), 1)), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Uniform in [-b, b], b = gain sqrt(3 / fan) (He et al. 2015, section 2.2).

    Args:
        a: slope of the leaky rectifier that follows, 0 for a plain one.
        mode: "fan_in" keeps the variance of activations, "fan_out" that of gradients.
        nonlinearity: the one that follows, as in `calculate_gain`.
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normal, std = gain / sqrt(fan) (He et al. 2015, section 2.2). Args: as
    `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"init: mode must be fan_in or fan_out, got {mode!r}.")
    fan = fans(tensor.shape)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))  # 0 for a weight of no elements


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Orthonormal rows or columns, whichever are fewer, times `gain` (Saxe et al. 2014, section
    3); dimensions after the first are flattened.

    Raises: ValueError for fewer than two dimensions.
    """
    rows, columns = tensor.shape[0], fans(tensor.shape)[0]
    drawn = randn(rows, columns, generator=generator, dtype=tensor.dtype).numpy()
    tall = drawn if drawn.shape[0] >= drawn.shape[1] else drawn.T
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diag(r) < 0, -1, 1)  # makes the distribution uniform
    chosen = q if tall is drawn else q.T
    flat = np.ascontiguousarray(gain * chosen, drawn.dtype)
    return tensor.copy_(from_numpy(flat).to(tensor.backend).reshape(tensor.shape))


@no_grad()
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Normal, drawn again until within [a, b].

    Raises: ValueError unless a is less than b and std positive.
    """
    if not a < b or not std > 0.0:
        raise ValueError(
            f"trunc_normal_: wanted a less than b and std above 0, got a={a}, b={b}, std={std}."
        )
    low, high = (math.erf((end - mean) / std / math.sqrt(2.0)) for end in (a, b))
    often = high - low > 0.6  # else most draws would lie outside: draw within, and accept some
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    values = np.full(math.prod(tensor.shape), np.nan)
    left = np.arange(values.size)
    while left.size:
        if often:
            drawn = randn(left.size, generator=generator, dtype=float64, device="numpy").numpy()
            drawn = drawn * std + mean
            accepted = (drawn >= a) & (drawn <= b)
        else:
            unit = rand(2, left.size, generator=generator, dtype=float64, device="numpy").numpy()
            drawn = a + (b - a) * unit[0]
            accepted = unit[1] < np.exp(-0.5 * ((drawn - mean) / std) ** 2 - peak)
        values[left[accepted]] = drawn[accepted]
        left = left[~accepted]
    array = values.astype(tensor.dtype.numpy).clip(a, b).reshape(tensor.shape)
    return tensor.copy_(from_numpy(array).to(tensor.backend))


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """1 on the diagonal of a matrix, 0 elsewhere: a `Linear` that changes nothing.

    Raises: ValueError unless it is a matrix.
    """
    if tensor.ndim != 2:
        raise ValueError(f"eye_: wanted a matrix, got {tensor.shape}.")
    return tensor.copy_(mt.eye(*tensor.shape, dtype=tensor.dtype, device=tensor.backend))


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """1 in the middle of the window from each channel to itself, 0 elsewhere: a convolution that
    changes nothing, in each group.

    Raises: ValueError unless it is (O, C, *kernel) with O divisible by groups.
    """
    if tensor.ndim not in (3, 4, 5) or groups < 1 or tensor.shape[0] % groups:
        raise ValueError(
            f"dirac_: wanted a weight (O, C, *kernel) with O divisible by groups={groups}, got "
            f"{tensor.shape}."
        )
    array = np.zeros(tensor.shape, tensor.dtype.numpy)
    outputs = tensor.shape[0] // groups
    for channel in range(min(outputs, tensor.shape[1])):
        for group in range(groups):
            middle = tuple([size // 2 for size in tensor.shape[2:]])
            array[(group * outputs + channel, channel, *middle)] = 1.0
    return tensor.copy_(from_numpy(array).to(tensor.backend))


@no_grad()
def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Normal, but 0 in a share `sparsity` of the rows of each column (Martens 2010, section 5).

    Raises: ValueError unless it is a matrix.
    """
    if tensor.ndim != 2:
        raise ValueError(f"sparse_: wanted a matrix, got {tensor.shape}.")
    rows, columns = tensor.shape
    kept = np.ones((rows, columns), tensor.dtype.numpy)
    for column in range(columns):
        chosen = randperm(rows, generator=generator, device="numpy").numpy()
        kept[chosen[: math.ceil(sparsity * rows)], column] = 0.0
    normal_(tensor, 0.0, std, generator)
    return tensor.copy_(tensor * from_numpy(kept).to(tensor.backend))


def default_(weight: Tensor, bias: Tensor | None) -> None:
    """PyTorch's default for Linear and convolutions: all uniform in [-b, b], b = 1 / sqrt(fan_in).

    For the weight this equals `kaiming_uniform_` with a = sqrt(5).
    """
    kaiming_uniform_(weight, math.sqrt(5.0))
    if bias is not None:
        bound = 1.0 / math.sqrt(max(fans(weight.shape)[0], 1))
        uniform_(bias, -bound, bound)


# -- former names ----------------------------------------------------------------------------------


def _former(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """PyTorch's former name of a function, without the underscore at its end; it warns."""
    new = function.__name__
    old = new.removesuffix("_")

    @wraps(function)
    def renamed(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(
            f"init.{old} is now called init.{new}, since it changes its argument.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    renamed.__name__ = old
    renamed.__doc__ = f"The former name of `{new}`."
    return renamed


uniform = _former(uniform_)
normal = _former(normal_)
constant = _former(constant_)
eye = _former(eye_)
dirac = _former(dirac_)
xavier_uniform = _former(xavier_uniform_)
xavier_normal = _former(xavier_normal_)
kaiming_uniform = _former(kaiming_uniform_)
kaiming_normal = _former(kaiming_normal_)
orthogonal = _former(orthogonal_)
sparse = _former(sparse_)


if not TYPE_CHECKING:  # type checkers know every name
    __getattr__ = lacking(__name__)
