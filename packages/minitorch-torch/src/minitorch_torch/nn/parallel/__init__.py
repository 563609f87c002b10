"""Replicas of a module on several devices; there is one."""

from __future__ import annotations

from typing import Any

from minitorch_nn import Module
from minitorch_torch.missing import lacking


class DataParallel(Module):
    """A module on the one device there is. Its parameters are named as PyTorch names them, after
    `module.`.

    Args:
        module: what is computed.
        device_ids, output_device, dim: accepted for PyTorch's sake.
    """

    def __init__(
        self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Any, **options: Any) -> Any:
        return self.module(*inputs, **options)


class DistributedDataParallel(Module):
    """Replicas in several processes, which MiniTorch does not have.

    Raises: RuntimeError.
    """

    def __init__(self, module: Module, *args: Any, **options: Any) -> None:
        raise RuntimeError(
            "DistributedDataParallel: wanted a group of processes, and MiniTorch trains in one. "
            "Use the module itself."
        )


def data_parallel(module: Module, inputs: Any, *args: Any, **options: Any) -> Any:
    """The module's output, computed on the one device there is."""
    return module(*inputs) if isinstance(inputs, tuple) else module(inputs)


__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]

__getattr__ = lacking(__name__)
