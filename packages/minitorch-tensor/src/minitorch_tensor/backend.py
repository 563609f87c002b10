"""The backend interface: the third pinned one, and all that a backend author has to read.

A backend computes on `TensorData`. It must provide eight methods: four that allocate and move
(`empty`, `from_numpy`, `to_numpy`, `copy_`) and four that compute (`map`, `zip`, `reduce`,
`matmul`). Everything else, from `where` to convolution, is derived from these in
`derived.DerivedOperations`; a backend may override any of it to be faster, never to differ.

Rules for every method:

- *Arguments* may have any strides and offset: permuted, expanded (stride 0), stepped backwards,
  empty, zero-dimensional. They are never changed, except where a name ends in `_`.
- *Results* are new, own their memory (`base is None`, contiguous) and share none with an argument.
- The caller has checked shapes and dtypes, and promoted operands to one dtype.
- Arithmetic is IEEE 754: overflow, division by zero and invalid operands give inf and NaN, and
  raise or print nothing. Integers wrap. What an infinity or NaN is as an integer is undefined.
- Methods may be called from several threads at once.

A change that breaks an implementation raises `BACKEND_INTERFACE` by one, and the major version of
minitorch-tensor with it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy.typing as npt

from minitorch_tensor.derived import DerivedOperations
from minitorch_tensor.dtypes import DType
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData

BACKEND_INTERFACE = 1

#: A scalar function made of `minitorch_autodiff.operators` and Python arithmetic.
UnaryFn: TypeAlias = Callable[[float], float]
BinaryFn: TypeAlias = Callable[[float, float], float]


class Backend(DerivedOperations):
    """Computes on tensor data.

    A subclass sets `name`, and `interface_version` to the `BACKEND_INTERFACE` it was written
    for, and is registered as an entry point of the group `minitorch.backends`. There is one
    instance in a process; it is made when the backend is first asked for, and may raise
    `BackendUnavailable` then, saying what is missing and how to get it.
    """

    #: What a person writes to choose it.
    name: ClassVar[str]

    #: The value of BACKEND_INTERFACE that this class was written for.
    interface_version: ClassVar[int]

    # -- allocation and transfer ------------------------------------------------------------

    @abstractmethod
    def empty(self, shape: Shape, dtype: DType) -> TensorData:
        """New memory with arbitrary content."""

    @abstractmethod
    def from_numpy(self, array: npt.NDArray[Any]) -> TensorData:
        """The array's elements on this backend. A host backend may share a contiguous array."""

    @abstractmethod
    def to_numpy(self, x: TensorData) -> npt.NDArray[Any]:
        """The elements as a numpy array of x's shape. A host backend may share the memory."""

    @abstractmethod
    def copy_(self, out: TensorData, x: TensorData) -> None:
        """Write x, converted to out's dtype, into out's elements (which may be a view).

        The shapes are equal; out has no element twice; the two do not overlap.
        """

    # -- the four higher-order operations ---------------------------------------------------

    @abstractmethod
    def map(self, fn: UnaryFn, x: TensorData, dtype: DType) -> TensorData:
        """out[i] = fn(x[i]), for every index i.

        Args:
            fn: any scalar function; it sees elements of x's dtype.
            dtype: of the result, to which fn's values are converted.
        """

    @abstractmethod
    def zip(self, fn: BinaryFn, x: TensorData, y: TensorData, dtype: DType) -> TensorData:
        """out[i] = fn(x[i], y[i]), for every index i of the shape that both broadcast to."""

    @abstractmethod
    def reduce(
        self, fn: BinaryFn, x: TensorData, dim: int, start: float, dtype: DType
    ) -> TensorData:
        """Fold one dimension down to size 1: out = fn(... fn(fn(start, x0), x1) ..., xn).

        fn is associative and commutative up to rounding, so that parts may be folded apart, and
        `start` is its identity. An empty dimension gives `start`.
        """

    @abstractmethod
    def matmul(self, x: TensorData, y: TensorData) -> TensorData:
        """out[b, i, j] = sum over k of x[b, i, k] * y[b, k, j].

        x (..., M, K) and y (..., K, N) with the same leading sizes (repeated ones may have
        stride 0) and the same dtype, any but bool.
        """

    def synchronize(self) -> None:
        """Wait until everything asked for has been computed."""


class BackendUnavailable(RuntimeError):
    """A backend that is installed cannot run here; the message says what it needs."""
