"""A transformer that learns to write: training, evaluation and sampling of GPTs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> str:
    """The version, looked up when it is asked for: that takes longer than starting."""
    if name == "__version__":
        from importlib.metadata import version

        return version("minitorch-gpt")
    raise AttributeError(f"module 'minitorch_gpt' has no attribute {name!r}")
