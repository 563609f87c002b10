"""The required core of a backend, on which the derived operations build."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from minitorch_tensor.dtypes import DType
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData


class Core(ABC):  # noqa: B024 - the abstract methods are Backend's
    """The core, declared for the type checker; `Backend` documents it and makes it abstract."""

    if TYPE_CHECKING:
        empty: Callable[[Shape, DType], TensorData]
        from_numpy: Callable[[npt.NDArray[Any]], TensorData]
        to_numpy: Callable[[TensorData], npt.NDArray[Any]]
        copy_: Callable[[TensorData, TensorData], None]
        map: Callable[[Callable[[float], float], TensorData, DType], TensorData]
        zip: Callable[[Callable[[float, float], float], TensorData, TensorData, DType], TensorData]
        reduce: Callable[
            [Callable[[float, float], float], TensorData, int, float, DType], TensorData
        ]
        matmul: Callable[[TensorData, TensorData], TensorData]
