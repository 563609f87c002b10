"""The transforms as classes, which hold their arguments and draw what is random."""

from minitorch_torch.missing import lacking
from minitorch_torch.vision.transforms._appearances import *
from minitorch_torch.vision.transforms._arguments import InterpolationMode as InterpolationMode
from minitorch_torch.vision.transforms._containers import *
from minitorch_torch.vision.transforms._conversions import *
from minitorch_torch.vision.transforms._crops import *
from minitorch_torch.vision.transforms._movements import *

__getattr__ = lacking(__name__)
