"""A row of the table of functions, and what the rows of elementwise functions share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import minitorch_tensor as mt
from minitorch_tensor.dtypes import DType, bool_
from minitorch_tensor.testing.samples import FLOATS, Array, Draw, Sample, sample


@dataclass(frozen=True)
class Operation:
    """A function, and how to try it.

    Attributes:
        name: unique in the table; PyTorch's, and after a dot which form of it.
        function: of tensors.
        reference: the same of numpy arrays, computed some other way.
        samples: calls to try, from a source of random arrays.
        dtypes: those that it takes.
        differentiable: true if gradients reach its floating-point arguments.
        torch: where PyTorch has it if not as `torch.<name>`; None where it has no equal.
    """

    name: str
    function: Callable[..., Any]
    reference: Callable[..., Any]
    samples: Callable[[Draw], list[Sample]]
    dtypes: tuple[DType, ...] = FLOATS
    differentiable: bool = True
    torch: str | None = ""

    def __str__(self) -> str:
        return self.name


def operation(
    name: str,
    reference: Callable[..., Any],
    samples: Callable[[Draw], list[Sample]],
    dtypes: tuple[DType, ...] = FLOATS,
    *,
    function: Callable[..., Any] | None = None,
    differentiable: bool = True,
    torch: str | None = "",
) -> Operation:
    """A row; without `function`, of the public function of that name."""
    if function is None:
        function = getattr(mt, name.split(".")[0])
    return Operation(name, function, reference, samples, dtypes, differentiable, torch)


def unary(low: float = -3.0, high: float = 3.0) -> Callable[[Draw], list[Sample]]:
    """Samples for an elementwise function of one tensor, with elements between low and high."""
    return lambda draw: [
        sample(draw(3, 4, low=low, high=high)),
        sample(draw(low=low, high=high)),
        sample(draw(2, 0, 3)),
    ]


def fraction(fn: Callable[..., Array]) -> Callable[..., Array]:
    """fn of arrays that are converted to float32 first, unless they are floating point."""

    def convert(x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.dtype.kind != "f":
            return x.astype(np.float32)
        return x

    return lambda *args, **kwargs: fn(*[convert(x) for x in args], **kwargs)


def pairs(low: float = -3.0, high: float = 3.0) -> Callable[[Draw], list[Sample]]:
    """Samples for an elementwise function of two: broadcast, beside a number, empty."""

    def samples(draw: Draw) -> list[Sample]:
        def x(*shape: int) -> Array:
            return draw(*shape, low=low, high=high)

        number = 2 if draw.dtype.kind == "int" else draw.dtype is bool_ or 1.75
        return [
            sample(x(3, 4), x(3, 4)),
            sample(x(3, 1), x(2, 1, 4)),
            sample(x(2, 3), x()),
            sample(x(2, 3), number),
            sample(x(0, 3), x(1)),
        ]

    return samples
