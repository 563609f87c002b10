"""Gathering elements and slices by index, and scattering them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.derived.core import Core
from minitorch_tensor.layout import normalize_dim
from minitorch_tensor.tensor_data import TensorData


class IndexingOperations(Core):
    """Operations that take an index."""

    def gather(self, x: TensorData, dim: int, index: TensorData) -> TensorData:
        """out[i][j] = x[index[i][j]][j] for dim 0, and likewise for others.

        index is int64, of x's rank, in range, and no larger than x in every other dimension.
        """
        array, chosen = self.to_numpy(x), self.to_numpy(index)
        return self.from_numpy(array[_along(chosen, dim)])

    def scatter_add(
        self, x: TensorData, dim: int, index: TensorData, source: TensorData
    ) -> TensorData:
        """x with source[i][j] added at [index[i][j]][j] for dim 0, and likewise for others."""
        result = self.to_numpy(x).copy()
        chosen = self.to_numpy(index)
        values = self.to_numpy(source)[tuple(slice(n) for n in chosen.shape)]
        np.add.at(result, _along(chosen, dim), values)
        return self.from_numpy(result)

    def scatter(self, x: TensorData, dim: int, index: TensorData, source: TensorData) -> TensorData:
        """x with source[i][j] written to [index[i][j]][j] for dim 0, and likewise for others; if
        several are written to one place, any of them may win."""
        result = self.to_numpy(x).copy()
        chosen = self.to_numpy(index)
        result[_along(chosen, dim)] = self.to_numpy(source)[tuple(slice(n) for n in chosen.shape)]
        return self.from_numpy(result)

    def index_select(self, x: TensorData, dim: int, index: TensorData) -> TensorData:
        """The slices of x along `dim` that the 1-dimensional int64 index names."""
        return self.from_numpy(np.take(self.to_numpy(x), self.to_numpy(index), axis=dim))

    def index_add(
        self, x: TensorData, dim: int, index: TensorData, source: TensorData
    ) -> TensorData:
        """x with slice i of source added to slice index[i], along `dim`."""
        result = self.to_numpy(x).copy()
        np.add.at(
            np.moveaxis(result, dim, 0),
            self.to_numpy(index),
            np.moveaxis(self.to_numpy(source), dim, 0),
        )
        return self.from_numpy(result)

    def index(self, x: TensorData, key: tuple[Any, ...]) -> TensorData:
        """x[key] by numpy's rules for integer and boolean arrays; arrays in the key are numpy
        arrays."""
        return self.from_numpy(np.array(self.to_numpy(x)[key], x.dtype.numpy, order="C"))

    def index_put(
        self, x: TensorData, key: tuple[Any, ...], values: TensorData, accumulate: bool
    ) -> TensorData:
        """x with x[key] replaced by `values` or, if `accumulate`, with `values` added there;
        repeated places add up."""
        result = self.to_numpy(x).copy()
        if accumulate:
            np.add.at(result, key, self.to_numpy(values))
        else:
            result[key] = self.to_numpy(values)
        return self.from_numpy(result)


def _along(index: npt.NDArray[Any], dim: int) -> tuple[npt.NDArray[Any], ...]:
    """The numpy index that picks index[i][j] along `dim`, and i, j in the other dimensions."""
    grids = np.ogrid[tuple(slice(n) for n in index.shape)]
    dim = normalize_dim(dim, index.ndim, "gather")
    return (*grids[:dim], index, *grids[dim + 1 :])
