"""What is done to pictures before a model sees them. Random numbers come from MiniTorch's default
generator, so that `torch.manual_seed` repeats them."""

from minitorch_torch.missing import lacking
from minitorch_torch.vision.transforms import functional, v2
from minitorch_torch.vision.transforms.transforms import *

__getattr__ = lacking(__name__)
