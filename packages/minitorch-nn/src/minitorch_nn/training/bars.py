"""Progress bars: on a terminal and in notebooks, and nowhere else."""

from __future__ import annotations

import sys
from typing import Any


def in_notebook() -> bool:
    """True in a Jupyter notebook, where a bar is a widget."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def bar(what: str, total: int | None, unit: str, *, quiet: bool = False) -> Any:
    """A bar of tqdm's on stderr, which goes when it is closed; it shows the rate and the time left.

    Args:
        what: the step that takes long.
        total: how many units it has, if that is known.
        unit: the word for one.
        quiet: true for none.
    """
    if in_notebook():
        from tqdm.auto import tqdm as widget

        return widget(desc=what, total=total, unit=unit, leave=False, disable=quiet)
    from tqdm import tqdm

    return tqdm(
        desc=what,
        total=total,
        unit=unit,
        leave=False,
        disable=True if quiet else None,  # None: silent unless stderr is a terminal
        file=sys.stderr,
    )
