"""The wording of errors: each names the operation, what it got, the rule, and a way out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import OPERATIONS, Draw, assert_close

ones, tensor = mt.ones, mt.tensor


def lines(*cases: tuple[Callable[[], object], type[Exception], str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("mistake", "kind", "text"), cases, ids=[c[2][:40] for c in cases]
    )


@lines(
    (
        lambda: ones(2, 3) + ones(4),
        ValueError,
        "add: shapes (2, 3) and (4,) do not broadcast: counted from the right, dimension -1 has "
        "sizes 3 and 4; sizes must be equal or 1. Insert a dimension with unsqueeze, or reshape "
        "one of them.",
    ),
    (
        lambda: ones(3, 4) @ ones(3, 4),
        ValueError,
        "matmul: input (3, 4) and other (3, 4) do not chain: last size of input is 4, "
        "second-to-last of other is 3. Transpose one?",
    ),
    (
        lambda: ones(3, 4) @ ones(3),
        ValueError,
        "matmul: input (3, 4) and other (3,) do not chain: last size of input is 4, only of other "
        "is 3.",
    ),
    (
        lambda: tensor(1.0) @ ones(3),
        ValueError,
        "matmul: input () and other (3,) must have a dimension each; use * with a number.",
    ),
    (
        lambda: ones(2, 3).reshape(4, -1),
        ValueError,
        "reshape: 6 elements do not fit shape (4, -1); sizes must multiply to the same number, and "
        "at most one may be -1, which is then worked out.",
    ),
    (
        lambda: ones(2, 3).permute(0, 0),
        ValueError,
        "permute: (0, 0) does not order the 2 dimensions of (2, 3); name each once.",
    ),
    (
        lambda: ones(2, 3).expand(4, 3),
        ValueError,
        "expand: (2, 3) does not stretch to (4, 3); only dimensions of size 1 do, and new ones in "
        "front.",
    ),
    (
        lambda: mt.cat([ones(2, 3), ones(2, 4)]),
        ValueError,
        "cat: tensor 1 has shape (2, 4), the first (2, 3); they must agree in every dimension but "
        "0. To join along a new one use stack.",
    ),
    (
        lambda: mt.stack([ones(2), ones(3)]),
        ValueError,
        "stack: tensor 1 has shape (3,), the first (2,); all must be equal. To join along a "
        "dimension use cat.",
    ),
    (lambda: mt.cat([]), ValueError, "cat: wanted at least one tensor, got none."),
    (
        lambda: ones(5).split([2, 2]),
        ValueError,
        "split: sizes [2, 2] must add up to 5, the size of dimension 0.",
    ),
    (
        lambda: mt.zeros(0, 3).amax(0),
        ValueError,
        "amax: a tensor of shape (0, 3) has nothing to choose from along (0,); check numel() "
        "first, or name a dimension that is not empty.",
    ),
    (
        lambda: ones(3).topk(4),
        ValueError,
        "topk: k=4 must lie in [0, 3], the size of dimension 0 of (3,).",
    ),
    (
        lambda: mt.einsum("ij,jk", ones(2, 3), ones(4, 5)),
        ValueError,
        "einsum: in 'ij,jk', index 'j' has sizes 3 and 4; they must be equal or 1. Shapes are "
        "(2, 3), (4, 5).",
    ),
    (
        lambda: mt.einsum("ij", ones(2, 3), ones(2)),
        ValueError,
        "einsum: 'ij' names 1 operands, but got 2.",
    ),
    (
        lambda: mt.einsum("ijk", ones(2, 3)),
        ValueError,
        "einsum: in 'ijk', 'ijk' names 3 dimensions of an operand of shape (2, 3).",
    ),
    (
        lambda: mt.einsum("ij->ik", ones(2, 3)),
        ValueError,
        "einsum: in 'ij->ik', every letter of the result 'ik' must occur once there and in some "
        "operand.",
    ),
    (
        lambda: mt.einsum("i1", ones(2, 3)),
        ValueError,
        "einsum: in 'i1', 'i1' must be letters, with at most one '...'.",
    ),
    (
        lambda: mt.einsum("ii", ones(2, 3)),
        ValueError,
        "einsum: in 'ii', index 'i' stands for different sizes of one operand, of shape (2, 3); "
        "it must be square there.",
    ),
    (
        lambda: ones(2).masked_fill(tensor([True, False]), ones(2)),
        ValueError,
        "masked_fill: the value must be a number or zero-dimensional, got shape (2,). Use where.",
    ),
    (
        lambda: mt.pad(ones(2), (1,)),
        ValueError,
        "pad: got 1 sides for 1 dimensions; give (before, after) for the last dimension, then for "
        "the one before it, and so on.",
    ),
    (
        lambda: mt.tril(ones(3)),
        ValueError,
        "tril: wanted matrices (..., M, N), got shape (3,).",
    ),
)
def test_shapes(mistake, kind, text):
    check(mistake, kind, text)


@lines(
    (
        lambda: tensor([1, 2]).mean(),
        TypeError,
        "mean: wanted floating point, got int64. Convert with .float().",
    ),
    (
        lambda: tensor([1, 2]).std(),
        TypeError,
        "std: wanted floating point, got int64. Convert with .float().",
    ),
    (
        lambda: mt.where(tensor([1, 0]), 1.0, 2.0),
        TypeError,
        "where: the condition must be bool, got int64. Compare first: x != 0.",
    ),
    (
        lambda: tensor([True]) @ tensor([True]),
        TypeError,
        "matmul: bool tensors do not multiply. Convert with .int() or .float().",
    ),
    (
        lambda: ones(2) + "a",
        TypeError,
        "add: a tensor combines with a tensor or a number, got str. Make it a tensor first, with "
        "tensor(...).",
    ),
    (
        lambda: mt.cat([ones(2), 3]),
        TypeError,
        "cat: wanted tensors, got int. Make it one first, with tensor(...).",
    ),
    (
        lambda: mt.cat(ones(2)),
        TypeError,
        "cat: wanted a list of tensors, got Tensor. Put them in brackets.",
    ),
    (
        lambda: ones(2) @ 3,
        TypeError,
        "matmul: wanted tensors, got int. Make it one first, with tensor(...).",
    ),
    (
        lambda: tensor([1, 2]).requires_grad_(),
        RuntimeError,
        "requires_grad_: only floating-point values have gradients, got ",
    ),
)
def test_dtypes_and_kinds(mistake, kind, text):
    check(mistake, kind, text)


@lines(
    (
        lambda: ones(2, 3).sum(2),
        IndexError,
        "sum: dim 2 is out of range for a tensor of 2 dimensions; expected -2 to 1.",
    ),
    (
        lambda: ones(2, 3)[2],
        IndexError,
        "index: 2 is out of range for dimension 0 of size 2 (tensor of shape (2, 3)).",
    ),
    (
        lambda: ones(3).gather(0, tensor([3])),
        IndexError,
        "gather: indices lie in [3, 3], but must lie in [0, 2].",
    ),
    (
        lambda: ones(5).narrow(0, 3, 4),
        IndexError,
        "narrow: 3 to 7 leaves dimension 0 of (5,).",
    ),
    (
        lambda: mt.one_hot(tensor([3]), 3),
        IndexError,
        "one_hot: indices lie in [3, 3], but must lie in [0, 2].",
    ),
)
def test_indices(mistake, kind, text):
    check(mistake, kind, text)


@lines(
    (
        lambda: ones(2, device="simple") * ones(2, device="numpy"),
        RuntimeError,
        "mul: operands are on different backends: simple, numpy. Move one, for example with "
        ".to('simple').",
    ),
)
def test_backends(mistake, kind, text):
    check(mistake, kind, text)


@lines(
    (
        lambda: ones(2, requires_grad=True).zero_(),
        RuntimeError,
        "zero_: a leaf Variable that requires grad is being used in an in-place operation: its "
        "gradient would be that of its old elements. Do it under no_grad(), or use the operation "
        "that gives a new tensor.",
    ),
    (
        lambda: ones(2, requires_grad=True)[0].add_(1.0),
        RuntimeError,
        "add_: a view of a leaf Variable that requires grad is being used in an in-place "
        "operation: the gradient of the leaf would be that of its old elements. Do it under "
        "no_grad(), or change a clone() of the leaf.",
    ),
    (
        lambda: mt.zeros(2).unbind()[0].copy_(ones((), requires_grad=True)),
        RuntimeError,
        "copy_: this view is one of several that split, chunk, unbind or iterating over a tensor "
        "made, and is being changed in place where that is recorded. Index the tensor instead, or "
        "use the operation that gives a new tensor.",
    ),
    (
        lambda: ones(1, 3).expand(2, 3).fill_(1.0),
        RuntimeError,
        "fill_: several elements of this expanded tensor are one place in memory. Change a "
        "clone() of it.",
    ),
    (
        lambda: tensor([1, 2]).mul_(0.5),
        TypeError,
        "mul_: a float32 result does not fit in int64. Convert this tensor first.",
    ),
)
def test_changes_in_place(mistake, kind, text):
    check(mistake, kind, text)


@lines(
    (
        lambda: ones(2).sum().backward(),
        RuntimeError,
        "backward: ",
    ),
    (
        lambda: (ones(2, requires_grad=True) * 2).backward(),
        RuntimeError,
        "backward: a tensor of shape (2,) needs a gradient to start from; only a single number has "
        "the obvious one. Reduce it first (sum, mean), or pass gradient= of the same shape.",
    ),
    (
        lambda: ones(2, requires_grad=True).numpy(),
        RuntimeError,
        "numpy: this tensor requires a gradient, which would not follow it out. Use detach() "
        "first.",
    ),
)
def test_gradients(mistake, kind, text):
    check(mistake, kind, text)


def check(mistake: Callable[[], object], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as error:
        mistake()
    assert str(error.value).startswith(text)
    assert error.value.__cause__ is None


@lines(
    (
        lambda: mt.hstack([ones(2, 3), ones(3, 3)]),
        ValueError,
        "cat: tensor 1 has shape (3, 3), the first (2, 3); they must agree in every dimension but "
        "1. To join along a new one use stack.",
    ),
    (
        lambda: mt.addmm(ones(5), ones(2, 3), ones(3, 4)),
        ValueError,
        "addmm: shapes (5,) and (2, 4) do not broadcast: counted from the right, dimension -1 has "
        "sizes 5 and 4; sizes must be equal or 1. Insert a dimension with unsqueeze, or reshape "
        "one of them.",
    ),
    (
        lambda: mt.tensordot(ones(2, 3), ones(4, 3)),
        ValueError,
        "tensordot: dims [0, 1] of a (2, 3) and [0, 1] of b (4, 3) must name as many dimensions, "
        "of equal sizes.",
    ),
    (
        lambda: mt.mv(ones(2, 3), ones(2, 3)),
        ValueError,
        "mv: wanted a matrix and a vector, got (2, 3) and (2, 3). Use matmul.",
    ),
    (
        lambda: mt.matrix_power(ones(2, 3), 2),
        ValueError,
        "matrix_power: wanted square matrices (..., M, M), got (2, 3).",
    ),
    (
        lambda: mt.cdist(ones(2, 3), ones(2, 4)),
        ValueError,
        "cdist: wanted x1 (..., P, M) and x2 (..., R, M), got (2, 3) and (2, 4).",
    ),
    (
        lambda: ones(5).unfold(0, 6, 1),
        ValueError,
        "unfold: wanted a size from 0 to 5, the size of dimension 0, and a step of at least 1; got "
        "size 6 and step 1.",
    ),
    (
        lambda: mt.pad(ones(3), (3, 0), mode="reflect"),
        ValueError,
        "pad: mode 'reflect' cannot add 3 to dimension 0 of (3,).",
    ),
    (
        lambda: mt.pad(ones(3), (1, 0), mode="mirror"),
        ValueError,
        "pad: mode must be 'constant', 'reflect', 'replicate' or 'circular', got 'mirror'.",
    ),
    (
        lambda: mt.index_add(ones(3, 2), 0, tensor([0, 1]), ones(2, 3)),
        ValueError,
        "index_add: source must have the shape of the slices that index names, (2, 2), got (2, 3).",
    ),
    (
        lambda: mt.index_fill(ones(3), 0, tensor([3]), 0.0),
        IndexError,
        "index_fill: indices lie in [3, 3], but must lie in [0, 2].",
    ),
    (
        lambda: mt.take(ones(3), tensor([0, 5])),
        IndexError,
        "take: indices lie in [0, 5], but must lie in [0, 2].",
    ),
    (
        lambda: mt.masked_scatter(ones(3), tensor([True, True, False]), ones(1)),
        ValueError,
        "masked_scatter: the mask has 2 places, source 1 elements.",
    ),
    (
        lambda: mt.bincount(tensor([0, -1])),
        ValueError,
        "bincount: wanted no negative numbers, got -1.",
    ),
    (
        lambda: ones(3).lerp(ones(4), 0.5),
        ValueError,
        "lerp: shapes (3,) and (4,) do not broadcast: counted from the right, dimension -1 has "
        "sizes 3 and 4; sizes must be equal or 1. Insert a dimension with unsqueeze, or reshape "
        "one of them.",
    ),
    (
        lambda: ones(3).quantile("half"),
        TypeError,
        "quantile: q must be a number or a tensor, got 'half'.",
    ),
    (
        lambda: mt.quantile(ones(3), 1.5),
        ValueError,
        "quantile: q must be a number in [0, 1] or a vector of them, got 1.5.",
    ),
    (
        lambda: mt.quantile(ones(3), 0.5, interpolation="cubic"),
        ValueError,
        "quantile: interpolation must be one of linear, lower, higher, midpoint, nearest, got "
        "'cubic'.",
    ),
    (
        lambda: mt.median(mt.zeros(0)),
        ValueError,
        "median: a tensor of shape (0,) has nothing to choose from along (0,); check numel() "
        "first, or name a dimension that is not empty.",
    ),
    (
        lambda: mt.kthvalue(ones(3), 4),
        ValueError,
        "kthvalue: k=4 must lie in [1, 3], the size of dimension 0 of (3,).",
    ),
    (
        lambda: mt.searchsorted(ones(2, 3), ones(3, 3)),
        ValueError,
        "searchsorted: a sequence of shape (2, 3) and values of shape (3, 3) must agree in all "
        "sizes but the last; or let the sequence be a vector.",
    ),
    (
        lambda: mt.nanmean(tensor([1, 2])),
        TypeError,
        "nanmean: wanted floating point, got int64. Convert with .float().",
    ),
    (
        lambda: mt.where(tensor([True]), 1.0),
        TypeError,
        "where: give both of input and other, or none.",
    ),
    (
        lambda: tensor([1]).exp_(),
        TypeError,
        "exp_: a float32 result does not fit in int64. Convert this tensor first.",
    ),
    (
        lambda: mt.multinomial(ones(2), 3),
        ValueError,
        "multinomial: a row has fewer than 3 weights above 0 to draw without replacement. Draw "
        "fewer, or with replacement=True.",
    ),
)
def test_sizes_shapes_and_choices_of_particular_functions(mistake, kind, text):
    with pytest.raises(kind) as caught:
        mistake()
    assert str(caught.value) == text


# -- what is no tensor --------------------------------------------------------------------------

#: The first sample of each function that starts with a tensor.
FIRST = {
    operation.name.split(".")[0]: operation.samples(Draw(operation.dtypes[-1]))[0]
    for operation in reversed(OPERATIONS)
    if hasattr(mt, operation.name.split(".")[0])
}
#: These take lists of tensors, too, and say so.
OF_LISTS = {
    *("cat", "stack", "hstack", "vstack", "dstack", "column_stack", "einsum"),
    *("atleast_1d", "atleast_2d", "atleast_3d"),
}

#: numpy's arrays and lists are as good as tensors there.
OF_ARRAYS = {"isin", "bucketize"}


@pytest.mark.parametrize("name", sorted(FIRST))
def test_every_function_says_by_name_that_an_argument_is_no_tensor(name: str) -> None:
    """A plain number is refused as well, or stands for the tensor of it."""
    args, kwargs = FIRST[name].map(mt.tensor)
    place = 1 if name == "einsum" else 0  # behind the equation

    def call(first: object) -> object:
        return getattr(mt, name)(*args[:place], first, *args[place + 1 :], **kwargs)

    for wrong in (2.0, [1.0, 2.0], np.ones(3), *([] if name in OF_ARRAYS else [None])):
        if name in OF_LISTS and isinstance(wrong, list):
            wrong = [wrong]
        try:
            result = call(wrong)
        except TypeError as error:
            text = str(error)
            assert "tensor" in text, text
            assert (type(wrong).__name__ in text) or name in OF_LISTS, text
            assert text.startswith(f"{name}: "), text
        else:
            assert isinstance(wrong, float) or name in OF_ARRAYS, f"{name} takes {wrong}"
            assert_close(result, call(mt.tensor(wrong, dtype=mt.float64)), check_dtype=False)


def test_pythons_own_errors_about_calls_are_left_alone():
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        mt.softmax(ones(2), axis=0)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        mt.softmax(ones(2))
