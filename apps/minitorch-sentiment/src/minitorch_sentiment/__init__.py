"""Recurrent networks read film reviews: training, evaluation and prediction of sentiment."""

from importlib.metadata import version

__version__ = version("minitorch-sentiment")
