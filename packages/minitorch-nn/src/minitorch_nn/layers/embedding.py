"""The embedding layer."""

from __future__ import annotations

from typing import Any, Self

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.functional.embedding import check_unscaled, row_number
from minitorch_nn.module import Module, Parameter
from minitorch_tensor import DType, Tensor
from minitorch_tensor.extend import Place


class _Table(Module):
    """What both layers share: the table and its settings."""

    padding_idx: int | None
    max_norm: float | None
    norm_type: float

    def _make(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        scale_grad_by_freq: bool,
        sparse: bool,
        weight: Tensor | None,
        freeze: bool,
        **made: Any,
    ) -> None:
        name = type(self).__name__
        check_unscaled(name, scale_grad_by_freq)
        if padding_idx is not None:
            padding_idx = row_number(name, padding_idx, num_embeddings)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        shape = (num_embeddings, embedding_dim)
        if weight is None:
            self.weight = Parameter(mt.empty(shape, **made), not freeze)
            self.reset_parameters()
        elif weight.shape != shape:
            raise ValueError(f"{name}: wanted a weight of shape {shape}, got {weight.shape}.")
        else:
            self.weight = Parameter(weight.detach(), not freeze)

    def reset_parameters(self) -> None:
        """Initialise the vectors again."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            init.zeros_(self.weight.detach()[self.padding_idx])


class Embedding(_Table):
    """A table of V learned vectors, looked up by index (of a word, for example).

    Args:
        num_embeddings: V.
        embedding_dim: D.
        padding_idx: an index whose vector starts at 0 and is not trained; negative indices count
            from the end.
        max_norm: vectors that are looked up are first scaled down to this norm, in the table.
        norm_type: p of that p-norm.
        scale_grad_by_freq: false; see `functional.embedding`.
        sparse: taken for PyTorch's sake; gradients are dense.
        device, dtype: of the parameters.

    Attributes:
        weight: (V, D), normal with mean 0 and variance 1.

    Shapes: whole numbers in [0, V) of any shape (*) -> (*, D)
    Raises: ValueError if padding_idx is out of range.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self._make(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight,
            _freeze,
            device=device,
            dtype=dtype,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """A layer over a given table (V, D), which it shares; frozen unless told otherwise.

        Raises: ValueError unless the table is a matrix.
        """
        rows, columns = _sides(cls.__name__, embeddings)
        return cls(
            rows,
            columns,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
            _weight=embeddings,
            _freeze=freeze,
        )

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2.0:
            text += f", norm_type={self.norm_type}"
        return f"{text}, sparse=True" if self.sparse else text


class EmbeddingBag(_Table):
    """The sum, the mean or the largest elements of the vectors of each bag of indices; see
    `functional.embedding_bag`.

    Args:
        num_embeddings: V.
        embedding_dim: D.
        max_norm, norm_type, scale_grad_by_freq, sparse: as in `Embedding`.
        mode: "sum", "mean" or "max".
        include_last_offset: true if offsets end with the number of indices.
        padding_idx: an index that counts as if it were not there.
        device, dtype: of the parameters.

    Attributes:
        weight: (V, D), normal with mean 0 and variance 1.

    Called as `layer(input, offsets=None, per_sample_weights=None)`.

    Shapes: whole numbers (B, T), or (T) with offsets (B) -> (B, D)
    Raises: ValueError if padding_idx is out of range.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self.mode = mode
        self.include_last_offset = include_last_offset
        self._make(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight,
            False,
            device=device,
            dtype=dtype,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """A layer over a given table (V, D), which it shares; frozen unless told otherwise.

        Raises: ValueError unless the table is a matrix.
        """
        rows, columns = _sides(cls.__name__, embeddings)
        layer = cls(
            rows,
            columns,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            _weight=embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        layer.weight.requires_grad_(not freeze)
        return layer

    def forward(
        self,
        input: Tensor,
        offsets: Tensor | None = None,
        per_sample_weights: Tensor | None = None,
    ) -> Tensor:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            mode=self.mode,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2.0:
            text += f", norm_type={self.norm_type}"
        text += f", mode={self.mode!r}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"


def _sides(name: str, embeddings: Tensor) -> tuple[int, int]:
    if embeddings.ndim != 2:
        raise ValueError(f"{name}.from_pretrained: wanted a table (V, D), got {embeddings.shape}.")
    rows, columns = embeddings.shape
    return rows, columns


__all__ = ["Embedding", "EmbeddingBag"]
