"""Activations: their formulas, derivatives and extremes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close

ERF = np.vectorize(math.erf)
FORMULAS: dict[str, tuple[nn.Module, Any]] = {
    "relu": (nn.ReLU(), lambda x: np.maximum(x, 0)),
    "leaky_relu": (nn.LeakyReLU(0.1), lambda x: np.where(x > 0, x, 0.1 * x)),
    "gelu": (nn.GELU(), lambda x: x * 0.5 * (1 + ERF(x / math.sqrt(2)))),
    "gelu_tanh": (
        nn.GELU("tanh"),
        lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    "silu": (nn.SiLU(), lambda x: x / (1 + np.exp(-x))),
    "softplus": (nn.Softplus(), lambda x: np.log(1 + np.exp(x))),
    "sigmoid": (nn.Sigmoid(), lambda x: 1 / (1 + np.exp(-x))),
    "tanh": (nn.Tanh(), np.tanh),
    "softmax": (nn.Softmax(1), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
    "log_softmax": (nn.LogSoftmax(0), lambda x: x - np.log(np.exp(x).sum(0, keepdims=True))),
}
ALL = pytest.mark.parametrize("name", FORMULAS)
ELEMENTS = st.lists(st.floats(-20, 20), min_size=6, max_size=6)


@ALL
@pytest.mark.parametrize("backend", ["simple", "numpy"])
@given(values=ELEMENTS)
def test_an_activation_is_its_formula(backend: str, name: str, values: list[float]) -> None:
    layer, formula = FORMULAS[name]
    x = np.array(values).reshape(2, 3)
    with mt.use_backend(backend):
        assert_close(layer(mt.tensor(x)), formula(x), rtol=1e-9, atol=1e-12)


@ALL
def test_an_activation_differentiates_twice(name: str, check_derivatives: Any) -> None:
    check_derivatives(FORMULAS[name][0], [[-1.5, 0.3, 2.0], [0.7, -0.2, 3.0]])


@ALL
def test_an_activation_keeps_its_dtype_and_makes_floats_of_integers(name: str) -> None:
    layer, formula = FORMULAS[name]
    for dtype in (mt.float32, mt.float64):
        assert layer(mt.zeros(2, 3, dtype=dtype)).dtype is dtype
    if name not in ("relu", "leaky_relu"):
        out = layer(mt.tensor([[1, 2, 3]]))
        assert_close(out, formula(np.array([[1.0, 2.0, 3.0]])).astype(np.float32))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softplus_neither_overflows_nor_loses_its_slope_at_zero(dtype: str, backend: str) -> None:
    x = mt.tensor([-1e4, 0.0, 1e4], dtype=dtype, requires_grad=True)
    y = F.softplus(x)
    assert_close(y, mt.tensor([0.0, math.log(2.0), 1e4], dtype=dtype))
    y.sum().backward()
    assert_close(x.grad, mt.tensor([0.0, 0.5, 1.0], dtype=dtype))


def test_softmax_of_huge_logits_adds_up_to_one(backend: str) -> None:
    y = F.softmax(mt.tensor([[1e30, 1e30, -1e30], [-1e30, 0.0, 0.0]]), 1)
    assert_close(y, mt.tensor([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]))


def test_gelu_has_two_forms() -> None:
    with pytest.raises(ValueError, match="approximate must be 'none' or 'tanh', got 'erf'"):
        F.gelu(mt.zeros(1), "erf")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: F.hardtanh(x, 1.0, 0.0), "min_val 1.0 is larger than max_val 0.0"),
        (lambda x: nn.Hardtanh(1.0, 1.0), "min_val must be less than max_val"),
        (lambda x: F.softshrink(x, -1.0), "lambd must be at least 0, got -1.0"),
        (lambda x: F.celu(x, 0.0), "alpha divides"),
        (lambda x: F.prelu(x, mt.ones(4)), r"each of the 3 channels of input \(2, 3\), got shape"),
        (
            lambda x: F.glu(x),
            r"wanted an even size along dimension -1, for two halves, got \(2, 3\)",
        ),
        (lambda x: nn.Softmax2d()(x), r"wanted an input of shape \(N, C, H, W\) or \(C, H, W\)"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(mt.zeros(2, 3))


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax, F.softmin])
@pytest.mark.parametrize(("shape", "dim"), [((3,), 0), ((3, 2), 1), ((3, 2, 2), 0), ((1,) * 4, 1)])
def test_without_a_dimension_the_former_choice_is_made_with_a_warning(
    function: Any, shape: tuple[int, ...], dim: int
) -> None:
    x = mt.randn(*shape)
    with pytest.warns(UserWarning, match=f"Say dim={dim} to keep it"):
        assert_close(function(x), function(x, dim))


def test_what_is_far_below_0_is_finite_with_its_gradient(backend: str) -> None:
    for function in (F.elu, F.selu, F.celu, F.softplus, F.mish, F.logsigmoid):
        x = mt.tensor([-1e4, 1e4], requires_grad=True)
        function(x).sum().backward()
        assert bool(function(x).isfinite().all()), function
        assert bool(x.grad.isfinite().all()), function
