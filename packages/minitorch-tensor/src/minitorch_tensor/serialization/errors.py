"""What saving and loading complain of."""

from __future__ import annotations


class NotPlain(TypeError):
    """A value that is neither a tensor nor plain was to be saved."""


class FileError(ValueError):
    """A file is damaged, of another kind, or holds more than data."""

    def __init__(self, name: str, complaint: str) -> None:
        super().__init__(f"load: {name}: {complaint}")
