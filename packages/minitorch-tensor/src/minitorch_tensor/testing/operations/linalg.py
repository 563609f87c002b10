"""Matrix products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing.operations.row import Operation, operation
from minitorch_tensor.testing.samples import NUMBERS, Array, Draw, Sample, sample


def _added_products(*shapes: tuple[int, ...]) -> Callable[[Draw], list[Sample]]:
    return lambda draw: [
        sample(*[draw(*shape) for shape in shapes]),
        sample(*[draw(*shape) for shape in shapes], beta=2, alpha=3),
    ]


def _added_product(x: Array, a: Array, b: Array, beta: float = 1, alpha: float = 1) -> Array:
    return np.asarray(beta * x + alpha * (a @ b))


ROWS: tuple[Operation, ...] = (
    operation(
        "matmul",
        np.matmul,
        lambda draw: [
            sample(draw(3), draw(3)),
            sample(draw(2, 3), draw(3)),
            sample(draw(3), draw(3, 4)),
            sample(draw(2, 3), draw(3, 4)),
            sample(draw(5, 2, 3), draw(5, 3, 4)),
            sample(draw(2, 1, 2, 3), draw(3, 3, 2)),
            sample(draw(5, 2, 3), draw(3)),
            sample(draw(3), draw(2, 3, 4)),
            sample(draw(2, 0), draw(0, 3)),
            sample(draw(0, 2), draw(2, 3)),
        ],
        NUMBERS,
    ),
    operation("mm", np.matmul, lambda draw: [sample(draw(2, 3), draw(3, 4))], NUMBERS),
    operation(
        "bmm",
        np.matmul,
        lambda draw: [sample(draw(2, 2, 3), draw(2, 3, 4)), sample(draw(0, 2, 3), draw(0, 3, 4))],
        NUMBERS,
    ),
    operation(
        "dot", np.dot, lambda draw: [sample(draw(3), draw(3)), sample(draw(0), draw(0))], NUMBERS
    ),
    operation("outer", np.outer, lambda draw: [sample(draw(3), draw(4))], ALL),
    operation("mv", np.matmul, lambda draw: [sample(draw(2, 3), draw(3))], NUMBERS),
    operation(
        "inner",
        np.inner,
        lambda draw: [
            sample(draw(3), draw(3)),
            sample(draw(2, 3), draw(2, 4, 3)),
            sample(draw(2, 3), draw()),
        ],
        NUMBERS,
    ),
    operation(
        "tensordot",
        lambda a, b, dims=2: np.tensordot(a, b, dims),
        lambda draw: [
            sample(draw(2, 3, 4), draw(3, 4, 2)),
            sample(draw(2, 3), draw(4), 0),
            sample(draw(2, 3, 4), draw(4, 5, 2), ((0, 2), (2, 0))),
        ],
        NUMBERS,
    ),
    operation("addmm", _added_product, _added_products((4,), (2, 3), (3, 4)), NUMBERS),
    operation("addmv", _added_product, _added_products((2,), (2, 3), (3,)), NUMBERS),
    operation("baddbmm", _added_product, _added_products((2, 1), (5, 2, 3), (5, 3, 4)), NUMBERS),
    operation(
        "kron",
        np.kron,
        lambda draw: [sample(draw(2, 3), draw(3, 2)), sample(draw(2), draw(2, 2))],
        NUMBERS,
    ),
    operation(
        "matrix_power",
        lambda x, n: np.linalg.matrix_power(x, n),
        lambda draw: [sample(draw(2, 3, 3), n) for n in (1, 2, 3, 5)],
    ),
    operation(
        "cdist",
        lambda x, y, p=2.0: np.linalg.norm(x[..., :, None, :] - y[..., None, :, :], p, -1),
        lambda draw: [
            sample(draw(3, 2), draw(4, 2)),
            sample(draw(2, 3, 4), draw(2, 2, 4), 1.0),
            sample(draw(3, 2), draw(4, 2), 3.0),
        ],
    ),
)
