"""Text as numbers: tokens, vocabularies, padded sequences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from minitorch_datasets._checks import check_not_negative
from minitorch_datasets.errors import DatasetError

__all__ = ["Vocabulary", "pad_sequences", "tokenize", "truncate"]

#: A sequence of word numbers.
Ids = NDArray[np.int32]

_NEGATION = re.compile(r"n't\b")
_TOKEN = re.compile(
    r"n't\b"  # the negation of "isn't" is a word, as in the Penn Treebank
    r"|'(?:s|m|d|re|ve|ll)\b"  # so are other contractions
    r"|\w+"
    r"|\.+|!+|\?+"  # "..." and "!!!" are one token each
    r"|[^\w\s]"
)
_BREAK = re.compile(r"<br\s*/?>")


def tokenize(text: str) -> list[str]:
    """Cut a text into lower-case words and punctuation marks.

    Contractions are split ("isn't" is `is`, `n't`), as in the Penn Treebank, so that a negation
    is always the same token. HTML line breaks (`<br />`) separate words. Tokens joined with spaces
    give the same tokens again.
    """
    lowered = text.lower().replace("\u2019", "'")
    if "<br" in lowered:
        lowered = _BREAK.sub(" ", lowered)
    return _TOKEN.findall(_NEGATION.sub(" n't", lowered))


class Vocabulary:
    """Words and their numbers: 0 is padding, 1 stands for unknown words, then come the words.

    Args:
        words: the words from number 2 on; each once, without `<pad>` and `<unk>`.

    Attributes:
        words: all words by number, `<pad>` and `<unk>` first.
    Raises: DatasetError for a word that is given twice, is not text, or is one of the two.
    """

    PADDING = 0
    UNKNOWN = 1
    SPECIAL = ("<pad>", "<unk>")

    def __init__(self, words: Iterable[str]) -> None:
        self.words = (*self.SPECIAL, *words)
        wrong = [word for word in self.words if not isinstance(word, str)]
        if wrong:
            raise DatasetError(
                f"Vocabulary: holds {wrong[0]!r}, wanted words",
                "Pass strings, most frequent first",
            )
        self._numbers = {word: number for number, word in enumerate(self.words)}
        if len(self._numbers) < len(self.words):
            twice, _ = Counter(self.words).most_common(1)[0]
            raise DatasetError(
                f"Vocabulary: holds {twice!r} twice, wanted every word once",
                "Leave out <pad> and <unk>, which are always there"
                if twice in self.SPECIAL
                else "Remove one of them",
            )

    @classmethod
    def build(
        cls, texts: Iterable[Sequence[str]], *, max_size: int = 30_000, min_frequency: int = 1
    ) -> Vocabulary:
        """The most frequent words of some texts; ties keep the order of appearance.

        Args:
            texts: the tokens of each text.
            max_size: the largest vocabulary, including the two special words; at least 2.
            min_frequency: leave out words that are rarer than this.
        Raises: DatasetError if max_size or min_frequency is out of range.
        """
        check_not_negative("Vocabulary.build", min_frequency=min_frequency)
        if max_size < len(cls.SPECIAL):
            raise DatasetError(
                f"Vocabulary.build: max_size is {max_size}, wanted at least {len(cls.SPECIAL)}",
                "Padding and unknown words have a number each",
            )
        counts = Counter(chain.from_iterable(texts))
        for special in cls.SPECIAL:
            counts.pop(special, None)
        common = counts.most_common(max_size - len(cls.SPECIAL))
        return cls(word for word, count in common if count >= min_frequency)

    def encode(self, tokens: Iterable[str]) -> Ids:
        """The numbers (T,) int32 of T tokens; unknown ones are 1."""
        get = self._numbers.get
        return np.array([get(token, self.UNKNOWN) for token in tokens], dtype=np.int32)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The words of some numbers.

        Raises: DatasetError for a number without a word.
        """
        found = []
        for number in ids:
            if not 0 <= number < len(self.words):
                raise DatasetError(
                    f"Vocabulary.decode: number {number}, wanted 0 to {len(self.words) - 1}",
                    "Are the numbers of another vocabulary?",
                )
            found.append(self.words[number])
        return found

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._numbers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.words == other.words

    def __hash__(self) -> int:
        return hash(self.words)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} words: {', '.join(self.words[:5])}, ...)"


def truncate(ids: Ids, length: int, head: int | None = None) -> Ids:
    """Shorten a sequence to a length by leaving out its middle.

    The beginning of a review and, even more, its end are more informative than its middle (Sun et
    al. 2019, "How to fine-tune BERT for text classification?", section 5.3.1).

    Args:
        ids: (T,)
        length: the number of ids to keep, at least 1; a shorter sequence stays unchanged.
        head: the number of ids kept from the beginning; half by default.
    Returns: (min(T, length),)
    Raises: DatasetError if length or head is out of range.
    """
    if head is None:
        head = length // 2
    if length < 1 or not 0 <= head <= length:
        raise DatasetError(
            f"truncate: length {length} of which {head} from the beginning, wanted a length of at "
            "least 1 and no more than that from the beginning",
            "Choose another length",
        )
    if len(ids) <= length:
        return ids
    return np.concatenate([ids[:head], ids[len(ids) - (length - head) :]])


def pad_sequences(sequences: Sequence[Ids]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Stack sequences, padding the shorter ones with 0 at their end.

    Args:
        sequences: N of them, (T_i,) each; an empty one becomes a single padding element.
    Returns: (N, T) int64 with T the longest length, and the lengths (N,) int64, each at least 1.
    """
    lengths = np.array([max(1, len(sequence)) for sequence in sequences], dtype=np.int64)
    padded = np.full((len(sequences), lengths.max(initial=1)), Vocabulary.PADDING, dtype=np.int64)
    for row, sequence in zip(padded, sequences):
        row[: len(sequence)] = sequence
    return padded, lengths
