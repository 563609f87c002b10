"""einops' operations as layers."""

from __future__ import annotations

import copy
import pickle

import einops
import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn.einops import EinMix, Rearrange, Reduce


def test_the_layers_do_what_the_functions_do() -> None:
    x = mt.randn(2, 4, 6)
    for layer, expected in (
        (
            Rearrange("b (c d) e -> b c (d e)", d=2),
            einops.rearrange(x, "b (c d) e -> b c (d e)", d=2),
        ),
        (Reduce("b c (e 2) -> b c e", "max"), einops.reduce(x, "b c (e 2) -> b c e", "max")),
    ):
        for again in (layer, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            assert isinstance(again, nn.Module)
            assert (again(x) == expected).all()
            assert repr(again) == repr(layer)


def test_a_mix_is_a_linear_layer_along_any_axis() -> None:
    mix = EinMix("b c h -> b (n d) h", weight_shape="c n d", bias_shape="n d", c=3, n=2, d=4)
    assert [name for name, _ in mix.named_parameters()] == ["weight", "bias"]
    x = mt.randn(5, 3, 6)
    expected = mt.einsum("bch,cnd->bndh", x, mix.weight) + mix.bias
    np.testing.assert_allclose(
        mix(x).detach().numpy(), expected.reshape(5, 8, 6).detach().numpy(), rtol=1e-5
    )
    assert np.abs(mix.weight.detach().numpy()).max() <= 1.0  # sqrt(3 / 3 inputs)


def test_layers_train_in_a_sequence() -> None:
    mt.manual_seed(0)
    model = nn.Sequential(
        Rearrange("b (h p) (w q) -> b (h w) (p q)", p=2, q=2),
        EinMix("b t c -> b t d", weight_shape="c d", bias_shape="d", c=4, d=3),
        Reduce("b t d -> b d", "mean"),
    )
    x, y = mt.randn(8, 4, 4), mt.randint(0, 3, (8,))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 1.5


def test_a_pattern_that_does_not_fit_is_named() -> None:
    with pytest.raises(einops.EinopsError, match="a b -> c"):
        Rearrange("a b -> c")
