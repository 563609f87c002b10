"""Dimensions are counted from either end: dim - ndim is dim, in every function that takes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.testing import Draw, assert_close

Call = Callable[[Tensor, int], Any]


def index(x: Tensor, dim: int) -> Tensor:
    """An index of x's shape, backwards along dim."""
    size = x.shape[dim]
    shape = [size if d == dim % x.ndim else 1 for d in range(x.ndim)]
    return (size - 1 - mt.arange(size)).reshape(shape).expand(x.shape)


PAIR = mt.tensor([1, 0], device="numpy")

CALLS: dict[str, Call] = {
    name: lambda x, dim, name=name: getattr(mt, name)(x, dim)
    for name in (
        *("all", "amax", "amin", "any", "argmax", "argmin", "argsort", "count_nonzero", "cummax"),
        *("cummin", "cumprod", "cumsum", "flip", "log_softmax", "logcumsumexp", "logsumexp", "max"),
        *("mean", "median", "min", "nanmean", "nansum", "prod", "softmax", "sort", "std", "sum"),
        *("std_mean", "var", "var_mean", "unbind", "squeeze"),
    )
}
CALLS |= {
    "aminmax": lambda x, dim: mt.aminmax(x, dim=dim),
    "chunk": lambda x, dim: mt.chunk(x, 2, dim),
    "diff": lambda x, dim: mt.diff(x, 1, dim),
    "gather": lambda x, dim: mt.gather(x, dim, index(x, dim)),
    "index_add": lambda x, dim: mt.index_add(x, dim, PAIR, 2 * x.narrow(dim, 0, 2)),
    "index_copy": lambda x, dim: mt.index_copy(x, dim, PAIR, 2 * x.narrow(dim, 0, 2)),
    "index_fill": lambda x, dim: mt.index_fill(x, dim, PAIR, 5.0),
    "index_select": lambda x, dim: mt.index_select(x, dim, PAIR),
    "kthvalue": lambda x, dim: mt.kthvalue(x, 2, dim),
    "movedim": lambda x, dim: mt.movedim(x, dim, 0),
    "movedim, to": lambda x, dim: mt.movedim(x, 0, dim),
    "narrow": lambda x, dim: mt.narrow(x, dim, 1, 1),
    "norm": lambda x, dim: mt.norm(x, 2, dim),
    "quantile": lambda x, dim: mt.quantile(x, 0.3, dim),
    "repeat_interleave": lambda x, dim: mt.repeat_interleave(x, 2, dim),
    "repeat_interleave, each": lambda x, dim: mt.repeat_interleave(
        x, mt.arange(x.shape[dim]) + 1, dim
    ),
    "roll": lambda x, dim: mt.roll(x, 1, dim),
    "scatter": lambda x, dim: mt.scatter(x, dim, index(x, dim), 2 * x),
    "scatter_add": lambda x, dim: mt.scatter_add(x, dim, index(x, dim), 2 * x),
    "select": lambda x, dim: mt.select(x, dim, 1),
    "split": lambda x, dim: mt.split(x, 2, dim),
    "tensor_split": lambda x, dim: mt.tensor_split(x, 2, dim),
    "take_along_dim": lambda x, dim: mt.take_along_dim(x, index(x, dim), dim),
    "topk": lambda x, dim: mt.topk(x, 2, dim),
    "transpose": lambda x, dim: mt.transpose(x, 0, dim),
    "unflatten": lambda x, dim: mt.unflatten(x, dim, (1, -1)),
    "unfold": lambda x, dim: x.unfold(dim, 2, 1),
    "unique": lambda x, dim: mt.unique(x, dim=dim),
    "cat": lambda x, dim: mt.cat([x, 2 * x], dim),
    "sums": lambda x, dim: x.sum((dim, 0 if dim % 3 else 1), keepdim=True),
    "tensordot": lambda x, dim: mt.tensordot(x, x, ([dim], [dim])),
    "rot90": lambda x, dim: mt.rot90(x, 1, (dim, (dim + 1) % 3)),
    "diagonal": lambda x, dim: mt.diagonal(x, 0, dim, (dim + 1) % 3),
    "flatten": lambda x, dim: mt.flatten(x, dim, -1),
}


def parts(value: Any) -> list[Tensor]:
    return [value] if isinstance(value, Tensor) else list(value)


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("name", CALLS)
def test_a_dimension_is_the_same_from_either_end(name: str, dim: int) -> None:
    x = mt.tensor(Draw(mt.float64)(2, 3, 4))
    from_the_front, from_the_end = parts(CALLS[name](x, dim)), parts(CALLS[name](x, dim - 3))
    for one, other in zip(from_the_front, from_the_end, strict=True):
        assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize(("name", "call"), [("stack", mt.stack), ("unsqueeze", None)])
def test_a_new_dimension_is_counted_among_the_old_ones(name: str, call: Any) -> None:
    x = mt.tensor(Draw(mt.float64)(2, 3))
    for dim in range(3):
        if name == "stack":
            assert_close(call([x, 2 * x], dim), call([x, 2 * x], dim - 3))
        else:
            assert_close(x.unsqueeze(dim), x.unsqueeze(dim - 3))
        assert_close(
            mt.diag_embed(x, 0, dim, (dim + 1) % 3), mt.diag_embed(x, 0, dim - 3, (dim + 1) % 3)
        )


# -- operands of two dtypes ------------------------------------------------------------------------

WHOLE, BROKEN = [1, 2, 3], [0.5, -1.5, 2.25]

MIXED: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cat": lambda x, y: mt.cat([x, y]),
    "stack": lambda x, y: mt.stack([x, y]),
    "hstack": lambda x, y: mt.hstack([x, y]),
    "block_diag": lambda x, y: mt.block_diag(x, y),
    "where": lambda x, y: mt.where(x > 1, x, y),
    "where, the other way": lambda x, y: mt.where(x > 1, y, x),
    "maximum": mt.maximum,
    "minimum": mt.minimum,
    "add": mt.add,
    "sub": mt.sub,
    "mul": mt.mul,
    "div": mt.div,
    "pow": mt.pow,
    "dot": mt.dot,
    "outer": mt.outer,
    "einsum": lambda x, y: mt.einsum("i,i", x, y),
    "addcmul": lambda x, y: mt.addcmul(x, y, x),
    "lerp": lambda x, y: mt.lerp(x + 0.0, y + 0.0, 0.5),
    "kron": mt.kron,
    "inner": mt.inner,
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("narrow", ["int64", "float32", "uint8"])
def test_operands_of_two_dtypes_are_those_of_the_wider_one(
    name: str, narrow: str, backend: mt.Backend
) -> None:
    x, y = mt.tensor(WHOLE, dtype=narrow), mt.tensor(BROKEN, dtype="float64")
    for one, other in ((x, y), (y, x)):
        expected = MIXED[name](one.double(), other.double())
        found = MIXED[name](one, other)
        assert_close(found, expected)
        assert found.dtype is mt.float64


def test_a_number_of_a_tensor_has_the_type_that_is_asked_for() -> None:
    for value in (mt.tensor(3), mt.tensor(3.0), mt.tensor(True)):
        assert type(float(value)) is float
        assert type(int(value)) is int
        assert type(bool(value)) is bool
    assert (float(mt.tensor(3)), int(mt.tensor(3.9)), bool(mt.tensor(0))) == (3.0, 3, False)


def test_an_index_of_size_1_is_stretched_by_whichever_operand_is_longer() -> None:
    row, one, matrix = mt.arange(3.0), mt.tensor([2.0]), mt.arange(6.0).reshape(2, 3)
    assert mt.einsum("i,i", one, row).item() == mt.einsum("i,i", row, one).item() == 6.0
    assert mt.einsum("i,i,i", one, one, row).item() == 12.0
    assert_close(mt.einsum("ij,ij->ij", matrix[:1], matrix), matrix[:1] * matrix)
    assert_close(mt.einsum("ij,ij->ij", matrix, matrix[:, :1]), matrix * matrix[:, :1])
