"""The backend interface, the third pinned one: all that a backend author has to read.

A backend computes on `TensorData`. It must provide eight methods (`REQUIRED`): four that allocate
and move (`empty`, `from_numpy`, `to_numpy`, `copy_`) and four that compute (`map`, `zip`, `reduce`,
`matmul`). Everything else (`DERIVED`), from `where` to convolution, is derived from these in
`derived`, a file for each family; a backend may override any of it to be faster, but not to give
other results. The guide "Write a backend" goes from an empty folder to a backend that passes
`testing.conformance`, which checks every rule stated here.

Rules for every method:

- *Arguments* may have any strides and offset: permuted, expanded (stride 0), stepped backwards,
  empty, zero-dimensional. They are never changed, except where a name ends in `_`.
- *Settings* that belong together come as one immutable value defined in `derived`: `Window`,
  `Convolution`, `Recurrence`, `SGDStep`, `AdamStep`. They compare and hash by their fields.
- *Results* are new, own their memory (`base is None`, contiguous) and share none with an argument.
  A method that may return a view instead says so in its docstring.
- *Shapes and dtypes* have been checked by the caller, and operands promoted to one dtype. The
  result has the dtype that the method names, and a reduction keeps its dimension with size 1.
- *Arithmetic* is IEEE 754: overflow, division by zero and invalid operands give inf and NaN, NaN
  propagates, and nothing is raised or printed. float64 is computed in float64. Integers are exact
  and wrap. `cast` defines conversions.
- *Threads*: methods may be called from several threads at once. A backend protects any state that
  it keeps between calls.
- *Repetition*: the same call on the same machine gives the same bits.
- *Buffers* are private to their backend. A result may be computed later (see `synchronize`), as
  long as that is not observable.

A change that breaks an implementation raises `BACKEND_INTERFACE` by one, and the major version of
minitorch-tensor with it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy.typing as npt

from minitorch_tensor.derived import DerivedOperations
from minitorch_tensor.dtypes import ALL, DType
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData

BACKEND_INTERFACE = 2

#: A scalar function made of `minitorch_autodiff.operators` and Python arithmetic.
UnaryFn: TypeAlias = Callable[[float], float]
BinaryFn: TypeAlias = Callable[[float, float], float]


class Capabilities(NamedTuple):
    """What a backend declares about itself; the fields are attributes of its class, too.

    Attributes:
        on_host: true if its buffers lie in the host's memory.
        dtypes: the element types that it has.
        flushes_denormals: true if it may compute 0 for numbers below the normal ones.
        compiles: true if first calls compile.
    """

    on_host: bool
    dtypes: tuple[DType, ...]
    flushes_denormals: bool
    compiles: bool


class Backend(DerivedOperations):
    """Computes on tensor data.

    A subclass sets `name`, and `interface_version` to the `BACKEND_INTERFACE` it was written
    for, and is registered as an entry point of the group `minitorch.backends`. There is one
    instance in a process; it is created on the first use of the backend, and may then raise
    `BackendUnavailable`, saying what is missing and how to get it.
    """

    #: The name by which users select it.
    name: ClassVar[str]

    #: The value of BACKEND_INTERFACE that this class was written for.
    interface_version: ClassVar[int]

    # What it declares about itself (`capabilities`); the conformance kit and the table of backends
    # follow it.

    #: True if its buffers lie in the host's memory: then PyTorch's device "cpu" can mean it.
    on_host: bool = True

    #: The element types that it has; float32, bool and an integer type are the least.
    dtypes: tuple[DType, ...] = ALL

    #: True if it may compute 0 where the result, or an operand, is too small for a full mantissa
    #: (below 1.2e-38 in float32): the one exception from IEEE 754. Copies keep such numbers.
    flushes_denormals: bool = False

    #: True if the first call for each function, or for each shape, compiles: it is slow then, and
    #: wants few of them.
    compiles: bool = False

    @property
    def capabilities(self) -> Capabilities:
        """What it declares about itself."""
        return Capabilities(self.on_host, self.dtypes, self.flushes_denormals, self.compiles)

    # -- allocation and transfer ------------------------------------------------------------

    @abstractmethod
    def empty(self, shape: Shape, dtype: DType) -> TensorData:
        """New memory with arbitrary content.

        Args:
            shape: any; a size of 0 means no elements, and () means one element.
            dtype: of the elements.
        """

    @abstractmethod
    def from_numpy(self, array: npt.NDArray[Any]) -> TensorData:
        """The array's elements on this backend, bit for bit.

        Args:
            array: of one of the six dtypes, any shape and strides.

        Returns: data of the array's shape. A host backend shares the memory of every C-contiguous
            array, or of none: never by chance, such as of alignment. Any other backend copies.
        """

    @abstractmethod
    def to_numpy(self, x: TensorData) -> npt.NDArray[Any]:
        """The elements as a numpy array of x's shape and dtype, bit for bit. A host backend may
        share the memory; any other returns an array that the caller owns. It can be written to."""

    @abstractmethod
    def copy_(self, out: TensorData, x: TensorData) -> None:
        """Write x, converted to out's dtype as by `cast`, into out's elements.

        out may be a view: the memory between its elements stays unchanged. The shapes are equal, no
        two indices of out share an element, and out and x do not overlap. Threads may write to
        different views of one buffer at once: each finds what it wrote.
        """

    # -- the four higher-order operations ---------------------------------------------------

    @abstractmethod
    def map(self, fn: UnaryFn, x: TensorData, dtype: DType) -> TensorData:
        """out[i] = fn(x[i]), for every index i.

        Args:
            fn: any scalar function without side effects, loops and branches included; it sees
                elements of x's dtype. A backend may recognise some by identity
                (`fn is operators.exp`) and compile, trace or simply call the rest. Never compare
                functions by name: different closures share one. What is kept for functions is
                bounded: at most 1024 of them outlive their last use.
            x: any shape.
            dtype: of the result, to which fn's values are converted as by `cast`.

        Returns: of x's shape.
        """

    @abstractmethod
    def zip(self, fn: BinaryFn, x: TensorData, y: TensorData, dtype: DType) -> TensorData:
        """out[i] = fn(x[i], y[i]), for every index i of the shape that both broadcast to.

        Args:
            fn: as for `map`.
            x: any shape; aligned with y at the last dimension, sizes of 1 stretch.
            y: of x's dtype, but for `operators.keep_if`, whose x is a condition (bool).
            dtype: as for `map`; bool for comparisons.
        """

    @abstractmethod
    def reduce(
        self, fn: BinaryFn, x: TensorData, dim: int, start: float, dtype: DType
    ) -> TensorData:
        """Fold one dimension down to size 1: out = fn(... fn(fn(start, x0), x1) ..., xn).

        fn is associative and commutative up to rounding, so that parts may be folded separately,
        and `start` is its identity. An empty dimension gives `start`.

        Args:
            fn: as for `zip`.
            x: at least one dimension.
            dim: which one, counted from 0.
            start: the identity of fn: 0 for a sum, -inf for a maximum.
            dtype: of the result; every step is rounded or wrapped to it, or to a wider one.
        """

    @abstractmethod
    def matmul(self, x: TensorData, y: TensorData) -> TensorData:
        """out[b, i, j] = sum over k of x[b, i, k] * y[b, k, j].

        x (..., M, K) and y (..., K, N) with the same leading sizes (broadcast ones may have
        stride 0) and the same dtype, any but bool -> (..., M, N). Any size may be 0; over an empty
        K the sum is 0.
        """

    def synchronize(self) -> None:
        """Wait until all pending computation is done; used when measuring time."""


class BackendUnavailable(RuntimeError):
    """A backend that is installed cannot run here; the message says what it needs.

    Attributes:
        reason: what it needs, without the name of the backend and who asked for it.
    """

    def __init__(self, message: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


#: The methods that a backend must provide.
REQUIRED: tuple[str, ...] = tuple(
    [name for name in vars(Backend) if name in Backend.__abstractmethods__]
)

#: The methods that are derived from the required ones, and may be overridden.
DERIVED: tuple[str, ...] = tuple(
    [
        name
        for family in reversed(Backend.__mro__)
        for name, value in vars(family).items()
        if callable(value) and not name.startswith("_") and name not in REQUIRED
    ]
)
