"""A backend that computes on another one, and measures every operation.

    MINITORCH_BACKEND=profile python train.py

prints, when the program ends, a table of every operation: how often it ran, how long, how many
bytes it read and wrote, and where the first NaN arose. The backend underneath is the fastest one
installed, or the one that MINITORCH_PROFILE names.
"""

from minitorch_backend_profile.backend import ProfileBackend, from_environment
from minitorch_backend_profile.ledger import Entry, Ledger, NaNBirth

__all__ = ["Entry", "Ledger", "NaNBirth", "ProfileBackend", "from_environment"]


def __getattr__(name: str) -> str:
    """`__version__`, looked up when asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("minitorch-backend-profile")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
