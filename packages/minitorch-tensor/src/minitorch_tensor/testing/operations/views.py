"""Other shapes of the same elements."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing.operations.row import Operation, operation
from minitorch_tensor.testing.samples import Draw, Sample, sample


def _of_few_dimensions(draw: Draw) -> list[Sample]:
    return [sample(draw()), sample(draw(3)), sample(draw(2, 3)), sample(draw(2, 1, 3))]


ROWS: tuple[Operation, ...] = (
    operation(
        "reshape",
        np.reshape,
        lambda draw: [
            sample(draw(3, 4), (2, 6)),
            sample(draw(2, 3, 4), (-1, 4)),
            sample(draw(2, 0), (0, 5)),
            sample(draw(1), ()),
        ],
        ALL,
    ),
    operation(
        "flatten",
        lambda x, start=0, end=-1: x.reshape(
            *x.shape[:start], -1 if x.size else 0, *x.shape[end % max(x.ndim, 1) + 1 :]
        ),
        lambda draw: [
            sample(draw(3, 4)),
            sample(draw(2, 3, 4), 1),
            sample(draw(2, 3, 4), 0, 1),
            sample(draw()),
        ],
        ALL,
    ),
    operation(
        "unflatten",
        lambda x, dim, sizes: x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :]),
        lambda draw: [sample(draw(2, 6), 1, (2, 3)), sample(draw(4, 2), 0, (2, -1))],
        ALL,
    ),
    operation("ravel", np.ravel, lambda draw: [sample(draw(2, 3)), sample(draw())], ALL),
    operation(
        "unfold",
        lambda x, dim, size, step: np.moveaxis(
            np.stack(
                [
                    x.take(range(i, i + size), axis=dim)
                    for i in range(0, x.shape[dim] - size + 1, step)
                ],
                dim,
            ),
            dim + 1,
            -1,
        ),
        lambda draw: [
            sample(draw(7), 0, 3, 2),
            sample(draw(2, 5, 3), 1, 3, 1),
            sample(draw(4, 2), 0, 2, 3),
        ],
        ALL,
        function=lambda x, dim, size, step: x.unfold(dim, size, step),
        torch="Tensor.unfold",
    ),
    operation("atleast_1d", np.atleast_1d, _of_few_dimensions, ALL),
    operation("atleast_2d", np.atleast_2d, _of_few_dimensions, ALL),
    operation("atleast_3d", np.atleast_3d, _of_few_dimensions, ALL),
    operation(
        "permute",
        np.transpose,
        lambda draw: [
            sample(draw(2, 3, 4), (2, 0, 1)),
            sample(draw(2, 3), (-1, 0)),
            sample(draw(), ()),
        ],
        ALL,
    ),
    operation(
        "transpose",
        np.swapaxes,
        lambda draw: [sample(draw(2, 3, 4), 0, 2), sample(draw(2, 3, 4), -1, 1)],
        ALL,
    ),
    operation(
        "t", np.transpose, lambda draw: [sample(draw(2, 3)), sample(draw(3)), sample(draw())], ALL
    ),
    operation(
        "movedim",
        np.moveaxis,
        lambda draw: [
            sample(draw(2, 3, 4), 0, 2),
            sample(draw(2, 3, 4), (0, 1), (-1, 0)),
        ],
        ALL,
    ),
    operation(
        "squeeze",
        lambda x, dim=None: (
            x.squeeze()
            if dim is None
            else x.squeeze(
                tuple(d for d in (dim if isinstance(dim, tuple) else (dim,)) if x.shape[d] == 1)
            )
        ),
        lambda draw: [
            sample(draw(1, 3, 1)),
            sample(draw(1, 3, 1), 0),
            sample(draw(2, 3), 0),
            sample(draw(1, 3, 1), (0, 1)),
        ],
        ALL,
    ),
    operation(
        "unsqueeze",
        np.expand_dims,
        lambda draw: [sample(draw(2, 3), 1), sample(draw(2, 3), -1), sample(draw(), 0)],
        ALL,
    ),
    operation(
        "broadcast_to",
        np.broadcast_to,
        lambda draw: [sample(draw(3, 1), (2, 3, 4)), sample(draw(), (2, 3)), sample(draw(1), (0,))],
        ALL,
    ),
    operation(
        "expand",
        lambda x, shape: np.broadcast_to(
            x, [m if n == -1 else n for n, m in zip(shape, (0,) * (len(shape) - x.ndim) + x.shape)]
        ),
        lambda draw: [sample(draw(3, 1), (2, -1, 4)), sample(draw(1, 3), (2, 3))],
        ALL,
        function=lambda x, shape: x.expand(shape),
        torch="Tensor.expand",
    ),
    operation(
        "meshgrid",
        lambda *xs, indexing: tuple(np.meshgrid(*xs, indexing=indexing)),
        lambda draw: [
            sample(draw(2), draw(3), indexing="ij"),
            sample(draw(2), draw(3), draw(2), indexing="xy"),
        ],
        ALL,
    ),
)
