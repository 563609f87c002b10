"""How kernels are compiled: one place for the choices.

`error_model="numpy"`: division by zero gives inf or NaN as everywhere here; with Python's error
model the check alone keeps a loop from being vectorised. `cache=True`: a kernel is compiled once
on a machine. `parallel=True` doubles compile time, so only kernels that gain by it are `parallel`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

#: Additions may be reordered and fused with products, as BLAS does; NaN and inf keep meaning.
REORDER = {"reassoc", "contract", "nsz"}

serial: Callable[[F], F] = numba.njit(cache=True, error_model="numpy", nogil=True)
parallel: Callable[[F], F] = numba.njit(
    cache=True, error_model="numpy", nogil=True, parallel=True, fastmath=REORDER
)
