"""Sequences of different lengths as one batch.

`pad_sequence` makes the batch, and recurrent layers take it together with the lengths
(`layer(batch, lengths=[...])`), where PyTorch needs a PackedSequence.
"""

from __future__ import annotations

from collections.abc import Sequence

import minitorch_tensor as mt
from minitorch_tensor import Tensor

__all__ = ["pad_sequence"]


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
                backend=sequence.backend,
            )
            pair = [sequence, filler] if padding_side == "right" else [filler, sequence]
            sequence = mt.cat(pair)
        padded.append(sequence)
    return mt.stack(padded, 0 if batch_first else 1)
