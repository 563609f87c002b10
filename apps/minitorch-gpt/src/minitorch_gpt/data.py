"""What a GPT learns from: sums, and texts.

Training batches are drawn anew in every epoch, and validation is always on the same examples. A
target of IGNORED counts neither in the loss nor in the accuracy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

import minitorch_tensor as mt
from minitorch_cli import UserError
from minitorch_gpt.tokens import Ids, Tokens
from minitorch_nn.functional import cross_entropy
from minitorch_nn.training import Metric
from minitorch_tensor import Generator, Tensor

IGNORED = -100

#: Digits of the numbers that are added, and how often two of those can be.
DIGITS = 3
PAIRS = 10 ** (2 * DIGITS)

#: Tokens of a sum: both numbers, and what they make, which may have a digit more.
SUM = 3 * DIGITS + 1

#: How many sums are kept to test on, and to validate on.
TEST = 10_000
VALIDATION = 2_000

#: The share of a text that is trained on; the rest, at its end, is validated on.
TRAINED_ON = 0.9

_SUM = re.compile(r"\s*(\d{1,3})\s*\+\s*(\d{1,3})\s*=?\s*")


class Drawn:
    """Batches that are drawn from rows of tokens, as many in each epoch.

    Args:
        rows: gives rows (B, T + 1) of tokens for B numbers below `count`.
        batch_size: B.
        steps: how many batches.
        given: the first tokens of a row that are given, and not learned.
        generator: draws the numbers.
    """

    def __init__(
        self, rows: Rows, batch_size: int, steps: int, generator: Generator, given: int = 1
    ) -> None:
        self.rows = rows
        self.batch_size = batch_size
        self.steps = steps
        self.generator = generator
        self.given = given

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(self.steps):
            numbers = self.generator.draw("integers", len(self.rows), size=self.batch_size)
            yield to_batch(self.rows[numbers], self.given)


class Whole:
    """All rows, in order."""

    def __init__(self, rows: Ids, batch_size: int, given: int = 1) -> None:
        self.rows = rows
        self.batch_size = batch_size
        self.given = given

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(self.rows), self.batch_size):
            yield to_batch(self.rows[start : start + self.batch_size], self.given)


def to_batch(rows: Ids, given: int) -> tuple[Tensor, Tensor]:
    """What is read, and what is to follow it: rows (B, T + 1) -> two of (B, T)."""
    targets = rows[:, 1:].copy()
    targets[:, : given - 1] = IGNORED
    return mt.from_numpy(rows[:, :-1].copy()), mt.from_numpy(targets)


def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean cross entropy of the targets that count: logits (B, T, V), targets (B, T)."""
    return cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)


# -- sums ------------------------------------------------------------------------------------------


class Rows:
    """Rows of tokens by number."""

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, numbers: Ids) -> Ids:
        raise NotImplementedError


@dataclass(frozen=True)
class Sums(Rows):
    """Sums as rows of digits.

    Attributes:
        pairs: 1000 a + b for each sum a + b, (N).
    """

    pairs: Ids

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, numbers: Ids) -> Ids:
        return digits_of(self.pairs[numbers])


def digits_of(pairs: Ids) -> Ids:
    """The digits of both numbers, and those of their sum from the last to the first, in which order
    each follows from the digits before and the one above.

    Shapes: (N) -> (N, 10)
    Source: Karpathy's minGPT, projects/adder.

    >>> digits_of(np.array([85_050])).tolist()
    [[0, 8, 5, 0, 5, 0, 5, 3, 1, 0]]
    """
    a, b = np.divmod(pairs, 10**DIGITS)
    falling = 10 ** np.arange(DIGITS - 1, -1, -1)
    rising = 10 ** np.arange(DIGITS + 1)
    parts = a[:, None] // falling, b[:, None] // falling, (a + b)[:, None] // rising
    return np.concatenate(parts, 1) % 10


@cache
def splits() -> tuple[Ids, Ids, Ids]:
    """The pairs to train on, to validate on and to test on, always the same. Neither a + b nor
    b + a of the latter two is trained on."""
    order = np.random.default_rng(0).permutation(PAIRS)
    test, validation = order[:TEST], order[TEST : TEST + VALIDATION]
    kept = np.zeros((10**DIGITS, 10**DIGITS), np.bool_)
    kept.reshape(-1)[order[: TEST + VALIDATION]] = True
    kept |= kept.T
    return np.flatnonzero(~kept), validation, test


def read_sum(text: str) -> Ids:
    """The digits of both numbers of a sum such as 85+50.

    Raises: UserError for anything else.
    """
    found = _SUM.fullmatch(text)
    if not found or not text.isascii():
        raise UserError(
            f"{text!a:.60} is no sum of two numbers up to {10**DIGITS - 1}, such as 85+50, and "
            "this network has learned those alone."
        )
    return digits_of(np.array([int(found[1]) * 10**DIGITS + int(found[2])]))[0, : 2 * DIGITS]


def _right(logits: Tensor, targets: Tensor) -> tuple[float, int]:
    matches = (logits.detach().argmax(2) == targets) | (targets == IGNORED)
    return int(matches.all(1).sum().item()), targets.shape[0]


#: The share of sums of which every digit is right. A digit is chosen after the right ones before
#: it; a sum has no wrong digit exactly if that also holds after the digits chosen.
WHOLE_SUMS = Metric("accuracy", _right, counts=True)


# -- texts -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Windows(Rows):
    """Every stretch of a text.

    Attributes:
        ids: the tokens.
        length: of a stretch.
    """

    ids: Ids
    length: int

    def __len__(self) -> int:
        return len(self.ids) - self.length + 1

    def __getitem__(self, numbers: Ids) -> Ids:
        found: Ids = self.ids[numbers[:, None] + np.arange(self.length)]
        return found

    def side_by_side(self) -> Ids:
        """The stretches of which each begins with the last token of the one before; what is left
        at the end is left out."""
        return self[np.arange(0, len(self), self.length - 1)]


@dataclass(frozen=True)
class Text:
    """A text to learn from.

    Attributes:
        name: of the data.
        train, validation: its parts.
    """

    name: str
    train: str
    validation: str

    @classmethod
    def split(cls, name: str, text: str) -> Text:
        """The first nine tenths, and the rest."""
        at = int(len(text) * TRAINED_ON)
        return cls(name, text[:at], text[at:])

    def windows(self, tokens: Tokens, context: int) -> tuple[Windows, Ids]:
        """Stretches to train on, and rows to validate on.

        Raises: UserError if the text is shorter than the context, or has strange characters.
        """
        train, validation = tokens.encode(self.train), self.held_out(tokens, context)
        if len(train) <= context:
            raise UserError(
                f"{self.name} has {len(train)} tokens to train on, and the context {context}. Give "
                "a longer text, or a shorter --context."
            )
        return Windows(train, context + 1), validation

    def held_out(self, tokens: Tokens, context: int) -> Ids:
        """Rows to validate on, up to the context's length.

        Raises: UserError if the text is too short, or has strange characters.
        """
        ids = tokens.encode(self.validation)
        if len(ids) < 2:
            raise UserError(f"{self.name} is too short to keep a tenth of it for validation.")
        return Windows(ids, min(context + 1, len(ids))).side_by_side()

    def tokens_per_character(self, tokens: Tokens) -> float:
        """Of the validation part."""
        return len(tokens.encode(self.validation)) / len(self.validation)
