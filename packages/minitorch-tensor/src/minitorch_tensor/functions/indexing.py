"""Indexing: x[key], gather, scatter, index_select."""

from __future__ import annotations

import operator
import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Context, Function, Variable
from minitorch_tensor import writing
from minitorch_tensor.dtypes import bool_, check_fits, int64
from minitorch_tensor.functions.base import check_backends, constant
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods, in_place
from minitorch_tensor.layout import Shape, broadcast_shapes, normalize_dim
from minitorch_tensor.silence import converted
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Number, Tensor, TensorLike


class SliceView(Function):
    """x[basic key]: integers, slices, None and ... give a view. Gradient: d in zeros of x's
    shape."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, key: tuple[Any, ...]) -> Tensor:
        ctx.shape, ctx.key = x.shape, key
        return x._view(basic_view(x._data, key), ctx)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return PlaceView.apply(d, ctx.shape, ctx.key), None


class PlaceView(Function):
    """The adjoint of SliceView: d at the place of `key` in a zero tensor of `shape`."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, shape: Shape, key: tuple[Any, ...]) -> Tensor:
        ctx.key = key
        out = d.backend.full(shape, 0, d.dtype)
        d.backend.copy_(basic_view(out, key), d._data)
        return d._new(out)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None]:
        return SliceView.apply(e, ctx.key), None, None


class Index(Function):
    """x[key] with integer or boolean arrays: a copy. Gradient: d added up at the places."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, key: tuple[Any, ...]) -> Tensor:
        ctx.shape, ctx.key = x.shape, key
        return x._new(x.backend.index(x._data, key))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return IndexAdjoint.apply(d, ctx.shape, ctx.key), None


class IndexAdjoint(Function):
    """d added up at the places that `key` names in a zero tensor of `shape`."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, shape: Shape, key: tuple[Any, ...]) -> Tensor:
        ctx.key = key
        zero = d.backend.full(shape, 0, d.dtype)
        return d._new(d.backend.index_put(zero, key, d._data, accumulate=True))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None]:
        return Index.apply(e, ctx.key), None, None


class IndexPut(Function):
    """x with values put at the places that `key` names. Gradients: d, but 0 at the places; d at
    them.

    If a place is named twice, either value may win, and both get the gradient, as in PyTorch.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, key: tuple[Any, ...], values: Tensor) -> Tensor:
        ctx.key, ctx.shape = key, values.shape
        return x._new(x.backend.index_put(x._data, key, values._data, accumulate=False))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, None, Tensor | None]:
        to_x, _, to_values = ctx.edges
        to_zero = None
        if to_x:
            zero = d._new(d.backend.full(ctx.shape, 0, d.dtype))
            to_zero = IndexPut.apply(d, ctx.key, zero)
        return to_zero, None, Index.apply(d, ctx.key) if to_values else None


class Gather(Function):
    """out[i][j] = x[index[i][j]][j] (dim 0). Gradient: d added up at the places."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.dim, ctx.shape = dim, x.shape
        return x._new(x.backend.gather(x._data, dim, index._data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        (index,) = ctx.saved_tensors
        zero = d._new(d.backend.full(ctx.shape, 0, d.dtype))
        return ScatterAdd.apply(zero, ctx.dim, index, d), None, None


class ScatterAdd(Function):
    """x with source[i][j] added at [index[i][j]][j] (dim 0). Gradients: d; d gathered."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.dim, ctx.shape = dim, source.shape
        return x._new(x.backend.scatter_add(x._data, dim, index._data, source._data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None, Tensor | None]:
        (index,) = ctx.saved_tensors
        grad_source = None
        if ctx.edges[3]:
            grad_source = _in_source(Gather.apply(d, ctx.dim, index), ctx.shape)
        return d, None, None, grad_source


class Scatter(Function):
    """x with source[i][j] put at [index[i][j]][j] (dim 0). Gradients: d, but 0 where x was
    replaced; d gathered.

    If a place is named twice, either value may win, and both get the gradient, as in PyTorch.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.dim, ctx.shape = dim, source.shape
        return x._new(x.backend.scatter(x._data, dim, index._data, source._data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, None, None, Tensor | None]:
        (index,) = ctx.saved_tensors
        grad_x = grad_source = None
        if ctx.edges[0]:
            zero = d._new(d.backend.full(index.shape, 0, d.dtype))
            grad_x = Scatter.apply(d, ctx.dim, index, zero)
        if ctx.edges[3]:
            grad_source = _in_source(Gather.apply(d, ctx.dim, index), ctx.shape)
        return grad_x, None, None, grad_source


def _in_source(gathered: Tensor, shape: Shape) -> Tensor:
    """The gradient of a source that was used only in the part that index covers."""
    if gathered.shape == shape:
        return gathered
    inside = tuple([slice(n) for n in gathered.shape])
    return PlaceView.apply(gathered, shape, inside)


class IndexSelect(Function):
    """Slices of x along dim, by a vector of indices. Gradient: slices of d added up."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.dim, ctx.shape = dim, x.shape
        return x._new(x.backend.index_select(x._data, dim, index._data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        (index,) = ctx.saved_tensors
        zero = d._new(d.backend.full(ctx.shape, 0, d.dtype))
        return IndexAdd.apply(zero, ctx.dim, index, d), None, None


class IndexAdd(Function):
    """x with slices of source added to those that a vector of indices names. Gradients: d; slices
    of d. If x is zero, it is the adjoint of IndexSelect."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.dim = dim
        return x._new(x.backend.index_add(x._data, dim, index._data, source._data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None, Tensor]:
        (index,) = ctx.saved_tensors
        return d, None, None, IndexSelect.apply(d, ctx.dim, index)


# -- x[key] -------------------------------------------------------------------------------------


def get_item(x: Tensor, key: Any) -> Tensor:
    """x[key] by numpy's rules. Integers, slices (any step), None and ... give a view; integer
    and boolean arrays give a copy.

    Raises: IndexError for an index out of range or too many of them; TypeError for other keys.
    """
    basic, plain = parse_key(x.shape, key)
    if basic:
        return SliceView.apply(x, plain)
    return Index.apply(x, plain)


def set_item(x: Tensor, key: Any, value: TensorLike | npt.ArrayLike) -> None:
    """x[key] = value, in place.

    Raises: as `get_item`; ValueError if the value does not broadcast to the place; RuntimeError for
        a leaf that requires a gradient, unless under `no_grad`.
    """
    if not isinstance(value, Variable):
        array = np.asarray(value)
        check_fits("setitem", array, x.dtype)
        value = x._new(x.backend.from_numpy(converted(array, x.dtype.numpy)))
    recorded = writing.recorded("setitem", x, (value,))
    basic, plain = parse_key(x.shape, key)
    source = (value if recorded else value.detach()).to(x.backend).to(x.dtype)
    place = basic_view(x._data, plain) if basic else None
    shape = _stand_in(x.shape)[plain].shape if place is None else place.shape
    while source.ndim > len(shape) and source.shape[0] == 1:
        source = source.squeeze(0)
    try:
        fits = broadcast_shapes(source.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"setitem: a value of shape {source.shape} does not broadcast to the place, of shape "
            f"{shape}."
        )
    if place is not None:
        writing.check_apart("setitem", place)
        if recorded:
            writing.put(x, source, place)
            return
        if source._data.owner is place.owner:  # may overlap
            source = source.clone()
        x.backend.copy_(place, source._data.expand(shape))
        x._bump_version()
        return
    source = source.expand(shape)
    if recorded:
        x._in_place("setitem", IndexPut.apply, plain, source)
        return
    x.backend.copy_(x._data, x.backend.index_put(x._data, plain, source._data, accumulate=False))
    x._bump_version()


def _stand_in(shape: Shape) -> npt.NDArray[np.bool_]:
    """A dummy array of that shape without its own memory, to try a key on."""
    return np.broadcast_to(np.empty((), bool), shape)


def parse_key(shape: Shape, key: Any) -> tuple[bool, tuple[Any, ...]]:
    """(basic, plain): true for a key that gives a view, and the key in plain terms.

    A basic key has one int or slice for each dimension and None for each new one; any other key has
    numpy's terms, with tensors converted to arrays.
    """
    items = list(key) if isinstance(key, tuple) else [key]
    items = [_plain_item(item) for item in items]
    if any(isinstance(item, np.ndarray) for item in items):
        plain = tuple(items)
        try:  # let numpy decide about combinations
            with warnings.catch_warnings() if 0 in shape else nullcontext():
                if 0 in shape:  # earlier versions of numpy only warn here
                    warnings.simplefilter("error", DeprecationWarning)
                _stand_in(shape)[plain]
        except (IndexError, DeprecationWarning) as error:
            text = str(error).partition("\n")[0].rstrip(".")
            raise IndexError(f"index: {text} (tensor of shape {shape}).") from None
        return False, plain
    used = sum(item is not None and item is not Ellipsis for item in items)
    if sum(item is Ellipsis for item in items) > 1:
        raise IndexError("index: only one ... may stand in an index.")
    if used > len(shape):
        raise IndexError(f"index: {used} indices are too many for a tensor of shape {shape}.")
    rest = [slice(None)] * (len(shape) - used)
    at = items.index(Ellipsis) if Ellipsis in items else len(items)  # nothing here overloads ==
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
    if item is None or item is Ellipsis:
        return item
    if isinstance(item, slice):
        try:
            item.indices(0)
        except (TypeError, ValueError) as error:
            raise type(error)(f"index: {error}, got {item}.") from None
        return item
    if isinstance(item, Variable):
        item = item.numpy()  # type: ignore[attr-defined]
    if isinstance(item, (list, range, bool, np.bool_)):
        item = np.asarray(item)
        item = item.astype(np.int64) if item.size == 0 else item
    if isinstance(item, np.ndarray):
        if item.ndim == 0 and item.dtype.kind in "iu":
            return int(item)
        if item.dtype.kind in "iub":
            # PyTorch still accepts uint8 as a mask; here uint8 is an integer.
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


@guarded
def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """out[i][j][k] = input[index[i][j][k]][j][k] for dim 0, and likewise for others.

    Raises: ValueError if index has another rank or is larger in another dimension; IndexError if it
        is out of range.
    """
    dim = _check_index("gather", input, dim, index)
    if not input.ndim:
        return input.clone()
    return Gather.apply(input, dim, index.to(int64))


@guarded
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` with the other dimensions broadcast; without `dim` from the flat input.

    Raises: as `gather`; ValueError if the other dimensions do not broadcast.
    """
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    if input.ndim != indices.ndim:
        raise ValueError(
            f"take_along_dim: input {input.shape} and indices {indices.shape} must have as many "
            "dimensions."
        )
    dim = normalize_dim(dim, input.ndim, "take_along_dim")
    one = (1,) * bool(input.ndim)
    rest = broadcast_shapes(
        (*input.shape[:dim], *one, *input.shape[dim + 1 :]),
        (*indices.shape[:dim], *one, *indices.shape[dim + 1 :]),
        "take_along_dim",
    )
    wide = [(*rest[:dim], *t.shape[dim : dim + 1], *rest[dim + 1 :]) for t in (input, indices)]
    return gather(input.expand(wide[0]), dim, indices.expand(wide[1]))


@guarded
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """input with src[i][j] added at [index[i][j]][j] for dim 0, and likewise for others.

    Raises: as `gather`; ValueError if src is smaller than index; TypeError for another dtype.
    """
    dim = _check_index("scatter_add", input, dim, index)
    _check_source("scatter_add", input, index, src)
    if not input.ndim:
        return input + src
    return ScatterAdd.apply(input, dim, index.to(int64), src)


@guarded
def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: TensorLike | None = None,
    *,
    value: Number | None = None,
) -> Tensor:
    """input with src[i][j], or the number `value`, written to [index[i][j]][j] for dim 0, and
    likewise for others.

    Raises: as `scatter_add`.
    """
    dim = _check_index("scatter", input, dim, index)
    src = value if src is None else src
    if src is None:
        raise TypeError("scatter: give src or value.")
    if not isinstance(src, Variable):
        src = constant("scatter", src, input).expand(index.shape)
    _check_source("scatter", input, index, src)
    if not input.ndim:
        return scatter(input.reshape(1), 0, index.reshape(1), src.reshape(1)).reshape(())
    return Scatter.apply(input, dim, index.to(int64), src)


def _check_source(operation: str, x: Tensor, index: Tensor, src: Tensor) -> None:
    check_backends(operation, x, index, src)
    if src.ndim != index.ndim or any(n > m for n, m in zip(index.shape, src.shape)):
        raise ValueError(f"{operation}: index {index.shape} must lie within src {src.shape}.")
    if src.dtype is not x.dtype:
        raise TypeError(f"{operation}: src is {src.dtype}, x is {x.dtype}. Convert one.")


@guarded
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of input along `dim` that a vector of indices names.

    Raises: ValueError unless index is a vector; IndexError if it is out of range.
    """
    dim = _check_vector("index_select", input, dim, index)
    if not input.ndim:
        input = input.reshape(1)
    return IndexSelect.apply(input, dim, index.to(int64))


@guarded
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1
) -> Tensor:
    """input with alpha times slice i of source added to slice index[i], along `dim`.

    Raises: ValueError if source has another shape than those slices, or index is not a vector;
        TypeError for another dtype; IndexError out of range.
    """
    dim = _check_slices("index_add", input, dim, index, source)
    scaled = source if alpha == 1 else source * alpha
    if not input.ndim:
        return input + scaled.sum()
    return IndexAdd.apply(input, dim, index.to(int64), scaled)


@guarded
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """input with slice index[i] replaced by slice i of source, along `dim`.

    Raises: as `index_add`.
    """
    dim = _check_slices("index_copy", input, dim, index, source)
    if not input.ndim:
        return index_copy(input.reshape(1), 0, index, source.reshape(-1)).reshape(())
    return scatter(input, dim, _across(index, dim, source.shape), source)


@guarded
def index_fill(input: Tensor, dim: int, index: Tensor, value: TensorLike) -> Tensor:
    """input with the slices along `dim` that a vector of indices names set to one number.

    Raises: ValueError unless index is a vector; IndexError if it is out of range.
    """
    dim = _check_vector("index_fill", input, dim, index)
    place = np.zeros(input.shape[dim] if input.ndim else 1, bool)
    place[index.numpy()] = True
    shape = [-1 if d == dim else 1 for d in range(input.ndim)]
    mask = input._new(input.backend.from_numpy(place)).reshape(shape)
    return input.masked_fill(mask, value)


def _across(index: Tensor, dim: int, shape: Shape) -> Tensor:
    """A vector of indices along dim, broadcast over the other dimensions of `shape`."""
    return index.reshape([-1 if d == dim else 1 for d in range(len(shape))]).expand(shape)


def _check_vector(operation: str, x: Tensor, dim: int, index: Tensor) -> int:
    check_backends(operation, x, index)
    dim = normalize_dim(dim, x.ndim, operation)
    if index.ndim != 1:
        raise ValueError(f"{operation}: wanted a vector of indices, got shape {index.shape}.")
    check_range(operation, index, x.shape[dim] if x.ndim else 1)
    return dim


def _check_slices(operation: str, x: Tensor, dim: int, index: Tensor, source: Tensor) -> int:
    dim = _check_vector(operation, x, dim, index)
    check_backends(operation, x, source)
    wanted = (*x.shape[:dim], index.shape[0], *x.shape[dim + 1 :])
    if source.shape != wanted and (x.ndim or source.numel() != index.shape[0]):
        raise ValueError(
            f"{operation}: source must have the shape of the slices that index names, {wanted}, "
            f"got {source.shape}."
        )
    if source.dtype is not x.dtype:
        raise TypeError(f"{operation}: source is {source.dtype}, input is {x.dtype}. Convert one.")
    return dim


@guarded
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of the flattened input at the indices, in the shape of `index`.

    Raises: IndexError if one is out of range; TypeError for indices that are not integers.
    """
    check_backends("take", input, index)
    check_range("take", index, input.numel())
    return input.reshape(-1)[index.reshape(-1)].reshape(index.shape)


@guarded
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """input with the elements where the bool mask (broadcast to input) holds replaced by those of
    source, in order.

    Raises: TypeError if the mask is not bool, or for another dtype; ValueError if source has too
        few elements.
    """
    check_backends("masked_scatter", input, mask, source)
    if mask.dtype is not bool_:
        raise TypeError(f"masked_scatter: the mask must be bool, got {mask.dtype}.")
    if source.dtype is not input.dtype:
        raise TypeError(
            f"masked_scatter: source is {source.dtype}, input is {input.dtype}. Convert one."
        )
    shape = broadcast_shapes(input.shape, mask.shape, "masked_scatter")
    places = np.flatnonzero(mask.expand(shape).numpy())
    if len(places) > source.numel():
        raise ValueError(
            f"masked_scatter: the mask has {len(places)} places, source {source.numel()} elements."
        )
    index = input._new(input.backend.from_numpy(places.astype(np.int64)))
    flat = input.expand(shape).reshape(-1)
    return index_copy(flat, 0, index, source.reshape(-1)[: len(places)]).reshape(shape)


@guarded
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """The count of each of 0, 1, 2, ... in a vector of integers (int64), or the sum of the weights
    of its occurrences.

    Args:
        minlength: the minimum size of the result; it is larger if the largest number needs it.

    Raises: TypeError for other dtypes; ValueError for a negative number, another shape, or
        weights of another size.
    """
    if input.dtype.kind != "int":
        raise TypeError(f"bincount: wanted integers, got {input.dtype}.")
    if input.ndim != 1 or (weights is not None and weights.shape != input.shape) or minlength < 0:
        weighted = "" if weights is None else f", weights of shape {weights.shape}"
        raise ValueError(
            "bincount: wanted a vector, weights of its size, and a minlength that is not negative; "
            f"got shape {input.shape}{weighted}, minlength {minlength}."
        )
    if input.numel() and int(input.min()) < 0:
        raise ValueError(f"bincount: wanted no negative numbers, got {int(input.min())}.")
    size = max(int(input.max()) + 1 if input.numel() else 0, minlength)
    if weights is None:
        counts = np.bincount(input.numpy(), minlength=size).astype(np.int64)
        return input._new(input.backend.from_numpy(counts))
    parts = weights if weights.dtype.kind == "float" else weights.double()
    zero = parts._new(parts.backend.full((size,), 0, parts.dtype))
    return index_add(zero, 0, input, parts)


@guarded
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the bool mask holds, as a vector; the two broadcast.

    Raises: TypeError if the mask is not bool.
    """
    check_backends("masked_select", input, mask)
    if mask.dtype is not bool_:
        raise TypeError(f"masked_select: the mask must be bool, got {mask.dtype}.")
    shape = broadcast_shapes(input.shape, mask.shape, "masked_select")
    return input.expand(shape)[mask.expand(shape)]


@guarded
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The index of every nonzero element as a row of an int64 matrix (count, dimensions).

    Args:
        as_tuple: return a vector for each dimension instead, for input[nonzero(...)].
    """
    array = input.backend.to_numpy(input._data)
    found = np.argwhere(array if array.ndim or not as_tuple else array.reshape(1))
    rows = input._new(input.backend.from_numpy(found.astype(np.int64)))
    return tuple([rows.select(1, d) for d in range(rows.shape[1])]) if as_tuple else rows


@guarded
def argwhere(input: Tensor) -> Tensor:
    """The index of every nonzero element as a row of an int64 matrix (count, dimensions)."""
    places: Tensor = nonzero(input)
    return places


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
    check_range(name, index, x.shape[dim] if x.ndim else 1)
    return dim


def check_range(name: str, index: Tensor, size: int) -> None:
    """Check that every element of an integer tensor lies in [0, size).

    Raises: TypeError for another dtype; IndexError that shows the range found.
    """
    if index.dtype.kind != "int":
        raise TypeError(f"{name}: indices must be integers, got {index.dtype}.")
    if not index.backend.within(index._data, 0, size):
        array = index.numpy()
        raise IndexError(
            f"{name}: indices lie in [{array.min()}, {array.max()}], but must lie in "
            f"[0, {size - 1}]."
        )


# -- methods, and what the package exports ---------------------------------------------------------


class IndexingMethods(Methods):
    """Indexing, gathering and scattering."""

    gather = gather
    take_along_dim = take_along_dim
    take = take
    scatter = scatter
    scatter_ = in_place(scatter)
    scatter_add = scatter_add
    scatter_add_ = in_place(scatter_add)
    index_select = index_select
    index_add = index_add
    index_add_ = in_place(index_add)
    index_copy = index_copy
    index_copy_ = in_place(index_copy)
    index_fill = index_fill
    index_fill_ = in_place(index_fill)
    masked_select = masked_select
    masked_scatter = masked_scatter
    masked_scatter_ = in_place(masked_scatter)
    nonzero = nonzero
    argwhere = argwhere
    bincount = bincount

    __getitem__ = get_item
    __setitem__ = set_item


__all__ = [
    "argwhere",
    "bincount",
    "gather",
    "index_add",
    "index_copy",
    "index_fill",
    "index_select",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "scatter",
    "scatter_add",
    "take",
    "take_along_dim",
]
