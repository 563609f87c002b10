"""The error that programs raise for mistakes of their users."""

from __future__ import annotations


class UserError(Exception):
    """A user error: its message is one line that names the mistake and a way out."""
