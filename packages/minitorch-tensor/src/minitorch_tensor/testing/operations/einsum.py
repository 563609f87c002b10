"""Sums of products in Einstein's notation."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.testing.operations.row import Operation, operation
from minitorch_tensor.testing.samples import NUMBERS, Array, sample


def _einsum(equation: str, *operands: Array) -> Array:
    return np.asarray(np.einsum(equation, *operands, optimize=False))


ROWS: tuple[Operation, ...] = (
    operation(
        "einsum",
        _einsum,
        lambda draw: [
            sample("ij->ji", draw(2, 3)),
            sample("ij", draw(2, 3)),
            sample("ba", draw(2, 3)),
            sample("ij->", draw(2, 3)),
            sample("ii->i", draw(3, 3)),
            sample("ii", draw(3, 3)),
            sample("i,j->ij", draw(2), draw(3)),
            sample("i,i", draw(3), draw(3)),
            sample("ij,jk", draw(2, 3), draw(3, 4)),
            sample("bij,bjk->bik", draw(2, 2, 3), draw(2, 3, 2)),
            sample("bij , bjk -> ikb", draw(2, 2, 3), draw(2, 3, 2)),
            sample("ij,jk,kl->il", draw(2, 3), draw(3, 2), draw(2, 4)),
            sample("ijk,k->ij", draw(2, 3, 4), draw(4)),
            sample("ij,kl->", draw(2, 3), draw(2, 2)),
            sample("...ij,...jk->...ik", draw(2, 2, 3), draw(3, 4)),
            sample("...i->...", draw(2, 3, 4)),
            sample("i...,i...->...", draw(3, 2), draw(3, 2)),
            sample("iij->j", draw(2, 2, 3)),
            sample("ij,ij->ij", draw(2, 3), draw(2, 3)),
            sample("bhqd,bhkd->bhqk", draw(1, 2, 3, 2), draw(1, 2, 2, 2)),
        ],
        NUMBERS,
    ),
)
