"""The older place of `Variable`."""

from minitorch_torch.autograd import Variable
from minitorch_torch.missing import lacking

__all__ = ["Variable"]

__getattr__ = lacking(__name__)
