"""Switches of cuDNN, which MiniTorch does not use. Setting one has no effect."""

from minitorch_torch.missing import lacking

enabled = False
benchmark = False
deterministic = True
allow_tf32 = False


def is_available() -> bool:
    """False."""
    return False


def version() -> None:
    """None."""


__getattr__ = lacking(__name__)
