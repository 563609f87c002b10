"""The wording of errors: each names the operation, what it got, the rule, and a way out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import minitorch_tensor as mt

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
        "matmul: a (3, 4) and b (3, 4) do not chain: last size of a is 4, second-to-last of b is "
        "3. Transpose one?",
    ),
    (
        lambda: ones(3, 4) @ ones(3),
        ValueError,
        "matmul: a (3, 4) and b (3,) do not chain: last size of a is 4, only of b is 3.",
    ),
    (
        lambda: tensor(1.0) @ ones(3),
        ValueError,
        "matmul: a () and b (3,) must have a dimension each; use * with a number.",
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
        "permute: (0, 0) is no order of the 2 dimensions of (2, 3); name each once.",
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
        lambda: ones(2, backend="simple") * ones(2, backend="numpy"),
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
        "zero_: this tensor requires a gradient, so changing it in place would falsify its "
        "history. Do it under no_grad(), or use the operation that gives a new tensor.",
    ),
    (
        lambda: mt.zeros(2).add_(ones(2, requires_grad=True)),
        RuntimeError,
        "add_: the new values require a gradient, which would be lost in a change in place. Use an "
        "operation that gives a new tensor (+, where, cat, ...), or detach() the values.",
    ),
    (
        lambda: ones(1, 3).expand(2, 3).fill_(1.0),
        RuntimeError,
        "copy_: several elements of this expanded tensor are one place in memory. Change a "
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
