"""The table as a picture: one bar a case, as long as the ratio to PyTorch's time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Bars shorter than 1 (ours is ahead) and longer.
AHEAD, BEHIND = "#2a7f62", "#b5523b"


def draw(figures: dict[str, dict[str, float]], machine: dict[str, Any], path: Path) -> None:
    """Write PATH.svg and PATH.png."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    names = list(figures)[::-1]
    ratios = [figures[name]["ratio"] for name in names]
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.19 * len(names)), layout="constrained")
    colours = [AHEAD if ratio <= 1 else BEHIND for ratio in ratios]
    # Bars start at 1, on a scale where twice as fast is as long as twice as slow.
    axes.barh(names, [ratio - 1 for ratio in ratios], left=1, color=colours)
    axes.set_xscale("log", base=2)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.tick_params(axis="y", labelsize=7)
    axes.margins(y=0.005)
    axes.set_xlabel("time or memory, MiniTorch / PyTorch's better figure (left of 1: ahead)")
    axes.set_title(
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, "
        f"PyTorch {machine['torch']}",
        fontsize=8,
    )
    for suffix in (".svg", ".png"):
        figure.savefig(path.with_suffix(suffix), dpi=120)
    pyplot.close(figure)
