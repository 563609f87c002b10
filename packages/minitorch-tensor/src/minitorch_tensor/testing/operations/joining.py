"""Joining tensors and splitting them."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing.operations.row import Operation, operation
from minitorch_tensor.testing.samples import Array, Draw, Sample, sample


def _block_diag(*blocks: Array) -> Array:
    blocks = tuple([np.atleast_2d(b) for b in blocks])
    out = np.zeros(np.sum([b.shape for b in blocks], 0), blocks[0].dtype)
    i = j = 0
    for b in blocks:
        out[i : i + b.shape[0], j : j + b.shape[1]] = b
        i, j = i + b.shape[0], j + b.shape[1]
    return out


def _stacks(draw: Draw) -> list[Sample]:
    return [
        sample([draw(3), draw(3)]),
        sample([draw(2, 3), draw(2, 3)]),
        sample([draw(2, 3, 1), draw(2, 3, 1)]),
    ]


ROWS: tuple[Operation, ...] = (
    operation(
        "split",
        lambda x, n, dim=0: tuple(
            np.split(
                x,
                np.cumsum(n[:-1]) if isinstance(n, tuple) else range(n, x.shape[dim], n),
                axis=dim,
            )
        ),
        lambda draw: [sample(draw(5, 2), 2), sample(draw(2, 5), (1, 4), 1)],
        ALL,
    ),
    operation(
        "chunk",
        lambda x, n, dim=0: tuple(
            np.split(x, range(-(-x.shape[dim] // n), x.shape[dim], -(-x.shape[dim] // n)), axis=dim)
        ),
        lambda draw: [sample(draw(5, 2), 2), sample(draw(2, 5), 4, 1)],
        ALL,
    ),
    operation(
        "tensor_split",
        lambda x, n, dim=0: tuple(np.array_split(x, n, axis=dim)),
        lambda draw: [
            sample(draw(7, 2), 3),
            sample(draw(2, 2), 3),
            sample(draw(2, 7), (1, 4, 9), 1),
        ],
        ALL,
    ),
    operation(
        "unbind",
        lambda x, dim=0: tuple(np.moveaxis(x, dim, 0)),
        lambda draw: [sample(draw(3, 2)), sample(draw(2, 3, 2), 1)],
        ALL,
    ),
    operation(
        "narrow",
        lambda x, dim, start, length: x.take(range(start, start + length), axis=dim),
        lambda draw: [sample(draw(5, 2), 0, 1, 3), sample(draw(2, 5), -1, 5, 0)],
        ALL,
    ),
    operation(
        "select",
        lambda x, dim, index: x.take(index, axis=dim),
        lambda draw: [sample(draw(3, 4), 1, 2), sample(draw(3, 4), 0, -1)],
        ALL,
    ),
    operation(
        "cat",
        np.concatenate,
        lambda draw: [
            sample([draw(2, 3), draw(4, 3)]),
            sample([draw(2, 1), draw(2, 3), draw(2, 0)], 1),
            sample([draw(2, 3, 1), draw(2, 3, 2)], -1),
        ],
        ALL,
    ),
    operation(
        "stack",
        np.stack,
        lambda draw: [
            sample([draw(2, 3), draw(2, 3)]),
            sample([draw(3), draw(3), draw(3)], -1),
            sample([draw(), draw()]),
            sample([draw(0), draw(0)], 1),
        ],
        ALL,
    ),
    operation("hstack", np.hstack, _stacks, ALL),
    operation("vstack", np.vstack, _stacks, ALL),
    operation("dstack", np.dstack, _stacks, ALL),
    operation("column_stack", np.column_stack, _stacks, ALL),
    operation(
        "block_diag",
        _block_diag,
        lambda draw: [sample(draw(2, 3), draw(3), draw(1, 1)), sample(draw())],
        ALL,
    ),
)
