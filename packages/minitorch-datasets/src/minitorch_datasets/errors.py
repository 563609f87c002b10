"""The exceptions of this package."""

from __future__ import annotations


class DatasetError(ValueError):
    """Data that is missing, damaged or not what its name says; or an argument out of range.

    The message is one line: what was found and what was wanted, then a way out.

    Args:
        reason: the file or argument, what was found and what was wanted; without a full stop. It
            is an attribute, for callers that offer another way out.
        way_out: advice to the user, as a sentence without its full stop.
    """

    def __init__(self, reason: str, way_out: str) -> None:
        super().__init__(f"{reason}. {way_out}")
        self.reason = reason
        self.way_out = way_out

    def __reduce__(self) -> tuple[type[DatasetError], tuple[str, str]]:
        """Pickle by both parts, so that the error survives a worker process."""
        return type(self), (self.reason, self.way_out)


class UnavailableError(DatasetError):
    """A data set that is neither stored locally nor downloadable."""
