"""A row of the table of kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minitorch_tensor.backend import Backend
from minitorch_tensor.dtypes import DType
from minitorch_tensor.testing.samples import FLOATS, Draw, Sample


@dataclass(frozen=True)
class Kernel:
    """A backend's operation, and how to try it.

    Attributes:
        name: of the method, and after a dot which form of it.
        call: runs it, given a backend and arguments in which tensor data stands for arrays;
            returns the tensor data of its results (for one that writes, what it wrote).
        reference: the results as arrays, from the same arguments as arrays.
        samples: arguments to try, from a source of random arrays.
        dtypes: those that it takes.
        writes: true if it changes arguments, whose elements then must not share places.
        views: true if its results may be views of its arguments.
    """

    name: str
    call: Callable[..., Any]
    reference: Callable[..., Any]
    samples: Callable[[Draw], list[Sample]]
    dtypes: tuple[DType, ...] = FLOATS
    writes: bool = False
    views: bool = False

    def __str__(self) -> str:
        return self.name


def kernel(
    name: str,
    reference: Callable[..., Any],
    samples: Callable[[Draw], list[Sample]],
    dtypes: tuple[DType, ...] = FLOATS,
    call: Callable[..., Any] | None = None,
    *,
    writes: bool = False,
    views: bool = False,
) -> Kernel:
    """A row; without `call`, one that passes its arguments to the backend's method of that name."""
    method = name.split(".")[0]

    def by_name(backend: Backend, *args: Any, **kwargs: Any) -> Any:
        return getattr(backend, method)(*args, **kwargs)

    return Kernel(name, call or by_name, reference, samples, dtypes, writes, views)
