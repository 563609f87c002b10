"""Switches of PyTorch's own back ends. Setting one has no effect; reading it gives what was set."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from minitorch_torch import cuda as _cuda
from minitorch_torch.backends import cudnn
from minitorch_torch.missing import lacking


def _never() -> bool:
    return False


#: Apple's GPUs, for which there is no backend.
mps: Any = SimpleNamespace(is_available=_never, is_built=_never)

#: TF32 and the like, which the backend cuda does not use.
cuda: Any = SimpleNamespace(is_built=_cuda.is_available, matmul=SimpleNamespace(allow_tf32=False))

__getattr__ = lacking(__name__)
