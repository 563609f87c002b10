"""`tensor_map`, `tensor_zip`: any scalar function of up to three inputs, over all elements.

Where `fast` gives each core a part of the elements, here each thread takes one element, or 16 bytes
of neighbours, and strides over the grid to the next. Memory bandwidth limits the speed, so there
are two kernels, for two memory layouts:

- `flat`: contiguous arrays, or single numbers. Neighbouring threads read neighbouring vectors of 16
  bytes, which the hardware combines into whole cache lines (coalescing).
- `strided`: up to four dimensions, after merging contiguous ones; broadcast dimensions have stride
  0. The division that splits an index is a multiplication and a shift.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from minitorch_autodiff import operators
from minitorch_backends.cuda.compile import (
    THREADS,
    WIDE,
    Kernel,
    aligned,
    blocks,
    device_function,
    i32,
    i64,
    number,
    pointer,
    scalar,
    u32,
    u64,
    vectors,
)
from minitorch_backends.cuda.device import cuda
from minitorch_backends.layouts import merge
from minitorch_tensor.dtypes import ALL, LIMITS, DType, bool_, int64, uint8
from minitorch_tensor.layout import Shape, Strides, broadcast_strides
from minitorch_tensor.tensor_data import TensorData

#: Bytes, and elements, that a thread loads or stores at once.
VECTOR_BYTES, VECTOR = 16, 4

#: The most dimensions of `strided`.
DIMS = 4


def converting(dtype: DType, fractional: bool = False) -> Callable[[Any], Any]:
    """A function for kernels: a number converted to a dtype, as `Backend.cast` says.

    Args:
        dtype: the dtype of the result.
        fractional: true if the number may be floating point and the result an integer. The device
            itself clamps a number out of range to the nearest integer.
    """
    T = number(dtype)
    if dtype is bool_:
        return device_function(lambda value: value != 0)
    through = i64 if dtype is uint8 else T  # a negative float has no uint8; its integer wraps
    if dtype.kind != "int" or not fractional:
        return device_function(lambda value: T(through(value)))
    lowest = LIMITS[int64 if dtype is uint8 else dtype][0]
    low, high = float(lowest), -float(lowest)
    return device_function(
        lambda value: T(through(value)) if low <= value < high else T(through(lowest))
    )


def _of_three(fn: Callable[..., float], inputs: int) -> Callable[[Any, Any, Any], Any]:
    """A scalar function of one to three arguments as a function of three, for kernels."""
    f = scalar(fn)
    if inputs == 1:
        return device_function(lambda x, y, z: f(x))
    if inputs == 2:
        return device_function(lambda x, y, z: f(x, y))
    return device_function(lambda x, y, z: f(x, y, z))


# -- everything in order ------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def flat(
    fn: Callable[..., float],
    dtypes: tuple[DType, ...],
    moves: tuple[bool, ...],
    width: int,
    wide: bool,
) -> Kernel:
    """out[i] = fn(x[i], y[i], z[i]), for i < n.

    Args:
        fn: takes one argument per input; the kernel always takes three arrays.
        dtypes: of out and of the inputs.
        moves: for each input, true if it advances with i, false if it is one number.
        width: elements that a thread takes at a time; arrays that advance are aligned to it.
        wide: true if n needs 64 bits.
    """
    out_dtype, *in_dtypes = dtypes
    last = len(in_dtypes) - 1
    of_x, of_y, of_z = (in_dtypes[min(i, last)] for i in range(3))
    x_moves, y_moves, z_moves = ((*moves, False, False)[i] for i in range(3))
    T, X, Y, Z = (number(dtype) for dtype in (out_dtype, of_x, of_y, of_z))
    fractional = any(dtype.kind == "float" for dtype in in_dtypes)
    f, convert = _of_three(fn, len(in_dtypes)), converting(out_dtype, fractional)
    load, store = vectors(width)
    index = i64 if wide else u32

    def kernel(out: Any, x: Any, y: Any, z: Any, n: Any) -> None:
        results = cuda.local.array(width, T)
        xs = cuda.local.array(width, X)
        ys = cuda.local.array(width, Y)
        zs = cuda.local.array(width, Z)
        for k in range(width):
            xs[k], ys[k], zs[k] = x[0], y[0], z[0]
        whole = index(n // width)
        i = index(cuda.grid(1))
        while i < whole:
            if x_moves:
                load(xs, x, i)
            if y_moves:
                load(ys, y, i)
            if z_moves:
                load(zs, z, i)
            for k in range(width):
                results[k] = convert(f(xs[k], ys[k], zs[k]))
            store(out, i, results)
            i = index(i + cuda.gridsize(1))
        i = index(whole * width + cuda.grid(1))
        if i < n:  # fewer than `width` remain
            a = x[i] if x_moves else x[0]
            b = y[i] if y_moves else y[0]
            c = z[i] if z_moves else z[0]
            out[i] = convert(f(a, b, c))

    arrays = [pointer(dtype) for dtype in (out_dtype, of_x, of_y, of_z)]
    full = [width * x.itemsize == VECTOR_BYTES for x, moved in zip(in_dtypes, moves) if moved]
    return Kernel(kernel, (*arrays, index), THREADS, wide=any(full))


# -- any strides ---------------------------------------------------------------------------------


class Divisor(NamedTuple):
    """What a kernel takes to divide by `size`; or the types of it."""

    size: Any
    multiplier: Any
    shift: Any


class Strides4(NamedTuple):
    """The strides of an array in four dimensions; or the types of them."""

    first: Any
    second: Any
    third: Any
    last: Any


def divisor(size: int, wide: bool) -> Divisor:
    """The arguments of a kernel that divides by `size`.

    For n below 2**31, n // size is (n * multiplier // 2**32 + n) >> shift (Granlund and Montgomery
    1994, figure 4.1). A division takes tens of instructions, this takes three.
    """
    if wide:
        return Divisor(size, 1, 0)
    shift = (size - 1).bit_length()
    return Divisor(size, ((1 << 32) * ((1 << shift) - size)) // size + 1, shift)


def dividing(wide: bool) -> Callable[[Any, Any], Any]:
    """A function for kernels: n // by.size, where `by` is a `Divisor`."""
    if wide:
        return device_function(lambda n, by: n // by.size)
    return device_function(
        lambda n, by: u32(
            (u64(u32((u64(n) * u64(by.multiplier)) >> u64(32))) + u64(n)) >> u64(by.shift)
        )
    )


@lru_cache(maxsize=1024)
def strided(fn: Callable[..., float], dtypes: tuple[DType, ...], dims: int, wide: bool) -> Kernel:
    """out[o(i)] = fn(x[a(i)], y[b(i)], z[c(i)]), for i < n, with the positions of an index by
    strides.

    Args:
        fn, dtypes: as for `flat`.
        dims: 2 or 4; with 2, the first two sizes are 1.
        wide: true if n or a position needs 64 bits.

    The kernel takes the four arrays, n, the `Divisor` of each of the last three sizes, and the
    `Strides4` of each array. out is usually contiguous, so that writes are coalesced.
    """
    out_dtype, *in_dtypes = dtypes
    last = len(in_dtypes) - 1
    of_x, of_y, of_z = (in_dtypes[min(i, last)] for i in range(3))
    fractional = any(dtype.kind == "float" for dtype in in_dtypes)
    f, convert = _of_three(fn, len(in_dtypes)), converting(out_dtype, fractional)
    divide = dividing(wide)
    index, position = (i64, i64) if wide else (u32, i32)

    def kernel(out: Any, x: Any, y: Any, z: Any, n: Any, divisors: Any, strides: Any) -> None:
        by1, by2, by3 = divisors
        o_strides, x_strides, y_strides, z_strides = strides
        o0, o1, o2, o3 = o_strides
        x0, x1, x2, x3 = x_strides
        y0, y1, y2, y3 = y_strides
        z0, z1, z2, z3 = z_strides
        i = index(cuda.grid(1))
        while i < n:
            row = divide(i, by3)
            p3 = index(i - row * by3.size)
            p2, p1, p0 = row, index(0), index(0)
            if dims > 2:
                plane = divide(row, by2)
                p2 = index(row - plane * by2.size)
                p0 = divide(plane, by1)
                p1 = index(plane - p0 * by1.size)
            o = position(p0 * o0 + p1 * o1 + p2 * o2 + p3 * o3)
            a = position(p0 * x0 + p1 * x1 + p2 * x2 + p3 * x3)
            b = position(p0 * y0 + p1 * y1 + p2 * y2 + p3 * y3)
            c = position(p0 * z0 + p1 * z1 + p2 * z2 + p3 * z3)
            out[o] = convert(f(x[a], y[b], z[c]))
            i = index(i + cuda.gridsize(1))

    arrays = [pointer(dtype) for dtype in (out_dtype, of_x, of_y, of_z)]
    divisors = (Divisor(index, index, index),) * 3
    strides = (Strides4(*[position] * 4),) * 4
    return Kernel(kernel, (*arrays, index, divisors, strides), THREADS)


# -- choosing ------------------------------------------------------------------------------------


def apply(fn: Callable[..., float], out: TensorData, *inputs: TensorData) -> None:
    """out[i] = fn(inputs[0][i], ...), for up to three inputs, broadcast to out's shape.

    out may be a view, but its elements must not overlap.
    """
    shape = out.shape
    n = math.prod(shape)
    if n == 0:
        return
    dtypes = (out.dtype, *[x.dtype for x in inputs])
    if out.base is None and all(x.base is None and x.shape in (shape, ()) for x in inputs):
        moves = tuple([x.shape == shape for x in inputs])
        _flat(fn, dtypes, out, inputs, moves, n)
        return
    stretched = [broadcast_strides(x.shape, x.strides, shape) for x in inputs]
    plan = _planned(shape, (out.strides, *stretched), WIDE)
    if plan.dims == 1:
        _flat(fn, dtypes, out, inputs, plan.moves, n)
    elif plan.dims <= DIMS:
        kernel = strided(fn, dtypes, plan.dims, plan.wide)
        kernel(blocks(n), out, *_three(inputs), n, plan.divisors, plan.strides)
    else:
        operands = [x.expand(shape) for x in (out, *inputs)]
        for place in range(shape[0]):
            first, *others = [_part(x, place) for x in operands]
            apply(fn, first, *others)


class Plan(NamedTuple):
    """The choice of a kernel for operands of given strides.

    Attributes:
        dims: 1 for `flat`, 2 or 4 for `strided`; a larger number fits neither.
        moves: for `flat`, true for each input that advances.
        wide: true if `strided` needs 64 bits.
        divisors, strides: the arguments of `strided` after n.
    """

    dims: int
    moves: tuple[bool, ...] = ()
    wide: bool = False
    divisors: tuple[Divisor, ...] = ()
    strides: tuple[Strides4, ...] = ()


@lru_cache(maxsize=4096)
def _planned(shape: Shape, strides: tuple[Strides, ...], limit: int) -> Plan:
    """The plan for a shape and the strides of out and the inputs; positions from `limit` on are
    wide. Planning takes longer than a launch, and training steps repeat plans, so it is cached."""
    sizes, steps = merge(shape, *strides)
    if not sizes or (len(sizes) == 1 and steps[0] == [1] and all(s in ([0], [1]) for s in steps)):
        return Plan(1, moves=tuple([s == [1] for s in steps[1:]]))
    if len(sizes) > DIMS:
        return Plan(len(sizes))
    missing = DIMS - len(sizes)
    sizes = [*[1] * missing, *sizes]
    steps = [[*[0] * missing, *own] for own in steps]
    wide = max(math.prod(shape), *[_reach(sizes, own) for own in steps]) >= limit
    four = (*steps, *[steps[-1]] * (DIMS - len(steps)))
    return Plan(
        2 if missing >= 2 else DIMS,
        wide=wide,
        divisors=tuple([divisor(size, wide) for size in sizes[1:]]),
        strides=tuple([Strides4(*own) for own in four]),
    )


def _flat(
    fn: Callable[..., float],
    dtypes: tuple[DType, ...],
    out: TensorData,
    inputs: Sequence[TensorData],
    moves: tuple[bool, ...],
    n: int,
) -> None:
    moving = [out, *[x for x, moved in zip(inputs, moves) if moved]]
    width = _width([x.dtype for x in moving])
    if not all(aligned(x, width) for x in moving):
        width = 1
    kernel = flat(fn, dtypes, moves, width, n >= WIDE)
    kernel(blocks(-(-n // width)), out, *_three(inputs), n)


def _width(dtypes: Sequence[DType]) -> int:
    """The number of elements that a thread takes at once."""
    return min(VECTOR, VECTOR_BYTES // max(dtype.itemsize for dtype in dtypes))


def _three(inputs: Sequence[TensorData]) -> Sequence[TensorData]:
    """Three inputs: the last one is repeated for those that are missing."""
    return [*inputs, *[inputs[-1]] * (3 - len(inputs))]


def _part(x: TensorData, place: int) -> TensorData:
    """x[place] along the first dimension."""
    return x.as_strided(x.shape[1:], x.strides[1:], x.offset + place * x.strides[0])


def _reach(sizes: Sequence[int], strides: Sequence[int]) -> int:
    """The largest distance of an element from the first."""
    return sum((n - 1) * abs(s) for n, s in zip(sizes, strides))


def examples() -> Iterator[Kernel]:
    """Every kernel here, in every dtype and variant, for the compile gate."""
    for dtype in ALL:
        width = _width([dtype])
        for wide in (False, True):
            yield flat(operators.add, (dtype, dtype, dtype), (True, True), width, wide)
            yield strided(operators.add, (dtype, dtype, dtype), DIMS, wide)
        yield flat(operators.add, (dtype, dtype, dtype), (True, False), 1, False)
        yield flat(operators.where, (dtype, bool_, dtype, dtype), (True, True, True), width, False)
        yield strided(operators.keep_if, (dtype, bool_, dtype), 2, False)
        for to in ALL:
            yield flat(operators.id, (to, dtype), (True,), _width([dtype, to]), False)
