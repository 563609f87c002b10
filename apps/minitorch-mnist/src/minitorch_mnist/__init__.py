"""LeNet learns digits: training, evaluation and prediction on MNIST."""

from importlib.metadata import version

__version__ = version("minitorch-mnist")
