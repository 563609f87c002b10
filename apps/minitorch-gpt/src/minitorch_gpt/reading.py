"""Reading with a memory: each token is read once, and what later ones ask of it is kept.

It is written in numpy. A single token makes so little work that the bookkeeping of a tensor's
operations, ten times the work itself, would decide how long a text takes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_nn.functional import gelu
from minitorch_tensor import from_numpy, no_grad

Array = npt.NDArray[Any]


class Reader:
    """A GPT that remembers the keys and values of what it has read.

    Args:
        weights: the model's, by name.
        layers, heads, context: of its configuration.
        eps: of its layer norms.

    Attributes:
        length: the number of tokens that it remembers.

    Sizes: B texts, T new tokens of each, C the width, H heads, D = C / H, V the vocabulary.
    """

    def __init__(
        self, weights: Mapping[str, Array], layers: int, heads: int, context: int, eps: float
    ) -> None:
        self.weights = weights
        self.layers, self.heads, self.context, self.eps = layers, heads, context, eps
        self.length = 0
        self._kept: list[tuple[Array, Array]] = []

    def forget(self) -> None:
        """Begin anew."""
        self.length = 0

    def read(self, ids: npt.NDArray[np.integer]) -> Array:
        """Read on, and remember: ids (B, T) -> the logits (B, V) of what comes next."""
        with np.errstate(all="ignore"):  # weights that are too large make NaN, as in tensors
            return self._read(ids)

    def _read(self, ids: npt.NDArray[np.integer]) -> Array:
        before, after = self.length, self.length + ids.shape[1]
        table = self.weights["transformer.wte.weight"]
        x = table[ids] + self.weights["transformer.wpe.weight"][before:after]
        if not before:
            size = len(ids), self.heads, self.context, x.shape[2] // self.heads
            self._kept = [
                (np.empty(size, x.dtype), np.empty(size, x.dtype)) for _ in range(self.layers)
            ]
        for number, kept in enumerate(self._kept):
            block = f"transformer.h.{number}."
            asked = self._linear(block + "attn.c_attn", self._normal(block + "ln_1", x))
            x = x + self._linear(block + "attn.c_proj", self._attend(asked, kept, before, after))
            wide = self._linear(block + "mlp.c_fc", self._normal(block + "ln_2", x))
            with no_grad():
                wide = gelu(from_numpy(wide)).numpy()
            x = x + self._linear(block + "mlp.c_proj", wide)
        self.length = after
        return self._linear("lm_head", self._normal("transformer.ln_f", x[:, -1]))

    def _linear(self, name: str, x: Array) -> Array:
        out: Array = x @ self.weights[name + ".weight"].T
        bias = self.weights.get(name + ".bias")
        return out if bias is None else out + bias

    def _normal(self, name: str, x: Array) -> Array:
        share = x.dtype.type(1 / x.shape[-1])
        x = x - np.add.reduce(x, -1, keepdims=True) * share
        scale = np.sqrt(np.add.reduce(x * x, -1, keepdims=True) * share + x.dtype.type(self.eps))
        x = x / scale * self.weights[name + ".weight"]
        bias = self.weights.get(name + ".bias")
        return x if bias is None else x + bias

    def _attend(self, asked: Array, kept: tuple[Array, Array], before: int, after: int) -> Array:
        """Attention of the new tokens to all so far: queries, keys and values (B, T, 3 C), the
        block's memory -> (B, T, C)."""
        texts, length, width = asked.shape[0], asked.shape[1], asked.shape[2] // 3
        parts = asked.reshape(texts, length, 3, self.heads, -1).transpose(2, 0, 3, 1, 4)
        for memory, new in zip(kept, parts[1:]):
            memory[:, :, before:after] = new
        keys, values = (memory[:, :, :after] for memory in kept)
        scores = parts[0] @ keys.swapaxes(2, 3) * asked.dtype.type(1 / math.sqrt(parts.shape[4]))
        if length > 1:  # a single new token comes after all others
            seen = np.tri(length, after, before, np.bool_)
            scores = np.where(seen, scores, asked.dtype.type(-np.inf))
        shares = np.exp(scores - np.maximum.reduce(scores, -1, keepdims=True))
        shares /= np.add.reduce(shares, -1, keepdims=True)
        out: Array = (shares @ values).transpose(0, 2, 1, 3).reshape(texts, length, width)
        return out
