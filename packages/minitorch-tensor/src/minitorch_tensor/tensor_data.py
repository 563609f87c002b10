"""Tensor storage: a flat buffer with the layout of an n-dimensional array.

This is the second pinned interface. `TensorData` says *where* elements are; the buffer itself is
private to its backend: a numpy array on a host backend, or whatever a device backend allocates.
Views (permute, expand, slices, most reshapes) are new `TensorData` over the same buffer and cost no
copy.

A change that breaks a reader of these fields raises `STORAGE_INTERFACE` by one, and the major
version of minitorch-tensor with it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.dtypes import DType, from_numpy_dtype
from minitorch_tensor.layout import (
    Shape,
    Strides,
    broadcast_strides,
    contiguous_strides,
    is_contiguous,
    reshape_strides,
)

STORAGE_INTERFACE = 1


class TensorData:
    """Flat storage with a shape.

    Attributes:
        buffer: the memory, owned by the backend that made it. On host backends a C-contiguous
            numpy array, of the owner's shape.
        dtype: type of an element.
        shape: size of each dimension.
        offset: position of the first element, in elements.
        base: None if this owns its buffer; then it covers all of it, contiguous, from offset 0.
            Otherwise the owner that this is a view of.
        version: of an owner, a number that grows with each in-place change of its elements (the
            tick of the latest one, see `minitorch_autodiff.clock`); 0 before the first.
    """

    # Most tensor data owns its buffer. Class attributes serve as its defaults, so that every
    # operation sets only three fields on its result.
    base: TensorData | None = None
    offset: int = 0
    version: int = 0

    #: Of an owner: weak references to the tensors that are views of its memory (see `writing`).
    views: list[Any] | None = None

    #: True while a leaf holds this as its gradient: a second leaf then takes a copy.
    kept: bool = False

    _strides: Strides = ()

    def __init__(
        self,
        buffer: Any,
        dtype: DType,
        shape: Shape,
        strides: Strides | None = None,
        offset: int = 0,
        base: TensorData | None = None,
    ) -> None:
        self.buffer = buffer
        self.dtype = dtype
        self.shape = shape
        if base is not None:
            self._strides = contiguous_strides(shape) if strides is None else strides
            self.offset = offset
            self.base = base

    @property
    def strides(self) -> Strides:
        """The strides of each dimension, in elements (not bytes)."""
        return contiguous_strides(self.shape) if self.base is None else self._strides

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def owner(self) -> TensorData:
        """The data that owns the buffer: itself, or its base."""
        return self.base or self

    def is_contiguous(self) -> bool:
        """True if the elements lie in row-major order without gaps."""
        return self.base is None or is_contiguous(self.shape, self.strides)

    # -- views ----------------------------------------------------------------------------------

    def as_strided(self, shape: Shape, strides: Strides, offset: int) -> TensorData:
        """A view of the same buffer; the caller makes sure that it stays in bounds."""
        return TensorData(self.buffer, self.dtype, shape, strides, offset, self.base or self)

    def permute(self, *dims: int) -> TensorData:
        """Dimension i of the result is dimension dims[i] of this."""
        shape, strides = self.shape, self.strides
        return self.as_strided(
            tuple([shape[d] for d in dims]), tuple([strides[d] for d in dims]), self.offset
        )

    def transpose(self) -> TensorData:
        """The last two dimensions swapped."""
        dims = list(range(self.ndim))
        return self.permute(*dims[:-2], dims[-1], dims[-2])

    def expand(self, shape: Shape) -> TensorData:
        """A view broadcast to `shape`, with strides of 0."""
        if shape == self.shape:
            return self
        return self.as_strided(
            shape, broadcast_strides(self.shape, self.strides, shape), self.offset
        )

    def reshape(self, shape: Shape) -> TensorData | None:
        """The same elements in another shape, or None if that requires a copy."""
        if shape == self.shape:
            return self
        if self.base is None:
            return self.as_strided(shape, contiguous_strides(shape), 0)
        strides = reshape_strides(self.shape, self.strides, shape)
        return None if strides is None else self.as_strided(shape, strides, self.offset)

    def owned(self, shape: Shape) -> TensorData:
        """The whole buffer in another shape, as its owner: for data without other references."""
        assert self.is_contiguous() and self.offset == 0
        buffer = self.buffer
        if isinstance(buffer, np.ndarray):
            buffer = buffer.reshape(shape)
        return TensorData(buffer, self.dtype, shape)

    def slice(self, dim: int, start: int, length: int, step: int = 1) -> TensorData:
        """Elements start, start + step, ... along one dimension; the step may be negative."""
        shape = (*self.shape[:dim], length, *self.shape[dim + 1 :])
        strides = (*self.strides[:dim], self.strides[dim] * step, *self.strides[dim + 1 :])
        offset = self.offset + start * self.strides[dim] if length else self.offset
        return self.as_strided(shape, strides, offset)

    def __repr__(self) -> str:
        return (
            f"TensorData({self.dtype}, shape={self.shape}, strides={self.strides}, "
            f"offset={self.offset})"
        )


# -- host memory --------------------------------------------------------------------------------


def from_array(array: npt.NDArray[Any], dtype: DType | None = None) -> TensorData:
    """Tensor data of a numpy array, which is shared if C-contiguous and copied otherwise."""
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array).reshape(array.shape)
    return TensorData(array, dtype or from_numpy_dtype(array.dtype), array.shape)


def as_array(x: TensorData) -> npt.NDArray[Any]:
    """Tensor data whose buffer is a numpy array, as an array of its shape over the same memory."""
    buffer: npt.NDArray[Any] = x.buffer
    if x.base is None:
        return buffer
    if 0 in x.shape:  # its offset and strides may point anywhere
        return np.empty(x.shape, x.dtype.numpy)
    itemsize = x.dtype.itemsize
    return np.ndarray(
        x.shape,
        x.dtype.numpy,
        buffer,
        x.offset * itemsize,
        tuple([s * itemsize for s in x.strides]),
    )
