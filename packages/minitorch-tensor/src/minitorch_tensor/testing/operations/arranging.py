"""Flips, repetition, padding, triangles, diagonals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch_tensor.dtypes import ALL, int64
from minitorch_tensor.testing.operations.row import Operation, operation
from minitorch_tensor.testing.samples import Array, Draw, Sample, sample


def _pad(x: Array, pad: tuple[int, ...], value: float = 0) -> Array:
    pairs = [pad[i : i + 2] for i in range(0, len(pad), 2)][::-1]
    sides = [(0, 0)] * (x.ndim - len(pairs)) + [(b, a) for b, a in pairs]
    x = x[tuple([slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, sides)])]
    return np.pad(x, [(max(b, 0), max(a, 0)) for b, a in sides], constant_values=value)


def _framed(numpys: str) -> Callable[..., Array]:
    """Padding in a mode, by numpy's name for it."""
    options: Any = {"mode": numpys}
    return lambda x, pad, mode: np.pad(x, [(0, 0)] * (x.ndim - 1) + [pad], **options)


def _frames(mode: str) -> Callable[[Draw], list[Sample]]:
    return lambda draw: [
        sample(draw(2, 3, 4), (2, 1), mode=mode),
        sample(draw(2, 1, 3), (0, 2), mode=mode),
    ]


def _triangles(draw: Draw) -> list[Sample]:
    return [sample(draw(3, 4)), sample(draw(2, 4, 3), 1), sample(draw(3, 3), -1)]


ROWS: tuple[Operation, ...] = (
    operation(
        "diagonal",
        np.diagonal,
        lambda draw: [
            sample(draw(3, 4)),
            sample(draw(3, 4), 1),
            sample(draw(3, 4), -2),
            sample(draw(3, 4), 9),
            sample(draw(2, 3, 4), -1, 2, 0),
        ],
        ALL,
    ),
    operation(
        "diag",
        np.diag,
        lambda draw: [sample(draw(3)), sample(draw(3), -1), sample(draw(3, 4), 1)],
        ALL,
    ),
    operation(
        "diag_embed",
        lambda x, offset=0: np.stack([np.diag(row, offset) for row in x]),
        lambda draw: [sample(draw(2, 3)), sample(draw(2, 3), -1)],
        ALL,
    ),
    operation("diagflat", np.diagflat, lambda draw: [sample(draw(2, 2)), sample(draw(3), 2)], ALL),
    operation("trace", np.trace, lambda draw: [sample(draw(3, 4)), sample(draw(2, 0))]),
    operation("fliplr", np.fliplr, lambda draw: [sample(draw(2, 3))], ALL),
    operation("flipud", np.flipud, lambda draw: [sample(draw(2, 3)), sample(draw(3))], ALL),
    operation(
        "rot90",
        np.rot90,
        lambda draw: [
            *[sample(draw(2, 3), k) for k in (-1, 0, 1, 2)],
            sample(draw(2, 3, 4), 1, (2, 0)),
        ],
        ALL,
    ),
    operation(
        "flip",
        np.flip,
        lambda draw: [
            sample(draw(3, 4), (0,)),
            sample(draw(2, 3, 4), (0, -1)),
            sample(draw(0, 2), (0,)),
        ],
        ALL,
    ),
    operation(
        "roll",
        np.roll,
        lambda draw: [
            sample(draw(3, 4), 2),
            sample(draw(3, 4), -1, 1),
            sample(draw(3, 4), (1, 9), (0, 1)),
            sample(draw(0), 1, 0),
        ],
        ALL,
    ),
    operation(
        "repeat",
        np.tile,
        lambda draw: [
            sample(draw(2, 3), (2, 2)),
            sample(draw(2, 3), (2, 1, 3)),
            sample(draw(2), (0,)),
            sample(draw(), (2,)),
        ],
        ALL,
        function=lambda x, sizes: x.repeat(sizes),
        torch="Tensor.repeat",
    ),
    operation(
        "tile", np.tile, lambda draw: [sample(draw(2, 3), (2,)), sample(draw(2), (2, 3))], ALL
    ),
    operation(
        "repeat_interleave",
        np.repeat,
        lambda draw: [
            sample(draw(2, 3), 2),
            sample(draw(2, 3), 2, 1),
            sample(draw(2, 3), np.array([0, 2, 1]), 1),
        ],
        ALL,
    ),
    operation(
        "pad",
        _pad,
        lambda draw: [
            sample(draw(2, 3), (1, 2)),
            sample(draw(2, 3), (1, 0, 0, 2), value=1),
            sample(draw(2, 3), (-1, 2, 1, -1)),
            sample(draw(0, 3), (0, 1)),
        ],
        ALL,
        torch="nn.functional.pad",
    ),
    *[
        operation(f"pad.{mode}", _framed(numpys), _frames(mode), torch="nn.functional.pad")
        for mode, numpys in (("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap"))
    ],
    operation("tril", np.tril, _triangles, ALL),
    operation("triu", np.triu, _triangles, ALL),
    operation(
        "one_hot",
        lambda x, n=-1: np.eye(n if n >= 0 else x.max() + 1, dtype=np.int64)[x],
        lambda draw: [
            sample(draw.index(3, size=5), 5),
            sample(draw.index(2, 3, size=4)),
            sample(draw.index(0, size=1), 3),
        ],
        (int64,),
        differentiable=False,
        torch="nn.functional.one_hot",
    ),
)
