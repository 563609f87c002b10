"""Adjoints: <f(x), d> = <x, f*(d)> for every linear f."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minitorch_tensor.derived import Convolution, Window
from minitorch_tensor.dtypes import float32, float64
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.conformance._checks import Checks
from minitorch_tensor.testing.kernels import WINDOWS
from minitorch_tensor.testing.layouts import arrange
from minitorch_tensor.testing.samples import Draw


def _inner(x: Any, y: Any) -> float:
    return float((np.asarray(x) * np.asarray(y)).sum())


class AdjointChecks(Checks):
    """Adjoints: <f(x), d> = <x, f*(d)> for every linear f."""

    @pytest.mark.parametrize("window", WINDOWS, ids=str)
    @pytest.mark.parametrize("groups", [1, 2])
    def test_the_gradients_of_a_convolution_are_its_adjoints(
        self, window: Window, groups: int
    ) -> None:
        """In x and in the weight."""
        b, draw, conv = self._backend, Draw(float64), Convolution(window, groups)
        x, weight = draw(2, 4, 5, 6), draw(6, 4 // groups, *window.kernel)
        d = draw(2, 6, *window.output_size((5, 6)))
        data = [arrange(a, "permuted", b)._data for a in (x, weight, d)]
        out = b.to_numpy(b.conv2d(data[0], data[1], conv))
        to_x = b.conv2d_input_grad(data[2], data[1], x.shape, conv)
        to_weight = b.conv2d_weight_grad(data[2], data[0], weight.shape, conv)
        assert _inner(out, d) == pytest.approx(_inner(x, b.to_numpy(to_x)))
        assert _inner(out, d) == pytest.approx(_inner(weight, b.to_numpy(to_weight)))

    @pytest.mark.parametrize("window", WINDOWS, ids=str)
    def test_average_pooling_backward_is_the_adjoint_of_forward(self, window: Window) -> None:
        """Padding included."""
        b, draw = self._backend, Draw(float64)
        x, d = draw(2, 3, 5, 6), draw(2, 3, *window.output_size((5, 6)))
        out = b.avg_pool2d(arrange(x, "offset", b)._data, window)
        back = b.avg_pool2d_backward(arrange(d, "permuted", b)._data, x.shape, window)
        assert _inner(b.to_numpy(out), d) == pytest.approx(_inner(x, b.to_numpy(back)))

    @pytest.mark.parametrize("window", WINDOWS, ids=str)
    def test_folding_is_the_adjoint_of_padding_and_unfolding(self, window: Window) -> None:
        """Overlaps are added up, padding is cut off."""
        b, draw = self._backend, Draw(float64)
        x = draw(2, 3, 5, 6)
        windows = draw(2, 3, *window.kernel, *window.output_size((5, 6)))
        padded = b.pad2d(arrange(x, "stepped", b)._data, window.padding, 0.0)
        out = b.to_numpy(b.unfold2d(padded, window))
        back = b.fold2d(arrange(windows, "permuted", b)._data, (5, 6), window)
        assert _inner(out, windows) == pytest.approx(_inner(x, b.to_numpy(back)))

    def test_max_pooling_sends_the_gradient_to_the_indices_it_names(self) -> None:
        """Where the largest elements lie."""
        b, window = self._backend, WINDOWS[2]
        x = Draw(float64)(2, 3, 5, 6)
        values, indices = b.max_pool2d(arrange(x, "contiguous", b)._data, window)
        places = b.to_numpy(indices).reshape(2, 3, -1)
        named = np.take_along_axis(x.reshape(2, 3, 30), places, 2)
        assert_close(b.to_numpy(values).reshape(2, 3, -1), named)

    def test_an_empty_batch_convolves_and_pools_to_an_empty_batch(self) -> None:
        """And gives the weight a gradient of zeros."""
        b, window = self._backend, WINDOWS[2]
        conv = Convolution(window)
        x = b.full((0, 2, 5, 6), 0.0, float32)
        weight = b.full((3, 2, 3, 3), 0.0, float32)
        out = b.conv2d(x, weight, conv)
        assert out.shape == (0, 3, 5, 3)
        assert b.conv2d_input_grad(out, weight, x.shape, conv).shape == x.shape
        to_weight = b.conv2d_weight_grad(out, x, weight.shape, conv)
        assert_close(b.to_numpy(to_weight), np.zeros(weight.shape, np.float32))
        assert [y.shape for y in b.max_pool2d(x, window)] == [(0, 2, 5, 3)] * 2
        assert b.avg_pool2d(x, window).shape == (0, 2, 5, 3)
