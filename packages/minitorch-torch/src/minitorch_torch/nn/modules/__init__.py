"""Where PyTorch keeps the classes of `torch.nn`, in files that scripts sometimes name."""

import sys as _sys

from minitorch_nn import *
from minitorch_torch.missing import lacking

#: PyTorch's files. Each name of a class is looked up in all of `torch.nn`.
_FILES = (
    "activation",
    "batchnorm",
    "container",
    "conv",
    "dropout",
    "instancenorm",
    "linear",
    "loss",
    "module",
    "normalization",
    "padding",
    "pixelshuffle",
    "pooling",
    "rnn",
    "sparse",
    "transformer",
    "upsampling",
    "utils",
)

__getattr__ = lacking(__name__)

for _file in _FILES:
    _sys.modules[f"{__name__}.{_file}"] = _sys.modules[__name__]
    globals().setdefault(_file, _sys.modules[__name__])
