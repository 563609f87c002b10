"""Pooling: against plain loops, its derivatives, ties, NaN and errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close

Pair = tuple[int, int]


def windows(
    x: np.ndarray, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, fill: float
) -> np.ndarray:
    """Every window, flat, the padding filled in: (N, C, OH, OW, KH * KW)."""
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = kernel, stride, padding, dilation
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=fill)
    oh = (padded.shape[2] - dh * (kh - 1) - 1) // sh + 1
    ow = (padded.shape[3] - dw * (kw - 1) - 1) // sw + 1
    out = np.empty((*x.shape[:2], oh, ow, kh * kw))
    for i in range(oh):
        for j in range(ow):
            rows = slice(i * sh, i * sh + dh * (kh - 1) + 1, dh)
            columns = slice(j * sw, j * sw + dw * (kw - 1) + 1, dw)
            out[:, :, i, j] = padded[:, :, rows, columns].reshape(*x.shape[:2], -1)
    return out


@st.composite
def pools(draw: st.DrawFn) -> tuple[np.ndarray, Pair, Pair, Pair, Pair]:
    """An image with ties, and kernel, stride, padding and dilation that fit it."""
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    dilation = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    size = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 3))
        for k, p, d in zip(kernel, padding, dilation)
    ]
    seen = windows(np.zeros((1, 1, *size)), kernel, stride, padding, dilation, -math.inf)
    assume(np.isfinite(seen.max(-1)).all())  # no window lies in the padding alone
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x = rng.integers(-3, 3, (draw(st.integers(1, 2)), 2, *size)).astype(np.float64)
    return x, kernel, stride, padding, dilation


@pytest.mark.parametrize("backend", ["simple", "numpy"])
@given(pool=pools())
def test_max_pool2d_takes_the_largest_of_every_window(backend: str, pool: Any) -> None:
    x, *how = pool
    with mt.use_backend(backend):
        values, indices = F.max_pool2d(mt.tensor(x), *how, return_indices=True)
    assert_close(values, windows(x, *how, -math.inf).max(-1))
    # and an index points at an element of that size
    assert indices.dtype is mt.int64
    planes = x.reshape(*x.shape[:2], -1)
    pointed = np.take_along_axis(planes, indices.numpy().reshape(*x.shape[:2], -1), 2)
    assert_close(values, pointed.reshape(values.shape))


@pytest.mark.parametrize("backend", ["simple", "numpy"])
@given(pool=pools())
def test_avg_pool2d_takes_the_mean_with_zeros_for_padding(backend: str, pool: Any) -> None:
    x, kernel, stride, padding, _ = pool
    size = [max(n, k) for n, k in zip(x.shape[2:], kernel)]
    x = np.resize(x, (*x.shape[:2], *size))
    with mt.use_backend(backend):
        out = F.avg_pool2d(mt.tensor(x), kernel, stride, padding)
    assert_close(out, windows(x, kernel, stride, padding, (1, 1), 0.0).mean(-1))


@given(pool=pools())
def test_the_gradient_of_max_pool2d_goes_where_the_index_points(pool: Any) -> None:
    x, *how = pool
    leaf = mt.tensor(x, requires_grad=True)
    values, indices = F.max_pool2d(leaf, *how, return_indices=True)
    g = mt.randn(*values.shape, dtype="float64")
    values.backward(g)
    expected = np.zeros((*x.shape[:2], x.shape[2] * x.shape[3]))
    for n, c, i, j in np.ndindex(values.shape):
        expected[n, c, indices[n, c, i, j].item()] += g[n, c, i, j].item()
    assert_close(leaf.grad, expected.reshape(x.shape))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.max_pool2d(x, 2, 1, 1),
        lambda x: F.max_pool2d(x, (1, 2), dilation=(1, 2)),
        lambda x: F.avg_pool2d(x, 2, 1, 1),
        lambda x: F.avg_pool2d(x, (2, 1)),
        lambda x: F.adaptive_avg_pool2d(x, (2, 3)),
        lambda x: F.adaptive_max_pool2d(x, (2, 3)),
        lambda x: F.max_pool1d(x.flatten(1, 2), 2, padding=1),
        lambda x: F.avg_pool1d(x.flatten(1, 2), 2),
        lambda x: F.adaptive_avg_pool1d(x.flatten(1, 2), 3),
        lambda x: F.adaptive_max_pool1d(x.flatten(1, 2), 3),
    ],
)
def test_pooling_differentiates_twice(function: Any, check_derivatives: Any) -> None:
    x = np.random.default_rng(0).permutation(24).reshape(1, 2, 3, 4) / 10  # all different
    check_derivatives(lambda x: function(x * x), x)


@given(
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    output=st.tuples(st.integers(1, 8), st.integers(1, 8)),
)
def test_adaptive_windows_run_from_floor_to_ceil(size: Pair, output: Pair) -> None:
    x = np.random.default_rng(0).standard_normal((1, 2, *size))
    mean, largest = np.empty((1, 2, *output)), np.empty((1, 2, *output))
    for i, j in np.ndindex(output):
        rows = slice(i * size[0] // output[0], math.ceil((i + 1) * size[0] / output[0]))
        columns = slice(j * size[1] // output[1], math.ceil((j + 1) * size[1] / output[1]))
        mean[..., i, j] = x[..., rows, columns].mean((2, 3))
        largest[..., i, j] = x[..., rows, columns].max((2, 3))
    assert_close(F.adaptive_avg_pool2d(mt.tensor(x), output), mean)
    assert_close(F.adaptive_max_pool2d(mt.tensor(x), output), largest)


def test_a_nan_is_the_largest_wherever_it_stands(backend: str) -> None:
    for place in range(4):
        x = np.zeros(4)
        x[place] = math.nan
        image = mt.tensor(x.reshape(1, 1, 2, 2))
        values, indices = F.max_pool2d(image, 2, return_indices=True)
        assert math.isnan(values.item())
        assert indices.item() == place
        assert math.isnan(F.adaptive_max_pool2d(image, 1).item())


def test_padding_is_never_the_largest(backend: str) -> None:
    x = mt.full((1, 1, 2, 2), -math.inf)
    values, indices = F.max_pool2d(x, 2, 1, 1, return_indices=True)
    assert values.isinf().all()
    assert bool((indices >= 0).all()) and bool((indices < 4).all())


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
def test_pooling_refuses_integers_whose_mean_or_least_value_it_has_not(pool: Any) -> None:
    with pytest.raises(
        TypeError, match=r"wanted floating point, got int64\. Convert with \.float\(\)"
    ):
        pool(mt.ones(1, 1, 2, 2, dtype="int64"), 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: F.max_pool2d(mt.zeros(1, 2, 5, 5), 2, padding=2),
            r"max_pool2d: padding \(2, 2\) must be at most half of kernel_size \(2, 2\)",
        ),
        (
            lambda: F.max_pool2d(mt.zeros(1, 1, 1, 4), (2, 1), 1, (1, 0), (2, 1)),
            r"max_pool2d: with dilation \(2, 1\) and padding \(1, 0\) a window sees nothing of an "
            r"input of \(1, 4\)",
        ),
        (lambda: F.avg_pool2d(mt.zeros(1, 2, 5, 5), 6), r"avg_pool2d: a kernel of \(6, 6\)"),
        (lambda: F.avg_pool2d(mt.zeros(5, 5), 2), r"avg_pool2d: wanted an input of shape"),
        (lambda: F.max_pool1d(mt.zeros(5), 2), r"max_pool1d: wanted an input of shape"),
        (
            lambda: F.adaptive_avg_pool2d(mt.zeros(1, 1, 4, 4), 0),
            r"adaptive_avg_pool2d: output_size must be an integer of at least 1",
        ),
        (
            lambda: F.adaptive_max_pool2d(mt.zeros(1, 4), 2),
            r"adaptive_max_pool2d: wanted an input of shape \(N, C, H, W\)",
        ),
        (
            lambda: F.adaptive_max_pool1d(mt.zeros(1, 1, 4), 0),
            r"adaptive_max_pool1d: output_size must be an integer of at least 1; got 0",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("layer", "function", "shape"),
    [
        (nn.MaxPool2d(2), lambda x: F.max_pool2d(x, 2), (1, 2, 4, 6)),
        (nn.MaxPool2d(3, 1, 1), lambda x: F.max_pool2d(x, 3, 1, 1), (1, 2, 4, 6)),
        (nn.AvgPool2d((2, 3)), lambda x: F.avg_pool2d(x, (2, 3)), (1, 2, 4, 6)),
        (nn.MaxPool1d(2, 1, 1, 2), lambda x: F.max_pool1d(x, 2, 1, 1, 2), (1, 2, 6)),
        (nn.AvgPool1d(3, 2, 1), lambda x: F.avg_pool1d(x, 3, 2, 1), (1, 2, 6)),
        (nn.AdaptiveAvgPool2d(3), lambda x: F.adaptive_avg_pool2d(x, 3), (1, 2, 4, 6)),
        (nn.AdaptiveMaxPool2d((1, 5)), lambda x: F.adaptive_max_pool2d(x, (1, 5)), (1, 2, 4, 6)),
        (nn.AdaptiveAvgPool1d(4), lambda x: F.adaptive_avg_pool1d(x, 4), (1, 2, 6)),
        (nn.AdaptiveMaxPool1d(4), lambda x: F.adaptive_max_pool1d(x, 4), (1, 2, 6)),
    ],
    ids=lambda value: repr(value) if isinstance(value, nn.Module) else "",
)
def test_a_layer_applies_its_function(layer: nn.Module, function: Any, shape: Any) -> None:
    x = mt.randn(*shape)
    assert_close(layer(x), function(x))


@pytest.mark.parametrize("shape", [(1, 2, 5, 7), (2, 5, 7)])
def test_indices_find_the_largest_also_where_a_window_reaches_beyond(
    shape: tuple[int, ...], backend: str
) -> None:
    x = mt.randn(*shape)
    values, indices = nn.MaxPool2d(3, 2, 1, return_indices=True, ceil_mode=True)(x)
    assert_close(x.flatten(-2).gather(-1, indices.flatten(-2)).reshape(values.shape), values)
    line = x if len(shape) == 3 else x[0]
    values, indices = F.max_pool1d(line, 2, 2, ceil_mode=True, return_indices=True)
    assert_close(line.gather(-1, indices), values)


def test_a_divisor_of_0_is_refused() -> None:
    with pytest.raises(ValueError, match="divisor_override divides, and cannot be 0"):
        F.avg_pool2d(mt.ones(1, 1, 2, 2), 2, divisor_override=0)


def test_pixels_go_into_channels_and_back(backend: str) -> None:
    x = mt.randn(2, 3, 4, 6)
    assert_close(nn.PixelShuffle(2)(nn.PixelUnshuffle(2)(x)), x)
    with pytest.raises(ValueError, match=r"the 3 channels of input .* are not divisible by"):
        F.pixel_shuffle(x, 2)
    with pytest.raises(ValueError, match=r"the sides of input .* are not divisible by"):
        F.pixel_unshuffle(x, 4)
    with pytest.raises(ValueError, match="upscale_factor of at least 1"):
        F.pixel_shuffle(x, 0)
