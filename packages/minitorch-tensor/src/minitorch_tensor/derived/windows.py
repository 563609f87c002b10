"""Windows that slide over images: what convolution and pooling share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.copying import CopyingOperations
from minitorch_tensor.derived.creation import CreationOperations
from minitorch_tensor.tensor_data import TensorData


class Window(NamedTuple):
    """A window that slides over the last two dimensions; every field is (height, width)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    def output_size(self, size: Sequence[int]) -> tuple[int, int]:
        """(OH, OW) for an input of (H, W); less than 1 if the window does not fit."""
        height, width = (
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(
                size, self.kernel, self.stride, self.padding, self.dilation, strict=True
            )
        )
        return height, width


class WindowOperations(CreationOperations, CopyingOperations):
    """Padding, windows as views, and their adjoint."""

    def pad2d(self, x: TensorData, padding: tuple[int, int], value: float) -> TensorData:
        """x with `padding` rows and columns of `value` on every side of the last two dims."""
        if padding == (0, 0):
            return x
        (ph, pw), (*lead, height, width) = padding, x.shape
        out = self.full((*lead, height + 2 * ph, width + 2 * pw), value, x.dtype)
        self.copy_(out.slice(-2 % x.ndim, ph, height).slice(-1 % x.ndim, pw, width), x)
        return out

    def unfold2d(self, x: TensorData, window: Window) -> TensorData:
        """Every window of x (N, C, H, W), as a view (N, C, KH, KW, OH, OW): no element is copied.

        x is already padded; `window.padding` is ignored.
        """
        n, c, height, width = x.shape
        (kh, kw), (sh, sw), _, (dh, dw) = window
        oh, ow = window._replace(padding=(0, 0)).output_size((height, width))
        s_n, s_c, s_h, s_w = x.strides
        return x.as_strided(
            (n, c, kh, kw, oh, ow),
            (s_n, s_c, s_h * dh, s_w * dw, s_h * sh, s_w * sw),
            x.offset,
        )

    def fold2d(self, windows: TensorData, size: tuple[int, int], window: Window) -> TensorData:
        """The adjoint of padding and `unfold2d`: windows (N, C, KH, KW, OH, OW), added up where
        they overlap, to (N, C, H, W), without the padding."""
        n, c, kh, kw = windows.shape[:4]
        ph, pw = window.padding
        total = self.full((n, c, size[0] + 2 * ph, size[1] + 2 * pw), 0.0, windows.dtype)
        target = self.unfold2d(total, window)
        for i in range(kh):
            for j in range(kw):
                place = at_place(target, i, j)
                part = at_place(windows, i, j)
                self.copy_(place, self.zip(ops.add, place, part, windows.dtype))
        inner = total.slice(2, ph, size[0]).slice(3, pw, size[1])
        return total if window.padding == (0, 0) else self.contiguous(inner)


def at_place(windows: TensorData, i: int, j: int) -> TensorData:
    """Element (i, j) of every window of (N, C, KH, KW, OH, OW): a view (N, C, OH, OW)."""
    n, c, _, _, oh, ow = windows.shape
    s_n, s_c, s_i, s_j, s_h, s_w = windows.strides
    return windows.as_strided(
        (n, c, oh, ow), (s_n, s_c, s_h, s_w), windows.offset + i * s_i + j * s_j
    )
