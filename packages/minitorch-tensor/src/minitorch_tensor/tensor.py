"""Tensor: strided data that remembers how it was computed."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Gradient, Variable, is_grad_enabled
from minitorch_autodiff.clock import changes
from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import AnyDType, DType
from minitorch_tensor.functions import copying
from minitorch_tensor.functions.arithmetic import ArithmeticMethods
from minitorch_tensor.functions.arranging import ArrangingMethods
from minitorch_tensor.functions.base import cast, constant, sum_to
from minitorch_tensor.functions.comparison import ComparisonMethods
from minitorch_tensor.functions.copying import CopyingMethods
from minitorch_tensor.functions.exponentials import ExponentialMethods
from minitorch_tensor.functions.filling import FillingMethods
from minitorch_tensor.functions.indexing import IndexingMethods
from minitorch_tensor.functions.joining import JoiningMethods
from minitorch_tensor.functions.linalg import LinalgMethods
from minitorch_tensor.functions.making import MakingMethods
from minitorch_tensor.functions.reductions import ReductionMethods
from minitorch_tensor.functions.selection import SelectionMethods
from minitorch_tensor.functions.sorting import SortingMethods
from minitorch_tensor.functions.views import ViewMethods
from minitorch_tensor.layout import Shape, Strides, broadcast_shapes, normalize_dim
from minitorch_tensor.printing import format_tensor
from minitorch_tensor.registry import get_backend
from minitorch_tensor.sharing import memory_of, place_of, rebuilt
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend

Number: TypeAlias = "bool | int | float"
TensorLike: TypeAlias = "Tensor | Number"
Dims: TypeAlias = "int | Sequence[int] | None"

#: The shape, dtype and backend of a value, which its gradient must match.
_Spec: TypeAlias = "tuple[Shape, DType, Backend]"


class Tensor(
    Variable,
    ArithmeticMethods,
    ArrangingMethods,
    ComparisonMethods,
    CopyingMethods,
    ExponentialMethods,
    FillingMethods,
    IndexingMethods,
    JoiningMethods,
    LinalgMethods,
    MakingMethods,
    ReductionMethods,
    SelectionMethods,
    SortingMethods,
    ViewMethods,
):
    """An n-dimensional array of one dtype on one backend, with an optional gradient.

    Create one with `tensor`, `zeros`, `randn` and the like, not by calling the class. Names and
    signatures are PyTorch's.

    Attributes:
        requires_grad: true if a gradient is computed for it.
        grad: the gradient accumulated so far, a Tensor of the same shape; initially None.
        backend: the Backend that computes on it.
    """

    grad: Tensor | None
    backend: Backend
    _data: TensorData

    #: Makes numpy leave `array * tensor` to our reflected operators, which raise a clear error.
    __array_priority__ = 1000

    def __init__(self, data: TensorData, backend: Backend) -> None:
        self._data = data
        self.backend = backend

    # -- access to the storage: see `extend` ------------------------------------------------------

    @property
    def tensor_data(self) -> TensorData:
        """The storage that a backend computes on. After writing to it, call `increment_version`."""
        return self._data

    def wrap(self, data: TensorData, backend: Backend | None = None) -> Tensor:
        """A new tensor, without history, over data that this one's backend (or another) computed.
        The result is a plain Tensor, even if `self` is of a subclass."""
        return Tensor(data, backend or self.backend)

    _new = wrap

    def set_(self, source: Tensor) -> Tensor:
        """Take over another tensor's storage, and with it shape, dtype and backend. The object
        stays the same, so references to it stay valid; the two tensors share memory from now on.

        Raises: TypeError for anything but a tensor; RuntimeError if this one was computed, if one
            requires a gradient and recording is on, or for integers in place of what requires one.
        """
        if not isinstance(source, Tensor):
            raise TypeError(
                f"set_: wanted a tensor, got {type(source).__name__}. Make one with tensor(...)."
            )
        self._check_in_place("set_", source)
        if not self.is_leaf:
            raise RuntimeError(
                "set_: this tensor was computed, and its history is that of the values it has. "
                "Set a detach() of it."
            )
        if self.requires_grad and not source.is_floating_point():
            raise RuntimeError(
                f"set_: this tensor requires a gradient, which {source.dtype} does not have. "
                "Convert the source first, or requires_grad_(False) this tensor."
            )
        if source._data is not self._data:
            self._data, self.backend = source._data, source.backend
            self._bump_version()
        return self

    # -- the interface of Variable --------------------------------------------------------------

    #: The class of computed tensors, also for operations on instances of a subclass.
    _plain: ClassVar[type[Tensor]]

    def _alias(self) -> Tensor:
        return Tensor(self._data, self.backend)

    def _spec(self) -> _Spec:
        data = self._data
        return data.shape, data.dtype, self.backend

    @staticmethod
    def _fit(gradient: Tensor, spec: _Spec) -> Tensor:
        """Undo broadcasting: sum a gradient over the dimensions that were broadcast."""
        shape, dtype, _ = spec
        data = gradient._data
        if data.shape == shape and data.dtype is dtype:
            return gradient
        return sum_to(gradient, shape).to(dtype)

    def _ones_like(self) -> Tensor:
        if self._data.size != 1:
            raise RuntimeError(
                f"backward: a tensor of shape {tuple(self.shape)} needs a gradient to start from; "
                "only a single number has the obvious one. Reduce it first (sum, mean), or pass "
                "gradient= of the same shape."
            )
        return Tensor(self.backend.full(self.shape, 1.0, self.dtype), self.backend)

    def _start(self, gradient: Gradient) -> Tensor:
        """Check an initial gradient that the caller passed."""
        if not isinstance(gradient, Tensor) or gradient.shape != self.shape:
            got = f"shape {gradient.shape}" if isinstance(gradient, Tensor) else repr(gradient)
            raise ValueError(
                f"backward: the gradient must be a tensor of the output's shape {self.shape}, "
                f"got {got}."
            )
        gradient._data.owner.kept = True
        return gradient

    @staticmethod
    def _zeros(spec: _Spec) -> Tensor:
        shape, dtype, backend = spec
        return Tensor(backend.full(shape, 0.0, dtype), backend)

    @staticmethod
    def _summary(spec: _Spec) -> str:
        return f"{spec[1].name} {spec[0]}"

    def _describe(self) -> str:
        return f"a {self.dtype} tensor of shape {self.shape}"

    def _keep(self, gradient: Tensor) -> Tensor:
        """The gradient for a leaf to own, copied if its memory may be shared.

        Functions like addition send one gradient to several places. The first leaf takes it as it
        is and marks it; later ones copy. Views are always copied.
        """
        data = gradient._data
        if gradient._history is not None:
            return gradient  # create_graph: the history must stay attached
        if data.base is not None or data.kept:
            gradient = gradient.clone()
        gradient._data.kept = True
        return gradient

    def _has_nan(self) -> bool:
        return self.is_floating_point() and bool(self.isnan().any())

    @property
    def _changed_at(self) -> int:
        return self._data.owner.version

    def _bump_version(self) -> None:
        """Note that the elements were changed in place."""
        self._data.owner.version = changes.record()

    @property
    def _differentiable(self) -> bool:
        return self._data.dtype.kind == "float"

    # -- layout ---------------------------------------------------------------------------------

    @property
    def shape(self) -> Shape:
        """Size of each dimension."""
        return self._data.shape

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self._data.shape)

    def dim(self) -> int:
        """Number of dimensions."""
        return len(self._data.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[normalize_dim(dim, self.ndim, "size")]

    ndimension = dim

    @property
    def T(self) -> Tensor:
        """The transpose of a matrix."""
        return self.t()

    @property
    def mT(self) -> Tensor:
        """The last two dimensions swapped."""
        return self.transpose(-1, -2)

    def stride(self, dim: int | None = None) -> Any:
        """The strides, in elements: of every dimension, or of one."""
        strides: Strides = self._data.strides
        return strides if dim is None else strides[normalize_dim(dim, self.ndim, "stride")]

    def storage_offset(self) -> int:
        """Position of the first element in the storage, in elements."""
        return self._data.offset

    def is_contiguous(self) -> bool:
        """True if the elements lie in row-major order without gaps."""
        return self._data.is_contiguous()

    def element_size(self) -> int:
        """Bytes of an element."""
        return self.dtype.itemsize

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.numel() * self.dtype.itemsize

    @property
    def data(self) -> Tensor:
        """A tensor over the same memory without history. Assigning a tensor of the same shape
        copies its elements into that memory."""
        return self._alias()

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor) or value.shape != self.shape:
            got = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"data: wanted a tensor of shape {self.shape}, got {got}.")
        if value._data is not self._data:  # as after `x.data += y`
            self._alias().copy_(value.detach())

    # -- leaving --------------------------------------------------------------------------------

    def item(self) -> Any:
        """The only element, as a Python number.

        Raises: ValueError if there are more, or none.
        """
        if self.numel() != 1:
            raise ValueError(
                f"item: a tensor of shape {self.shape} is not a single number; "
                "index one element, or use tolist()."
            )
        return self.backend.to_numpy(self._data).item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers; a plain number if zero-dimensional."""
        return self.backend.to_numpy(self._data).tolist()

    def numpy(self, *, force: bool = False) -> npt.NDArray[Any]:
        """The elements as a numpy array, which shares memory if the backend is on the host.

        Args:
            force: drop the history of a tensor that requires a gradient.

        Raises: RuntimeError if the tensor requires a gradient, which numpy cannot track.
        """
        self._check_leaving("numpy", force)
        return self.backend.to_numpy(self._data)

    def _check_leaving(self, operation: str, force: bool = False) -> None:
        if self.requires_grad and not force:
            raise RuntimeError(
                f"{operation}: this tensor requires a gradient, which would not follow it out. "
                "Use detach() first."
            )

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        array = self.numpy()
        if dtype is not None and array.dtype != np.dtype(dtype):
            if copy is False:
                raise ValueError(f"__array__: converting {self.dtype} to {dtype} takes a copy.")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **options: Any) -> Any:
        """A DLPack capsule of the elements, which shares memory if the backend is on the host."""
        self._check_leaving("__dlpack__")
        return self.backend.to_numpy(self._data).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """The device of `__dlpack__`'s memory: (type, number); (1, 0) is the host."""
        device: tuple[int, int] = self.backend.to_numpy(self._data).__dlpack_device__()
        return device

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """For pickle: the memory, the layout in it, the backend's name, and attributes that a
        subclass added; no history."""
        data, backend = self._data, self.backend
        memory = memory_of(data, backend)
        made_of = type(self), memory, place_of(data), backend.name, self.requires_grad
        return rebuilt, made_of, self._added()

    def __copy__(self) -> Tensor:
        """For `copy.copy`: a second tensor over the same memory, without history."""
        data = self._data
        result = rebuilt(type(self), data.owner, place_of(data), self.backend, self.requires_grad)
        result.__dict__.update(self._added())
        return result

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "deepcopy: this tensor was computed, and a copy of the graph behind it would be no "
                "part of any computation. Copy detach() instead, or clone() it within the graph."
            )
        data, backend = self._data, self.backend
        owner = memo.get(id(data.owner))
        if owner is None:
            owner = backend.from_numpy(backend.to_numpy(data.owner).copy())
            memo[id(data.owner)] = owner
        result = rebuilt(type(self), owner, place_of(data), backend, self.requires_grad)
        memo[id(self)] = result
        result.grad = copy.deepcopy(self.grad, memo)
        result.__dict__.update(copy.deepcopy(self._added(), memo))
        return result

    def _added(self) -> dict[str, Any]:
        """The attributes that a subclass or the user set."""
        return {name: value for name, value in vars(self).items() if name not in _OWN}

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len: a zero-dimensional tensor has no length.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("iter: a zero-dimensional tensor cannot be iterated over.")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, value: TensorLike) -> bool:
        return bool((self == value).any())

    def __format__(self, spec: str) -> str:
        """A zero-dimensional tensor formats as its number: f"{loss:.3f}"."""
        if not spec:
            return repr(self)
        if self.shape:
            raise TypeError(
                f"format: {spec!r} is for a single number, this tensor has shape {self.shape}. "
                "Format its item() or tolist()."
            )
        return format(self.item(), spec)

    def __bool__(self) -> bool:
        if self.numel() != 1:
            raise ValueError(
                f"bool: the truth of a tensor of shape {self.shape} is ambiguous; "
                "use any() or all()."
            )
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.is_floating_point():
            raise TypeError(f"index: only integer tensors can index, this one is {self.dtype}.")
        return operator.index(self.item())

    def __pos__(self) -> Tensor:
        return self

    def __repr__(self) -> str:
        return format_tensor(self)

    # -- moving and converting ------------------------------------------------------------------

    def to(
        self,
        target: Any = None,
        dtype: AnyDType | None = None,
        *,
        backend: str | Backend | None = None,
        copy: bool = False,
    ) -> Tensor:
        """Convert the dtype, the backend, or both; returns self if nothing changes.

        Args:
            target: a dtype, a backend, or a tensor whose dtype and backend to take.
            dtype: a DType, or numpy's or Python's name for one.
            backend: a backend or its name, in place of PyTorch's device.
            copy: copy even if nothing changes.
        """
        if target.__class__ is DType and not copy:  # the most frequent call
            return cast(self, target)
        if isinstance(target, Tensor):
            dtype, backend = dtype or target.dtype, backend or target.backend
        elif isinstance(target, (DType, type, np.dtype)) or target in _DTYPE_NAMES:
            dtype = target
        elif target is not None:
            backend = target
        result = self if backend is None else copying.move(self, get_backend(backend))
        if dtype is not None:
            result = cast(result, dtypes.as_dtype(dtype))
        return copying.clone(result) if copy and result is self else result

    def contiguous(self) -> Tensor:
        """self if contiguous, else a contiguous copy."""
        return self if self._data.is_contiguous() else copying.clone(self)

    def type_as(self, other: Tensor) -> Tensor:
        """This tensor with another's dtype."""
        return self.to(other.dtype)

    # -- changing in place ------------------------------------------------------------------------
    #
    # These raise on a tensor with history, whose gradient would be lost. `x += y` on such a tensor
    # means `x = x + y`.

    def copy_(self, src: TensorLike) -> Tensor:
        """Write the elements of `src`, broadcast and converted, into this tensor's memory.

        Raises: OverflowError for a number that the dtype does not hold.
        """
        return self._write("copy_", src)

    def _write(self, operation: str, src: TensorLike) -> Tensor:
        self._check_in_place(operation, src)
        if not isinstance(src, Tensor):
            src = constant(operation, src, self)
        if broadcast_shapes(src.shape, self.shape, operation) != self.shape:
            raise ValueError(
                f"{operation}: a source of shape {src.shape} does not fit into {self.shape}."
            )
        data = self._data
        if any(step == 0 and n > 1 for n, step in zip(data.shape, data.strides)):
            raise RuntimeError(
                f"{operation}: several elements of this expanded tensor are one place in memory. "
                "Change a clone() of it."
            )
        src = src.detach().to(self.backend)
        if src._data.owner is data.owner:  # may overlap
            src = src.clone()
        self.backend.copy_(data, src._data.expand(self.shape))
        self._bump_version()
        return self

    def _check_in_place(self, operation: str, *operands: TensorLike | None) -> None:
        if is_grad_enabled():
            if self.requires_grad:
                raise RuntimeError(
                    f"{operation}: this tensor requires a gradient, so changing it in place would "
                    "falsify its history. Do it under no_grad(), or use the operation that gives a "
                    "new tensor."
                )
            if any(isinstance(x, Tensor) and x.requires_grad for x in operands):
                raise RuntimeError(
                    f"{operation}: the new values require a gradient, which would be lost in a "
                    "change in place. Use an operation that gives a new tensor (+, where, cat, "
                    "...), or detach() the values."
                )

    def _in_place(
        self, operation: str, function: Callable[..., Tensor], *operands: Any, **options: Any
    ) -> Tensor:
        """Write function(self, *operands) into this tensor."""
        self._check_in_place(operation, *operands, *options.values())
        plain = [x.detach() if isinstance(x, Tensor) else x for x in operands]
        result = function(self.detach(), *plain, **options)
        if _KINDS.index(result.dtype.kind) > _KINDS.index(self.dtype.kind):
            raise TypeError(
                f"{operation}: a {result.dtype} result does not fit in {self.dtype}. "
                "Convert this tensor first."
            )
        return self.copy_(result)

    def _continues(self, other: object) -> bool:
        """True if `self += other` must be recorded, as a new tensor. A leaf that requires a
        gradient is never silently replaced: the in-place method raises."""
        if not is_grad_enabled() or (self.requires_grad and self.is_leaf):
            return False
        return self.requires_grad or (isinstance(other, Tensor) and other.requires_grad)

    # -- last, because they hide Python's names from what follows -------------------------------

    def type(self, dtype: AnyDType) -> Tensor:
        """This tensor with another dtype."""
        return self.to(dtype)

    def double(self) -> Tensor:
        """As float64."""
        return self.to(dtypes.float64)

    def long(self) -> Tensor:
        """As int64."""
        return self.to(dtypes.int64)

    def float(self) -> Tensor:
        """As float32."""
        return self.to(dtypes.float32)

    def int(self) -> Tensor:
        """As int32."""
        return self.to(dtypes.int32)

    def bool(self) -> Tensor:
        """As bool: true where nonzero."""
        return self.to(dtypes.bool_)


Tensor._plain = Tensor

#: The kinds of dtypes, each of which can hold the preceding ones.
_KINDS = ("bool", "int", "float")

_DTYPE_NAMES = frozenset(d.name for d in dtypes.ALL)

#: The instance attributes of Tensor itself.
_OWN = frozenset(("_data", "backend", "grad", "requires_grad", "hooks", "_history", "_retained"))
