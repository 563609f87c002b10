"""Calling numpy without floating-point warnings.

Arithmetic is IEEE 754, as in PyTorch: overflow, division by zero and invalid operands give
infinities and NaN, whatever the caller's `np.errstate`. numpy keeps that state in a context
variable (since 2.0), so our own context has its own state. Only one call at a time may run in a
context; copying it costs some 50 ns, and `np.errstate` twenty times that.
"""

from __future__ import annotations

import contextvars
from typing import Any

import numpy as np
import numpy.typing as npt

_SILENT = contextvars.Context()
_SILENT.run(np.seterr, all="ignore")

#: A context to call numpy in: `silently().run(ufunc, array)`.
silently = _SILENT.copy


def converted(array: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A contiguous copy of an array in another dtype, by the rules of `Backend.cast`."""
    wanted = np.dtype(dtype)
    if wanted.kind in "iu" and array.dtype.kind == "f":
        return silently().run(_truncated, array, wanted)
    result: npt.NDArray[Any] = silently().run(array.astype, wanted, order="C")
    return result


def _truncated(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Convert floats to integers. Out of range, the native conversion differs between
    processors."""
    through = np.dtype(np.int64) if dtype == np.uint8 else dtype
    lowest = np.iinfo(through).min
    result: npt.NDArray[Any] = array.astype(through, order="C")
    outside = ~((array >= float(lowest)) & (array < -float(lowest)))
    if outside.any():
        result[outside] = lowest
    return result.astype(dtype, copy=False)
