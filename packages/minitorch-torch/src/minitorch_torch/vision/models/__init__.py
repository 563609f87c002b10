"""Ready-made models of pictures, with initial weights: ResNet, VGG and AlexNet."""

from minitorch_torch.missing import lacking
from minitorch_torch.vision.models import resnet, vgg
from minitorch_torch.vision.models.alexnet import *
from minitorch_torch.vision.models.resnet import *
from minitorch_torch.vision.models.vgg import *

__getattr__ = lacking(__name__)
del lacking  # programs take every lower-case function of this module for a model
