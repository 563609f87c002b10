"""BLAS, called from compiled code.

numpy's BLAS brings its own threads, and two pools of threads on the same cores spend their time
waiting for each other: a training step took 20 ms instead of 9. So `fast` loads an OpenBLAS of its
own, whose calls run on the thread they are made on, and numba's threads are the only ones. It also
knows newer processors than the one inside numpy, and is called without going through Python.

Linked by name, not by address, so that kernels which call it can be cached on disk.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import llvmlite.binding
import scipy_openblas32
from numba import types
from numba.extending import overload

#: CBLAS's words for layout and transposition.
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


def gemm(
    out: Any, o: int, ldo: int, beta: float,
    x: Any, a: int, lda: int, ta: int,
    y: Any, b: int, ldb: int, tb: int,
    m: int, n: int, k: int,
) -> None:  # fmt: skip
    """out (m, n) = x (m, k) @ y (k, n) + beta * out; for compiled code.

    Each matrix is a flat array, the position of its first element, and the distance between its
    rows (`ld`); x and y may be `TRANSPOSED`, then it is the distance between their columns.
    """
    raise TypeError("gemm is called from compiled code only")


@overload(gemm)
def _gemm(out, o, ldo, beta, x, a, lda, ta, y, b, ldb, tb, m, n, k):  # type: ignore[no-untyped-def]
    if not out.dtype == x.dtype == y.dtype:  # whose memory would be read as what it is not
        return None
    external: Any = _gemm_of[x.dtype]
    size = x.dtype.bitwidth // 8

    def call(out, o, ldo, beta, x, a, lda, ta, y, b, ldb, tb, m, n, k):  # type: ignore[no-untyped-def]
        external(
            ROW_MAJOR, ta, tb, m, n, k, x.dtype.type(1),
            x.ctypes.data + a * size, lda, y.ctypes.data + b * size, ldb,
            x.dtype.type(beta), out.ctypes.data + o * size, ldo,
        )  # fmt: skip

    return call
