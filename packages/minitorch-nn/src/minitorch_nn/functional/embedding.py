"""Looking up vectors by number."""

from __future__ import annotations

from minitorch_tensor import Tensor, where
from minitorch_tensor.functions.base import check_backends
from minitorch_tensor.functions.indexing import check_range


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Row input[i] of `weight` for every index i.

    Args:
        input: row numbers, of any shape and integer dtype.
        weight: one row for each number.
        padding_idx: a row that gets no gradient; negative ones count from the end.

    Shapes: input (*), weight (V, D) -> (*, D)
    Raises: ValueError if weight is no matrix or padding_idx no row of it; TypeError for numbers
        that are not integers, IndexError for one that is no row.
    """
    if weight.ndim != 2:
        raise ValueError(f"embedding: wanted a weight of shape (V, D), got {weight.shape}.")
    check_backends("embedding", input, weight)
    check_range("embedding", input, weight.shape[0])
    rows = weight.index_select(0, input.reshape(-1))
    if padding_idx is not None:
        padding = row_number("embedding", padding_idx, weight.shape[0])
        rows = where((input.reshape(-1, 1) == padding), rows.detach(), rows)
    return rows.reshape(*input.shape, weight.shape[1])


def row_number(operation: str, padding_idx: int, rows: int) -> int:
    """`padding_idx` counted from the start.

    Raises: ValueError if there is no such row.
    """
    if not -rows <= padding_idx < rows:
        raise ValueError(
            f"{operation}: padding_idx {padding_idx} is no row of a table of {rows} rows."
        )
    return padding_idx % rows
