"""Tensor: strided data that remembers how it was computed."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeAlias

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Gradient, Variable, is_grad_enabled
from minitorch_autodiff.clock import changes
from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import AnyDType, DType
from minitorch_tensor.functions import (
    arithmetic,
    arranging,
    comparison,
    copying,
    exponentials,
    indexing,
    joining,
    linalg,
    reductions,
    selection,
    sorting,
    views,
)
from minitorch_tensor.functions.base import NUMBERS, binary, sum_to
from minitorch_tensor.layout import Shape, Strides, broadcast_shapes, normalize_dim
from minitorch_tensor.printing import format_tensor
from minitorch_tensor.random import Generator, default_generator
from minitorch_tensor.registry import get_backend
from minitorch_tensor.silence import converted
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend

Number: TypeAlias = "bool | int | float"
TensorLike: TypeAlias = "Tensor | Number"
Dims: TypeAlias = "int | Sequence[int] | None"

#: What a gradient must look like: shape, dtype and backend of the value it belongs to.
_Spec: TypeAlias = "tuple[Shape, DType, Backend]"


_P = ParamSpec("_P")


def changing(
    name: str, function: Callable[Concatenate[Tensor, _P], Tensor]
) -> Callable[Concatenate[Tensor, _P], Tensor]:
    """The method that writes function(self, ...) into this tensor: `x.add_(y)` for `add(x, y)`."""

    @wraps(function)
    def method(self: Tensor, *args: _P.args, **kwargs: _P.kwargs) -> Tensor:
        return self._in_place(name, function, *args, **kwargs)

    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = f"In place: {function.__doc__}"
    return method  # type: ignore[return-value]


class Tensor(Variable):
    """An n-dimensional array of one dtype on one backend, with a gradient if asked for.

    Made by `tensor`, `zeros`, `randn` and the like, not by calling the class. Names and signatures
    are PyTorch's.

    Attributes:
        requires_grad: whether a gradient is computed for it.
        grad: the gradient accumulated so far, a Tensor of the same shape; None before.
        backend: what computes on it.
    """

    grad: Tensor | None
    backend: Backend
    _data: TensorData

    #: numpy leaves `array * tensor` to our reflected operators, which say what is wrong with it.
    __array_priority__ = 1000

    def __init__(self, data: TensorData, backend: Backend) -> None:
        self._data = data
        self.backend = backend

    # -- what Variable asks for -----------------------------------------------------------------

    #: The class of computed tensors; a subclass's instances compute plain ones too.
    _plain: ClassVar[type[Tensor]]

    def _new(self, data: TensorData, backend: Backend | None = None) -> Tensor:
        """A plain Tensor on this one's backend, or on another; also where a subclass asks."""
        return Tensor(data, backend or self.backend)

    def _alias(self) -> Tensor:
        return Tensor(self._data, self.backend)

    def _spec(self) -> _Spec:
        data = self._data
        return data.shape, data.dtype, self.backend

    @staticmethod
    def _fit(gradient: Gradient, spec: _Spec) -> Tensor:
        """Undo broadcasting: sum over the dimensions that a gradient has too much of."""
        shape, dtype, _ = spec
        data = gradient._data
        if data.shape == shape and data.dtype is dtype:
            return gradient  # type: ignore[no-any-return]
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
        """Check a gradient that a person gave to start from."""
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
        """The gradient as a leaf's own, copied where somebody else may hold its memory.

        Functions like addition send one gradient to several places. The first leaf that asks
        takes it as it is and marks it; another one copies. Views are always copied.
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

    numel = nelement = views.numel
    ndimension = dim

    def stride(self, dim: int | None = None) -> Any:
        """Distance between neighbours in elements, along every dimension or one."""
        strides: Strides = self._data.strides
        return strides if dim is None else strides[normalize_dim(dim, self.ndim, "stride")]

    def storage_offset(self) -> int:
        """Position of the first element in the storage, in elements."""
        return self._data.offset

    def is_contiguous(self) -> bool:
        """Whether the elements lie in row-major order without gaps."""
        return self._data.is_contiguous()

    is_floating_point = views.is_floating_point

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
        """The same memory without history. Setting it writes the elements of a tensor of the same
        shape into that memory."""
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
        """The elements as a numpy array, in the same memory where that is on the host.

        Args:
            force: leave the history of a tensor that requires a gradient behind.

        Raises: RuntimeError if the tensor requires a gradient, which numpy would not see.
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
        """A DLPack capsule over the elements, in the same memory where that is on the host."""
        self._check_leaving("__dlpack__")
        return self.backend.to_numpy(self._data).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Where `__dlpack__` has its memory: (type, number); (1, 0) is the host."""
        device: tuple[int, int] = self.backend.to_numpy(self._data).__dlpack_device__()
        return device

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """For pickle: the elements, the backend's name, and what a subclass added; no history."""
        array = self.backend.to_numpy(self._data)
        return _rebuild, (type(self), array, self.backend.name, self.requires_grad), self._added()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "deepcopy: this tensor was computed, and a copy of the graph behind it would be no "
                "part of any computation. Copy detach() instead, or clone() it within the graph."
            )
        array = self.backend.to_numpy(self._data).copy()
        result = _rebuild(type(self), array, self.backend, self.requires_grad)
        memo[id(self)] = result
        result.grad = copy.deepcopy(self.grad, memo)
        result.__dict__.update(copy.deepcopy(self._added(), memo))
        return result

    def _added(self) -> dict[str, Any]:
        """The attributes that a subclass or a person set."""
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
        """This tensor with another dtype, on another backend, or both; itself if it is so already.

        Args:
            target: a dtype, a backend, or a tensor whose dtype and backend are wanted.
            dtype: a DType, or as numpy or Python name it.
            backend: one, or its name: what a device is in PyTorch.
            copy: a copy even if nothing changes.
        """
        if target.__class__ is DType and not copy:  # the way it is called most
            return self if target is self._data.dtype else copying.cast(self, target)
        if isinstance(target, Tensor):
            dtype, backend = dtype or target.dtype, backend or target.backend
        elif isinstance(target, (DType, type, np.dtype)) or target in _DTYPE_NAMES:
            dtype = target
        elif target is not None:
            backend = target
        result = self if backend is None else copying.move(self, get_backend(backend))
        if dtype is not None and dtypes.as_dtype(dtype) is not result.dtype:
            result = copying.cast(result, dtypes.as_dtype(dtype))
        return copying.clone(result) if copy and result is self else result

    def contiguous(self) -> Tensor:
        """Itself if contiguous, else a copy that is."""
        return self if self._data.is_contiguous() else copying.clone(self)

    def type_as(self, other: Tensor) -> Tensor:
        """This tensor with another's dtype."""
        return self.to(other.dtype)

    # -- new tensors of this one's dtype, on its backend ------------------------------------------

    def new_tensor(
        self, data: Any, *, dtype: AnyDType | None = None, requires_grad: bool = False
    ) -> Tensor:
        """A tensor of a copy of `data`; see `tensor`."""
        from minitorch_tensor.creation import tensor

        return tensor(
            data, dtype=dtype or self.dtype, backend=self.backend, requires_grad=requires_grad
        )

    def new_full(
        self,
        size: Sequence[int],
        fill_value: Number,
        *,
        dtype: AnyDType | None = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Every element `fill_value`."""
        from minitorch_tensor.creation import full

        return full(
            size,
            fill_value,
            dtype=dtype or self.dtype,
            backend=self.backend,
            requires_grad=requires_grad,
        )

    def new_zeros(
        self,
        size: Any,
        *more: int,
        dtype: AnyDType | None = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Every element 0."""
        sizes = views.sizes_of(size, more)
        return self.new_full(sizes, 0, dtype=dtype, requires_grad=requires_grad)

    def new_ones(
        self,
        size: Any,
        *more: int,
        dtype: AnyDType | None = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Every element 1."""
        sizes = views.sizes_of(size, more)
        return self.new_full(sizes, 1, dtype=dtype, requires_grad=requires_grad)

    def new_empty(
        self,
        size: Any,
        *more: int,
        dtype: AnyDType | None = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Memory with arbitrary content."""
        from minitorch_tensor.creation import empty

        return empty(
            views.sizes_of(size, more),
            dtype=dtype or self.dtype,
            backend=self.backend,
            requires_grad=requires_grad,
        )

    # -- changing in place ------------------------------------------------------------------------
    #
    # History is not rewritten: where a gradient would be lost, these raise. `x += y` on a value
    # with history is `x = x + y`.

    def copy_(self, src: TensorLike) -> Tensor:
        """Write the elements of `src`, broadcast and converted, into this tensor's memory."""
        self._check_in_place("copy_", src)
        if not isinstance(src, Tensor):
            src = Tensor(self.backend.constant(src, self.dtype), self.backend)
        if broadcast_shapes(src.shape, self.shape, "copy_") != self.shape:
            raise ValueError(
                f"copy_: a source of shape {src.shape} does not fit into {self.shape}."
            )
        data = self._data
        if any(step == 0 and n > 1 for n, step in zip(data.shape, data.strides)):
            raise RuntimeError(
                "copy_: several elements of this expanded tensor are one place in memory. "
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

    def fill_(self, value: TensorLike) -> Tensor:
        """Set every element."""
        self._check_in_place("fill_", value)
        return self.copy_(value)

    def zero_(self) -> Tensor:
        """Set every element to 0."""
        self._check_in_place("zero_")
        return self.copy_(0)

    def fill_diagonal_(self, fill_value: Number) -> Tensor:
        """Set every element whose indices are all equal.

        Raises: ValueError for less than two dimensions.
        """
        if self.ndim < 2:
            raise ValueError(f"fill_diagonal_: wanted two dimensions or more, got {self.shape}.")
        data = self._data
        place = data.as_strided((min(data.shape),), (sum(data.strides),), data.offset)
        self._check_in_place("fill_diagonal_")
        self._new(place).copy_(fill_value)
        return self

    def uniform_(
        self, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None
    ) -> Tensor:
        """Set every element to a random number, uniform in [from_, to)."""
        return self._fill_from("uniform_", generator, "uniform", from_, to)

    def normal_(
        self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
    ) -> Tensor:
        """Set every element to a random number, normal of that mean and standard deviation."""
        return self._fill_from("normal_", generator, "normal", mean, std)

    def exponential_(self, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Set every element to a random number, exponential of rate `lambd`."""
        return self._fill_from("exponential_", generator, "exponential", 1.0 / lambd)

    def random_(
        self, from_: int = 0, to: int | None = None, *, generator: Generator | None = None
    ) -> Tensor:
        """Set every element to a random integer: in [from_, to), below `from_` if that is alone, or
        any that the dtype can count up to.

        Raises: ValueError if there are none.
        """
        if to is None:
            low, high = 0, from_ or _COUNTABLE.get(self.dtype, 2**53)
        else:
            low, high = from_, to
        if low >= high:
            raise ValueError(f"random_: from_ {low} must be less than to {high}.")
        return self._fill_from("random_", generator, "integers", low, high)

    def bernoulli_(self, p: TensorLike = 0.5, *, generator: Generator | None = None) -> Tensor:
        """Set every element to 1 with probability `p` (one, or one for each element), else 0.

        Raises: ValueError for what is no probability.
        """
        likely = p.detach().numpy() if isinstance(p, Tensor) else np.asarray(p)
        if not ((likely >= 0) & (likely <= 1)).all():
            raise ValueError("bernoulli_: probabilities must lie in [0, 1].")
        drawn = (generator or default_generator).draw("random", self.shape)
        self._check_in_place("bernoulli_")
        values = np.asarray(np.asarray(drawn) < likely, self.dtype.numpy)
        return self.copy_(Tensor(self.backend.from_numpy(values), self.backend))

    def _fill_from(
        self, operation: str, generator: Generator | None, kind: str, *parameters: float
    ) -> Tensor:
        self._check_in_place(operation)
        values = (generator or default_generator).draw(kind, *parameters, self.shape)
        array = converted(np.asarray(values), self.dtype.numpy)
        return self.copy_(Tensor(self.backend.from_numpy(array), self.backend))

    def __setitem__(self, key: Any, value: TensorLike | npt.ArrayLike) -> None:
        indexing.set_item(self, key, value)

    def __iadd__(self, other: TensorLike) -> Tensor:
        return self + other if self._continues(other) else self.add_(other)

    def __isub__(self, other: TensorLike) -> Tensor:
        return self - other if self._continues(other) else self.sub_(other)

    def __imul__(self, other: TensorLike) -> Tensor:
        return self * other if self._continues(other) else self.mul_(other)

    def __itruediv__(self, other: TensorLike) -> Tensor:
        return self / other if self._continues(other) else self.div_(other)

    def __ipow__(self, other: TensorLike) -> Tensor:
        return self**other if self._continues(other) else self.pow_(other)

    def _continues(self, other: object) -> bool:
        """Whether `self += other` has to be recorded, as a new value. A leaf that requires a
        gradient is never replaced without a word: it is left to the in-place method to raise."""
        if not is_grad_enabled() or (self.requires_grad and self.is_leaf):
            return False
        return self.requires_grad or (isinstance(other, Tensor) and other.requires_grad)

    # -- arithmetic -----------------------------------------------------------------------------

    def __add__(self, other: TensorLike) -> Tensor:
        return arithmetic.plus(self, other)

    def __radd__(self, other: TensorLike) -> Tensor:
        return arithmetic.plus(other, self)

    def __sub__(self, other: TensorLike) -> Tensor:
        return arithmetic.minus(self, other)

    def __rsub__(self, other: TensorLike) -> Tensor:
        return arithmetic.minus(other, self)

    def __mul__(self, other: TensorLike) -> Tensor:
        return arithmetic.times(self, other)

    def __rmul__(self, other: TensorLike) -> Tensor:
        return arithmetic.times(other, self)

    def __truediv__(self, other: TensorLike) -> Tensor:
        return arithmetic.div(self, other)

    def __rtruediv__(self, other: TensorLike) -> Tensor:
        return arithmetic.div(other, self)

    def __floordiv__(self, other: TensorLike) -> Tensor:
        return arithmetic.floor_divide(self, other)

    def __rfloordiv__(self, other: TensorLike) -> Tensor:
        return arithmetic.floor_divide(other, self)

    def __mod__(self, other: TensorLike) -> Tensor:
        return arithmetic.remainder(self, other)

    def __rmod__(self, other: TensorLike) -> Tensor:
        return arithmetic.remainder(other, self)

    def __pow__(self, other: TensorLike) -> Tensor:
        return arithmetic.power(self, other)

    def __rpow__(self, other: TensorLike) -> Tensor:
        return arithmetic.power(other, self)

    def __matmul__(self, other: Tensor) -> Tensor:
        return linalg.matmul(self, other)

    def __neg__(self) -> Tensor:
        return arithmetic.Neg.apply(self)  # type: ignore[no-any-return]

    def __pos__(self) -> Tensor:
        return self

    def __abs__(self) -> Tensor:
        return arithmetic.abs(self)

    def __lt__(self, other: TensorLike) -> Tensor:
        return binary(comparison.LT, self, other)

    def __le__(self, other: TensorLike) -> Tensor:
        return binary(comparison.LE, self, other)

    def __gt__(self, other: TensorLike) -> Tensor:
        return binary(comparison.GT, self, other)

    def __ge__(self, other: TensorLike) -> Tensor:
        return binary(comparison.GE, self, other)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        if not isinstance(other, _OPERANDS):
            return NotImplemented
        return binary(comparison.EQ, self, other)  # type: ignore[arg-type]

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        if not isinstance(other, _OPERANDS):
            return NotImplemented
        return binary(comparison.NE, self, other)  # type: ignore[arg-type]

    #: Elementwise == leaves identity as the only way to tell tensors apart in a dict.
    __hash__ = object.__hash__

    def __and__(self, other: TensorLike) -> Tensor:
        return comparison.bitwise_and(self, other)

    def __rand__(self, other: TensorLike) -> Tensor:
        return comparison.bitwise_and(self, other)

    def __or__(self, other: TensorLike) -> Tensor:
        return comparison.bitwise_or(self, other)

    def __ror__(self, other: TensorLike) -> Tensor:
        return comparison.bitwise_or(self, other)

    def __xor__(self, other: TensorLike) -> Tensor:
        return comparison.bitwise_xor(self, other)

    def __rxor__(self, other: TensorLike) -> Tensor:
        return comparison.bitwise_xor(self, other)

    def __invert__(self) -> Tensor:
        return comparison.bitwise_not(self)

    def __getitem__(self, key: Any) -> Tensor:
        return indexing.get_item(self, key)

    @property
    def T(self) -> Tensor:
        """The transpose of a matrix."""
        return views.t(self)

    @property
    def mT(self) -> Tensor:
        """The last two dimensions swapped."""
        return views.transpose(self, -1, -2)

    # -- functions that are methods too: `x.exp()` is `exp(x)` ----------------------------------

    add = arithmetic.add
    sub = subtract = arithmetic.sub
    mul = multiply = arithmetic.mul
    div = divide = true_divide = arithmetic.div
    floor_divide = arithmetic.floor_divide
    remainder = arithmetic.remainder
    fmod = arithmetic.fmod
    pow = arithmetic.power
    neg = negative = arithmetic.neg
    abs = absolute = arithmetic.abs
    sign = sgn = arithmetic.sign
    square = arithmetic.square
    sqrt = arithmetic.sqrt
    rsqrt = arithmetic.rsqrt
    reciprocal = arithmetic.reciprocal
    maximum = arithmetic.maximum
    minimum = arithmetic.minimum
    fmax = arithmetic.fmax
    fmin = arithmetic.fmin
    clamp = clip = arithmetic.clamp
    clamp_min = arithmetic.clamp_min
    clamp_max = arithmetic.clamp_max
    lerp = arithmetic.lerp
    addcmul = arithmetic.addcmul
    addcdiv = arithmetic.addcdiv
    floor = arithmetic.floor
    ceil = arithmetic.ceil
    trunc = fix = arithmetic.trunc
    round = arithmetic.round
    frac = arithmetic.frac

    exp = exponentials.exp
    exp2 = exponentials.exp2
    expm1 = exponentials.expm1
    log = exponentials.log
    log1p = exponentials.log1p
    log2 = exponentials.log2
    log10 = exponentials.log10
    logaddexp = exponentials.logaddexp
    logit = exponentials.logit
    xlogy = exponentials.xlogy
    sin = exponentials.sin
    cos = exponentials.cos
    tan = exponentials.tan
    asin = arcsin = exponentials.asin
    acos = arccos = exponentials.acos
    atan = arctan = exponentials.atan
    atan2 = arctan2 = exponentials.atan2
    sinh = exponentials.sinh
    cosh = exponentials.cosh
    tanh = exponentials.tanh
    asinh = arcsinh = exponentials.asinh
    acosh = arccosh = exponentials.acosh
    atanh = arctanh = exponentials.atanh
    sinc = exponentials.sinc
    hypot = exponentials.hypot
    erf = exponentials.erf
    erfc = exponentials.erfc
    sigmoid = exponentials.sigmoid
    relu = exponentials.relu

    lt = less = comparison.lt
    le = less_equal = comparison.le
    gt = greater = comparison.gt
    ge = greater_equal = comparison.ge
    eq = comparison.eq
    ne = not_equal = comparison.ne
    is_close = comparison.is_close
    isclose = comparison.isclose
    allclose = comparison.allclose
    equal = comparison.equal
    isnan = comparison.isnan
    isinf = comparison.isinf
    isposinf = comparison.isposinf
    isneginf = comparison.isneginf
    isfinite = comparison.isfinite
    logical_and = comparison.logical_and
    logical_or = comparison.logical_or
    logical_xor = comparison.logical_xor
    logical_not = comparison.logical_not
    bitwise_and = comparison.bitwise_and
    bitwise_or = comparison.bitwise_or
    bitwise_xor = comparison.bitwise_xor
    bitwise_not = comparison.bitwise_not

    masked_fill = selection.masked_fill
    nan_to_num = selection.nan_to_num

    clone = copying.clone

    sum = reductions.sum
    nansum = reductions.nansum
    mean = reductions.mean
    nanmean = reductions.nanmean
    prod = reductions.prod
    max = reductions.max
    min = reductions.min
    amax = reductions.amax
    amin = reductions.amin
    aminmax = reductions.aminmax
    argmax = reductions.argmax
    argmin = reductions.argmin
    median = reductions.median
    all = reductions.all
    any = reductions.any
    count_nonzero = reductions.count_nonzero
    var = reductions.var
    std = reductions.std
    norm = reductions.norm
    logsumexp = reductions.logsumexp
    softmax = reductions.softmax
    log_softmax = reductions.log_softmax

    cumsum = sorting.cumsum
    cumprod = sorting.cumprod
    cummax = sorting.cummax
    cummin = sorting.cummin
    logcumsumexp = sorting.logcumsumexp
    diff = sorting.diff
    argsort = sorting.argsort
    sort = sorting.sort
    topk = sorting.topk
    kthvalue = sorting.kthvalue
    quantile = sorting.quantile
    unique = sorting.unique

    reshape = views.reshape
    view = views.view
    flatten = views.flatten
    ravel = views.ravel
    unflatten = views.unflatten
    permute = views.permute
    transpose = swapaxes = swapdims = views.transpose
    t = views.t
    movedim = moveaxis = views.movedim
    squeeze = views.squeeze
    unsqueeze = views.unsqueeze
    expand = views.expand
    expand_as = views.expand_as
    broadcast_to = views.broadcast_to
    view_as = views.view_as
    reshape_as = views.reshape_as
    sum_to_size = views.sum_to_size
    unfold = views.unfold

    split = joining.split
    tensor_split = joining.tensor_split
    chunk = joining.chunk
    unbind = joining.unbind
    narrow = joining.narrow
    select = joining.select

    flip = arranging.flip
    fliplr = arranging.fliplr
    flipud = arranging.flipud
    rot90 = arranging.rot90
    roll = arranging.roll
    repeat = arranging.repeat
    tile = arranging.tile
    repeat_interleave = arranging.repeat_interleave
    tril = arranging.tril
    triu = arranging.triu
    diagonal = arranging.diagonal
    diag = arranging.diag
    diag_embed = arranging.diag_embed
    diagflat = arranging.diagflat
    trace = arranging.trace

    gather = indexing.gather
    take_along_dim = indexing.take_along_dim
    take = indexing.take
    scatter = indexing.scatter
    scatter_add = indexing.scatter_add
    index_select = indexing.index_select
    index_add = indexing.index_add
    index_copy = indexing.index_copy
    index_fill = indexing.index_fill
    masked_select = indexing.masked_select
    masked_scatter = indexing.masked_scatter
    nonzero = indexing.nonzero
    argwhere = indexing.argwhere
    bincount = indexing.bincount

    matmul = linalg.matmul
    mm = linalg.mm
    bmm = linalg.bmm
    mv = linalg.mv
    dot = vdot = linalg.dot
    inner = linalg.inner
    outer = ger = linalg.outer
    addmm = linalg.addmm
    addmv = linalg.addmv
    baddbmm = linalg.baddbmm
    kron = linalg.kron
    matrix_power = linalg.matrix_power

    def where(self, condition: Tensor, other: TensorLike) -> Tensor:
        """This tensor where `condition` (bool) holds, else `other`."""
        return selection.where(condition, self, other)

    # -- functions that also write their result into the tensor: `x.exp_()` -----------------------

    add_ = changing("add_", arithmetic.add)
    sub_ = subtract_ = changing("sub_", arithmetic.sub)
    mul_ = multiply_ = changing("mul_", arithmetic.mul)
    div_ = divide_ = true_divide_ = changing("div_", arithmetic.div)
    floor_divide_ = changing("floor_divide_", arithmetic.floor_divide)
    remainder_ = changing("remainder_", arithmetic.remainder)
    fmod_ = changing("fmod_", arithmetic.fmod)
    pow_ = changing("pow_", arithmetic.power)
    neg_ = negative_ = changing("neg_", arithmetic.neg)
    abs_ = absolute_ = changing("abs_", arithmetic.abs)
    sign_ = sgn_ = changing("sign_", arithmetic.sign)
    square_ = changing("square_", arithmetic.square)
    sqrt_ = changing("sqrt_", arithmetic.sqrt)
    rsqrt_ = changing("rsqrt_", arithmetic.rsqrt)
    reciprocal_ = changing("reciprocal_", arithmetic.reciprocal)
    clamp_ = clip_ = changing("clamp_", arithmetic.clamp)
    clamp_min_ = changing("clamp_min_", arithmetic.clamp_min)
    clamp_max_ = changing("clamp_max_", arithmetic.clamp_max)
    lerp_ = changing("lerp_", arithmetic.lerp)
    addcmul_ = changing("addcmul_", arithmetic.addcmul)
    addcdiv_ = changing("addcdiv_", arithmetic.addcdiv)
    floor_ = changing("floor_", arithmetic.floor)
    ceil_ = changing("ceil_", arithmetic.ceil)
    trunc_ = fix_ = changing("trunc_", arithmetic.trunc)
    round_ = changing("round_", arithmetic.round)
    frac_ = changing("frac_", arithmetic.frac)

    exp_ = changing("exp_", exponentials.exp)
    exp2_ = changing("exp2_", exponentials.exp2)
    expm1_ = changing("expm1_", exponentials.expm1)
    log_ = changing("log_", exponentials.log)
    log1p_ = changing("log1p_", exponentials.log1p)
    log2_ = changing("log2_", exponentials.log2)
    log10_ = changing("log10_", exponentials.log10)
    sin_ = changing("sin_", exponentials.sin)
    cos_ = changing("cos_", exponentials.cos)
    tan_ = changing("tan_", exponentials.tan)
    asin_ = changing("asin_", exponentials.asin)
    acos_ = changing("acos_", exponentials.acos)
    atan_ = changing("atan_", exponentials.atan)
    sinh_ = changing("sinh_", exponentials.sinh)
    cosh_ = changing("cosh_", exponentials.cosh)
    tanh_ = changing("tanh_", exponentials.tanh)
    asinh_ = changing("asinh_", exponentials.asinh)
    acosh_ = changing("acosh_", exponentials.acosh)
    atanh_ = changing("atanh_", exponentials.atanh)
    erf_ = changing("erf_", exponentials.erf)
    erfc_ = changing("erfc_", exponentials.erfc)
    logit_ = changing("logit_", exponentials.logit)
    sigmoid_ = changing("sigmoid_", exponentials.sigmoid)
    relu_ = changing("relu_", exponentials.relu)

    logical_and_ = changing("logical_and_", comparison.logical_and)
    logical_or_ = changing("logical_or_", comparison.logical_or)
    logical_xor_ = changing("logical_xor_", comparison.logical_xor)
    logical_not_ = changing("logical_not_", comparison.logical_not)
    bitwise_and_ = changing("bitwise_and_", comparison.bitwise_and)
    bitwise_or_ = changing("bitwise_or_", comparison.bitwise_or)
    bitwise_xor_ = changing("bitwise_xor_", comparison.bitwise_xor)
    bitwise_not_ = changing("bitwise_not_", comparison.bitwise_not)

    masked_fill_ = changing("masked_fill_", selection.masked_fill)
    nan_to_num_ = changing("nan_to_num_", selection.nan_to_num)

    cumsum_ = changing("cumsum_", sorting.cumsum)
    cumprod_ = changing("cumprod_", sorting.cumprod)

    tril_ = changing("tril_", arranging.tril)
    triu_ = changing("triu_", arranging.triu)

    scatter_ = changing("scatter_", indexing.scatter)
    scatter_add_ = changing("scatter_add_", indexing.scatter_add)
    index_add_ = changing("index_add_", indexing.index_add)
    index_copy_ = changing("index_copy_", indexing.index_copy)
    index_fill_ = changing("index_fill_", indexing.index_fill)
    masked_scatter_ = changing("masked_scatter_", indexing.masked_scatter)

    addmm_ = changing("addmm_", linalg.addmm)

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
        """As bool: whether nonzero."""
        return self.to(dtypes.bool_)


Tensor._plain = Tensor

#: What `==` compares with; anything else is just not equal.
_OPERANDS = (Tensor, *NUMBERS, np.ndarray)

#: Up to where a dtype holds every integer, for `random_`.
_COUNTABLE = {
    dtypes.bool_: 2,
    dtypes.uint8: 2**8,
    dtypes.int32: 2**31,
    dtypes.int64: 2**63 - 1,
    dtypes.float32: 2**24,
}

#: The kinds of dtypes, each of which can hold those before.
_KINDS = ("bool", "int", "float")

_DTYPE_NAMES = frozenset(d.name for d in dtypes.ALL)

#: The attributes that a Tensor itself has.
_OWN = frozenset(("_data", "backend", "grad", "requires_grad", "hooks", "_history", "_retained"))


def _rebuild(
    kind: type[Tensor], array: npt.NDArray[Any], backend: str | Backend, requires_grad: bool
) -> Tensor:
    """A tensor of a class whose own `__init__` may want other arguments: for copies."""
    chosen = get_backend(backend)
    result = kind.__new__(kind)
    Tensor.__init__(result, chosen.from_numpy(array), chosen)
    if requires_grad:
        result.requires_grad = True
    return result
