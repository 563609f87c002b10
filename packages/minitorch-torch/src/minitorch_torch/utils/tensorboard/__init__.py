"""Event files for TensorBoard, written by tensorboardX."""

from minitorch_torch.missing import lacking

try:
    from tensorboardX import SummaryWriter
except ModuleNotFoundError as error:
    if error.name != "tensorboardX":
        raise
    raise ModuleNotFoundError(
        "torch.utils.tensorboard: needs tensorboardX, which is not installed. "
        "pip install 'minitorch-torch[tensorboard]' brings it.",
        name=error.name,
    ) from None

__all__ = ["SummaryWriter"]

__getattr__ = lacking(__name__)
