"""Sums, texts, and their tokens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_cli import UserError
from minitorch_gpt.data import (
    IGNORED,
    WHOLE_SUMS,
    Drawn,
    Sums,
    Text,
    Whole,
    Windows,
    digits_of,
    loss_of,
    read_sum,
    splits,
)
from minitorch_gpt.tokens import BytePairs, Bytes, Characters, Tokens, read_tokens


def test_neither_order_of_a_kept_sum_is_trained_on() -> None:
    train, validation, test = splits()
    assert (len(validation), len(test)) == (2_000, 10_000)
    kept = {*validation.tolist(), *test.tolist()}
    assert len(kept) == 12_000
    kept |= {pair % 1000 * 1000 + pair // 1000 for pair in kept}
    assert kept.isdisjoint(train.tolist())
    assert len(kept) + len(train) == 1_000_000


@given(a=st.integers(0, 999), b=st.integers(0, 999))
def test_a_row_has_both_numbers_and_the_sum_from_its_end(a: int, b: int) -> None:
    row = digits_of(np.array([1000 * a + b]))[0]
    assert "".join(map(str, row)) == f"{a:03}{b:03}{f'{a + b:04}'[::-1]}"
    assert read_sum(f" {a} + {b}=").tolist() == row[:6].tolist()


@pytest.mark.parametrize("text", ["", "1", "1+", "1000+1", "1-1", "1+1+1", "a+b", "\u0661+1"])
def test_what_is_no_sum_is_told(text: str) -> None:
    with pytest.raises(UserError, match="is no sum of two numbers up to 999"):
        read_sum(text)


def test_only_the_answer_counts() -> None:
    (read, follows), *_ = Whole(digits_of(np.array([85_050, 1_002])), 9, given=6)
    assert read.tolist()[0] == [0, 8, 5, 0, 5, 0, 5, 3, 1]
    assert follows.tolist()[0] == [IGNORED] * 5 + [5, 3, 1, 0]
    logits = mt.zeros(2, 9, 10)
    right = follows.numpy().clip(0)
    hot = mt.from_numpy(20.0 * np.eye(10, dtype=np.float32)[right])
    hot[:, :5] = mt.from_numpy(np.eye(10, dtype=np.float32)[3])
    assert WHOLE_SUMS.measure(hot, follows) == (2, 2)
    assert loss_of(hot, follows).item() < 1e-6
    hot[1, 8] = -hot[1, 8]
    assert WHOLE_SUMS.measure(hot, follows) == (1, 2)
    assert loss_of(logits, follows).item() == pytest.approx(np.log(10), abs=1e-6)


def test_batches_are_drawn_anew_and_a_seed_repeats_them() -> None:
    def batches(seed: int) -> list[list[list[int]]]:
        drawn = Drawn(Sums(splits()[0]), 4, 3, mt.Generator(seed), 6)
        assert len(drawn) == 3
        return [read.tolist() for _ in range(2) for read, _ in drawn]

    one, same, other = batches(0), batches(0), batches(1)
    assert one == same != other
    assert len({str(batch) for batch in one}) == 6


def test_windows_are_stretches_and_what_follows() -> None:
    windows = Windows(np.arange(10), 4)
    assert len(windows) == 7
    assert windows[np.array([6, 0])].tolist() == [[6, 7, 8, 9], [0, 1, 2, 3]]
    assert windows.side_by_side().tolist() == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]
    (read, follows), *more = Whole(windows.side_by_side(), 2)
    assert (read.tolist(), follows.tolist()) == ([[0, 1, 2], [3, 4, 5]], [[1, 2, 3], [4, 5, 6]])
    assert len(more) == 1


def test_a_text_is_validated_on_its_end() -> None:
    text = Text.split("name", "abcdefghij" * 4)
    assert (text.train, text.validation) == ("abcdefghij" * 3 + "abcdef", "ghij")
    tokens = Characters("abcdefghij")
    windows, rows = text.windows(tokens, 20)
    assert len(windows) == 36 - 20
    assert rows.tolist() == [[6, 7, 8, 9]]
    with pytest.raises(UserError, match="has 36 tokens to train on, and the context 36"):
        text.windows(tokens, 36)
    with pytest.raises(UserError, match="too short to keep a tenth"):
        Text.split("name", "abcdefghij").windows(tokens, 3)


KINDS: list[Tokens] = [Characters("aé€😀\n z"), Bytes()]


@given(text=st.text("aé€😀\n z"))
def test_tokens_give_their_text_back(text: str) -> None:
    for tokens in KINDS:
        again = read_tokens(tokens.kind, tokens.saved())
        assert len(again) == len(tokens)
        decode = again.decoder()
        assert "".join(decode(int(token)) for token in again.encode(text)) == text


def test_byte_pairs_are_learned_and_give_their_text_back() -> None:
    pytest.importorskip("tokenizers")
    tokens = BytePairs.learn("the cat and the hat and the bat\n" * 9, 270)
    text = "the  hats é€😀\n"
    again = read_tokens("bpe", tokens.saved())
    ids = again.encode(text)
    assert 256 < len(again) <= 270
    assert len(ids) < len(text.encode())
    decode = again.decoder()
    assert "".join(decode(int(token)) for token in ids) == text


def test_an_incomplete_character_waits_for_its_rest() -> None:
    decode = Bytes().decoder()
    assert [decode(byte) for byte in "€a".encode()] == ["", "", "€", "a"]
    assert [decode(0xE2), decode(ord("a"))] == ["", "\ufffda"]


def test_a_strange_character_is_named() -> None:
    for strange, told in (("x", "'x'"), ("\u2603", r"'\u2603'"), ("\udc80", r"'\udc80'")):
        with pytest.raises(UserError) as caught:
            Characters("abc").encode(f"ab{strange}")
        assert f"the character {told} is not among the 3" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "saved"), [("words", "a"), (["bytes"], ""), ("characters", 3), ("characters", "")]
)
def test_what_no_tokens_saved_is_refused(kind: object, saved: object) -> None:
    with pytest.raises(ValueError, match=r"tokens|characters"):
        read_tokens(kind, saved)


def test_what_no_byte_pairs_saved_is_refused() -> None:
    pytest.importorskip("tokenizers")
    with pytest.raises(ValueError, match="tokenizers cannot read the vocabulary"):
        read_tokens("bpe", '{"model": 3}')
