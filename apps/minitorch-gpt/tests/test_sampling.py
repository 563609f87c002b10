"""Choosing tokens, and writing with and without a cache."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_gpt.models import GPT, Config
from minitorch_gpt.sampling import beginning, choose

LOGITS = np.log(np.array([[0.1, 0.4, 0.2, 0.3]], np.float32))


def drawn(count: int = 4000, **how: object) -> np.ndarray:
    """How often each token is drawn."""
    generator = mt.Generator(0)
    rows = np.repeat(LOGITS, count, 0)
    return np.bincount(choose(rows, generator=generator, **how), minlength=4) / count


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    np.testing.assert_allclose(drawn(), [0.1, 0.4, 0.2, 0.3], atol=0.03)


def test_a_temperature_below_1_prefers_the_likely() -> None:
    squares = np.array([0.01, 0.16, 0.04, 0.09]) / 0.3
    np.testing.assert_allclose(drawn(temperature=0.5), squares, atol=0.03)
    assert drawn(temperature=0)[1] == 1.0
    assert drawn(temperature=1e-300)[1] == 1.0


def test_top_k_and_top_p_leave_out_the_unlikely() -> None:
    np.testing.assert_allclose(drawn(top_k=2), [0, 4 / 7, 0, 3 / 7], atol=0.03)
    np.testing.assert_allclose(drawn(top_p=0.41), [0, 4 / 7, 0, 3 / 7], atol=0.03)
    np.testing.assert_allclose(drawn(top_p=0.39), [0, 1, 0, 0])
    np.testing.assert_allclose(drawn(top_k=9, top_p=1.0), drawn())
    np.testing.assert_allclose(drawn(top_k=3, top_p=0.3), [0, 1, 0, 0])


@pytest.mark.parametrize(
    "how", [{"temperature": -1.0}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}]
)
def test_settings_out_of_range_are_told(how: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="choose: "):
        choose(LOGITS, **how)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_token_is_drawn_from_what_is_no_number(value: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        choose(np.array([[0.0, value]]))


@given(length=st.integers(1, 200), context=st.integers(1, 40))
def test_the_context_is_never_exceeded_and_never_less_than_half_full(
    length: int, context: int
) -> None:
    kept = length - beginning(length, context)
    assert min(length, context - context // 2, context) <= kept <= context


def network(context: int, seed: int = 0) -> GPT:
    """With large weights, so that the likeliest token differs from place to place."""
    mt.manual_seed(seed)
    model = GPT(Config(vocabulary=9, context=context, layers=2, heads=2, width=8)).eval()
    with mt.no_grad():
        for p in model.parameters():
            p.copy_(mt.randn(*p.shape))
    return model


@pytest.mark.parametrize("backend", ["numpy", "simple"])
def test_a_cache_changes_no_text_also_beyond_the_context(backend: str) -> None:
    with mt.use_backend(backend):
        for context in (1, 5):
            model = network(context)
            ids = mt.tensor([[1, 2, 3], [4, 5, 6]])
            texts = [
                model.generate(ids, 14, cache=cache, generator=mt.Generator(3)).tolist()
                for cache in (True, False)
            ]
            assert texts[0] == texts[1]
            assert [text[:3] for text in texts[0]] == ids.tolist()


@settings(max_examples=10, deadline=None)
@given(parts=st.lists(st.integers(1, 3), min_size=1, max_size=4), seed=st.integers(0, 9))
def test_what_is_read_in_parts_gives_the_same_logits(parts: list[int], seed: int) -> None:
    model = network(sum(parts), seed)
    ids = mt.from_numpy(np.random.default_rng(seed).integers(0, 9, (2, sum(parts))))
    reader = model.reader()
    ends = np.cumsum(parts)
    with mt.no_grad():
        whole = model(ids).numpy()
    for end, n in zip(ends, parts):
        found = reader.read(ids.numpy()[:, end - n : end])
        np.testing.assert_allclose(found, whole[:, end - 1], rtol=1e-4, atol=1e-4)
    reader.forget()
    np.testing.assert_allclose(reader.read(ids.numpy()), whole[:, -1], rtol=1e-4, atol=1e-4)


def test_a_reader_does_without_biases() -> None:
    mt.manual_seed(1)
    model = GPT(Config(9, 5, 2, 2, 8, bias=False)).eval()
    ids = mt.tensor([[1, 2, 3]])
    np.testing.assert_allclose(
        model.reader().read(ids.numpy()), model(ids)[:, -1].detach().numpy(), atol=1e-5
    )


def test_a_text_is_written_token_by_token() -> None:
    model = network(4)
    stream = model.stream(mt.tensor([[1]]), 3, generator=mt.Generator(0))
    first = next(stream)
    assert (first.shape, first.dtype) == ((1,), mt.int64)
    whole = model.generate(mt.tensor([[1]]), 3, generator=mt.Generator(0))
    assert [[1, first.item(), *[t.item() for t in stream]]] == whole.tolist()
