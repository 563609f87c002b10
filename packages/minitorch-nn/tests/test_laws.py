"""What holds for every layer: where it computes, and what it remembers of how it was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.testing import assert_close

#: Each layer made with no setting at its default, and the shape of an input.
SETTINGS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "Linear": ({"in_features": 3, "out_features": 2}, (4, 3)),
    "Conv1d": (
        {"in_channels": 2, "out_channels": 4, "kernel_size": 2, "stride": 2, "padding": 1}
        | {"dilation": 2, "groups": 2},
        (1, 2, 6),
    ),
    "Conv2d": (
        {"in_channels": 2, "out_channels": 4, "kernel_size": (2, 3), "stride": (2, 1)}
        | {"padding": (1, 2), "dilation": (2, 1), "groups": 2},
        (1, 2, 6, 6),
    ),
    "Embedding": ({"num_embeddings": 5, "embedding_dim": 3, "padding_idx": 1}, ()),
    "BatchNorm1d": ({"num_features": 3, "eps": 1e-3, "momentum": 0.3}, (4, 3)),
    "BatchNorm2d": ({"num_features": 3, "eps": 1e-3, "momentum": 0.3}, (2, 3, 2, 2)),
    "LayerNorm": ({"normalized_shape": (3,), "eps": 1e-3}, (4, 3)),
    "Dropout": ({"p": 0.3}, (4, 3)),
    "LeakyReLU": ({"negative_slope": 0.3}, (4, 3)),
    "Softmax": ({"dim": 0}, (4, 3)),
    "LogSoftmax": ({"dim": 0}, (4, 3)),
    "Flatten": ({"start_dim": 0, "end_dim": 1}, (4, 3, 2)),
    "RNN": (
        {"input_size": 3, "hidden_size": 2, "num_layers": 2, "nonlinearity": "relu"}
        | {"batch_first": True, "dropout": 0.2, "bidirectional": True},
        (2, 4, 3),
    ),
    "LSTM": (
        {"input_size": 3, "hidden_size": 2, "num_layers": 2, "bias": False}
        | {"batch_first": True, "dropout": 0.2, "bidirectional": True},
        (2, 4, 3),
    ),
    "GRU": ({"input_size": 3, "hidden_size": 2, "num_layers": 2, "batch_first": True}, (2, 4, 3)),
    "RNNCell": ({"input_size": 3, "hidden_size": 2, "nonlinearity": "relu"}, (4, 3)),
    "LSTMCell": ({"input_size": 3, "hidden_size": 2, "bias": False}, (4, 3)),
    "GRUCell": ({"input_size": 3, "hidden_size": 2}, (4, 3)),
}
EVERY = pytest.mark.parametrize("name", SETTINGS)


def flat(value: Any) -> list[Tensor]:
    """The tensors of nested tuples."""
    return [value] if isinstance(value, Tensor) else [t for part in value for t in flat(part)]


def called(name: str, move: Callable[[Any], Any]) -> list[Tensor]:
    """What a layer gives, evaluated and trained, it and its input moved somewhere first."""
    settings, shape = SETTINGS[name]
    mt.manual_seed(1)
    layer = getattr(nn, name)(**settings)
    x = mt.randn(*shape) if shape else mt.tensor([0, 1, 4])
    layer, x = move(layer), move(x)
    mt.manual_seed(2)
    return [*flat(layer.eval()(x)), *flat(layer.train()(x))]


@EVERY
def test_a_layer_computes_where_it_is_whatever_the_current_backend(name: str) -> None:
    expected = called(name, lambda value: value)
    found = called(name, lambda value: value.to("simple"))  # the current backend is numpy
    for got, wanted in zip(found, expected, strict=True):
        assert got.backend.name == "simple"
        assert_close(got.to("numpy"), wanted, rtol=1e-4, atol=1e-5)


@EVERY
def test_a_layer_remembers_its_settings(name: str) -> None:
    settings, _ = SETTINGS[name]
    layer = getattr(nn, name)(**settings)
    for key, value in settings.items():
        found = getattr(layer, key)
        assert found == value or found == (value,), key


def test_dropout_scales_exactly_in_the_inputs_dtype() -> None:
    x = mt.ones(100, dtype="float64")
    kept = nn.functional.dropout(x, 0.3, generator=mt.Generator(0)).numpy()
    assert set(kept.tolist()) == {0.0, 1.0 / 0.7}
    assert nn.functional.dropout(x.float(), 0.3).dtype is mt.float32
