"""Data sets, samplers and the DataLoader, with the names and the behaviour of torch.utils.data."""

from importlib.metadata import version

from minitorch_data import collate, dataset, loader, sampler
from minitorch_data.collate import *
from minitorch_data.dataset import *
from minitorch_data.loader import *
from minitorch_data.sampler import *
from minitorch_data.workers import WorkerInfo, get_worker_info

__version__ = version("minitorch-data")

__all__ = ["WorkerInfo", "__version__", "get_worker_info"]
__all__ += collate.__all__
__all__ += dataset.__all__
__all__ += loader.__all__
__all__ += sampler.__all__
