"""A number has one place to name: along dimension 0 or -1 it is a vector of one element.

As in PyTorch, what a function gives along that dimension has no dimension either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.testing import assert_close

Call = Callable[[Tensor, int], Any]


def index(x: Tensor, value: int = 0) -> Tensor:
    """An index of as many dimensions as x."""
    return mt.full(x.shape, value, dtype="int64")


def like(x: Tensor, value: float) -> Tensor:
    """A number in the shape of x, with a gradient to send."""
    return mt.full(x.shape, value, dtype=x.dtype)


def spread(name: str) -> Call:
    return lambda x, dim: getattr(mt, name)(x, dim, correction=0)


ALONG: dict[str, Call] = {
    name: lambda x, dim, name=name: getattr(mt, name)(x, dim)
    for name in (
        *("all", "amax", "amin", "any", "argmax", "argmin", "argsort", "count_nonzero", "cummax"),
        *("cummin", "cumprod", "cumsum", "flip", "log_softmax", "logcumsumexp", "logsumexp", "max"),
        *("mean", "median", "min", "nanmean", "nansum", "prod", "softmax", "sort", "sum"),
    )
}
ALONG |= {
    f"{name}, kept": lambda x, dim, name=name: getattr(mt, name)(x, dim, True)
    for name in (
        *("all", "amax", "amin", "any", "argmax", "argmin", "logsumexp", "max", "mean", "median"),
        *("min", "nanmean", "nansum", "prod", "sum"),
    )
}
ALONG |= {name: spread(name) for name in ("var", "std", "var_mean", "std_mean")}
ALONG |= {
    "aminmax": lambda x, dim: mt.aminmax(x, dim=dim),
    "norm": lambda x, dim: mt.norm(x, 2, dim),
    "norm of 1": lambda x, dim: mt.norm(x, 1, dim, True),
    "kthvalue": lambda x, dim: mt.kthvalue(x, 1, dim),
    "topk": lambda x, dim: mt.topk(x, 1, dim),
    "sort, descending": lambda x, dim: mt.sort(x, dim, descending=True),
    "quantile": lambda x, dim: mt.quantile(x, 0.3, dim),
    "roll": lambda x, dim: mt.roll(x, 1, dim),
    "transpose": lambda x, dim: mt.transpose(x, dim, 0),
    "gather": lambda x, dim: mt.gather(x, dim, index(x)),
    "take_along_dim": lambda x, dim: mt.take_along_dim(x, index(x), dim),
    "scatter": lambda x, dim: mt.scatter(x, dim, index(x), like(x, 5.0)),
    "scatter of a number": lambda x, dim: mt.scatter(x, dim, index(x), value=5),
    "scatter_add": lambda x, dim: mt.scatter_add(x, dim, index(x), like(x, 5.0)),
    "index_select": lambda x, dim: mt.index_select(x, dim, mt.tensor([0])),
    "index_fill": lambda x, dim: mt.index_fill(x, dim, mt.tensor([0]), 5.0),
    "index_add": lambda x, dim: mt.index_add(x, dim, mt.tensor([0]), mt.ones(1), alpha=2),
    "index_copy": lambda x, dim: mt.index_copy(x, dim, mt.tensor([0]), mt.ones(1)),
}


def parts(value: Any) -> list[Tensor]:
    return [value] if isinstance(value, Tensor) else list(value)


@pytest.mark.parametrize("dim", [0, -1])
@pytest.mark.parametrize("name", ALONG)
def test_a_number_is_a_vector_of_one(name: str, dim: int, backend: mt.Backend) -> None:
    number = mt.tensor(0.7, requires_grad=True)
    vector = mt.tensor([0.7], requires_grad=True)
    found, expected = parts(ALONG[name](number, dim)), parts(ALONG[name](vector, dim))
    for one, other in zip(found, expected, strict=True):
        if name != "index_select":  # which gives a slice for each index
            assert one.shape == ()
        assert one.requires_grad == other.requires_grad
        assert_close(one.reshape(()), other.reshape(()))
        if one.requires_grad:
            one.sum().backward(retain_graph=True)
            other.sum().backward(retain_graph=True)
    assert (number.grad is None) == (vector.grad is None)
    if number.grad is not None:
        assert_close(number.grad, vector.grad.reshape(()))


@pytest.mark.parametrize("dim", [1, -2])
@pytest.mark.parametrize("name", ALONG)
def test_a_number_has_no_other_place(name: str, dim: int) -> None:
    with pytest.raises(IndexError, match="out of range"):
        ALONG[name](mt.tensor(0.7), dim)


@pytest.mark.parametrize("dim", [2, -3])
@pytest.mark.parametrize("name", ALONG)
def test_a_dimension_that_is_not_there_is_refused(name: str, dim: int) -> None:
    with pytest.raises(IndexError, match=r"dim\w* -?\d is out of range"):
        ALONG[name](mt.ones(1, 1), dim)
