"""Embedding: looking up vectors by index."""

from __future__ import annotations

import numpy as np

from minitorch_tensor import Tensor, int64, no_grad, stack, tensor, unique, where, zeros
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


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Row input[i] of `weight` for every index i.

    Args:
        input: row indices, of any shape and integer dtype.
        weight: one row for each index.
        padding_idx: a row that gets no gradient; negative indices count from the end.
        max_norm: rows that are looked up and have a larger norm are first scaled down to it, in
            `weight` itself and unrecorded.
        norm_type: p of that p-norm.
        scale_grad_by_freq: false; PyTorch's division of a row's gradient by how often it is looked
            up is left out.
        sparse: taken for PyTorch's sake; the gradient is dense either way.

    Shapes: input (*), weight (V, D) -> (*, D)
    Raises: ValueError unless weight is a matrix and padding_idx one of its rows, or for
        scale_grad_by_freq; TypeError for indices that are not integers, IndexError for a row that
        does not exist.
    """
    check_unscaled("embedding", scale_grad_by_freq)
    if weight.ndim != 2:
        raise ValueError(f"embedding: wanted a weight of shape (V, D), got {weight.shape}.")
    check_backends("embedding", input, weight)
    check_range("embedding", input, weight.shape[0])
    if padding_idx is not None:
        padding_idx = row_number("embedding", padding_idx, weight.shape[0])
    if max_norm is not None:
        _renormalize(input, weight, max_norm, norm_type)
    result: Tensor = Embedding.apply(weight, input.to(int64), padding_idx)
    return result


@no_grad()
def _renormalize(input: Tensor, weight: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up down to a norm of max_norm."""
    rows = unique(input.reshape(-1).to(int64))
    values = weight.detach().index_select(0, rows)
    norms = values.norm(norm_type, 1, True)
    scaled = where(norms > max_norm, values * (max_norm / (norms + 1e-7)), values)
    weight.detach().index_copy_(0, rows, scaled)


def check_unscaled(operation: str, scale_grad_by_freq: bool) -> None:
    """Raise ValueError for scale_grad_by_freq, which is left out."""
    if scale_grad_by_freq:
        raise ValueError(
            f"{operation}: scale_grad_by_freq is left out. Divide weight.grad by the counts of the "
            "indices, bincount(input.flatten(), minlength=V), before the optimizer's step."
        )


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, the mean or the largest elements of the rows of `weight` in each bag of indices.

    Args:
        input: row indices: bags of one size as the rows of a matrix, or all in a vector.
        offsets: for a vector, where each bag begins; bags may be empty, and are 0 then.
        max_norm, norm_type, scale_grad_by_freq, sparse: as in `embedding`.
        mode: "sum", "mean" or "max".
        per_sample_weights: factors of the rows of mode "sum", of input's shape.
        include_last_offset: true if offsets ends with the number of indices.
        padding_idx: an index that counts as if it were not there.

    Shapes: input (B, T), or (T) with offsets (B), weight (V, D) -> (B, D)
    Raises: ValueError if shapes do not match, or for another mode; otherwise as `embedding`.
    """
    operation = "embedding_bag"
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"{operation}: mode must be sum, mean or max, got {mode!r}.")
    if per_sample_weights is not None and (
        mode != "sum" or per_sample_weights.shape != input.shape
    ):
        raise ValueError(
            f"{operation}: per_sample_weights are for mode 'sum' and of input's shape "
            f"{input.shape}, got mode {mode!r} and {per_sample_weights.shape}."
        )
    bounds = _bag_bounds(operation, input, offsets, include_last_offset)
    flat = input.reshape(-1)
    rows = embedding(flat, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    kept = np.ones(flat.numel(), bool)
    if padding_idx is not None:
        kept = flat.numpy(force=True) != row_number(operation, padding_idx, weight.shape[0])
    if mode == "max":
        places = np.flatnonzero(kept)
        bags = [places[(start <= places) & (places < end)] for start, end in bounds]
        empty = zeros(weight.shape[1], dtype=weight.dtype, device=weight.backend)
        return stack(
            [
                rows.index_select(0, tensor(bag, device=weight.backend)).amax(0)
                if bag.size
                else empty
                for bag in bags
            ]
        )
    factors = kept.astype(np.float64)
    numbers = np.repeat(np.arange(len(bounds)), [end - start for start, end in bounds])
    if mode == "mean":
        counts = np.bincount(numbers[kept], minlength=len(bounds))
        factors /= np.maximum(counts, 1)[numbers]
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    if mode == "mean" or not kept.all():
        rows = rows * tensor(factors, dtype=rows.dtype, device=rows.backend).unsqueeze(1)
    sums = zeros(len(bounds), weight.shape[1], dtype=rows.dtype, device=rows.backend)
    return sums.index_add(0, tensor(numbers, device=rows.backend), rows)


def _bag_bounds(
    operation: str, input: Tensor, offsets: Tensor | None, include_last: bool
) -> list[tuple[int, int]]:
    """Where each bag starts and ends in the flat input."""
    if input.ndim == 2 and offsets is None:
        size = input.shape[1]
        return [(i * size, (i + 1) * size) for i in range(input.shape[0])]
    if input.ndim != 1 or offsets is None or offsets.ndim != 1 or offsets.dtype.kind != "int":
        given = None if offsets is None else offsets.shape
        raise ValueError(
            f"{operation}: wanted input (B, T), or (T) with whole offsets (B), got {input.shape} "
            f"with {given}."
        )
    starts = offsets.tolist()
    ends = starts[1:] if include_last else [*starts[1:], input.numel()]
    ordered = starts == sorted(starts) and (not starts or starts[-1] <= input.numel())
    if not starts or starts[0] != 0 or not ordered:
        raise ValueError(
            f"{operation}: offsets must rise from 0 to at most {input.numel()}, got {starts}."
        )
    return list(zip(starts, ends))


def row_number(operation: str, padding_idx: int, rows: int) -> int:
    """`padding_idx` counted from the start.

    Raises: ValueError for a row that does not exist.
    """
    if not -rows <= padding_idx < rows:
        raise ValueError(
            f"{operation}: padding_idx {padding_idx} is not a row of a table of {rows} rows."
        )
    return padding_idx % rows


__all__ = ["embedding", "embedding_bag"]
