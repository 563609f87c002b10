"""Every operand is checked, not the first alone: in each row a later one is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import OPERATIONS, Draw, Operation

#: numpy's arrays, lists and what they are made of are as good as tensors there.
OF_ARRAYS = {"isin", "bucketize", "searchsorted"}

#: Each operand, or its memory, is used by itself; or it is read as numbers.
ON_ANY_BACKEND = {"meshgrid", "getitem.arrays"}


def count(operation: Operation) -> tuple[int, int]:
    """The number of the sample with the most tensors, and how many."""
    counts = []
    for sample in operation.samples(Draw(operation.dtypes[-1])):
        found: list[np.ndarray] = []
        sample.map(lambda x, found=found: found.append(x))
        counts.append(len(found))
    return counts.index(max(counts)), max(counts)


def call_with(operation: Operation, place: int, wrong: Any) -> Any:
    """Call it with the tensor at one place replaced, by what `wrong` makes of its array."""
    number, _ = count(operation)
    seen = iter(range(100))

    def convert(x: np.ndarray) -> Any:
        return wrong(x) if next(seen) == place else mt.tensor(x)

    args, kwargs = operation.samples(Draw(operation.dtypes[-1]))[number].map(convert)
    return operation.function(*args, **kwargs)


LATER = [(operation, place) for operation in OPERATIONS for place in range(1, count(operation)[1])]


def later(but_for: set[str]) -> pytest.MarkDecorator:
    """Every tensor but the first, of the rows but for some."""
    chosen = [(operation, place) for operation, place in LATER if operation.name not in but_for]
    return pytest.mark.parametrize(("operation", "place"), chosen, ids=str)


@later(but_for=OF_ARRAYS)
def test_a_later_operand_that_is_no_tensor_is_refused(operation: Operation, place: int) -> None:
    for wrong in ("text", object()):
        with pytest.raises(TypeError):
            call_with(operation, place, lambda x, wrong=wrong: wrong)


@later(but_for=ON_ANY_BACKEND)
def test_a_later_operand_on_another_backend_is_refused(operation: Operation, place: int) -> None:
    with pytest.raises(RuntimeError, match=r"\w+: operands are on different backends: .*numpy"):
        call_with(operation, place, lambda x: mt.tensor(x, device="simple"))


def tensor(*shape: int, dtype: str = "float32") -> mt.Tensor:
    return mt.ones(*shape, dtype=dtype)


def index(*values: int) -> mt.Tensor:
    return mt.tensor(list(values), dtype="int64")


#: Calls that are right but for one thing behind the first that is looked at.
WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    # letters, dims and sizes that come later
    "einsum, the second operand's rank": (
        lambda: mt.einsum("ij,jk->ik", tensor(2, 3), tensor(3)),
        ValueError,
        "'jk' names 2 dimensions",
    ),
    "einsum, the last operand's size": (
        lambda: mt.einsum("ij,jk,kl->il", tensor(2, 3), tensor(3, 2), tensor(4, 2)),
        ValueError,
        "index 'k' has sizes 2 and 4",
    ),
    "einsum, a later letter of one operand": (
        lambda: mt.einsum("ij,ik->jk", tensor(2, 3), tensor(3, 2)),
        ValueError,
        "index 'i' has sizes 2 and 3",
    ),
    "einsum, the second operand's diagonal": (
        lambda: mt.einsum("i,jj->ij", tensor(2), tensor(2, 3)),
        ValueError,
        "index 'j' stands for different sizes",
    ),
    "einsum, a sign in the second term": (
        lambda: mt.einsum("ij,j1->i", tensor(2, 3), tensor(3, 2)),
        ValueError,
        "'j1' must be letters",
    ),
    "einsum, a letter of the result twice": (
        lambda: mt.einsum("ij->ii", tensor(2, 2)),
        ValueError,
        "every letter of the result 'ii' must occur once",
    ),
    "einsum, a last letter of the result from nowhere": (
        lambda: mt.einsum("ij->iz", tensor(2, 2)),
        ValueError,
        "every letter of the result 'iz'",
    ),
    "einsum, ellipses of different sizes": (
        lambda: mt.einsum("...i,...i->...", tensor(2, 3), tensor(4, 3)),
        ValueError,
        "index '...' has sizes 2 and 4",
    ),
    "cat, the third": (
        lambda: mt.cat([tensor(2, 3), tensor(1, 3), tensor(2, 4)]),
        ValueError,
        "cat: tensor 2 has shape",
    ),
    "cat, the second's rank": (
        lambda: mt.cat([tensor(2, 3), tensor(2)]),
        ValueError,
        "cat: tensor 1 has shape",
    ),
    "stack, the third": (
        lambda: mt.stack([tensor(2), tensor(2), tensor(3)]),
        ValueError,
        "stack: tensor 2 has shape",
    ),
    "unfold, a step of 0": (lambda: tensor(5).unfold(0, 2, 0), ValueError, "and step 0"),
    "unfold, a size below 0": (lambda: tensor(5).unfold(0, -1, 1), ValueError, "got size -1"),
    "diag_embed, two equal dims": (
        lambda: mt.diag_embed(tensor(2), 0, 1, -1),
        ValueError,
        "dim1 and dim2 both name dimension 1",
    ),
    "diagonal, two equal dims": (
        lambda: mt.diagonal(tensor(2, 2), 0, 1, -1),
        ValueError,
        "dim1 and dim2 both name dimension 1",
    ),
    "diag_embed, the second dim": (
        lambda: mt.diag_embed(tensor(2), 0, 0, 5),
        IndexError,
        "out of range",
    ),
    "transpose, the second dim": (lambda: tensor(2, 2).transpose(0, 2), IndexError, "out of range"),
    "movedim, the destination": (lambda: tensor(2, 2).movedim(0, 2), IndexError, "out of range"),
    "movedim, a destination twice": (
        lambda: tensor(2, 2, 2).movedim((0, 1), (2, -1)),
        ValueError,
        "each once",
    ),
    "movedim, a source twice": (
        lambda: tensor(2, 2, 2).movedim((0, 0), (1, 2)),
        ValueError,
        "each once",
    ),
    "permute, a dim twice": (lambda: tensor(2, 2).permute(0, 0), ValueError, "name each once"),
    "flatten, the end": (lambda: tensor(2, 2).flatten(0, 2), IndexError, "out of range"),
    "flatten, the end before the start": (
        lambda: tensor(2, 2).flatten(1, 0),
        ValueError,
        "comes after",
    ),
    "rot90, a second dim": (lambda: tensor(2, 2).rot90(1, (0, 2)), IndexError, "out of range"),
    "rot90, equal dims": (lambda: tensor(2, 2).rot90(1, (1, -1)), ValueError, "two dimensions"),
    "rot90, three dims": (lambda: tensor(2, 2, 2).rot90(1, (0, 1, 2)), ValueError, "two dim"),
    "roll, the second dim": (lambda: tensor(2, 2).roll((1, 1), (0, 2)), IndexError, "out of range"),
    "roll, a shift too many": (lambda: tensor(2, 2).roll((1, 1), 0), ValueError, "one for each"),
    "flip, the second dim": (lambda: tensor(2, 2).flip(0, 2), IndexError, "out of range"),
    "flip, a dim twice": (lambda: tensor(2, 2).flip(0, -2), ValueError, "twice"),
    "sum, a dim twice": (lambda: tensor(2, 2).sum((0, -2)), ValueError, "twice"),
    "sum, the second dim": (lambda: tensor(2, 2).sum((0, 2)), IndexError, "out of range"),
    "expand, a later size": (lambda: tensor(1, 2).expand(3, 4), ValueError, "does not stretch"),
    "expand, too few sizes": (lambda: tensor(1, 2).expand(2), ValueError, "does not stretch"),
    "expand, a negative new size": (
        lambda: tensor(2).expand(-1, 2),
        ValueError,
        "does not stretch",
    ),
    "broadcast_tensors, the third": (
        lambda: mt.broadcast_tensors(tensor(2), tensor(1), tensor(3)),
        ValueError,
        "do not broadcast",
    ),
    "meshgrid, the second": (lambda: mt.meshgrid(tensor(2), tensor(2, 2)), ValueError, "vectors"),
    "narrow, the length": (lambda: tensor(4).narrow(0, 2, 3), IndexError, "narrow"),
    "narrow, the start": (lambda: tensor(4).narrow(0, 5, 0), IndexError, "narrow"),
    "narrow, a negative length": (lambda: tensor(4).narrow(0, 2, -1), IndexError, "narrow"),
    "split, the sum": (lambda: tensor(4).split([2, 1]), ValueError, "must add up to 4"),
    "split, a negative size": (lambda: tensor(4).split([5, -1]), ValueError, "must add up to 4"),
    "split, the dim": (lambda: tensor(4).split(2, 1), IndexError, "out of range"),
    "chunk, no pieces": (lambda: tensor(4).chunk(0), ValueError, "chunk"),
    "repeat, a later count": (lambda: tensor(2, 2).repeat(1, -1), ValueError, "none negative"),
    "repeat_interleave, a later count": (
        lambda: tensor(2).repeat_interleave(index(1, -1)),
        ValueError,
        "none negative",
    ),
    "repeat_interleave, a count too many": (
        lambda: tensor(2).repeat_interleave(index(1, 1, 1)),
        ValueError,
        "one for each slice",
    ),
    "repeat_interleave, what is no integer": (
        lambda: tensor(2).repeat_interleave(tensor(2)),
        TypeError,
        "must be integers",
    ),
    "pad, an odd side": (lambda: mt.pad(tensor(2), (1,)), ValueError, "got 1 sides"),
    "pad, too many sides": (lambda: mt.pad(tensor(2), (1, 1, 1, 1)), ValueError, "got 4 sides"),
    "pad, a later side cut": (lambda: mt.pad(tensor(2), (0, -3)), ValueError, "cuts off more"),
    "pad, both sides cut": (lambda: mt.pad(tensor(3), (-2, -2)), ValueError, "cuts off more"),
    "pad, a value beside a mode": (
        lambda: mt.pad(tensor(3), (1, 1), "reflect", 1.0),
        ValueError,
        "takes no value",
    ),
    "pad, circular beyond": (lambda: mt.pad(tensor(3), (0, 4), "circular"), ValueError, "cannot"),
    # matrices
    "mm, the second": (lambda: mt.mm(tensor(2, 3), tensor(3)), ValueError, "mm: wanted"),
    "bmm, the second": (lambda: mt.bmm(tensor(2, 2, 3), tensor(3, 3)), ValueError, "bmm: wanted"),
    "bmm, the batch": (lambda: mt.bmm(tensor(2, 2, 3), tensor(1, 3, 2)), ValueError, "bmm: wanted"),
    "mv, the vector": (lambda: mt.mv(tensor(2, 3), tensor(3, 1)), ValueError, "mv: wanted"),
    "dot, the second's size": (lambda: mt.dot(tensor(2), tensor(3)), ValueError, "dot: wanted"),
    "outer, the first": (lambda: mt.outer(tensor(2, 2), tensor(2)), ValueError, "outer: wanted"),
    "dot, two matrices": (lambda: mt.dot(tensor(2, 2), tensor(2, 2)), ValueError, "dot: wanted"),
    "mm, the first": (lambda: mt.mm(tensor(3), tensor(3, 2)), ValueError, "mm: wanted"),
    "mv, the matrix": (lambda: mt.mv(tensor(3), tensor(3)), ValueError, "mv: wanted"),
    "movedim, a destination too few": (
        lambda: tensor(2, 2, 2).movedim((0, 1), (2,)),
        ValueError,
        "name as many",
    ),
    "repeat_interleave, the dim": (
        lambda: tensor(2).repeat_interleave(2, 1),
        IndexError,
        "repeat_interleave: .*out of range",
    ),
    "repeat, too few counts": (lambda: tensor(2, 2).repeat(2), ValueError, "one count for each"),
    "multinomial, none drawn": (lambda: mt.multinomial(tensor(2), 0), ValueError, "multinomial"),
    "data, no tensor": (
        lambda: setattr(tensor(2), "data", 3.0),
        (TypeError, ValueError),
        "data: wanted a tensor",
    ),
    "outer, the second": (lambda: mt.outer(tensor(2), tensor(2, 2)), ValueError, "outer: wanted"),
    "matmul, a number": (lambda: mt.matmul(tensor(2), mt.tensor(1.0)), ValueError, "dimension"),
    "inner, the last size": (lambda: mt.inner(tensor(2, 3), tensor(2)), ValueError, "last sizes"),
    "tensordot, the second list": (
        lambda: mt.tensordot(tensor(2, 3), tensor(3, 2), ([0, 1], [1])),
        ValueError,
        "name as many",
    ),
    "tensordot, the second size": (
        lambda: mt.tensordot(tensor(2, 3), tensor(3, 2), ([0, 1], [1, 1])),
        ValueError,
        "equal sizes|twice",
    ),
    "tensordot, too many": (lambda: mt.tensordot(tensor(2, 3), tensor(3), 2), ValueError, "dims 2"),
    "tensordot, a negative number": (
        lambda: mt.tensordot(tensor(2, 3), tensor(3), -1),
        ValueError,
        "dims -1",
    ),
    "addmm, the third": (
        lambda: mt.addmm(tensor(2), tensor(2, 3), tensor(2, 2)),
        ValueError,
        "do not chain",
    ),
    "addmm, the input": (
        lambda: mt.addmm(tensor(3), tensor(2, 3), tensor(3, 2)),
        ValueError,
        "addmm",
    ),
    "addmm, an input that is larger": (
        lambda: mt.addmm(tensor(5, 2, 2), tensor(2, 3), tensor(3, 2)),
        ValueError,
        "does not broadcast to the product",
    ),
    "matrix_power, not square": (
        lambda: mt.matrix_power(tensor(2, 2, 3), 2),
        ValueError,
        "square",
    ),
    "matrix_power, below 0": (
        lambda: mt.matrix_power(tensor(2, 2), -1),
        ValueError,
        "negative",
    ),
    "cdist, the second's rank": (lambda: mt.cdist(tensor(2, 3), tensor(3)), ValueError, "cdist"),
    # indices, masks and sources
    "gather, the index's rank": (
        lambda: tensor(2, 3).gather(0, index(0)),
        ValueError,
        "as many dimensions",
    ),
    "gather, a larger index": (
        lambda: tensor(2, 3).gather(0, mt.zeros(1, 4, dtype="int64")),
        ValueError,
        "no larger sizes",
    ),
    "gather, a float index": (lambda: tensor(2).gather(0, tensor(2)), TypeError, "integers"),
    "gather, a negative index": (lambda: tensor(2).gather(0, index(0, -1)), IndexError, "lie in"),
    "scatter, a small source": (
        lambda: tensor(3).scatter(0, index(0, 1), tensor(1)),
        ValueError,
        "must lie within src",
    ),
    "scatter, the source's rank": (
        lambda: tensor(3).scatter(0, index(0), tensor(1, 1)),
        ValueError,
        "must lie within src",
    ),
    "scatter, the source's dtype": (
        lambda: tensor(3).scatter(0, index(0), tensor(1, dtype="float64")),
        TypeError,
        "src is float64",
    ),
    "scatter, no source": (lambda: tensor(3).scatter(0, index(0)), TypeError, "src or value"),
    "scatter_add, the source's dtype": (
        lambda: tensor(3).scatter_add(0, index(0), tensor(1, dtype="float64")),
        TypeError,
        "src is float64",
    ),
    "index_select, a matrix": (
        lambda: tensor(3).index_select(0, mt.zeros(1, 1, dtype="int64")),
        ValueError,
        "vector",
    ),
    "index_add, the source's dtype": (
        lambda: mt.index_add(tensor(3), 0, index(0), tensor(1, dtype="float64")),
        TypeError,
        "source is float64",
    ),
    "index_copy, the source's shape": (
        lambda: mt.index_copy(tensor(3, 2), 0, index(0), tensor(1, 3)),
        ValueError,
        "source must have the shape",
    ),
    "index_copy into a number": (
        lambda: mt.index_copy(mt.tensor(1.0), 0, index(0), tensor(2)),
        ValueError,
        "source must have the shape",
    ),
    "take_along_dim, the rank": (
        lambda: mt.take_along_dim(tensor(2, 2), index(0), 0),
        ValueError,
        "as many",
    ),
    "masked_fill, the mask's dtype": (
        lambda: tensor(2).masked_fill(index(0, 1), 1.0),
        TypeError,
        "bool",
    ),
    "masked_select, the mask's dtype": (
        lambda: tensor(2).masked_select(index(0, 1)),
        TypeError,
        "bool",
    ),
    "masked_scatter, the mask's dtype": (
        lambda: mt.masked_scatter(tensor(2), index(0, 1), tensor(2)),
        TypeError,
        "bool",
    ),
    "masked_scatter, the source's dtype": (
        lambda: mt.masked_scatter(tensor(1), mt.tensor([True]), tensor(1, dtype="float64")),
        TypeError,
        "source is float64",
    ),
    "where, the condition": (
        lambda: mt.where(tensor(2), tensor(2), tensor(2)),
        TypeError,
        "bool",
    ),
    "where, the other's shape": (
        lambda: mt.where(mt.tensor([True]), tensor(2), tensor(3)),
        ValueError,
        "broadcast",
    ),
    "bincount, the weights' size": (
        lambda: mt.bincount(index(0, 1), tensor(3)),
        ValueError,
        "weights of its size",
    ),
    "bincount, a negative minlength": (
        lambda: mt.bincount(index(0), minlength=-1),
        ValueError,
        "minlength -1",
    ),
    "bincount, a matrix": (
        lambda: mt.bincount(mt.zeros(1, 1, dtype="int64")),
        ValueError,
        "wanted a vector",
    ),
    "one_hot, too few classes": (lambda: mt.one_hot(index(0, 3), 3), (ValueError, IndexError), "3"),
    "take, no integers": (lambda: mt.take(tensor(2), tensor(2)), TypeError, "integers"),
    # order
    "topk, k too large": (lambda: tensor(2, 3).topk(4), ValueError, "k=4|k 4|4"),
    "topk, k below 0": (lambda: tensor(2, 3).topk(-1), ValueError, "-1"),
    "kthvalue, k of 0": (lambda: tensor(2).kthvalue(0), ValueError, "k=0"),
    "quantile, a later q": (lambda: tensor(2).quantile(tensor(2) * 1.5), ValueError, "in \\[0, 1"),
    "quantile, q below 0": (lambda: tensor(2).quantile(-0.1), ValueError, "in \\[0, 1"),
    "searchsorted, the side": (
        lambda: mt.searchsorted(tensor(2), tensor(2), side="up"),
        ValueError,
        "'left' or 'right'",
    ),
    "diff, taken -1 times": (lambda: tensor(2).diff(-1), ValueError, "diff"),
    "diff of a number": (lambda: mt.tensor(1.0).diff(), ValueError, "diff"),
    # values out of range
    "clamp, nothing": (lambda: tensor(2).clamp(), (TypeError, ValueError), "clamp"),
    "norm, the dim": (lambda: tensor(2).norm(2, 1), IndexError, "out of range"),
    "div, the mode": (lambda: mt.div(tensor(2), 2, rounding_mode="up"), ValueError, "'up'"),
    "view, the size": (lambda: tensor(2, 3).view(4, 2), ValueError, "view"),
    "view, two unknown sizes": (lambda: tensor(2, 3).view(-1, -1), ValueError, "-1"),
    "reshape, a negative size": (lambda: tensor(2, 3).reshape(-2, -3), ValueError, "-"),
    "unflatten, the product": (lambda: tensor(6).unflatten(0, (4, 2)), ValueError, "unflatten"),
    "sum_to_size": (lambda: tensor(2, 3).sum_to_size(2, 2), ValueError, "broadcast"),
    "tril of a vector": (lambda: tensor(2).tril(), ValueError, "matrices"),
    "trace of three": (lambda: mt.trace(tensor(2, 2, 2)), ValueError, "matrix"),
    "diag of three": (lambda: mt.diag(tensor(2, 2, 2)), ValueError, "vector or a matrix"),
    "block_diag, the second": (
        lambda: mt.block_diag(tensor(2, 2), tensor(1, 1, 1)),
        ValueError,
        "block_diag",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_behind_the_first_check_is_found(name: str) -> None:
    call, error, message = WRONG[name]
    with pytest.raises(error, match=message) as caught:
        call()
    assert str(caught.value).split(":")[0].isidentifier(), str(caught.value)
