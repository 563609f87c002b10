"""torchvision's names: transforms, data sets, models, grids of pictures."""

from minitorch_torch.missing import lacking
from minitorch_torch.version import __version__
from minitorch_torch.vision import datasets, models, transforms, utils


def get_image_backend() -> str:
    """What reads pictures: "PIL", Pillow."""
    return "PIL"


def set_image_backend(backend: str) -> None:
    """Accept "PIL"; ValueError for another."""
    if backend != "PIL":
        raise ValueError(f"set_image_backend: Pillow ('PIL') reads pictures, got {backend!r}.")


__getattr__ = lacking(__name__)
