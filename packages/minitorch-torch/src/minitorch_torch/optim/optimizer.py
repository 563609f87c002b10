"""The base of all optimizers."""

from __future__ import annotations

from typing import Any

from minitorch_nn.optim import Optimizer
from minitorch_torch.missing import lacking

#: The default of a setting that must be given.
required: Any = object()

__all__ = ["Optimizer", "required"]

__getattr__ = lacking(__name__)
