"""BLAS, called from compiled code.

numpy's BLAS has its own threads, and two thread pools on the same cores wait for each other: a
training step took 20 ms instead of 9. So `fast` loads its own OpenBLAS, which computes on the
calling thread, and only numba's threads are used. It also supports newer processors than numpy's,
and is called without going through Python.

Linked by name, not by address, so that kernels which call it can be cached on disk.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding
import scipy_openblas32
from numba import types
from numba.extending import overload

#: CBLAS's codes for layout and transposition.
ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112


def _load() -> ctypes.CDLL:
    folder = Path(scipy_openblas32.get_lib_dir())
    name = scipy_openblas32.get_library()
    candidates = [
        p for p in sorted(folder.glob(f"*{name}*")) if p.suffix in {".so", ".dylib", ".dll"}
    ]
    library = ctypes.CDLL(str(candidates[0]))
    library.scipy_openblas_set_num_threads(1)
    return library


_library = _load()


def _external(name: str, number: types.Float) -> types.ExternalFunction:
    """A `cblas_?gemm` that compiled code can call; pointers are passed as integers."""
    address = ctypes.cast(getattr(_library, name), ctypes.c_void_p).value
    llvmlite.binding.add_symbol(name, address)
    i, p = types.int32, types.intp
    return types.ExternalFunction(
        name, types.void(i, i, i, i, i, i, number, p, i, p, i, number, p, i)
    )


_gemm_of = {
    types.float32: _external("scipy_cblas_sgemm", types.float32),
    types.float64: _external("scipy_cblas_dgemm", types.float64),
}


class Matrix(NamedTuple):
    """A matrix in a flat array, in BLAS's terms.

    Attributes:
        flat: the array.
        start: the offset of the first element.
        ld: the stride of rows, or of columns if `TRANSPOSED`.
        order: `PLAIN` or `TRANSPOSED`.
    """

    flat: Any
    start: int
    ld: int
    order: int


def gemm(out: Matrix, beta: float, x: Matrix, y: Matrix, m: int, n: int, k: int) -> None:
    """out (m, n) = x (m, k) @ y (k, n) + beta * out, where out is `PLAIN`; for compiled code."""
    raise TypeError("gemm is called from compiled code only")


@overload(gemm)
def _gemm(out, beta, x, y, m, n, k):  # type: ignore[no-untyped-def]
    number = out[0].dtype
    if not number == x[0].dtype == y[0].dtype:  # memory would be read in the wrong type
        return None
    external: Any = _gemm_of[number]
    size = number.bitwidth // 8

    def call(out, beta, x, y, m, n, k):  # type: ignore[no-untyped-def]
        external(
            ROW_MAJOR, x.order, y.order, m, n, k, x.flat.dtype.type(1),
            x.flat.ctypes.data + x.start * size, x.ld, y.flat.ctypes.data + y.start * size, y.ld,
            x.flat.dtype.type(beta), out.flat.ctypes.data + out.start * size, out.ld,
        )  # fmt: skip

    return call
