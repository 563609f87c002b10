"""Tensors from first principles: strided storage, pluggable backends, differentiable functions.

Names and signatures are PyTorch's. `backend` is the interface that a backend author implements,
`tensor_data` how elements lie in memory, `functions` the differentiable functions by family, and
`testing` what tests of all this need.
"""

from importlib.metadata import version

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

from minitorch_tensor.backend import BACKEND_INTERFACE, Backend, BackendUnavailable
from minitorch_tensor.creation import (
    arange,
    empty,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    rand,
    randint,
    randn,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from minitorch_tensor.derived import Window
from minitorch_tensor.dtypes import (
    DType,
    bool_,
    float32,
    float64,
    int32,
    int64,
    promote,
    uint8,
)
from minitorch_tensor.functions.elementwise import (
    abs,
    add,
    clamp,
    cos,
    div,
    eq,
    erf,
    exp,
    expm1,
    ge,
    gt,
    is_close,
    isfinite,
    isinf,
    isnan,
    le,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    maximum,
    minimum,
    mul,
    ne,
    neg,
    reciprocal,
    relu,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    sub,
    tanh,
    where,
)
from minitorch_tensor.functions.elementwise import power as pow
from minitorch_tensor.functions.indexing import gather, index_select, scatter_add
from minitorch_tensor.functions.joining import cat, chunk, narrow, split, stack
from minitorch_tensor.functions.linalg import bmm, dot, matmul, mm, outer
from minitorch_tensor.functions.reductions import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    softmax,
    std,
    sum,
    var,
)
from minitorch_tensor.functions.views import (
    broadcast_to,
    flatten,
    movedim,
    permute,
    reshape,
    squeeze,
    t,
    transpose,
    unsqueeze,
)
from minitorch_tensor.random import Generator, default_generator, manual_seed
from minitorch_tensor.registry import (
    BackendBroken,
    BackendNotFound,
    backend_names,
    get_backend,
    refresh,
    register_backend,
    use_backend,
)
from minitorch_tensor.tensor import Tensor
from minitorch_tensor.tensor_data import STORAGE_INTERFACE, TensorData

__version__ = version("minitorch-tensor")
