"""The network: nanoGPT's names and numbers, and what a place can see."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_gpt.data import loss_of
from minitorch_gpt.models import GPT, Config, learning_rate

CONFIG = Config(vocabulary=7, context=6, layers=2, heads=2, width=8)

#: The weights of nanoGPT's GPT with two layers.
BLOCK = (
    *("ln_1.weight", "ln_1.bias", "attn.c_attn.weight", "attn.c_attn.bias"),
    *("attn.c_proj.weight", "attn.c_proj.bias", "ln_2.weight", "ln_2.bias"),
    *("mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight", "mlp.c_proj.bias"),
)
NAMES = [
    "transformer.wte.weight",
    "transformer.wpe.weight",
    *[f"transformer.h.{layer}.{name}" for layer in range(2) for name in BLOCK],
    "transformer.ln_f.weight",
    "transformer.ln_f.bias",
    "lm_head.weight",
]


#: For the weights of `test_logits_loss_and_gradients_are_nanogpts`.
LOGITS = [-0.857169, -0.528204, 0.037855, 0.586922, 0.872538, 0.7665, 0.316404]
LOSS = 2.142378
NORMS = [0.423012, 0.024145, 0.015338]


def ids_of(*shape: int, seed: int = 0) -> mt.Tensor:
    return mt.from_numpy(np.random.default_rng(seed).integers(0, CONFIG.vocabulary, shape))


def test_weights_are_named_and_shared_as_nanogpts() -> None:
    model = GPT(CONFIG)
    assert sorted(model.state_dict()) == sorted(NAMES)
    assert model.transformer.wte.weight is model.lm_head.weight
    assert len(list(model.parameters())) == len(NAMES) - 1


@pytest.mark.parametrize("bias", [True, False])
def test_the_number_of_parameters_is_known_without_building(bias: bool) -> None:
    config = Config(7, 6, 3, 2, 10, bias=bias)
    assert sum(p.numel() for p in GPT(config).parameters()) == config.parameters


def test_logits_loss_and_gradients_are_nanogpts() -> None:
    """The expected numbers are those of nanoGPT's model.py, in PyTorch, with these weights."""
    model = GPT(CONFIG)
    values = {}
    for number, (name, value) in enumerate(sorted(model.state_dict().items())):
        waves = np.sin(np.arange(value.numel()) * 0.7 + number).reshape(value.shape)
        values[name] = (waves * 0.5).astype(np.float32)
    values["lm_head.weight"] = values["transformer.wte.weight"]
    model.load_state_dict(values)
    ids = ids_of(2, 6)
    logits = model(ids)
    loss = loss_of(logits, ids_of(2, 6, seed=1))
    loss.backward()
    np.testing.assert_allclose(logits.detach().numpy()[1, -1], LOGITS, atol=2e-5)
    assert float(loss.item()) == pytest.approx(LOSS, abs=1e-5)
    norms = [float(dict(model.named_parameters())[name].grad.norm().item()) for name in NAMES[:3]]
    np.testing.assert_allclose(norms, NORMS, rtol=1e-4)


def test_a_place_sees_what_is_before_it_and_no_more() -> None:
    model = GPT(CONFIG).eval()
    ids = ids_of(1, 6)
    other = ids.clone()
    other[0, 3] = (int(ids[0, 3].item()) + 1) % CONFIG.vocabulary
    one, two = model(ids).detach().numpy(), model(other).detach().numpy()
    np.testing.assert_array_equal(one[:, :3], two[:, :3])
    assert (np.abs(one[:, 3:] - two[:, 3:]).max(2) > 1e-6).all()


def test_more_tokens_than_the_context_has_are_refused() -> None:
    with pytest.raises(ValueError, match=r"GPT: 7 tokens, and the context has 6\. Leave out"):
        GPT(CONFIG)(ids_of(1, 7))


@pytest.mark.parametrize("sizes", [(7, 6, 2, 3, 8), (0, 6, 2, 2, 8), (7, 6, 0, 2, 8)])
def test_sizes_that_do_not_go_together_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="GPT: width 8 with"):
        Config(*sizes)


def test_only_matrices_and_embeddings_shrink() -> None:
    model = GPT(CONFIG)
    shrinking, others = model.optimizer(1e-3, 0.3).param_groups
    assert (shrinking["weight_decay"], others["weight_decay"]) == (0.3, 0.0)
    assert {p.ndim for p in shrinking["params"]} == {2}
    assert {p.ndim for p in others["params"]} == {1}
    assert len(shrinking["params"]) + len(others["params"]) == len(NAMES) - 1


def test_dropout_is_for_training() -> None:
    model = GPT(Config(7, 6, 2, 2, 8, dropout=0.5))
    ids = ids_of(2, 6)
    assert (model(ids) != model(ids)).any().item()
    model.eval()
    assert (model(ids) == model(ids)).all().item()


def test_the_learning_rate_rises_and_falls_as_nanogpts() -> None:
    rates = [learning_rate(step, 100, 10) for step in range(101)]
    assert rates[:10] == [(step + 1) / 11 for step in range(10)]
    assert rates[10] == 1.0
    assert rates[55] == pytest.approx(0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 2)))
    assert rates[100] == pytest.approx(0.1)
    assert learning_rate(150, 100, 10) == pytest.approx(0.1)
    assert sorted(rates[10:], reverse=True) == rates[10:]
