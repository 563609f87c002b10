"""The structure of all data sets of reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from minitorch_datasets.errors import DatasetError

__all__ = ["SENTIMENTS", "TextDataset"]

#: The meanings of labels 0 and 1.
SENTIMENTS = ("negative", "positive")

Labels = NDArray[np.uint8]


def _no_labels() -> Labels:
    return np.empty(0, dtype=np.uint8)


@dataclass(frozen=True, eq=False, repr=False)
class TextDataset:
    """Texts of two classes, in a train, a validation and a test split. Immutable.

    The validation split is empty where the publisher has none.

    Shapes: N texts, labels (N,) uint8, 0 for negative and 1 for positive; read-only.
    Raises: DatasetError if labels are anything else, or do not match the texts.
    """

    name: str
    train_texts: Sequence[str]
    train_labels: Labels
    test_texts: Sequence[str]
    test_labels: Labels
    validation_texts: Sequence[str] = ()
    validation_labels: Labels = field(default_factory=_no_labels)

    def __post_init__(self) -> None:
        """Check the labels, and store immutable copies or views."""
        for split in ("train", "validation", "test"):
            texts = tuple(getattr(self, f"{split}_texts"))
            labels = np.asarray(getattr(self, f"{split}_labels"))
            if labels.shape != (len(texts),) or labels.dtype != np.uint8 or (labels > 1).any():
                raise DatasetError(
                    f"{split}_labels: {labels.dtype} values of shape {labels.shape} for "
                    f"{len(texts)} texts, wanted as many uint8 values, each 0 or 1",
                    "Are they of the same split of one data set?",
                )
            view = labels.view()
            view.flags.writeable = False
            object.__setattr__(self, f"{split}_texts", texts)  # bypasses frozen, only here
            object.__setattr__(self, f"{split}_labels", view)

    def __repr__(self) -> str:
        sizes = [
            f"{len(texts):,} {split}"
            for split, texts in (
                ("train", self.train_texts),
                ("validation", self.validation_texts),
                ("test", self.test_texts),
            )
            if texts
        ]
        return f"TextDataset({self.name!r}, {', '.join(sizes)})"


def decode_utf8(content: bytes, source: str) -> str:
    """A file's text.

    Raises: DatasetError, naming the source and the place, if it is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{source}: byte {error.start} ({content[error.start]:#04x}) is not UTF-8, wanted "
            "text in UTF-8",
            "Was it saved in another encoding? Get the file again, or convert it",
        ) from None
