"""Filling a tensor in place, with one value or with random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch_autodiff import Variable
from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import check_fits
from minitorch_tensor.functions.methods import Methods
from minitorch_tensor.random import Generator, default_generator
from minitorch_tensor.silence import converted
from minitorch_tensor.writing import recorded, write

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Number, Tensor, TensorLike

__all__: list[str] = []  # the package exports nothing of it

#: The bounds up to which each dtype holds every integer, for `random_`.
_COUNTABLE = {
    dtypes.bool_: 2,
    dtypes.uint8: 2**8,
    dtypes.int32: 2**31,
    dtypes.int64: 2**63 - 1,
    dtypes.float32: 2**24,
}


def fill_(input: Tensor, value: TensorLike) -> Tensor:
    """Set every element."""
    return write("fill_", input, value)


def zero_(input: Tensor) -> Tensor:
    """Set every element to 0."""
    return write("zero_", input, 0, apart=False)


def fill_diagonal_(input: Tensor, fill_value: Number) -> Tensor:
    """Set every element whose indices are all equal.

    Raises: ValueError for less than two dimensions.
    """
    if input.ndim < 2:
        raise ValueError(f"fill_diagonal_: wanted two dimensions or more, got {input.shape}.")
    data = input._data
    place = data.as_strided((min(data.shape),), (sum(data.strides),), data.offset)
    write("fill_diagonal_", input._view(place), fill_value)
    return input


def uniform_(
    input: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Set every element to a random number, uniform in [from_, to)."""
    return _fill_from(input, "uniform_", generator, "uniform", from_, to)


def normal_(
    input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Set every element to a random number, normal with the given mean and standard deviation."""
    return _fill_from(input, "normal_", generator, "normal", mean, std)


def exponential_(
    input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Set every element to a random number, exponential with rate `lambd`."""
    return _fill_from(input, "exponential_", generator, "exponential", 1.0 / lambd)


def random_(
    input: Tensor, from_: int = 0, to: int | None = None, *, generator: Generator | None = None
) -> Tensor:
    """Set every element to a random integer: in [from_, to), in [0, from_) without `to`, or by
    default in [0, n), where the dtype holds every integer up to n.

    Raises: ValueError if there are none.
    """
    if to is None:
        low, high = 0, from_ or _COUNTABLE.get(input.dtype, 2**53)
    else:
        low, high = from_, to
    if low >= high:
        raise ValueError(f"random_: from_ {low} must be less than to {high}.")
    check_fits("random_", (low, high - 1), input.dtype)
    return _fill_from(input, "random_", generator, "integers", low, high)


def bernoulli_(input: Tensor, p: TensorLike = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Set every element to 1 with probability `p` (one, or one for each element), else 0.

    Raises: ValueError for a probability outside of [0, 1].
    """
    likely = p.detach().numpy() if isinstance(p, Variable) else np.asarray(p)
    if not ((likely >= 0) & (likely <= 1)).all():
        raise ValueError("bernoulli_: probabilities must lie in [0, 1].")
    recorded("bernoulli_", input)
    drawn = (generator or default_generator).draw("random", input.shape)
    values = np.asarray(np.asarray(drawn) < likely, input.dtype.numpy)
    return write("bernoulli_", input, input._new(input.backend.from_numpy(values)))


def _fill_from(
    input: Tensor, operation: str, generator: Generator | None, kind: str, *parameters: float
) -> Tensor:
    recorded(operation, input)
    values = (generator or default_generator).draw(kind, *parameters, input.shape)
    array = converted(np.asarray(values), input.dtype.numpy)
    return write(operation, input, input._new(input.backend.from_numpy(array)))


class FillingMethods(Methods):
    """Values for all elements, in place."""

    fill_ = fill_
    zero_ = zero_
    fill_diagonal_ = fill_diagonal_
    uniform_ = uniform_
    normal_ = normal_
    exponential_ = exponential_
    random_ = random_
    bernoulli_ = bernoulli_
