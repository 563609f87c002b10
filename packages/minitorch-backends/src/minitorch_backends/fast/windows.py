"""Positions of windows, for convolution and pooling."""

from __future__ import annotations

import math
from typing import Any

from minitorch_backends.fast.compile import serial


@serial
def inside(size: Any, count: Any, start: Any, step: Any) -> Any:
    """The k in range(count) for which start + k * step lies in range(size), as (first, end)."""
    if start >= 0 and start + (count - 1) * step < size:  # without padding, always
        return 0, count
    first = min(count, max(0, (step - 1 - start) // step))
    end = min(count, (size - 1 - start) // step + 1)
    return first, max(first, end)


def products(out: Any, weight: Any) -> int:
    """The multiplications in a convolution: the size of out times a window's."""
    return int(math.prod(out.shape) * math.prod(weight.shape[1:]))
