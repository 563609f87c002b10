"""Element types and type promotion.

Promotion follows the array API standard (2023.12, "Type promotion rules"); where the standard
leaves a mix of integer and floating point open, the floating-point type wins, as in PyTorch.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Number: TypeAlias = "bool | int | float"


class DType:
    """An element type. There is one object for each; compare with `is` or `==`.

    Attributes:
        name: as PyTorch and numpy call it.
        kind: "bool", "int" or "float".
        itemsize: bytes of an element.
        numpy: the numpy dtype of the same layout.
    """

    __slots__ = ("itemsize", "kind", "name", "numpy")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.numpy: np.dtype[Any] = np.dtype(name)
        self.itemsize = self.numpy.itemsize

    @property
    def byteorder(self) -> str:
        """The order of an element's bytes, in numpy's word: "=" is this machine's, "|" that of a
        single byte."""
        return self.numpy.byteorder

    @property
    def is_floating_point(self) -> bool:
        """True if tensors of this dtype can have gradients."""
        return self.kind == "float"

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return "bool_" if self is bool_ else self.name


bool_ = DType("bool", "bool")
uint8 = DType("uint8", "int")
int32 = DType("int32", "int")
int64 = DType("int64", "int")
float32 = DType("float32", "float")
float64 = DType("float64", "float")

ALL = (bool_, uint8, int32, int64, float32, float64)
_BY_NUMPY = {dtype.numpy: dtype for dtype in ALL}

#: Values accepted as a dtype: a DType, or numpy's or Python's name for one.
AnyDType: TypeAlias = "DType | npt.DTypeLike"

#: Ranks for promotion: of two types that combine, the higher rank wins.
_RANK = {dtype: rank for rank, dtype in enumerate(ALL)}
_PROMOTED = {(a, b): max(a, b, key=_RANK.__getitem__) for a in ALL for b in ALL}


def promote(type1: DType, type2: DType) -> DType:
    """The type of the result of combining the two."""
    return _PROMOTED[type1, type2]


def scalar_dtype(value: Number, beside: DType) -> DType:
    """The type a plain Python number takes beside a tensor: it can change the kind, never the
    width.

    An int beside float64 becomes float64, a float beside int64 float32 (the default), and a bool
    takes the dtype beside it.
    """
    if isinstance(value, (bool, np.bool_)) or beside.kind == "float":
        return beside
    if isinstance(value, (int, np.integer)):
        return int64 if beside.kind == "bool" else beside
    return float32


#: The least and the greatest value of each integer dtype.
LIMITS = {
    d: (int(np.iinfo(d.numpy).min), int(np.iinfo(d.numpy).max)) for d in (uint8, int32, int64)
}


def check_fits(operation: str, values: Any, dtype: DType) -> None:
    """Check that an integer dtype holds plain numbers, after truncation of fractions.

    Conversions of tensors wrap instead, as in PyTorch (`Backend.cast`).

    Raises: OverflowError that names the first number that does not fit.
    """
    if dtype.kind != "int":
        return
    low, high = LIMITS[dtype]
    array = np.asarray(values)
    fits = (array > low - 1) & (array < high + 1) if array.dtype.kind == "f" else None
    if fits is None:
        fits = (array >= low) & (array <= high)
    if np.all(fits):
        return
    wrong = array[np.logical_not(fits)].flat[0]
    raise OverflowError(
        f"{operation}: {wrong} does not fit in {dtype}, which holds {low} to {high}. Choose a "
        "wider dtype, or convert the tensor first, for example with .long() or .float()."
    )


def from_numpy_dtype(dtype: npt.DTypeLike) -> DType:
    """The DType of a numpy dtype.

    Raises: TypeError for a type that tensors do not have.
    """
    found = _BY_NUMPY.get(np.dtype(dtype))
    if found is None:
        raise TypeError(
            f"dtype: {np.dtype(dtype)} is not an element type of tensors; convert the array first "
            f"to one of {', '.join(d.name for d in ALL)}."
        )
    return found


def as_dtype(dtype: DType | npt.DTypeLike) -> DType:
    """A DType from a DType, or from numpy's, Python's or a string's name ("float32", np.int64,
    bool)."""
    if isinstance(dtype, DType):
        return dtype
    try:
        return from_numpy_dtype(dtype)
    except TypeError:
        raise TypeError(
            f"dtype: got {dtype!r}, wanted one of {', '.join(d.name for d in ALL)}."
        ) from None
