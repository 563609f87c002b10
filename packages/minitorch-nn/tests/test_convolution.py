"""Convolution: against plain loops, its derivatives, its laws and its errors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close

Pair = tuple[int, int]


class Problem(NamedTuple):
    """Arguments of a convolution that fit together."""

    x: np.ndarray
    weight: np.ndarray
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int

    @property
    def how(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }


def pairs(low: int, high: int) -> st.SearchStrategy[Pair]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Any settings, and an image at least as large as the window."""
    groups = draw(st.integers(1, 2))
    n, per_group, out_per_group = (draw(st.integers(1, 2)) for _ in range(3))
    kernel, stride, padding, dilation = (
        draw(pairs(*bounds)) for bounds in ((1, 3), (1, 3), (0, 2), (1, 2))
    )
    size = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 3))
        for k, p, d in zip(kernel, padding, dilation)
    ]
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    return Problem(
        rng.standard_normal((n, groups * per_group, *size)),
        rng.standard_normal((groups * out_per_group, per_group, *kernel)),
        stride,
        padding,
        dilation,
        groups,
    )


def reference(problem: Problem) -> np.ndarray:
    """The definition: every output is the sum of a window times the weight."""
    x, weight, (sh, sw), (ph, pw), (dh, dw), groups = problem
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    outputs, channels, kh, kw = weight.shape
    oh = (padded.shape[2] - dh * (kh - 1) - 1) // sh + 1
    ow = (padded.shape[3] - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((len(x), outputs, oh, ow))
    for o in range(outputs):
        first = o // (outputs // groups) * channels
        for i in range(oh):
            for j in range(ow):
                rows = slice(i * sh, i * sh + dh * (kh - 1) + 1, dh)
                columns = slice(j * sw, j * sw + dw * (kw - 1) + 1, dw)
                window = padded[:, first : first + channels, rows, columns]
                out[:, o, i, j] = (window * weight[o]).sum((1, 2, 3))
    return out


@pytest.mark.parametrize("backend", ["simple", "numpy"])
@given(problem=problems())
def test_conv2d_is_the_sum_over_windows(backend: str, problem: Problem) -> None:
    with mt.use_backend(backend):
        out = F.conv2d(mt.tensor(problem.x), mt.tensor(problem.weight), **problem.how)
    assert_close(out, reference(problem))


@given(problem=problems())
def test_the_gradients_of_conv2d_are_its_adjoints(problem: Problem) -> None:
    x = mt.tensor(problem.x, requires_grad=True)
    weight = mt.tensor(problem.weight, requires_grad=True)
    out = F.conv2d(x, weight, **problem.how)
    g = mt.randn(*out.shape, dtype="float64")
    out.backward(g)
    # <conv(x, w), g> = <x, grad_x> = <w, grad_w>, with no step width to choose
    product = (out * g).sum().item()
    assert (x * x.grad).sum().item() == pytest.approx(product)
    assert (weight * weight.grad).sum().item() == pytest.approx(product)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"stride": (2, 1), "padding": 1},
        {"dilation": (1, 2), "padding": (0, 2)},
        {"groups": 2, "stride": 2, "padding": 1},
    ],
    ids=str,
)
def test_conv2d_differentiates_twice(how: dict[str, Any], check_derivatives: Any) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 2, 3, 3))
    weight = rng.standard_normal((2, 2 // how.get("groups", 1), 2, 2))
    bias = rng.standard_normal(2)
    check_derivatives(lambda *inputs: F.conv2d(*inputs, **how), x, weight, bias)


def test_conv1d_is_conv2d_of_one_row_and_differentiates_twice(check_derivatives: Any) -> None:
    how = {"stride": 2, "padding": 1, "dilation": 2}
    x, weight, bias = mt.randn(2, 3, 8), mt.randn(4, 3, 3), mt.randn(4)
    one = F.conv1d(x, weight, bias, **how)
    two = F.conv2d(
        x.unsqueeze(2), weight.unsqueeze(2), bias, stride=(1, 2), padding=(0, 1), dilation=(1, 2)
    )
    assert one.shape == (2, 4, 3)
    assert_close(one, two.squeeze(2))
    check_derivatives(
        lambda *inputs: F.conv1d(*inputs, **how), np.eye(3)[None], np.eye(3)[None, :, :2]
    )


def test_only_the_gradients_that_are_asked_for_are_computed() -> None:
    x, weight = mt.randn(1, 2, 4, 4), mt.randn(3, 2, 2, 2, requires_grad=True)
    F.conv2d(x, weight).sum().backward()
    assert x.grad is None
    expected = [
        [[x[0, c, i : i + 3, j : j + 3].sum().item() for j in range(2)] for i in range(2)]
        for c in range(2)
    ]
    assert_close(weight.grad, np.asarray([expected] * 3, np.float32), rtol=1e-5, atol=1e-5)


def test_a_bias_of_another_dtype_takes_part_in_the_promotion(backend: str) -> None:
    x, weight = [mt.randn(*shape, requires_grad=True) for shape in ((2, 3, 5, 5), (4, 3, 3, 3))]
    bias = mt.randn(4, dtype="float64", requires_grad=True)
    direction = mt.randn(2, 4, 3, 3, dtype="float64")
    F.conv2d(x, weight, bias).backward(direction)
    wide = [t.detach().double().requires_grad_() for t in (x, weight, bias)]
    F.conv2d(*wide).backward(direction)
    for got, expected in zip((x, weight, bias), wide):
        assert got.grad.dtype is got.dtype
        np.testing.assert_allclose(got.grad.numpy(), expected.grad.numpy(), rtol=1e-4, atol=1e-5)


def test_operands_of_two_dtypes_are_promoted() -> None:
    x, weight = mt.randn(1, 1, 3, 3, dtype="float64"), mt.randn(1, 1, 2, 2)
    assert F.conv2d(x, weight).dtype is mt.float64
    image = mt.ones(1, 1, 3, 3, dtype="uint8")
    assert_close(F.conv2d(image, mt.ones(1, 1, 2, 2)), mt.full((1, 1, 2, 2), 4.0))


@pytest.mark.parametrize("shape", [(0, 2, 3, 3), (1, 2, 2, 2)])
def test_an_empty_batch_and_a_window_that_fits_once(shape: tuple[int, ...], backend: str) -> None:
    x, weight = mt.randn(*shape, requires_grad=True), mt.randn(3, 2, 2, 2, requires_grad=True)
    out = F.conv2d(x, weight)
    assert out.shape == (shape[0], 3, shape[2] - 1, shape[3] - 1)
    out.sum().backward()
    if shape[0]:
        assert_close(out.reshape(3), (x * weight).sum((1, 2, 3)), rtol=1e-5, atol=1e-5)
    expected = weight.detach().sum(0).expand(shape) if shape[0] else mt.zeros(shape)
    assert_close(x.grad, expected, rtol=1e-5, atol=1e-5)
    assert_close(
        weight.grad, x.detach().sum(0).expand(3, 2, 2, 2) if shape[0] else mt.zeros(3, 2, 2, 2)
    )


def test_views_convolve_like_their_copies(backend: str) -> None:
    x = mt.randn(4, 3, 5, 2).permute(3, 1, 2, 0)
    weight = mt.randn(2, 2, 3, 4).permute(3, 2, 1, 0)[:, :, :, ::-1]
    out = F.conv2d(x, weight, padding=1)
    assert_close(out, F.conv2d(x.clone(), weight.clone(), padding=1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: F.conv2d(mt.zeros(5, 5), mt.zeros(1, 2, 3, 3)),
            r"conv2d: wanted an input of shape \(N, C, H, W\) or \(C, H, W\), got \(5, 5\)",
        ),
        (
            lambda: F.conv2d(mt.zeros(1, 2, 5, 5), mt.zeros(2, 3, 3)),
            r"conv2d: wanted a weight of shape \(O, C / groups, KH, KW\), got \(2, 3, 3\)",
        ),
        (
            lambda: F.conv2d(mt.zeros(1, 2, 5, 5), mt.zeros(1, 3, 3, 3)),
            r"input \(1, 2, 5, 5\) has 2 channels, weight \(1, 3, 3, 3\) with groups=1 wants 3",
        ),
        (
            lambda: F.conv2d(mt.zeros(1, 4, 5, 5), mt.zeros(3, 2, 3, 3), groups=2),
            "outputs divisible by groups",
        ),
        (
            lambda: F.conv2d(mt.zeros(1, 2, 2, 5), mt.zeros(1, 2, 3, 3)),
            r"conv2d: a kernel of \(3, 3\) with dilation \(1, 1\) does not fit into an input of "
            r"\(2, 5\) with padding \(0, 0\). Use a smaller kernel, or more padding",
        ),
        (
            lambda: F.conv2d(mt.zeros(1, 2, 5, 5), mt.zeros(3, 2, 3, 3), mt.zeros(1)),
            r"conv2d: wanted a bias of shape \(3,\).* got \(1,\)",
        ),
        (
            lambda: F.conv2d(mt.zeros(1, 2, 5, 5), mt.zeros(1, 2, 3, 3), stride=0),
            r"conv2d: stride must be an integer of at least 1, or two of them \(height, width\); "
            "got 0",
        ),
        (
            lambda: F.conv2d(mt.zeros(1, 2, 5, 5), mt.zeros(1, 2, 3, 3), padding=(1, 2, 3)),
            r"conv2d: padding must be an integer of at least 0.* got \(1, 2, 3\)",
        ),
        (
            lambda: F.conv2d(mt.zeros(1, 2, 5, 5), mt.zeros(1, 2, 3, 3), dilation=1.5),
            "conv2d: dilation must be an integer of at least 1.* got 1.5",
        ),
        (
            lambda: F.conv1d(mt.zeros(5), mt.zeros(1, 2, 3)),
            r"conv1d: wanted an input of shape \(N, C, L\) or \(C, L\), got \(5,\)",
        ),
        (
            lambda: F.conv1d(mt.zeros(1, 2, 5), mt.zeros(1, 2, 3), stride=(1, 1)),
            r"conv1d: stride must be an integer of at least 1; got \(1, 1\)",
        ),
        (lambda: nn.Conv2d(3, 4, 0), "Conv2d: kernel_size must be an integer of at least 1"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "in_channels 3 and out_channels 4 must both be"),
        (lambda: nn.Conv1d(0, 4, 3), "Conv1d: in_channels and out_channels must be at least 1"),
    ],
)
def test_arguments_that_do_not_fit_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_operands_on_two_backends_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="conv2d: operands are on different backends: numpy, s"):
        F.conv2d(mt.zeros(1, 1, 3, 3), mt.zeros(1, 1, 2, 2, device="simple"))


def test_numpy_integers_are_settings_too() -> None:
    x, weight = mt.randn(1, 1, 5, 5), mt.randn(1, 1, 3, 3)
    settings = {"stride": 2, "padding": 1, "dilation": 2, "groups": 1}
    out = F.conv2d(x, weight, **{name: np.int64(value) for name, value in settings.items()})
    assert_close(out, F.conv2d(x, weight, **settings), rtol=0, atol=0)


# -- the adjoint -----------------------------------------------------------------------------------

TRANSPOSED = [
    {},
    {"stride": 2, "output_padding": 1},
    {"stride": (3, 2), "padding": (1, 0), "groups": 2},
    {"dilation": (2, 3), "padding": 1},
]


@pytest.mark.parametrize("settings", TRANSPOSED, ids=str)
def test_a_transposed_convolution_is_the_adjoint(settings: dict[str, Any], backend: str) -> None:
    d, weight = mt.randn(2, 4, 3, 5, dtype="float64"), mt.randn(4, 2, 3, 2, dtype="float64")
    out = F.conv_transpose2d(d, weight, **settings)
    x = mt.randn(*out.shape, dtype="float64")
    settings = {key: value for key, value in settings.items() if key != "output_padding"}
    assert_close((out * x).sum(), (d * F.conv2d(x, weight, **settings)).sum())


def test_a_transposed_layer_undoes_the_size_of_a_convolution() -> None:
    shrink, grow = nn.Conv2d(1, 1, 3, 2, 1), nn.ConvTranspose2d(1, 1, 3, 2, 1)
    for size in ((5, 6), (6, 5), (7, 7)):
        x = mt.randn(1, 1, *size)
        assert grow(shrink(x), output_size=size).shape == x.shape
        assert grow(shrink(x), output_size=x.shape).shape == x.shape
    with pytest.raises(
        ValueError, match=r"output_size \(9, 9\) is not between \[7, 7\] and \[8, 8\]"
    ):
        grow(mt.zeros(1, 1, 4, 4), output_size=(9, 9))


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 2)])
def test_same_padding_keeps_the_size(kernel: tuple[int, int], mode: str) -> None:
    layer = nn.Conv2d(2, 3, kernel, padding="same", dilation=(2, 1), padding_mode=mode)
    assert layer(mt.randn(1, 2, 6, 7)).shape == (1, 3, 6, 7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: F.conv2d(mt.zeros(1, 1, 5, 5), mt.zeros(1, 1, 3, 3), stride=2, padding="same"),
            "padding='same' needs a stride of 1, got 2",
        ),
        (
            lambda: F.conv1d(mt.zeros(1, 1, 5), mt.zeros(1, 1, 3), padding="half"),
            "conv1d: padding must be numbers, 'valid' or 'same', got 'half'",
        ),
        (lambda: nn.Conv2d(1, 1, 3, 2, "same"), "'same', got 'same' with a stride of"),
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), "circular, got 'mirror'"),
        (
            lambda: nn.ConvTranspose2d(1, 1, 3, padding_mode="reflect"),
            "padding_mode must be zeros, got 'reflect'",
        ),
        (
            lambda: F.conv_transpose2d(
                mt.zeros(1, 1, 5, 5), mt.zeros(1, 1, 3, 3), output_padding=1
            ),
            r"output_padding \(1, 1\) must be less than stride",
        ),
        (
            lambda: F.conv_transpose2d(mt.zeros(1, 2, 5, 5), mt.zeros(1, 1, 3, 3)),
            r"input \(1, 2, 5, 5\) has 2 channels, weight \(1, 1, 3, 3\) with groups=1 wants 1",
        ),
        (
            lambda: F.conv_transpose1d(mt.zeros(1, 1, 1), mt.zeros(1, 1, 1), padding=1),
            r"padding \(0, 1\) leaves nothing of an output of \(1, 1\)",
        ),
        (lambda: F.conv_transpose1d(mt.zeros(1, 1), mt.zeros(1, 1)), r"\(C, O / groups, K\)"),
    ],
)
def test_padding_and_adjoints_name_what_does_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
