"""Embedding: looking up vectors by index."""

from __future__ import annotations

from minitorch_tensor import Tensor, int64, where
from minitorch_tensor.extend import Context, Function, check_backends, check_range


class Embedding(Function):
    """out[i] = weight[index[i]].

    Shapes:   weight (V, D), index (*) -> out (*, D)
    Gradient: each row of d, added to row index[i] of a zero matrix
    """

    @staticmethod
    def forward(ctx: Context, weight: Tensor, index: Tensor, padding_idx: int | None) -> Tensor:
        ctx.save_for_backward(index)
        ctx.rows, ctx.padding_idx = weight.shape[0], padding_idx
        return weight.wrap(weight.backend.embedding(weight.tensor_data, index.tensor_data))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        (index,) = ctx.saved_tensors
        return EmbeddingGrad.apply(d, index, ctx.rows, ctx.padding_idx), None, None


class EmbeddingGrad(Function):
    """The adjoint of Embedding: d (*, D) -> (rows, D), with row `padding_idx` left at 0."""

    @staticmethod
    def forward(
        ctx: Context, d: Tensor, index: Tensor, rows: int, padding_idx: int | None
    ) -> Tensor:
        ctx.save_for_backward(index)
        ctx.padding_idx = padding_idx
        return d.wrap(
            d.backend.embedding_backward(d.tensor_data, index.tensor_data, rows, padding_idx)
        )

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None, None]:
        (index,) = ctx.saved_tensors
        found: Tensor = Embedding.apply(e, index, ctx.padding_idx)
        if ctx.padding_idx is not None:
            found = where(index.unsqueeze(-1) == ctx.padding_idx, 0.0, found)
        return found, None, None, None


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Row input[i] of `weight` for every index i.

    Args:
        input: row indices, of any shape and integer dtype.
        weight: one row for each index.
        padding_idx: a row that gets no gradient; negative indices count from the end.

    Shapes: input (*), weight (V, D) -> (*, D)
    Raises: ValueError unless weight is a matrix and padding_idx one of its rows; TypeError for
        indices that are not integers, IndexError for a row that does not exist.
    """
    if weight.ndim != 2:
        raise ValueError(f"embedding: wanted a weight of shape (V, D), got {weight.shape}.")
    check_backends("embedding", input, weight)
    check_range("embedding", input, weight.shape[0])
    if padding_idx is not None:
        padding_idx = row_number("embedding", padding_idx, weight.shape[0])
    result: Tensor = Embedding.apply(weight, input.to(int64), padding_idx)
    return result


def row_number(operation: str, padding_idx: int, rows: int) -> int:
    """`padding_idx` counted from the start.

    Raises: ValueError for a row that does not exist.
    """
    if not -rows <= padding_idx < rows:
        raise ValueError(
            f"{operation}: padding_idx {padding_idx} is not a row of a table of {rows} rows."
        )
    return padding_idx % rows


__all__ = ["embedding"]
