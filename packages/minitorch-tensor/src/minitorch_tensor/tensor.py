"""Tensor: strided data that remembers how it was computed."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from minitorch_autodiff import Gradient, Variable, is_grad_enabled

from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import DType
from minitorch_tensor.functions import elementwise as ew
from minitorch_tensor.functions import indexing, joining, linalg, reductions, views
from minitorch_tensor.functions.base import binary, sum_to
from minitorch_tensor.layout import Shape, Strides, broadcast_shapes, normalize_dim
from minitorch_tensor.printing import format_tensor
from minitorch_tensor.registry import get_backend
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend

Number: TypeAlias = "bool | int | float"
TensorLike: TypeAlias = "Tensor | Number"
Dims: TypeAlias = "int | Sequence[int] | None"

#: What a gradient must look like: shape, dtype and backend of the value it belongs to.
_Spec: TypeAlias = "tuple[Shape, DType, Backend]"


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

    #: numpy defers to our reflected operators (`array * tensor`).
    __array_priority__ = 1000

    def __init__(self, data: TensorData, backend: Backend) -> None:
        self._data = data
        self.backend = backend

    # -- what Variable asks for -----------------------------------------------------------------

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
            got = (
                f"shape {gradient.shape}" if isinstance(gradient, Tensor) else repr(gradient)
            )
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

    def _describe(self) -> str:
        return f"a {self.dtype} tensor of shape {self.shape}"

    def _keep(self, gradient: Tensor) -> Tensor:
        """The gradient as a leaf's own, copied where somebody else may hold its memory.

        Functions like addition send one gradient to several places. The first leaf that asks
        takes it as it is and marks it; another one copies. Views are always copied.
        """
        data = gradient._data
        if gradient._node is not None:
            return gradient  # create_graph: the history must stay attached
        if data.base is not None or data.kept:
            gradient = gradient.clone()
        gradient._data.kept = True
        return gradient

    def _has_nan(self) -> bool:
        return self.is_floating_point() and bool(self.isnan().any())

    @property
    def _version(self) -> int:
        data = self._data
        return (data.base or data).version

    def _bump_version(self) -> None:
        self._data.owner.version += 1

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

    def numel(self) -> int:
        """Number of elements."""
        return self._data.size

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

    def is_floating_point(self) -> bool:
        """Whether the dtype is float32 or float64."""
        return self._data.dtype.kind == "float"

    def element_size(self) -> int:
        """Bytes of an element."""
        return self.dtype.itemsize

    @property
    def data(self) -> Tensor:
        """The same memory without history."""
        return self._alias()

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

    def numpy(self) -> npt.NDArray[Any]:
        """The elements as a numpy array, in the same memory where that is on the host.

        Raises: RuntimeError if the tensor requires a gradient, which numpy would not see.
        """
        if self.requires_grad:
            raise RuntimeError(
                "numpy: this tensor requires a gradient, which a numpy array cannot carry. "
                "Use detach().numpy()."
            )
        return self.backend.to_numpy(self._data)

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        array = self.numpy()
        if dtype is not None and array.dtype != np.dtype(dtype):
            if copy is False:
                raise ValueError(f"__array__: converting {self.dtype} to {dtype} takes a copy.")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len: a zero-dimensional tensor has no length.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("iter: a zero-dimensional tensor cannot be iterated over.")
        return (self[i] for i in range(self.shape[0]))

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

    def to(self, target: str | Backend | DType | Tensor) -> Tensor:
        """This tensor with another dtype, or on another backend; itself if it is so already."""
        if isinstance(target, DType):
            return self if target is self._data.dtype else ew.cast(self, target)
        if isinstance(target, Tensor):
            return self.to(target.backend).to(target.dtype)
        if isinstance(target, str) and target in {d.name for d in dtypes.ALL}:
            return self.to(dtypes.as_dtype(target))
        return ew.move(self, get_backend(target))

    def type(self, dtype: DType) -> Tensor:
        """This tensor with another dtype."""
        return self.to(dtype)

    def float(self) -> Tensor:
        """As float32."""
        return self.to(dtypes.float32)

    def double(self) -> Tensor:
        """As float64."""
        return self.to(dtypes.float64)

    def int(self) -> Tensor:
        """As int32."""
        return self.to(dtypes.int32)

    def long(self) -> Tensor:
        """As int64."""
        return self.to(dtypes.int64)

    def bool(self) -> Tensor:
        """As bool: whether nonzero."""
        return self.to(dtypes.bool_)

    def contiguous(self) -> Tensor:
        """Itself if contiguous, else a copy that is."""
        return self if self._data.is_contiguous() else ew.clone(self)

    # -- changing in place: under no_grad for a tensor that requires a gradient ------------------

    def copy_(self, source: TensorLike) -> Tensor:
        """Write the elements of `source`, broadcast and converted, into this tensor's memory."""
        self._check_in_place("copy_")
        if not isinstance(source, Tensor):
            source = Tensor(self.backend.constant(source, self.dtype), self.backend)
        if broadcast_shapes(source.shape, self.shape, "copy_") != self.shape:
            raise ValueError(
                f"copy_: a source of shape {source.shape} does not fit into {self.shape}."
            )
        source = source.to(self.backend)
        if source._data.owner is self._data.owner:  # may overlap
            source = source.clone()
        self.backend.copy_(self._data, source._data.expand(self.shape))
        self._bump_version()
        return self

    def fill_(self, value: Number) -> Tensor:
        """Set every element."""
        return self.copy_(value)

    def zero_(self) -> Tensor:
        """Set every element to 0."""
        return self.copy_(0)

    def add_(self, other: TensorLike, alpha: Number = 1) -> Tensor:
        """self += alpha * other."""
        return self._in_place("add_", self.detach() + ew._detached(other) * alpha)

    def sub_(self, other: TensorLike, alpha: Number = 1) -> Tensor:
        """self -= alpha * other."""
        return self._in_place("sub_", self.detach() - ew._detached(other) * alpha)

    def mul_(self, other: TensorLike) -> Tensor:
        """self *= other."""
        return self._in_place("mul_", self.detach() * ew._detached(other))

    def div_(self, other: TensorLike) -> Tensor:
        """self /= other."""
        return self._in_place("div_", self.detach() / ew._detached(other))

    def _in_place(self, name: str, result: Tensor) -> Tensor:
        if result.dtype.kind == "float" and self.dtype.kind != "float":
            raise TypeError(f"{name}: a {result.dtype} result does not fit in {self.dtype}.")
        return self.copy_(result)

    def _check_in_place(self, name: str) -> None:
        if self.requires_grad and is_grad_enabled():
            raise RuntimeError(
                f"{name}: this tensor requires a gradient, so changing it in place would falsify "
                "its history. Do it under no_grad(), or use the out-of-place operation."
            )

    def __setitem__(self, key: Any, value: TensorLike | npt.ArrayLike) -> None:
        indexing.set_item(self, key, value)

    # -- arithmetic -----------------------------------------------------------------------------

    def __add__(self, other: TensorLike) -> Tensor:
        return binary(ew.Add, self, other)

    def __radd__(self, other: TensorLike) -> Tensor:
        return binary(ew.Add, other, self)

    def __sub__(self, other: TensorLike) -> Tensor:
        return binary(ew.Sub, self, other)

    def __rsub__(self, other: TensorLike) -> Tensor:
        return binary(ew.Sub, other, self)

    def __mul__(self, other: TensorLike) -> Tensor:
        return binary(ew.Mul, self, other)

    def __rmul__(self, other: TensorLike) -> Tensor:
        return binary(ew.Mul, other, self)

    def __truediv__(self, other: TensorLike) -> Tensor:
        return ew.div(self, other)

    def __rtruediv__(self, other: TensorLike) -> Tensor:
        return ew.div(other, self)

    def __pow__(self, other: TensorLike) -> Tensor:
        return ew.power(self, other)

    def __rpow__(self, other: TensorLike) -> Tensor:
        return ew.power(other, self)

    def __matmul__(self, other: Tensor) -> Tensor:
        return linalg.matmul(self, other)

    def __neg__(self) -> Tensor:
        return ew.Neg.apply(self)  # type: ignore[no-any-return]

    def __pos__(self) -> Tensor:
        return self

    def __abs__(self) -> Tensor:
        return self.abs()

    def __invert__(self) -> Tensor:
        return self.logical_not()

    def __lt__(self, other: TensorLike) -> Tensor:
        return binary(ew.LT, self, other)

    def __le__(self, other: TensorLike) -> Tensor:
        return binary(ew.LE, self, other)

    def __gt__(self, other: TensorLike) -> Tensor:
        return binary(ew.GT, self, other)

    def __ge__(self, other: TensorLike) -> Tensor:
        return binary(ew.GE, self, other)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return binary(ew.EQ, self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return binary(ew.NE, self, other)

    #: Elementwise == leaves identity as the only way to tell tensors apart in a dict.
    __hash__ = object.__hash__

    def __and__(self, other: TensorLike) -> Tensor:
        return ew.logical_and(self, other)

    def __or__(self, other: TensorLike) -> Tensor:
        return ew.logical_or(self, other)

    def __xor__(self, other: TensorLike) -> Tensor:
        return ew.logical_xor(self, other)

    def __getitem__(self, key: Any) -> Tensor:
        return indexing.get_item(self, key)

    # -- functions that are methods too: `x.exp()` is `exp(x)` ----------------------------------

    add, sub, subtract, mul, multiply = ew.add, ew.sub, ew.sub, ew.mul, ew.mul
    div, divide, true_divide, pow = ew.div, ew.div, ew.div, ew.power
    neg, negative, abs, absolute, sign = ew.neg, ew.neg, ew.abs, ew.abs, ew.sign
    square, sqrt, reciprocal = ew.square, ew.sqrt, ew.reciprocal
    exp, expm1, log, log1p = ew.exp, ew.expm1, ew.log, ew.log1p
    sin, cos, tanh, erf = ew.sin, ew.cos, ew.tanh, ew.erf
    sigmoid, relu = ew.sigmoid, ew.relu
    maximum, minimum, clamp, clip = ew.maximum, ew.minimum, ew.clamp, ew.clamp
    lt, le, gt, ge, eq, ne = ew.lt, ew.le, ew.gt, ew.ge, ew.eq, ew.ne
    less, less_equal, greater, greater_equal, not_equal = ew.lt, ew.le, ew.gt, ew.ge, ew.ne
    is_close, isnan, isinf, isfinite = ew.is_close, ew.isnan, ew.isinf, ew.isfinite
    logical_and, logical_or = ew.logical_and, ew.logical_or
    logical_xor, logical_not = ew.logical_xor, ew.logical_not
    clone = ew.clone

    sum, mean, prod = reductions.sum, reductions.mean, reductions.prod
    max, min = reductions.max, reductions.min
    amax, amin = reductions.amax, reductions.amin
    argmax, argmin = reductions.argmax, reductions.argmin
    all, any = reductions.all, reductions.any
    var, std, norm, logsumexp = (
        reductions.var, reductions.std, reductions.norm, reductions.logsumexp
    )
    softmax, log_softmax = reductions.softmax, reductions.log_softmax

    reshape, view, flatten = views.reshape, views.view, views.flatten
    permute, transpose, t, movedim = views.permute, views.transpose, views.t, views.movedim
    squeeze, unsqueeze = views.squeeze, views.unsqueeze
    expand, expand_as, broadcast_to = views.expand, views.expand_as, views.broadcast_to
    view_as, reshape_as, sum_to_size = views.view_as, views.reshape_as, views.sum_to_size

    matmul, mm, bmm, dot, outer = (
        linalg.matmul, linalg.mm, linalg.bmm, linalg.dot, linalg.outer
    )

    gather, scatter_add = indexing.gather, indexing.scatter_add
    index_select = indexing.index_select
    split, chunk, narrow = joining.split, joining.chunk, joining.narrow

    def where(self, x: TensorLike, y: TensorLike) -> Tensor:
        """x where this bool tensor holds, else y."""
        return ew.where(self, x, y)

    @property
    def T(self) -> Tensor:  # noqa: N802 - PyTorch's name
        """The transpose of a matrix."""
        return views.t(self)

    @property
    def mT(self) -> Tensor:  # noqa: N802 - PyTorch's name
        """The last two dimensions swapped."""
        return views.transpose(self, -1, -2)
