"""The four networks: padding changes nothing, backends agree, dropout is for training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_nn import Module, optim
from minitorch_sentiment.data import to_input
from minitorch_sentiment.models import NETWORKS, Reviews, Words, build

WORDS = 12


def network(model: str) -> Module:
    return build(model, WORDS, embedding=5, hidden=6)


def sequences_of(lengths: list[int], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(1, WORDS, length).astype(np.int32) for length in lengths]


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("rnn", 12 * 5 + 6 * (5 + 6 + 2) + 2 * (12 + 5 + 1)),
        ("lstm", 12 * 5 + 4 * 6 * (5 + 6 + 2) + 2 * (12 + 5 + 1)),
        ("gru", 12 * 5 + 3 * 6 * (5 + 6 + 2) + 2 * (12 + 5 + 1)),
        ("cnn", 12 * 5 + 6 * (5 * (3 + 4 + 5) + 3) + 2 * (18 + 1)),
    ],
)
def test_a_network_has_its_size_and_gives_logits(model: str, parameters: int) -> None:
    found = network(model)
    assert sum(p.numel() for p in found.parameters()) == parameters
    assert found(to_input(sequences_of([3, 1, 7]))).shape == (3, 2)


@pytest.mark.parametrize("model", NETWORKS)
@given(lengths=st.lists(st.integers(0, 9), min_size=1, max_size=5), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_a_batch_gives_what_its_reviews_give_alone(
    model: str, lengths: list[int], seed: int
) -> None:
    found = network(model).eval()
    sequences = sequences_of(lengths, seed)
    together = found(to_input(sequences)).detach().numpy()
    alone = [found(to_input([sequence])).detach().numpy()[0] for sequence in sequences]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", NETWORKS)
def test_the_order_of_words_matters_to_the_networks(model: str) -> None:
    found = network(model).eval()
    forward = np.arange(1, 9, dtype=np.int32)
    logits = found(to_input([forward, forward[::-1].copy()])).detach().numpy()
    assert np.abs(logits[0] - logits[1]).max() > 1e-4


def test_half_of_the_words_are_dropped_in_training_and_none_after() -> None:
    words = Words(WORDS, 4, word_dropout=0.5, embedding_dropout=0.0)
    reviews = to_input([np.full(2000, 5, np.int32), np.full(1000, 5, np.int32)])
    unknown, known = words.embedding.weight.detach().numpy()[[1, 5]]
    vectors = words.train()(reviews).detach().numpy()
    dropped = (vectors == unknown).all(2)
    assert ((vectors == known).all(2) | dropped)[0].all()
    assert 0.45 < dropped[0].mean() < 0.55
    assert not vectors[1, 1000:].any()  # padding stays padding
    assert (words.eval()(reviews).detach().numpy()[0] == known).all()


def test_embeddings_start_small_and_padding_at_zero() -> None:
    weight = Words(3000, 20, 0.0, 0.0).embedding.weight.detach().numpy()
    assert not weight[0].any()
    assert weight[1:].std() == pytest.approx(Words.STD, rel=0.02)


def parameters_after(backend: str, model: str, steps: int) -> dict[str, np.ndarray]:
    """The network after a few steps on one backend, from one seed, dropout and all."""
    with mt.use_backend(backend):
        mt.manual_seed(5)
        found = build(
            model, WORDS, embedding=5, hidden=6, word_dropout=0.2, embedding_dropout=0.2,
            dropout=0.2,
        )  # fmt: skip
        optimizer = optim.SGD(found.parameters(), lr=0.5)
        for step in range(steps):
            reviews: Reviews = to_input(sequences_of([6, 2, 4], seed=step))
            optimizer.zero_grad()
            F.cross_entropy(found(reviews), mt.tensor([0, 1, 1])).backward()
            optimizer.step()
        return {name: value.numpy() for name, value in found.state_dict().items()}


@pytest.mark.slow
@pytest.mark.parametrize("model", NETWORKS)
def test_every_backend_trains_to_the_same_parameters(model: str) -> None:
    start = parameters_after("numpy", model, 0)
    expected = parameters_after("simple", model, 2)
    for backend in ("numpy", "fast"):
        found = parameters_after(backend, model, 2)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-5, err_msg=name)
            assert np.abs(value - start[name]).max() > 1e-4  # and it did learn
