"""Sequences of different lengths as one batch.

`pad_sequence` makes the batch, and recurrent layers take it together with the lengths
(`layer(batch, lengths=[...])`). A `PackedSequence`, in which PyTorch keeps both, is taken as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

import minitorch_tensor as mt
from minitorch_autodiff.hints import lacking
from minitorch_tensor import Tensor

__all__ = [
    "PackedSequence",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class PackedSequence(NamedTuple):
    """Sequences without their padding: the first steps of all, longest sequence first, then the
    second steps of those that have one, and so on.

    Attributes:
        data: (sum of lengths, *), the steps.
        batch_sizes: (T), on how many sequences each step is taken.
        sorted_indices: (B), the numbers of the sequences, longest first; None if they came so.
        unsorted_indices: (B), the inverse.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """With data moved or converted, as by `Tensor.to`."""
        return self._replace(data=self.data.to(*args, **kwargs))


def pack_padded_sequence(
    input: Tensor,
    lengths: Tensor | Sequence[int],
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Leave out the padding of a batch.

    Args:
        input: (T, B, *), or (B, T, *) with batch_first.
        lengths: number of steps of each sequence, at least 1.
        enforce_sorted: true if the longest come first; false to sort them.

    Raises: ValueError unless there is a length for each sequence, in range and in order.
    """
    operation = "pack_padded_sequence"
    given = lengths.numpy(force=True) if isinstance(lengths, Tensor) else np.asarray(lengths)
    steps, batch = (
        ((input.shape[1], input.shape[0]) if batch_first else tuple(input.shape[:2]))
        if input.ndim >= 2
        else (0, 0)
    )
    if given.shape != (batch,) or given.dtype.kind not in "iu" or not batch:
        raise ValueError(
            f"{operation}: wanted input (T, B, *), or (B, T, *) with batch_first, and B whole "
            f"lengths, got {input.shape} and lengths of shape {given.shape}."
        )
    if given.min() < 1 or given.max() > steps:
        raise ValueError(f"{operation}: lengths must lie in [1, {steps}], got {given.tolist()}.")
    order = np.argsort(-given.astype(np.int64), kind="stable")
    if enforce_sorted and (np.diff(given.astype(np.int64)) > 0).any():
        raise ValueError(
            f"{operation}: with enforce_sorted=True the longest come first, got lengths "
            f"{given.tolist()}. Pass enforce_sorted=False to have them sorted."
        )
    sizes = (given[:, None] > np.arange(given.max())).sum(0)
    data = _packed(input, sizes, order, batch_first)
    batch_sizes = mt.tensor(sizes.astype(np.int64), device="cpu")
    if enforce_sorted:
        return PackedSequence(data, batch_sizes)
    indices = [mt.tensor(x, device=input.backend) for x in (order, np.argsort(order))]
    return PackedSequence(data, batch_sizes, *indices)


def _packed(input: Tensor, sizes: Any, order: Any, batch_first: bool) -> Tensor:
    """The steps that are no padding, in the order of a PackedSequence."""
    step = np.repeat(np.arange(len(sizes)), sizes)
    row = order[np.concatenate([np.arange(size) for size in sizes])]
    first, second = input.shape[:2]
    places = row * second + step if batch_first else step * second + row
    flat = input.reshape(first * second, *input.shape[2:])
    return flat.index_select(0, mt.tensor(places, device=input.backend))


def repacked(padded: Tensor, like: PackedSequence, batch_first: bool) -> PackedSequence:
    """A batch, padded, with the lengths and the order of another PackedSequence."""
    sizes = like.batch_sizes.numpy(force=True)
    order = np.arange(sizes[0])
    if like.sorted_indices is not None:
        order = like.sorted_indices.numpy(force=True)
    return like._replace(data=_packed(padded, sizes, order, batch_first))


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The inverse of `pack_padded_sequence`.

    Args:
        batch_first: true if the result is (B, T, *), not (T, B, *).
        padding_value: value of the padding.
        total_length: T; the longest length if omitted.

    Returns: the batch in its original order, and the lengths (B).
    Raises: ValueError for a total_length that is too short.
    """
    data, sizes = sequence.data, sequence.batch_sizes.numpy(force=True)
    steps, batch = len(sizes), int(sizes[0])
    if total_length is not None and total_length < steps:
        raise ValueError(
            f"pad_packed_sequence: total_length {total_length} is less than the longest length "
            f"{steps}."
        )
    lengths = (sizes[None, :] > np.arange(batch)[:, None]).sum(1)
    starts = np.cumsum(sizes) - sizes
    places = np.full((steps if total_length is None else total_length, batch), data.shape[0])
    for t, (start, size) in enumerate(zip(starts, sizes)):
        places[t, :size] = np.arange(start, start + size)
    if sequence.unsorted_indices is not None:
        back = sequence.unsorted_indices.numpy(force=True)
        places, lengths = places[:, back], lengths[back]
    if batch_first:
        places = places.T
    filler = mt.full((1, *data.shape[1:]), padding_value, dtype=data.dtype, device=data.backend)
    index = mt.tensor(np.ascontiguousarray(places).reshape(-1), device=data.backend)
    padded = mt.cat([data, filler]).index_select(0, index)
    batch_of = padded.reshape(*places.shape, *data.shape[1:])
    return batch_of, mt.tensor(lengths.astype(np.int64), device="cpu")


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (T_i, *) as a PackedSequence.

    >>> pack_sequence([mt.tensor([1, 2, 3]), mt.tensor([4, 5]), mt.tensor([6])]).data
    tensor([1, 4, 6, 2, 5, 3])
    """
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, False, enforce_sorted)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False
) -> list[Tensor]:
    """The inverse of `pad_sequence`: the sequences of a batch, without their padding."""
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    given = lengths.tolist() if isinstance(lengths, Tensor) else list(lengths)
    return [row[:length] for row, length in zip(rows, given, strict=True)]


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The inverse of `pack_sequence`."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


def pad_sequence(
    sequences: Sequence[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack sequences, padding the shorter ones to the length of the longest.

    Args:
        sequences: tensors (T_i, *) that differ only in their first size.
        batch_first: true if the result is (B, T, *), not (T, B, *).
        padding_value: value of the padding.
        padding_side: "right", after a sequence's end, or "left", before its start.

    Raises: ValueError for no sequences, sizes that differ beyond the first, or an unknown side.

    >>> pad_sequence([mt.tensor([1, 2, 3]), mt.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    if padding_side not in ("left", "right"):
        raise ValueError(f"pad_sequence: padding_side must be left or right, got {padding_side!r}.")
    if not sequences or any(
        s.ndim == 0 or s.shape[1:] != sequences[0].shape[1:] for s in sequences
    ):
        raise ValueError(
            "pad_sequence: wanted one sequence or more, all of shape (T_i, *) with the same sizes "
            f"after the first, got {[s.shape for s in sequences]}."
        )
    longest = max(s.shape[0] for s in sequences)
    padded = []
    for sequence in sequences:
        missing = longest - sequence.shape[0]
        if missing:
            filler = mt.full(
                (missing, *sequence.shape[1:]),
                padding_value,
                dtype=sequence.dtype,
                device=sequence.backend,
            )
            pair = [sequence, filler] if padding_side == "right" else [filler, sequence]
            sequence = mt.cat(pair)
        padded.append(sequence)
    return mt.stack(padded, 0 if batch_first else 1)


if not TYPE_CHECKING:  # type checkers know every name
    __getattr__ = lacking(__name__)
