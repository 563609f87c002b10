"""Tensors from first principles: strided storage, pluggable backends, differentiable functions.

Names and signatures are PyTorch's. `backend` defines the interface that a backend implements,
`tensor_data` the layout of elements in memory, `functions` the differentiable functions by family,
and `testing` tools for tests.
"""

from math import e, inf, nan, pi
from typing import TYPE_CHECKING

from minitorch_autodiff import (
    Context,
    Function,
    detect_anomaly,
    enable_grad,
    grad,
    is_grad_enabled,
    jvp,
    no_grad,
    set_grad_enabled,
    vjp,
)
from minitorch_autodiff.hints import Lacking
from minitorch_tensor import _following, creation, functions
from minitorch_tensor.backend import BACKEND_INTERFACE, Backend, BackendUnavailable
from minitorch_tensor.creation import *
from minitorch_tensor.derivatives import hessian, jacobian
from minitorch_tensor.derived import Window
from minitorch_tensor.dtypes import DType, bool_, float32, float64, int32, int64, promote, uint8
from minitorch_tensor.dtypes import bool_ as bool
from minitorch_tensor.dtypes import float32 as float
from minitorch_tensor.dtypes import float64 as double
from minitorch_tensor.dtypes import int32 as int
from minitorch_tensor.dtypes import int64 as long
from minitorch_tensor.dtypes import promote as promote_types
from minitorch_tensor.functions.arithmetic import *
from minitorch_tensor.functions.arranging import *
from minitorch_tensor.functions.comparison import *
from minitorch_tensor.functions.copying import *
from minitorch_tensor.functions.einsum import *
from minitorch_tensor.functions.elementwise import *
from minitorch_tensor.functions.exponentials import *
from minitorch_tensor.functions.indexing import *
from minitorch_tensor.functions.joining import *
from minitorch_tensor.functions.linalg import *
from minitorch_tensor.functions.reductions import *
from minitorch_tensor.functions.selection import *
from minitorch_tensor.functions.sorting import *
from minitorch_tensor.functions.views import *
from minitorch_tensor.limits import finfo, iinfo
from minitorch_tensor.loading import BackendBroken
from minitorch_tensor.printing import set_printoptions
from minitorch_tensor.random import Generator, default_generator, manual_seed
from minitorch_tensor.registry import (
    BackendNotFound,
    backend_names,
    device,
    get_backend,
    refresh,
    register_backend,
    use_backend,
)
from minitorch_tensor.serialization import load, save
from minitorch_tensor.tensor import Tensor
from minitorch_tensor.tensor_data import STORAGE_INTERFACE, TensorData

__all__ = [
    "BACKEND_INTERFACE",
    "STORAGE_INTERFACE",
    "Backend",
    "BackendBroken",
    "BackendNotFound",
    "BackendUnavailable",
    "Context",
    "DType",
    "Function",
    "Generator",
    "Tensor",
    "TensorData",
    "Window",
    "backend_names",
    "bool",
    "bool_",
    "default_generator",
    "detect_anomaly",
    "device",
    "double",
    "e",
    "enable_grad",
    "finfo",
    "float",
    "float32",
    "float64",
    "get_backend",
    "grad",
    "hessian",
    "iinfo",
    "inf",
    "int",
    "int32",
    "int64",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "load",
    "long",
    "manual_seed",
    "nan",
    "no_grad",
    "pi",
    "promote",
    "promote_types",
    "refresh",
    "register_backend",
    "save",
    "set_grad_enabled",
    "set_printoptions",
    "uint8",
    "use_backend",
    "vjp",
]
__all__ += creation.__all__
__all__ += functions.arithmetic.__all__
__all__ += functions.arranging.__all__
__all__ += functions.comparison.__all__
__all__ += functions.copying.__all__
__all__ += functions.einsum.__all__
__all__ += functions.elementwise.__all__
__all__ += functions.exponentials.__all__
__all__ += functions.indexing.__all__
__all__ += functions.joining.__all__
__all__ += functions.linalg.__all__
__all__ += functions.reductions.__all__
__all__ += functions.selection.__all__
__all__ += functions.sorting.__all__
__all__ += functions.views.__all__

_following.follow("einops._backends", "minitorch_tensor._einops")


__version__: str

if not TYPE_CHECKING:  # type checkers know every name

    def __getattr__(name: str) -> str:
        """`__version__`, looked up on first use, because importing `importlib.metadata` is slow."""
        if name == "__version__":
            from importlib.metadata import version

            return version("minitorch-tensor")
        raise Lacking(__name__, name)
