"""Sums of products in Einstein's notation."""

from __future__ import annotations

from collections.abc import Iterator

from .row import INTEGERS, Case, case, x


def rows() -> Iterator[Case]:
    """The rows."""
    for equation, *shapes in (
        ("ij->ji", (2, 3)),
        ("ba", (2, 3)),
        ("ij->", (2, 3)),
        ("ii->i", (3, 3)),
        ("ii", (3, 3)),
        ("i,j->ij", (2,), (3,)),
        ("ij,jk", (2, 3), (3, 2)),
        ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
        ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
        ("ijk,k->ij", (2, 3, 2), (2,)),
        ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
        ("...i->...", (2, 3)),
        ("bhqd,bhkd->bhqk", (1, 2, 2, 3), (1, 2, 2, 3)),
        ("ij,ij->", (2, 3), (2, 3)),
        ("iij->j", (2, 2, 3)),
        ("ij,kl->jl", (2, 3), (2, 2)),
    ):
        yield case("einsum", equation, *[x(*shape, layout="permuted") for shape in shapes])
    yield case("einsum", "ij,jk", x(2, 3), x(3, 2), dtypes=INTEGERS)
    yield case(
        "einsum",
        "ij->i",
        x(2, 3),
        dtypes=("uint8", "int32"),
        differs={"dtype": "PyTorch's sums widen to int64, but its products do not; ours never do."},
    )
