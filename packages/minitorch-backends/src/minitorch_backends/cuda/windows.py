"""Where windows lie: what convolution and pooling share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from minitorch_backends.cuda.compile import u32
from minitorch_tensor.derived import Window
from minitorch_tensor.layout import Shape


class Sizes(NamedTuple):
    """The sizes that kernels take for windows over images (N, C, H, W)."""

    #: N * C, and the sizes of an image and of the output.
    planes: Any
    height: Any
    width: Any
    oh: Any
    ow: Any
    #: The window's kernel, stride, padding and dilation.
    kh: Any
    kw: Any
    sh: Any
    sw: Any
    ph: Any
    pw: Any
    dh: Any
    dw: Any


#: The types of these, for kernels to declare.
SIZES = Sizes(*[u32] * 13)


def sizes(image: Shape, output: Sequence[int], window: Window) -> Sizes:
    """The sizes of windows over images (N, C, H, W) with an output (OH, OW)."""
    n, c, height, width = image
    return Sizes(n * c, height, width, *output, *[size for pair in window for size in pair])
