"""Parameters and buffers."""

from __future__ import annotations

import minitorch_tensor as mt
from minitorch_nn import Parameter
from minitorch_torch.missing import lacking


def Buffer(data: mt.Tensor, *, persistent: bool = True) -> mt.Tensor:
    """The tensor itself.

    Raises: TypeError always, since an attribute does not become a buffer here by its type.
    """
    raise TypeError(
        "Buffer: wanted self.register_buffer(name, tensor), which makes a tensor a part of the "
        "state_dict; got nn.Buffer, which says so by its type. Write the former."
    )


__all__ = ["Buffer", "Parameter"]

__getattr__ = lacking(__name__)
