"""Tensor: strided data that remembers how it was computed."""

from __future__ import annotations

import copy
import importlib
import operator
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Context, Gradient, Variable, is_grad_enabled
from minitorch_autodiff.clock import changes
from minitorch_tensor import writing
from minitorch_tensor.dtypes import DType
from minitorch_tensor.functions import copying, joining
from minitorch_tensor.functions.arithmetic import ArithmeticMethods
from minitorch_tensor.functions.arranging import ArrangingMethods
from minitorch_tensor.functions.base import sum_to
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
from minitorch_tensor.layout import Shape, Strides, normalize_dim
from minitorch_tensor.printing import format_tensor, to_html
from minitorch_tensor.registry import device, device_of
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
    writing.WritingMethods,
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
        if is_grad_enabled() and self.requires_grad:
            raise RuntimeError(
                "set_: this tensor requires a gradient, which would be that of its old elements. "
                "Do it under no_grad()."
            )
        if is_grad_enabled() and source.requires_grad:
            raise RuntimeError(
                "set_: the source requires a gradient, which would not reach it from here. Set a "
                "detach() of it."
            )
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
            self._base = self._made = None
            self._data, self.backend = source._data, source.backend
            self._bump_version()
        return self

    # -- the interface of Variable --------------------------------------------------------------

    #: The class of computed tensors, also for operations on instances of a subclass.
    _plain: ClassVar[type[Tensor]]
    #: The class of views that must be brought up to date (see `writing`).
    _outdated: ClassVar[type[Tensor]]

    def _alias(self) -> Tensor:
        return Tensor(self._data, self.backend)

    def _returned(self) -> Tensor:
        result = self._view(self._data)
        result._made = writing.OF_FUNCTION
        return result

    def _record(self, node: Context, index: int) -> None:
        self.requires_grad = True
        self._history = node, index
        if self._made is writing.UNRECORDED:
            writing.leave_forward(self)

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
        owner = self._data.owner
        owner.version = changes.record()
        if owner.views is not None:
            writing.outdate(owner)

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
    def device(self) -> device:
        """Where it lies: device("cpu") on the backend in use on this host, else its backend's."""
        return device_of(self.backend)

    @property
    def is_cuda(self) -> bool:
        """True on the backend cuda."""
        return self.backend.name == "cuda"

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

    def tobytes(self) -> bytes:
        """The elements in row-major order, as numpy's `tobytes`.

        Raises: as `numpy`.
        """
        self._check_leaving("tobytes")
        return self.backend.to_numpy(self._data).tobytes()

    @property
    def ctypes(self) -> Any:
        """The memory for libraries in C, as numpy's `ctypes`: `ctypes.data` is the address of the
        first element, valid while the tensor lives. `safetensors.numpy` reads tensors there.

        Raises: RuntimeError unless the elements lie in the host's memory in row-major order.
        """
        self._check_leaving("ctypes")
        if not self.backend.on_host or not self.is_contiguous():
            raise RuntimeError(
                f"ctypes: a tensor of strides {self.stride()} on {str(self.device)!r} is not one "
                "piece of the host's memory in row-major order. Use x.cpu().contiguous()."
            )
        return self.backend.to_numpy(self._data).ctypes

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

    def __array_namespace__(self, *, api_version: str | None = None) -> ModuleType:
        """The functions of the Python array API standard, `minitorch_tensor.array_api`.

        Args:
            api_version: a version of the standard, for example "2024.12", the newest supported.

        Raises: ValueError for a later version, or what is none.
        """
        namespace = importlib.import_module("minitorch_tensor.array_api")  # made of tensors itself
        namespace.check_version(api_version)
        return namespace

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule of the elements, which shares memory if the backend is on the host.

        Args: those of the array API standard; numpy checks them.
        """
        self._check_leaving("__dlpack__")
        asked = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
        # numpy knows all but the first only since 2.1.
        options = {name: value for name, value in asked.items() if value is not None}
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
        made_of = self._type(), memory, place_of(data), backend.name, self.requires_grad
        return rebuilt, made_of, self._added()

    def __copy__(self) -> Tensor:
        """For `copy.copy`: a second tensor over the same memory, without history."""
        data = self._data
        result = rebuilt(self._type(), data.owner, place_of(data), self.backend, self.requires_grad)
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

    def _type(self) -> type[Tensor]:
        """The class that it has apart from being an outdated view."""
        return Tensor if type(self) is self._outdated else type(self)

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
        return (joining.one_of_several(self[i]) for i in range(self.shape[0]))

    def __contains__(self, value: TensorLike) -> bool:
        return bool((self == value).any())

    def __format__(self, spec: str) -> str:
        """A zero-dimensional tensor formats as its number: f"{loss:.3f}", f"{loss}"."""
        if self.shape:
            if not spec:
                return repr(self)
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

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self.is_floating_point():
            raise TypeError(f"index: only integer tensors can index, this one is {self.dtype}.")
        return operator.index(self.item())

    def __pos__(self) -> Tensor:
        return self

    def __repr__(self) -> str:
        return format_tensor(self)

    def _repr_html_(self) -> str:
        """For notebooks."""
        return to_html(self)

    # -- layout in memory -----------------------------------------------------------------------

    def to_device(self, device: Any, /, *, stream: None = None) -> Tensor:
        """This tensor on another device: `to` under the name of the array API standard.

        Raises: ValueError for a stream, which backends do not have.
        """
        if stream is not None:
            raise ValueError(f"to_device: backends have no streams, got {stream!r}. Omit it.")
        return self.to(device)

    def contiguous(self) -> Tensor:
        """self if contiguous, else a contiguous copy."""
        return self if self._data.is_contiguous() else copying.clone(self)


class _OutdatedView(writing.Outdated, Tensor):
    """The class of a view from a change of its base until its next use."""


Tensor._plain = Tensor
Tensor._outdated = _OutdatedView

#: The instance attributes of Tensor itself.
_OWN = frozenset(
    (
        *("_data", "backend", "grad", "requires_grad", "hooks", "_history", "_retained"),
        *("_base", "_made"),
    )
)
