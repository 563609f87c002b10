"""The limits of the element types: `finfo` of floating point, `iinfo` of integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import AnyDType, DType, float32


class finfo:
    """The limits of a floating-point dtype.

    Args:
        type: the dtype, or a tensor.

    Attributes:
        bits: of an element.
        eps: the distance from 1 to the next larger number.
        max, min: the largest finite number, and its opposite.
        smallest_normal, tiny: the least positive number with all its digits.
        resolution: 10 to the minus number of decimal digits that it holds.
        dtype: the dtype itself.

    Raises: TypeError for integers or bool.

    >>> finfo("float32").eps == 2.0**-23
    True
    """

    def __init__(self, type: Any = float32) -> None:
        self.dtype = _described("finfo", type, "float", "iinfo")
        found = np.finfo(self.dtype.numpy)
        self.bits = int(found.bits)
        self.eps = float(found.eps)
        self.max = float(found.max)
        self.min = float(found.min)
        self.smallest_normal = self.tiny = float(found.smallest_normal)
        self.resolution = float(found.resolution)

    def __repr__(self) -> str:
        return f"finfo({self.dtype}, eps={self.eps:.6g}, max={self.max:.6g}, tiny={self.tiny:.6g})"


class iinfo:
    """The limits of an integer dtype.

    Args:
        type: the dtype, or a tensor.

    Attributes:
        bits: of an element.
        max, min: the largest and the least integer.
        dtype: the dtype itself.

    Raises: TypeError for floating point or bool.

    >>> iinfo("uint8").max
    255
    """

    def __init__(self, type: Any) -> None:
        self.dtype = _described("iinfo", type, "int", "finfo")
        self.bits = 8 * self.dtype.itemsize
        self.min, self.max = dtypes.LIMITS[self.dtype]

    def __repr__(self) -> str:
        return f"iinfo({self.dtype}, min={self.min}, max={self.max})"


def _described(name: str, type: Any, kind: str, other: str) -> DType:
    asked: AnyDType = getattr(type, "_data", type)
    dtype = dtypes.as_dtype(getattr(asked, "dtype", asked) if asked is not type else asked)
    if dtype.kind != kind:
        raise TypeError(
            f"{name}: {dtype} has no such limits."
            + ("" if dtype is dtypes.bool_ else f" Those of {dtype} are given by {other}.")
        )
    return dtype


__all__ = ["finfo", "iinfo"]
