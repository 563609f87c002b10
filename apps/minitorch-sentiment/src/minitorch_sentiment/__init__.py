"""Recurrent networks read film reviews: training, evaluation and prediction of sentiment."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> str:
    """The version, looked up when it is asked for: that takes longer than starting."""
    if name == "__version__":
        from importlib.metadata import version

        return version("minitorch-sentiment")
    raise AttributeError(f"module 'minitorch_sentiment' has no attribute {name!r}")
