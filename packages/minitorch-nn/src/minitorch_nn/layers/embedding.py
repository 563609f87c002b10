"""The embedding layer."""

from __future__ import annotations

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.functional.embedding import row_number
from minitorch_nn.module import Module, Parameter
from minitorch_tensor import Tensor


class Embedding(Module):
    """A table of V learned vectors, looked up by index (of a word, for example).

    Args:
        num_embeddings: V.
        embedding_dim: D.
        padding_idx: an index whose vector starts at 0 and is not trained; negative indices count
            from the end.

    Attributes:
        weight: (V, D), normal with mean 0 and variance 1.

    Shapes: whole numbers in [0, V) of any shape (*) -> (*, D)
    Raises: ValueError if padding_idx is out of range.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None
    ) -> None:
        if padding_idx is not None:
            padding_idx = row_number("Embedding", padding_idx, num_embeddings)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.weight = Parameter(mt.empty(num_embeddings, embedding_dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise the vectors again."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            init.zeros_(self.weight.detach()[self.padding_idx])

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"


__all__ = ["Embedding"]
