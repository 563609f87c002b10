"""Picking and placing elements: x[key], gather, scatter, index_select."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from minitorch_autodiff import Context, Function, Variable

from minitorch_tensor.dtypes import int64
from minitorch_tensor.functions.base import check_backends
from minitorch_tensor.layout import Shape, broadcast_shapes, normalize_dim
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor, TensorLike


class SliceView(Function):
    """x[basic key]: integers, slices, None and ... give a view. Gradient: d in a zero x."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, key: tuple[Any, ...]) -> Tensor:
        ctx.shape, ctx.key = x.shape, key  # type: ignore[attr-defined]
        return x._new(basic_view(x._data, key))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return PlaceView.apply(d, ctx.shape, ctx.key), None  # type: ignore[attr-defined]


class PlaceView(Function):
    """The adjoint of SliceView: d at the place of `key` in a zero tensor of `shape`."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, shape: Shape, key: tuple[Any, ...]) -> Tensor:
        ctx.key = key  # type: ignore[attr-defined]
        out = d.backend.full(shape, 0, d.dtype)
        d.backend.copy_(basic_view(out, key), d._data)
        return d._new(out)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None]:
        return SliceView.apply(e, ctx.key), None, None  # type: ignore[attr-defined]


class Index(Function):
    """x[key] with integer or boolean arrays: a copy. Gradient: d added up at the places."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, key: tuple[Any, ...]) -> Tensor:
        ctx.shape, ctx.key = x.shape, key  # type: ignore[attr-defined]
        return x._new(x.backend.index(x._data, key))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return IndexAdjoint.apply(d, ctx.shape, ctx.key), None  # type: ignore[attr-defined]


class IndexAdjoint(Function):
    """d added up at the places that `key` names in a zero tensor of `shape`."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, shape: Shape, key: tuple[Any, ...]) -> Tensor:
        ctx.key = key  # type: ignore[attr-defined]
        zero = d.backend.full(shape, 0, d.dtype)
        return d._new(d.backend.index_put(zero, key, d._data, accumulate=True))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None]:
        return Index.apply(e, ctx.key), None, None  # type: ignore[attr-defined]


class Gather(Function):
    """out[i][j] = x[index[i][j]][j] (dim 0). Gradient: d added up at the places."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.dim, ctx.shape = dim, x.shape  # type: ignore[attr-defined]
        return x._new(x.backend.gather(x._data, dim, index._data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        (index,) = ctx.saved_tensors
        zero = d._new(d.backend.full(ctx.shape, 0, d.dtype))  # type: ignore[attr-defined]
        return ScatterAdd.apply(zero, ctx.dim, index, d), None, None  # type: ignore[attr-defined]


class ScatterAdd(Function):
    """x with source[i][j] added at [index[i][j]][j] (dim 0). Gradients: d; d gathered."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.dim, ctx.shape = dim, source.shape  # type: ignore[attr-defined]
        return x._new(x.backend.scatter_add(x._data, dim, index._data, source._data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None, Tensor | None]:
        (index,) = ctx.saved_tensors
        grad_source = None
        if ctx.edges[3]:
            grad_source = Gather.apply(d, ctx.dim, index)  # type: ignore[attr-defined]
            if grad_source.shape != ctx.shape:  # type: ignore[attr-defined]
                inside = tuple([slice(n) for n in index.shape])
                grad_source = PlaceView.apply(grad_source, ctx.shape, inside)  # type: ignore[attr-defined]
        return d, None, None, grad_source


class IndexSelect(Function):
    """Slices of x along dim, by a vector of indices. Gradient: slices of d added up."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.dim, ctx.shape = dim, x.shape  # type: ignore[attr-defined]
        return x._new(x.backend.index_select(x._data, dim, index._data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        (index,) = ctx.saved_tensors
        return IndexAdd.apply(d, ctx.dim, index, ctx.shape), None, None  # type: ignore[attr-defined]


class IndexAdd(Function):
    """The adjoint of IndexSelect: slices of d added to those of a zero tensor of `shape`."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, dim: int, index: Tensor, shape: Shape) -> Tensor:
        ctx.save_for_backward(index)
        ctx.dim = dim  # type: ignore[attr-defined]
        zero = d.backend.full(shape, 0, d.dtype)
        return d._new(d.backend.index_add(zero, dim, index._data, d._data))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None, None]:
        (index,) = ctx.saved_tensors
        return IndexSelect.apply(e, ctx.dim, index), None, None, None  # type: ignore[attr-defined]


# -- x[key] -------------------------------------------------------------------------------------


def get_item(x: Tensor, key: Any) -> Tensor:
    """x[key] by numpy's rules. Integers, slices (any step), None and ... give a view; integer
    and boolean arrays give a copy.

    Raises: IndexError for an index out of range or too many of them; TypeError for other keys.
    """
    basic, plain = parse_key(x.shape, key)
    if basic:
        return SliceView.apply(x, plain)  # type: ignore[no-any-return]
    return Index.apply(x, plain)  # type: ignore[no-any-return]


def set_item(x: Tensor, key: Any, value: TensorLike | npt.ArrayLike) -> None:
    """x[key] = value, in place: under no_grad where x requires a gradient.

    Raises: as `get_item`; ValueError if the value does not broadcast to the place.
    """
    x._check_in_place("setitem")
    basic, plain = parse_key(x.shape, key)
    if not isinstance(value, Variable):
        array = np.asarray(value, x.dtype.numpy)
        value = x._new(x.backend.from_numpy(array))
    source = value.detach().to(x.backend).to(x.dtype)  # type: ignore[attr-defined]
    if basic:
        place = x._new(basic_view(x._data, plain))
        if broadcast_shapes(source.shape, place.shape, "setitem") != place.shape:
            raise ValueError(
                f"setitem: a value of shape {source.shape} does not fit the place {place.shape}."
            )
        place.copy_(source)
        return
    data = x.backend.index_put(x._data, plain, source._data, accumulate=False)
    x.backend.copy_(x._data, data)
    x._bump_version()


def parse_key(shape: Shape, key: Any) -> tuple[bool, tuple[Any, ...]]:
    """Whether a key is basic (gives a view), and the key in plain terms.

    Of a basic key the terms are int, slice and None, one for each dimension and None for each
    new one; of another they are what numpy takes, with tensors made arrays.
    """
    items = list(key) if isinstance(key, tuple) else [key]
    items = [_plain_item(item) for item in items]
    if any(isinstance(item, np.ndarray) for item in items):
        plain = tuple(items)
        try:  # numpy is the authority on combinations; a stand-in of the shape takes no memory
            np.broadcast_to(np.empty((), bool), shape)[plain]
        except IndexError as error:
            raise IndexError(f"index: {error} (tensor of shape {shape}).") from None
        return False, plain
    used = sum(item is not None and item is not Ellipsis for item in items)
    if items.count(Ellipsis) > 1:
        raise IndexError("index: only one ... may stand in an index.")
    if used > len(shape):
        raise IndexError(
            f"index: {used} indices are too many for a tensor of shape {shape}."
        )
    rest = [slice(None)] * (len(shape) - used)
    at = items.index(Ellipsis) if Ellipsis in items else len(items)
    items[at : at + 1] = rest
    dim = 0
    for item in items:
        if item is None:
            continue
        if isinstance(item, int) and not -shape[dim] <= item < shape[dim]:
            raise IndexError(
                f"index: {item} is out of range for dimension {dim} of size {shape[dim]} "
                f"(tensor of shape {shape})."
            )
        dim += 1
    return True, tuple(items)


def _plain_item(item: Any) -> Any:
    if item is None or item is Ellipsis or isinstance(item, slice):
        return item
    if isinstance(item, Variable):
        item = item.numpy()  # type: ignore[attr-defined]
    if isinstance(item, (list, bool, np.bool_)):
        item = np.asarray(item)
        item = item.astype(np.int64) if item.size == 0 else item
    if isinstance(item, np.ndarray):
        if item.ndim == 0 and item.dtype.kind in "iu":
            return int(item)
        if item.dtype.kind in "iub":
            # uint8 as a mask is an old habit of PyTorch's; here it is what it says, an integer.
            return item if item.dtype.kind == "b" else item.astype(np.int64)
        raise TypeError(f"index: arrays of indices must be integer or bool, got {item.dtype}.")
    try:
        return operator.index(item)
    except TypeError:
        raise TypeError(
            f"index: got {type(item).__name__}; wanted an integer, a slice, None, ..., or an "
            "array of integers or bools."
        ) from None


def basic_view(data: TensorData, key: tuple[Any, ...]) -> TensorData:
    """The view that a parsed basic key describes."""
    shape, strides = [], []
    offset = data.offset
    dim = 0
    for item in key:
        if item is None:
            shape.append(1)
            strides.append(0)
            continue
        size, stride = data.shape[dim], data.strides[dim]
        dim += 1
        if isinstance(item, int):
            offset += (item % size) * stride
        else:
            start, _, step = item.indices(size)
            length = len(range(*item.indices(size)))
            offset += start * stride if length else 0
            shape.append(length)
            strides.append(stride * step)
    return data.as_strided(tuple(shape), tuple(strides), offset)


# -- by dimension -------------------------------------------------------------------------------


def gather(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """out[i][j][k] = x[index[i][j][k]][j][k] for dim 0, and likewise for others.

    Raises: ValueError if index has another rank or is larger elsewhere; IndexError out of range.
    """
    dim = _check_index("gather", x, dim, index)
    return Gather.apply(x, dim, index.to(int64))  # type: ignore[no-any-return]


def scatter_add(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """x with src[i][j] added at [index[i][j]][j] for dim 0, and likewise for others."""
    dim = _check_index("scatter_add", x, dim, index)
    if src.ndim != index.ndim or any(n > m for n, m in zip(index.shape, src.shape)):
        raise ValueError(
            f"scatter_add: index {index.shape} must lie within src {src.shape}."
        )
    if src.dtype is not x.dtype:
        raise TypeError(f"scatter_add: src is {src.dtype}, x is {x.dtype}. Convert one.")
    return ScatterAdd.apply(x, dim, index.to(int64), src)  # type: ignore[no-any-return]


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of x along `dim` that a vector of indices names.

    Raises: ValueError if index is no vector; IndexError if it is out of range.
    """
    dim = normalize_dim(dim, x.ndim, "index_select")
    if index.ndim != 1:
        raise ValueError(f"index_select: wanted a vector of indices, got shape {index.shape}.")
    check_range("index_select", index, x.shape[dim])
    return IndexSelect.apply(x, dim, index.to(int64))  # type: ignore[no-any-return]


def _check_index(name: str, x: Tensor, dim: int, index: Tensor) -> int:
    check_backends(name, x, index)
    dim = normalize_dim(dim, x.ndim, name)
    if index.ndim != x.ndim or any(
        n > m for d, (n, m) in enumerate(zip(index.shape, x.shape)) if d != dim
    ):
        raise ValueError(
            f"{name}: index {index.shape} must have as many dimensions as x {x.shape}, and no "
            f"larger sizes except along dim {dim}."
        )
    check_range(name, index, x.shape[dim])
    return dim


def check_range(name: str, index: Tensor, size: int) -> None:
    """Check that every element of an integer tensor lies in [0, size).

    Raises: TypeError for another dtype; IndexError that shows the range found.
    """
    if index.dtype.kind != "int":
        raise TypeError(f"{name}: indices must be integers, got {index.dtype}.")
    if index.numel():
        array = index.numpy()
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= size:
            raise IndexError(
                f"{name}: indices lie in [{low}, {high}], but must lie in [0, {size - 1}]."
            )
