"""Attention and transformers: their laws and errors."""

from __future__ import annotations

import math
from typing import Any

import pytest

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close, gradcheck, gradgradcheck


def test_attention_is_a_mean_of_values_weighed_by_keys(backend: str) -> None:
    q, k, v = (mt.randn(2, 3, 4), mt.randn(2, 5, 4), mt.randn(2, 5, 6))
    weights = (q @ k.mT / math.sqrt(4.0)).softmax(-1)
    assert_close(F.scaled_dot_product_attention(q, k, v), weights @ v)
    same = v[:, :1].expand(2, 5, 6)
    assert_close(F.scaled_dot_product_attention(q, k, same), same[:, :3])


@pytest.mark.parametrize("is_causal", [False, True])
def test_self_attention_is_attention_of_what_lies_side_by_side(
    is_causal: bool, backend: str
) -> None:
    qkv = mt.randn(2, 5, 18, requires_grad=True)
    d = mt.randn(2, 5, 6)
    parts = [x.reshape(2, 5, 3, 2).transpose(1, 2) for x in qkv.chunk(3, 2)]
    apart = F.scaled_dot_product_attention(*parts, is_causal=is_causal)
    apart.transpose(1, 2).reshape(2, 5, 6).backward(d)
    expected, qkv.grad = qkv.grad, None
    out = F.self_attention(qkv, 3, is_causal)
    out.backward(d)
    assert_close(out, apart.transpose(1, 2).reshape(2, 5, 6))
    assert_close(qkv.grad, expected)


def test_self_attention_has_derivatives_of_second_order(backend: str) -> None:
    qkv = mt.randn(1, 3, 12, dtype=mt.float64, requires_grad=True)
    gradcheck(lambda x: F.self_attention(x, 2, True), qkv)
    gradgradcheck(lambda x: F.self_attention(x, 2, True), qkv)


@pytest.mark.parametrize("shape", [(5, 18), (2, 5, 16), (2, 5, 0)])
def test_self_attention_says_which_shapes_it_takes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"self_attention: wanted qkv \(N, L, 3 E\) with E divis"):
        F.self_attention(mt.zeros(*shape), 3)


def test_hidden_keys_might_as_well_not_be_there(backend: str) -> None:
    q, k, v = (mt.randn(2, 3, 4), mt.randn(2, 5, 4), mt.randn(2, 5, 6))
    seen = mt.tensor([True, True, True, False, False])
    expected = F.scaled_dot_product_attention(q, k[:, :3], v[:, :3])
    assert_close(F.scaled_dot_product_attention(q, k, v, seen), expected)
    causal = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    assert_close(causal[:, 0], v[:, 0])
    later = mt.cat([v[:, :2], mt.randn(2, 3, 6)], 1)
    assert_close(F.scaled_dot_product_attention(q, k, later, is_causal=True)[:, :2], causal[:, :2])


def test_a_query_that_sees_nothing_gives_0_and_finite_gradients(backend: str) -> None:
    q, k, v = (mt.randn(3, 4, requires_grad=True) for _ in range(3))
    seen = mt.tensor([[False] * 3, [True] * 3, [True, False, False]])
    out = F.scaled_dot_product_attention(q, k, v, seen)
    assert_close(out[0], mt.zeros(4))
    out.sum().backward()
    assert all(bool(x.grad.isfinite().all()) for x in (q, k, v))


def test_what_is_hidden_may_be_nan(backend: str) -> None:
    q, k, v = mt.randn(2, 3, 4), mt.randn(2, 4, 4), mt.randn(2, 4, 5)
    seen = mt.tensor([[True, True, False, False], [True, True, False, False], [True] * 3 + [False]])
    added = mt.where(seen, 0.5, -math.inf)
    for options in ({"attn_mask": seen}, {"attn_mask": added}, {"is_causal": True}):
        results = []
        for hidden in (7.0, math.nan, math.inf):
            leaves = [x.clone() for x in (q, k, v)]
            for x in leaves[1:]:
                x[:, 3] = hidden
            for x in leaves:
                x.requires_grad_()
            out = F.scaled_dot_product_attention(*leaves, **options)
            out.sin().sum().backward()
            results.append([out.detach(), *[x.grad for x in leaves]])
        for other in results[1:]:
            for found, expected in zip(other, results[0]):
                assert_close(found, expected)
    x = v.clone()
    x[:, 2] = math.nan  # which query 2 alone sees
    out = F.scaled_dot_product_attention(q, k, x, seen)
    assert out.isnan().any(-1).tolist() == [[False, False, True]] * 2
    assert_close(out[:, :2], F.scaled_dot_product_attention(q, k, v, seen)[:, :2])


def test_a_causal_mask_is_anchored_at_the_first_query_and_key(backend: str) -> None:
    for length, count in ((3, 5), (5, 3)):
        q, k, v = mt.randn(2, length, 4), mt.randn(2, count, 4), mt.randn(2, count, 6)
        seen = mt.ones(length, count, dtype="bool").tril()
        causal = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        assert_close(causal, F.scaled_dot_product_attention(q, k, v, seen))


def test_long_sequences_attend_as_short_ones_do(backend: str) -> None:
    """By blocks or not, with masks that broadcast, and heads that share keys."""
    if backend == "simple":
        pytest.skip("loops over a million scores take minutes")
    q, k, v = (mt.randn(1, h, 300, 8, requires_grad=True) for h in (4, 2, 2))
    masks = [None, mt.randn(300, 300) > -1.0, mt.randn(4, 1, 300) * 3.0]
    for mask in masks:
        leaves = q, k, v
        out = F.scaled_dot_product_attention(q, k, v, mask, enable_gqa=True)
        gradients = mt.grad(out.sin().sum(), leaves)
        keys, values = (x.repeat_interleave(2, 1) for x in (k, v))
        scores = q @ keys.mT / math.sqrt(8.0)
        if mask is not None:
            scores = mt.where(mask, scores, -math.inf) if mask.dtype is mt.bool_ else scores + mask
        expected = scores.softmax(-1) @ values
        assert_close(out, expected, rtol=1e-4, atol=1e-4)
        for found, wanted in zip(gradients, mt.grad(expected.sin().sum(), leaves)):
            assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_whatever_precedes_the_last_two_dimensions_broadcasts(backend: str) -> None:
    q, k, v = mt.randn(2, 1, 3, 4, 5), mt.randn(3, 6, 5), mt.randn(2, 2, 1, 6, 2)
    mask = mt.randn(2, 1, 1, 6) > 0.0
    out = F.scaled_dot_product_attention(q, k, v, mask)
    assert out.shape == (2, 2, 3, 4, 2)
    one = F.scaled_dot_product_attention(q[1, 0, 2], k[2], v[1, 1, 0], mask[1, 0])
    assert_close(out[1, 1, 2], one)


def test_a_mask_that_is_learned_gets_its_gradient(backend: str) -> None:
    q, k, v = (mt.randn(3, 4, dtype="float64") for _ in range(3))
    bias = mt.randn(3, 3, dtype="float64", requires_grad=True)
    gradcheck(lambda bias: F.scaled_dot_product_attention(q, k, v, bias), bias)


def test_a_layer_gives_a_query_that_sees_nothing_no_weights(backend: str) -> None:
    layer, x = nn.MultiheadAttention(4, 2), mt.randn(3, 2, 4, requires_grad=True)
    hidden = mt.tensor([[True] * 3, [False, False, True]])
    out, weights = layer(x, x, x, hidden)
    assert_close(weights[0], mt.zeros(3, 3))
    assert_close(out, layer(x, x, x, hidden, need_weights=False)[0])
    out.sum().backward()
    assert bool(x.grad.isfinite().all())


def test_both_ways_to_compute_attention_agree() -> None:
    layer = nn.MultiheadAttention(6, 3, batch_first=True)
    x, mask = mt.randn(2, 4, 6), nn.Transformer.generate_square_subsequent_mask(4)
    out, weights = layer(x, x, x, attn_mask=mask)
    fast, nothing = layer(x, x, x, attn_mask=mask, need_weights=False)
    assert_close(fast, out)
    assert nothing is None
    assert weights.shape == (2, 4, 4)
    assert_close(weights, weights.tril())
    assert_close(weights.sum(-1), mt.ones(2, 4))
    per_head = mask.expand(6, 4, 4)
    assert_close(layer(x, x, x, attn_mask=per_head)[0], out)


def test_attention_drops_weights_in_training_alone() -> None:
    layer, x = nn.MultiheadAttention(4, 2, dropout=0.5), mt.randn(5, 1, 4)
    assert not mt.allclose(layer(x, x, x)[0], layer(x, x, x)[0])
    layer.eval()
    assert_close(layer(x, x, x)[0], layer(x, x, x)[0])


def test_layers_of_an_encoder_start_equal_and_do_not_share() -> None:
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2, nn.LayerNorm(4))
    first, second = (layer.linear1.weight for layer in encoder.layers)
    assert_close(first.detach(), second.detach())
    first.detach()[0] = 7.0
    assert not mt.allclose(first, second)


def test_a_transformer_of_one_example_is_that_of_a_batch_of_one() -> None:
    model = nn.Transformer(4, 2, 1, 1, 8, dropout=0.0)
    src, tgt = mt.randn(3, 4), mt.randn(2, 4)
    assert_close(model(src, tgt), model(src.unsqueeze(1), tgt.unsqueeze(1)).squeeze(1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x: F.scaled_dot_product_attention(x, x[:, :, :2], x),
            r"wanted query \(\*, L, E\), key \(\*, S, E\) and value",
        ),
        (
            lambda x: F.scaled_dot_product_attention(x, x, x, mt.ones(3, 3), is_causal=True),
            "give either attn_mask or is_causal=True",
        ),
        (
            lambda x: F.scaled_dot_product_attention(x[:1], x, x, enable_gqa=True),
            r"the heads of query \(1, 3, 4\) are not divisible by those of \(2, 3, 4\)",
        ),
        (
            lambda x: F.scaled_dot_product_attention(x, x, x, mt.ones(5, 3, 3)),
            "do not broadcast: wanted query",
        ),
        (lambda x: nn.MultiheadAttention(4, 3), "divisible by num_heads, got 4 and 3"),
        (lambda x: nn.MultiheadAttention(6, 3)(x, x, x), r"wanted query \(L, N, E\) with E = 6"),
        (
            lambda x: nn.MultiheadAttention(4, 2)(x, x, x, is_causal=True),
            "is_causal says what attn_mask is, and there is none",
        ),
        (
            lambda x: nn.MultiheadAttention(4, 2)(x, x, x, attn_mask=mt.ones(3, 3)),
            r"attn_mask must have shape \(2, 2\) or \(6, 2, 2\), got \(3, 3\)",
        ),
        (
            lambda x: nn.MultiheadAttention(4, 2)(x, x, x, mt.ones(2, 3)),
            r"key_padding_mask must have shape \(3, 2\), got \(2, 3\)",
        ),
        (
            lambda x: nn.TransformerEncoderLayer(4, 2, activation="tanh"),
            "or a function, got 'tanh'",
        ),
        (lambda x: nn.Transformer(4, 2, 1, 1)(x, x[:, :2]), r"wanted src and tgt \(S, N, E\)"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(mt.zeros(2, 3, 4))


def test_like_modules_of_a_list_print_as_one() -> None:
    layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])
    assert repr(layers) == (
        "ModuleList(\n"
        "  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n"
        "  (2): ReLU()\n"
        ")"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"
