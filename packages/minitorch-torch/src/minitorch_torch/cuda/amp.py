"""The older place of `torch.amp`."""

from minitorch_torch.amp import GradScaler, autocast
from minitorch_torch.missing import lacking

__all__ = ["GradScaler", "autocast"]

__getattr__ = lacking(__name__)
