"""PyTorch's names for MiniTorch: one namespace for scripts that were written for PyTorch.

    import minitorch_torch as torch
    import minitorch_torch.nn as nn

or, without a change to the script, `python -m minitorch_torch script.py`. For libraries that import
torch themselves, `enable()` makes `import torch` mean MiniTorch in this process, until `disable()`.

The package holds names, no mathematics: tensors are minitorch-tensor's, layers and optimizers
minitorch-nn's, batches minitorch-data's.
"""

import minitorch_tensor as _mt
from minitorch_tensor import *
from minitorch_tensor import DType as dtype
from minitorch_torch import (
    accelerator,
    amp,
    autograd,
    backends,
    cuda,
    distributed,
    distributions,
    jit,
    linalg,
    mps,
    multiprocessing,
    nn,
    optim,
    random,
    special,
    testing,
    utils,
    version,
)
from minitorch_torch import (
    missing as _missing,
)
from minitorch_torch.amp import autocast
from minitorch_torch.dtypes import bfloat16, float16, half
from minitorch_torch.proxy import disable, enable
from minitorch_torch.random import Generator, get_rng_state, initial_seed, seed, set_rng_state
from minitorch_torch.serialization import load, save
from minitorch_torch.settings import *
from minitorch_torch.tensors import *

#: The shape of a tensor is a plain tuple.
Size = tuple

newaxis = None

__getattr__ = _missing.lacking(__name__)
__version__ = version.__version__
