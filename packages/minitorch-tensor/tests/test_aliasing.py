"""Results own their memory: only what is documented as a view shares it with an argument.

Who changes a result in place would otherwise change the argument, and only for the inputs for which
an operation found nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.testing import OPERATIONS, Draw, Operation

#: What gives views, or its argument itself, and says so.
VIEWS = {
    *("reshape", "view", "flatten", "unflatten", "ravel", "permute", "transpose", "t", "movedim"),
    *("squeeze", "unsqueeze", "expand", "broadcast_to", "meshgrid", "atleast_1d", "atleast_2d"),
    *("atleast_3d", "unfold", "diagonal", "split", "chunk", "tensor_split", "unbind", "narrow"),
    *("select", "getitem.view", "getitem.backwards", "einsum"),
}


def memory(x: Tensor) -> np.ndarray:
    """Its elements where they lie."""
    return x.detach().numpy()


def tensors(value: Any) -> list[Tensor]:
    """A result's tensors."""
    found = value if isinstance(value, (tuple, list)) else [value]
    return [x for x in found if isinstance(x, Tensor)]


def assert_apart(values: Iterable[Tensor], what: str) -> None:
    """No two of these tensors share memory."""
    for one, other in combinations(values, 2):
        assert not np.shares_memory(memory(one), memory(other)), what


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.name not in VIEWS], ids=str)
def test_a_result_shares_no_memory_with_an_argument(
    operation: Operation, backend: mt.Backend
) -> None:
    for dtype in {operation.dtypes[0], operation.dtypes[-1]}:
        for number, sample in enumerate(operation.samples(Draw(dtype))):
            given: list[Tensor] = []

            def keep(x: np.ndarray, given: list[Tensor] = given) -> Tensor:
                given.append(mt.tensor(x))
                return given[-1]

            args, kwargs = sample.map(keep)
            results = tensors(operation.function(*args, **kwargs))
            assert_apart([*results, *given], f"sample {number} of {dtype}")


def test_what_is_said_to_be_a_view_is_one() -> None:
    for operation in OPERATIONS:
        if operation.name not in VIEWS - {"einsum"}:
            continue
        shared = []
        for sample in operation.samples(Draw(mt.float32)):
            given: list[Tensor] = []
            args, kwargs = sample.map(
                lambda x, given=given: given.append(mt.tensor(x)) or given[-1]
            )
            results = tensors(operation.function(*args, **kwargs))
            shared += [
                np.shares_memory(memory(y), memory(x)) or not y.numel()
                for y in results
                for x in given[:1]
            ]
        assert any(shared), operation


ZERO, ONE, ROW, BOX = (), (1,), (3,), (2, 2)
Call = Callable[..., Any]


def indices(*values: int) -> Tensor:
    return mt.tensor(list(values))


def every(condition: bool) -> Tensor:
    return mt.tensor([condition] * 3)


#: Calls that have nothing to do: the shapes of the tensors they get, and the call.
NOTHING_TO_DO: dict[str, tuple[list[tuple[int, ...]], Call]] = {
    "roll by a full turn": ([BOX], lambda x: x.roll(2, 0)),
    "roll a flat full turn": ([BOX], lambda x: x.roll(4)),
    "roll by nothing": ([BOX], lambda x: x.roll(0)),
    "roll along no dimension": ([ROW], lambda x: x.roll([], [])),
    "roll a number": ([ZERO], lambda x: mt.roll(x, 1, 0)),
    "diff taken no times": ([BOX], lambda x: x.diff(0)),
    "flip nothing": ([ROW], lambda x: x.flip(())),
    "flip one": ([ONE], lambda x: x.flip(0)),
    "rot90 not at all": ([BOX], lambda x: mt.rot90(x, 0)),
    "rot90 all around": ([BOX], lambda x: mt.rot90(x, 4)),
    "pad with nothing": ([BOX], lambda x: mt.pad(x, (0, 0))),
    "pad no dimension": ([BOX], lambda x: mt.pad(x, ())),
    "pad by cutting off": ([BOX], lambda x: mt.pad(x, (-1, 0))),
    "pad.reflect with nothing": ([BOX], lambda x: mt.pad(x, (0, 0), "reflect")),
    "pad.replicate with nothing": ([BOX], lambda x: mt.pad(x, (0, 0), "replicate")),
    "pad.circular with nothing": ([BOX], lambda x: mt.pad(x, (0, 0), "circular")),
    "repeat once": ([ROW], lambda x: x.repeat(1)),
    "repeat a number": ([ZERO], lambda x: x.repeat(())),
    "tile once": ([ROW], lambda x: x.tile((1,))),
    "tile along nothing": ([ROW], lambda x: x.tile(())),
    "repeat_interleave once": ([ROW], lambda x: x.repeat_interleave(1)),
    "repeat_interleave a number": ([ZERO], lambda x: x.repeat_interleave(1)),
    "tril of everything": ([BOX], lambda x: x.tril(9)),
    "triu of everything": ([BOX], lambda x: x.triu(-9)),
    "diag of a matrix": ([BOX], lambda x: mt.diag(x)),
    "diag_embed of one": ([ONE], lambda x: mt.diag_embed(x)),
    "cat of one": ([ROW], lambda x: mt.cat([x])),
    "cat with an empty one": ([ROW, (0,)], lambda x, y: mt.cat([x, y])),
    "stack of one": ([ROW], lambda x: mt.stack([x])),
    "hstack of one": ([ROW], lambda x: mt.hstack([x])),
    "hstack of a number": ([ZERO], lambda x: mt.hstack([x])),
    "vstack of one": ([ROW], lambda x: mt.vstack([x])),
    "dstack of one": ([ROW], lambda x: mt.dstack([x])),
    "column_stack of one": ([BOX], lambda x: mt.column_stack([x])),
    "block_diag of one": ([BOX], lambda x: mt.block_diag(x)),
    "gather from a number": ([ZERO], lambda x: mt.gather(x, 0, mt.tensor(0))),
    "take_along_dim of a number": ([ZERO], lambda x: mt.take_along_dim(x, mt.tensor(0), 0)),
    "take one": ([ROW], lambda x: mt.take(x, mt.tensor(0))),
    "index_select everything": ([ONE], lambda x: x.index_select(0, indices(0))),
    "index_select from a number": ([ZERO], lambda x: x.index_select(0, indices(0))),
    "index by everything": ([ROW], lambda x: x[[0, 1, 2]]),
    "index by a mask": ([ROW], lambda x: x[every(True)]),
    "scatter into a number": ([ZERO, ZERO], lambda x, y: x.scatter(0, mt.tensor(0), y)),
    "scatter_add into a number": ([ZERO, ZERO], lambda x, y: x.scatter_add(0, mt.tensor(0), y)),
    "index_copy into a number": ([ZERO, ONE], lambda x, y: mt.index_copy(x, 0, indices(0), y)),
    "index_copy of numbers": ([ZERO, ZERO], lambda x, y: mt.index_copy(x, 0, indices(0), y)),
    "index_add into a number": ([ZERO, ONE], lambda x, y: mt.index_add(x, 0, indices(0), y)),
    "index_fill of a number": ([ZERO], lambda x: mt.index_fill(x, 0, indices(0), 1)),
    "masked_fill nothing": ([ROW], lambda x: x.masked_fill(every(False), 1)),
    "masked_scatter nothing": ([ROW, ROW], lambda x, y: mt.masked_scatter(x, every(False), y)),
    "masked_scatter all": ([ROW, ROW], lambda x, y: mt.masked_scatter(x, every(True), y)),
    "masked_select all": ([ROW], lambda x: x.masked_select(every(True))),
    "where all": ([ROW, ROW], lambda x, y: mt.where(every(True), x, y)),
    "where none": ([ROW, ROW], lambda x, y: mt.where(every(False), x, y)),
    "where of numbers": ([ZERO, ZERO], lambda x, y: mt.where(mt.tensor(True), x, y)),
    "logsumexp of one": ([ONE], lambda x: x.logsumexp(0)),
    "norm over no dimension": ([ROW], lambda x: x.norm(dim=())),
    "median of one": ([ONE], lambda x: x.median()),
    "median": ([ROW], lambda x: x.median()),
    "kthvalue of a number": ([ZERO], lambda x: tuple(mt.kthvalue(x, 1))),
    "quantile of a number": ([ZERO], lambda x: x.quantile(0.5)),
    "sort of a number": ([ZERO], lambda x: tuple(x.sort())),
    "topk of a number": ([ZERO], lambda x: tuple(x.topk(1))),
    "unique of one": ([ONE], lambda x: x.unique()),
    "cummax of a number": ([ZERO], lambda x: tuple(mt.cummax(x, 0))),
    "cummin of a number": ([ZERO], lambda x: tuple(mt.cummin(x, 0))),
    "softmax of a number": ([ZERO], lambda x: x.softmax(0)),
    "matrix_power of one": ([BOX], lambda x: mt.matrix_power(x, 1)),
    "kron with one": ([BOX, ZERO], lambda x, y: mt.kron(x, y)),
    "inner of numbers": ([ZERO, ZERO], lambda x, y: mt.inner(x, y)),
    "addition of 0": ([ROW], lambda x: x + 0),
    "subtraction of 0": ([ROW], lambda x: x - 0),
    "product with 1": ([ROW], lambda x: x * 1),
    "quotient by 1": ([ROW], lambda x: x / 1),
    "power of 1": ([ROW], lambda x: x**1),
    "clamp to all numbers": ([ROW], lambda x: x.clamp(-9, 9)),
    "lerp by nothing": ([ROW, ROW], lambda x, y: x.lerp(y, 0.0)),
    "lerp all the way": ([ROW, ROW], lambda x, y: x.lerp(y, 1.0)),
    "maximum of itself": ([ROW], lambda x: mt.maximum(x, x)),
    "to, with copy": ([ROW], lambda x: x.to(x.dtype, copy=True)),
    "clone": ([ROW], lambda x: x.clone()),
    "tensor of one": ([ROW], lambda x: mt.tensor(x.tolist())),
}

#: Reductions that fold a dimension of size 1, no dimension at all, or a number.
FOLDS = {
    *("sum", "mean", "prod", "amax", "amin", "max", "min", "median", "all", "any", "nansum"),
    *("nanmean", "logsumexp", "norm", "cumsum", "cumprod", "logcumsumexp", "aminmax"),
}
NOTHING_TO_DO |= {
    f"{name} of one": ([(3, 1)], lambda x, name=name: getattr(mt, name)(x, dim=1)) for name in FOLDS
}
NOTHING_TO_DO |= {
    f"{name} of a number": ([ZERO], lambda x, name=name: getattr(mt, name)(x, dim=0))
    for name in FOLDS - {"nanmean"}
}

#: Functions that leave whole numbers as they are.
WHOLE = ("floor", "ceil", "trunc", "round", "abs", "relu", "nan_to_num", "clamp_min", "sign")


@pytest.mark.parametrize("case", NOTHING_TO_DO)
@pytest.mark.parametrize("recording", [False, True], ids=["alone", "recorded"])
def test_where_there_is_nothing_to_do_the_result_is_a_copy(
    case: str, recording: bool, backend: mt.Backend
) -> None:
    shapes, call = NOTHING_TO_DO[case]
    given = [mt.rand(*shape, requires_grad=recording) for shape in shapes]
    result = call(*given)
    assert_apart([*tensors(result if isinstance(result, Tensor) else tuple(result)), *given], case)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_whole_numbers_that_stay_as_they_are_are_copied(
    name: str, dtype: str, backend: mt.Backend
) -> None:
    x = mt.tensor([0, 1, 2], dtype=dtype)
    result = getattr(mt, name)(x, *([0] if name == "clamp_min" else []))
    assert_apart([result, x], name)
    if name != "sign":
        assert result.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS if o.differentiable and mt.float64 in o.dtypes], ids=str
)
def test_a_gradient_is_nobody_elses_memory(operation: Operation) -> None:
    """Neither another gradient's, nor an argument's, nor that of the gradient it came from."""
    for number, sample in enumerate(operation.samples(Draw(mt.float64))):
        leaves: list[Tensor] = []

        def leaf(x: np.ndarray, leaves: list[Tensor] = leaves) -> Tensor:
            if x.dtype.kind != "f":
                return mt.tensor(x)
            leaves.append(mt.tensor(x, requires_grad=True))
            return leaves[-1]

        args, kwargs = sample.map(leaf)
        results = [y for y in tensors(operation.function(*args, **kwargs)) if y.requires_grad]
        sent = [mt.ones_like(y) for y in results]
        for y, gradient in zip(results, sent):
            y.backward(gradient, retain_graph=True)
        grads = [x.grad for x in leaves if x.grad is not None]
        assert len(grads) == len(leaves), f"sample {number}"
        assert_apart([*grads, *leaves, *sent], f"sample {number}")
