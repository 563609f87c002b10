"""einsum: sums of products in index notation."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from minitorch_tensor.functions.arranging import diagonal
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.joining import check_sequence
from minitorch_tensor.functions.linalg import matmul

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor

#: Internal names for the dimensions of an ellipsis, from the right; not valid in an equation.
_ELLIPSIS = "₀₁₂₃₄₅₆₇₈₉"


@guarded
def einsum(equation: str, *operands: Tensor) -> Tensor:
    """Products of operands, summed over every index that the result does not have.

    >>> from minitorch_tensor import ones
    >>> einsum("bij,bjk->bik", ones(2, 3, 4), ones(2, 4, 5)).shape
    (2, 3, 5)

    Args:
        equation: a letter for each dimension of each operand, a comma between operands, and after
            `->` those of the result. Without `->` the result has the letters that occur once, in
            alphabetical order. A letter twice in one operand takes the diagonal; `...` stands for
            unnamed dimensions, which broadcast.
        operands: one tensor for each term.

    Operands are combined from left to right, two at a time, by a matrix product. For a single
    operand, a permutation or diagonal is a view.

    Raises: ValueError that says which part of the equation does not fit the operands.
    """
    check_sequence("einsum", operands)
    terms, result = _parse(equation, operands)
    sizes = _sizes(equation, terms, operands)
    left_tensor, left = _own_sums(operands[0], terms[0], _others(terms, 0, result))
    for i in range(1, len(operands)):
        later = "".join(terms[i + 1 :]) + result
        right_tensor, right = _own_sums(operands[i], terms[i], left + later)
        left_tensor, left = _pair(left_tensor, left, right_tensor, right, later, sizes)
    return left_tensor.permute([left.index(c) for c in result])


def _others(terms: list[str], i: int, result: str) -> str:
    return "".join(terms[:i] + terms[i + 1 :]) + result


def _parse(equation: str, operands: tuple[Tensor, ...]) -> tuple[list[str], str]:
    """The index letters of every operand and of the result, with ellipses expanded."""
    compact = equation.replace(" ", "")
    inputs, arrow, output = compact.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ValueError(
            f"einsum: {equation!r} names {len(terms)} operands, but got {len(operands)}."
        )
    spelled = []
    for term, x in zip(terms, operands):
        named = term.replace("...", "", 1)
        if not all(c.isalpha() and c.isascii() for c in named):
            raise ValueError(
                f"einsum: in {equation!r}, {term!r} must be letters, with at most one '...'."
            )
        free = x.ndim - len(named)
        if free < 0 or (free and "..." not in term):
            raise ValueError(
                f"einsum: in {equation!r}, {term!r} names {len(named)} dimensions of an operand "
                f"of shape {x.shape}."
            )
        if free > len(_ELLIPSIS):
            raise ValueError(f"einsum: '...' stands for at most {len(_ELLIPSIS)} dimensions.")
        spelled.append(term.replace("...", _ELLIPSIS[len(_ELLIPSIS) - free :]))
    counts = Counter("".join(spelled))
    free_dims = "".join(c for c in _ELLIPSIS if c in counts)
    if not arrow:
        return spelled, free_dims + "".join(
            sorted(c for c, n in counts.items() if n == 1 and c not in _ELLIPSIS)
        )
    result = output.replace("...", free_dims, 1)
    unknown = [c for c in result if c not in counts]
    if unknown or len(set(result)) != len(result):
        raise ValueError(
            f"einsum: in {equation!r}, every letter of the result {output!r} must occur once "
            "there and in some operand."
        )
    return spelled, result


def _sizes(equation: str, terms: list[str], operands: tuple[Tensor, ...]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for term, x in zip(terms, operands):
        for c in term:
            if len({n for d, n in zip(term, x.shape) if d == c}) > 1:
                raise ValueError(
                    f"einsum: in {equation!r}, index {c!r} stands for different sizes of one "
                    f"operand, of shape {x.shape}; it must be square there."
                )
        for c, n in zip(term, x.shape):
            m = sizes.setdefault(c, n)
            if m == 1:
                sizes[c] = n
            elif n not in (1, m):
                name = "'...'" if c in _ELLIPSIS else repr(c)
                raise ValueError(
                    f"einsum: in {equation!r}, index {name} has sizes {m} and {n}; they must be "
                    f"equal or 1. Shapes are {', '.join(str(t.shape) for t in operands)}."
                )
    return sizes


def _own_sums(x: Tensor, term: str, elsewhere: str) -> tuple[Tensor, str]:
    """x with diagonals taken for repeated letters, and summed over letters that only x has."""
    for c in dict.fromkeys(term):
        while term.count(c) > 1:
            first = term.index(c)
            second = term.index(c, first + 1)
            x = diagonal(x, 0, first, second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + c
    alone = [i for i, c in enumerate(term) if c not in elsewhere]
    if alone:
        x = x.sum(alone, dtype=x.dtype)
        term = "".join(c for c in term if c in elsewhere)
    return x, term


def _pair(
    x: Tensor, left: str, y: Tensor, right: str, later: str, sizes: dict[str, int]
) -> tuple[Tensor, str]:
    """Two operands as one batched matrix product: (batch, rows, sum) @ (batch, sum, columns)."""
    both = [c for c in left if c in right]
    batch = [c for c in both if c in later]
    summed = [c for c in both if c not in later]
    rows = [c for c in left if c not in right]
    columns = [c for c in right if c not in left]

    # A shared index with size 1 in one operand is broadcast; other sizes stay.
    n = {**dict(zip(left, x.shape)), **dict(zip(right, y.shape)), **{c: sizes[c] for c in both}}

    def matrices(t: Tensor, term: str, *groups: list[str]) -> Tensor:
        names = [c for group in groups for c in group]
        t = t.permute([term.index(c) for c in names]).expand([n[c] for c in names])
        return t.reshape([math.prod(n[c] for c in group) for group in groups])

    product = matmul(
        matrices(x, left, batch, rows, summed), matrices(y, right, batch, summed, columns)
    )
    names = [*batch, *rows, *columns]
    return product.reshape([n[c] for c in names]), "".join(names)


__all__ = [
    "einsum",
]
