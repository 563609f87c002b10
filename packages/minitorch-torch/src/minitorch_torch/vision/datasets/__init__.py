"""Data sets of pictures, in torchvision's folders."""

from minitorch_torch.missing import lacking
from minitorch_torch.vision.datasets.cifar import CIFAR10, CIFAR100
from minitorch_torch.vision.datasets.fakedata import FakeData
from minitorch_torch.vision.datasets.folder import DatasetFolder, ImageFolder
from minitorch_torch.vision.datasets.mnist import KMNIST, MNIST, FashionMNIST
from minitorch_torch.vision.datasets.vision import VisionDataset

__getattr__ = lacking(__name__)
