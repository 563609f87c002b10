"""How a tensor prints: PyTorch's way, with what is not the default spelled out.

The elements are laid out by numpy's own formatter; only the words around them are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch_tensor.dtypes import bool_, float32, int64

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor

#: A tensor of more elements prints its corners only.
THRESHOLD = 1000


def format_tensor(x: Tensor) -> str:
    """`tensor([...])`, with dtype, backend and history where they are not the default."""
    from minitorch_tensor.registry import get_backend

    prefix = "tensor("
    array = x.backend.to_numpy(x._data)
    suffixes = []
    if x.numel() == 0:
        body = "[]" if x.ndim == 1 else f"[], size={x.shape}"
    else:
        body = np.array2string(
            array,
            precision=4,
            separator=", ",
            threshold=THRESHOLD,
            edgeitems=3,
            prefix=prefix,
            floatmode="maxprec_equal" if x.ndim else "maxprec",
            formatter={"bool": str} if x.dtype is bool_ else None,
        )
    if x.dtype not in (float32, int64, bool_) or (x.numel() == 0 and x.dtype is not float32):
        suffixes.append(f"dtype={x.dtype}")
    if x.backend is not get_backend():
        suffixes.append(f"backend={x.backend.name!r}")
    if x.grad_fn is not None:
        suffixes.append(f"grad_fn={x.grad_fn!r}")
    elif x.requires_grad:
        suffixes.append("requires_grad=True")
    return prefix + ", ".join([body, *suffixes]) + ")"
