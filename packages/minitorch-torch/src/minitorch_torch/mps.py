"""Apple's GPUs, for which there is no backend."""

from minitorch_torch.missing import lacking


def is_available() -> bool:
    """False."""
    return False


__getattr__ = lacking(__name__)
