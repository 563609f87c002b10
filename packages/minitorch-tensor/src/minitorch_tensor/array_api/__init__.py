"""The Python array API standard (https://data-apis.org/array-api, 2024.12), on MiniTorch's tensors.

Libraries that are written for the standard find this namespace through
`Tensor.__array_namespace__`. Here functions have the standard's names and arguments where they
differ from PyTorch's (`axis` for `dim`, `permute_dims` for `permute`); they are the same functions,
with the same gradients. The extension `linalg` is complete; `fft` is missing.

>>> import minitorch_tensor as mt
>>> x = mt.tensor([[1.0, 2.0], [3.0, 4.0]])
>>> xp = x.__array_namespace__()
>>> xp.sum(x, axis=0, keepdims=True)
tensor([[4., 6.]])

What differs from the standard: there are six dtypes, bool, uint8, int32, int64, float32 and
float64, and no complex numbers. `x.size()` is a method, as in PyTorch, so the number of elements is
`x.numel()`; `x.T` is for matrices only. Integers do not divide by 0.
"""

from typing import TYPE_CHECKING

from minitorch_autodiff.hints import lacking
from minitorch_tensor.array_api import (
    creation,
    data_types,
    elementwise,
    linalg,
    manipulation,
    statistics,
)
from minitorch_tensor.array_api.creation import *
from minitorch_tensor.array_api.data_types import *
from minitorch_tensor.array_api.elementwise import *
from minitorch_tensor.array_api.linalg import matmul, matrix_transpose, tensordot, vecdot
from minitorch_tensor.array_api.manipulation import *
from minitorch_tensor.array_api.statistics import *

__array_api_version__ = "2024.12"

#: The versions of the standard that this namespace conforms to, each an extension of the last.
_VERSIONS = ("2021.12", "2022.12", "2023.12", __array_api_version__)


def check_version(api_version: str | None) -> None:
    """Check that the namespace has a version of the standard, as any does that is not given.

    Raises: ValueError that names those it has.
    """
    if api_version not in (None, *_VERSIONS):
        raise ValueError(
            f"__array_namespace__: api_version must be one of {', '.join(_VERSIONS)}, got "
            f"{api_version!r}."
        )


__all__ = ["__array_api_version__", "linalg", "matmul", "matrix_transpose", "tensordot", "vecdot"]
__all__ += creation.__all__
__all__ += data_types.__all__
__all__ += elementwise.__all__
__all__ += manipulation.__all__
__all__ += statistics.__all__

if not TYPE_CHECKING:  # type checkers know every name
    __getattr__ = lacking(__name__)
