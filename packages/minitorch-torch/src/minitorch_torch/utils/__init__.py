"""Data, and whatever else has no better place."""

from minitorch_torch.missing import lacking
from minitorch_torch.utils import checkpoint, data

__all__ = ["checkpoint", "data"]

__getattr__ = lacking(__name__)
