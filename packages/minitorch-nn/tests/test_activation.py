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
