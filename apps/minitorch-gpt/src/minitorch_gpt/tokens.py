"""Texts as numbers: characters, bytes, or byte pairs."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from minitorch_cli import UserError

Ids = npt.NDArray[np.int64]

#: What `--tokens` takes.
KINDS = ("characters", "bytes", "bpe")

#: Stands for bytes that are no UTF-8.
REPLACEMENT = "\ufffd"

#: The most bytes that a character has in UTF-8.
LONGEST = 4


class Tokens(Protocol):
    """A vocabulary of tokens, numbered from 0.

    Attributes:
        kind: of KINDS.
    """

    kind: str

    def __len__(self) -> int:
        """How many there are."""

    def encode(self, text: str) -> Ids:
        """The tokens of a text.

        Raises: UserError for a character that no token stands for.
        """

    def decoder(self) -> Callable[[int], str]:
        """A function of one token after the other, which returns what they add to the text: "" as
        long as a character is incomplete."""

    def saved(self) -> str:
        """What `read_tokens` makes them of again."""


class Characters:
    """A token for each character that a text has.

    Args:
        characters: all of them; they are sorted.
    """

    kind = "characters"

    def __init__(self, characters: str) -> None:
        self.characters = "".join(sorted(set(characters)))
        self._codes = _codes(self.characters)

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Ids:
        codes = _codes(text)
        found = np.searchsorted(self._codes, codes)
        known = self._codes[np.minimum(found, len(self) - 1)] == codes
        if not known.all():
            strange = text[int(known.argmin())]
            raise UserError(
                f"the character {strange!a} is not among the {len(self)} that the network knows. "
                "Leave it out, or train with --tokens bytes."
            )
        return found

    def decoder(self) -> Callable[[int], str]:
        return self.characters.__getitem__

    def saved(self) -> str:
        return self.characters


class Bytes:
    """A token for each of the 256 bytes of UTF-8."""

    kind = "bytes"

    def __len__(self) -> int:
        return 256

    def encode(self, text: str) -> Ids:
        return np.frombuffer(text.encode(), np.uint8).astype(np.int64)

    def decoder(self) -> Callable[[int], str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        return lambda token: decoder.decode(bytes([token]))

    def saved(self) -> str:
        return ""


class BytePairs:
    """Bytes, and the pairs of tokens that were the most frequent ones, merged again and again.

    Source: Sennrich et al. 2016, "Neural machine translation of rare words with subword units"; on
    bytes, Radford et al. 2019. The library `tokenizers` learns and applies them.

    Args:
        saved: what `saved` returned, or `learn`.
    """

    kind = "bpe"

    def __init__(self, saved: str) -> None:
        self._tokenizer = _library().Tokenizer.from_str(saved)

    @classmethod
    def learn(cls, text: str, size: int) -> BytePairs:
        """Learn a vocabulary of a size, at least 256, from a text."""
        library = _library()
        tokenizer = library.Tokenizer(library.models.BPE())
        tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = library.decoders.ByteLevel()
        trainer = library.trainers.BpeTrainer(
            vocab_size=size,
            show_progress=False,
            initial_alphabet=sorted(library.pre_tokenizers.ByteLevel.alphabet()),
        )
        tokenizer.train_from_iterator([text], trainer)
        return cls(tokenizer.to_str())

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, text: str) -> Ids:
        return np.array(self._tokenizer.encode(text).ids, np.int64)

    def decoder(self) -> Callable[[int], str]:
        waiting: list[int] = []

        def add(token: int) -> str:
            waiting.append(token)
            text = str(self._tokenizer.decode(waiting))
            if text.endswith(REPLACEMENT) and len(waiting) < LONGEST:
                return ""  # perhaps the rest of a character comes next
            waiting.clear()
            return text

        return add

    def saved(self) -> str:
        return str(self._tokenizer.to_str())


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _library() -> Any:
    try:
        import tokenizers
    except ImportError:
        raise UserError(
            "--tokens bpe needs the library tokenizers: pip install 'minitorch-gpt[bpe]'. Or take "
            "--tokens characters or bytes."
        ) from None
    return tokenizers


def learn_tokens(kind: str, text: str, size: int) -> Tokens:
    """The vocabulary of a text.

    Args:
        kind: of KINDS.
        size: of a vocabulary of byte pairs.
    """
    if kind == "characters":
        return Characters(text)
    return Bytes() if kind == "bytes" else BytePairs.learn(text, size)


def read_tokens(kind: object, saved: object) -> Tokens:
    """What was saved.

    Raises: ValueError if it is not what `saved` returns.
    """
    if kind not in KINDS or not isinstance(saved, str):
        raise ValueError(f"tokens {repr(kind)[:60]}")
    if kind == "bytes":
        return Bytes()
    if kind == "characters":
        if not saved:
            raise ValueError("no characters")
        return Characters(saved)
    library = _library()
    try:
        return BytePairs(saved)
    except Exception as error:  # noqa: BLE001 - the library raises Exception itself
        told = " ".join(str(error).split())[:100]
        raise ValueError(f"{library.__name__} cannot read the vocabulary: {told}") from None
