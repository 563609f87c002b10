"""The table in short, in Markdown and as a picture."""

from __future__ import annotations

import re
import statistics
from pathlib import Path
from typing import Any

#: Rows of the short table, and the cases that each is of.
KINDS = {
    "training step of the course's network and LeNet-5": r"step: (course|LeNet)",
    "training step of RNN, LSTM and GRU on reviews": r"step: sentiment",
    "training step of a GPT": r"step: GPT",
    "sampling of a GPT": r"sample: GPT",
    "attention, layer norm and GELU, both ways": r"attention|layer norm|GELU",
    "RNN, LSTM and GRU, both ways": r"sequence: (?!.* down to)",
    "the same, of reviews of different lengths": r"sequence: .* down to",
    "convolution, both ways": r"conv.d: .*both ways",
    "pooling, both ways": r"(max|avg)_pool2d",
    "softmax and cross entropy, both ways": r"softmax|cross entropy",
    "embedding": r"embedding",
    "matrix products": r"matmul",
    "step of Adam and SGD": r"optimizer",
    "exp, sigmoid, tanh and log of 64k numbers and more": (
        r"elementwise: (exp|sigmoid|tanh|log), (64k|1M|16M)"
    ),
    "arithmetic on 16M numbers": r"elementwise: (?!exp|sigmoid|tanh|log).*, 16M",
    "arithmetic on 64k and 1M numbers": r"elementwise: (?!exp|sigmoid|tanh|log).*, (64k|1M)",
    "sums, means and maxima of 1M and 16M numbers": r"reduction: .*, (1M|16M)",
    "sums, means and maxima of 64k numbers": r"reduction: .*, 64k",
    "anything on 1k numbers": r".*, 1k$",
    "100 tiny operations, both ways": r"tiny",
    "start to the end of the first training step": r"process: start.*warm",
    "the same, before kernels are compiled": r"process: start.*cold",
    "memory of a training at its peak": r"memory",
}

#: Ratios below 1 (ours is ahead) and above.
AHEAD, BEHIND = "#2a7f62", "#b5523b"


def of_kind(figures: dict[str, dict[str, float]], kind: str) -> list[float]:
    """The ratios of the cases of a kind."""
    return [figures[name]["ratio"] for name in figures if re.match(KINDS[kind], name)]


def summary(figures: dict[str, dict[str, float]]) -> str:
    """The median ratio of each kind of case, the lowest and the highest, in Markdown."""
    lines = ["| what | cases | time or memory, PyTorch's being 1 |", "|---|---|---|"]
    for kind in KINDS:
        ratios = of_kind(figures, kind)
        if ratios:
            middle = f"**{statistics.median(ratios):.2f}**"
            span = f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else ""
            lines.append(f"| {kind} | {len(ratios)} | {middle}{span} |")
    return "\n".join(lines)


def draw(figures: dict[str, dict[str, float]], machine: dict[str, Any], path: Path) -> None:
    """Write PATH.svg and PATH.png: a row for each kind, a bar to its median, a dot a case."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["svg.fonttype"] = "none"  # letters as letters: a tenth of the size
    from matplotlib import pyplot

    kinds = {kind: of_kind(figures, kind) for kind in reversed(KINDS)}
    kinds = {kind: ratios for kind, ratios in kinds.items() if ratios}
    figure, axes = pyplot.subplots(figsize=(9, 1.1 + 0.24 * len(kinds)), layout="constrained")
    axes.set_xscale("log", base=2)
    for row, ratios in enumerate(kinds.values()):
        middle = statistics.median(ratios)
        colour = AHEAD if middle <= 1 else BEHIND
        axes.plot([1, middle], [row, row], color=colour, linewidth=7, alpha=0.35)
        colours = [AHEAD if ratio <= 1 else BEHIND for ratio in ratios]
        places = [row] * len(ratios)
        axes.scatter(ratios, places, s=14, c=colours, edgecolors="white", zorder=3)
    axes.set_yticks(range(len(kinds)), kinds, fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}" if x >= 1 else f"1/{1 / x:g}")
    axes.grid(axis="x", linewidth=0.3)
    axes.margins(y=0.03)
    axes.set_xlabel(
        "time or memory, PyTorch's better figure being 1 (left of it: ahead); dots: cases",
        fontsize=8,
    )
    axes.set_title(
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, "
        f"PyTorch {machine['torch']}",
        fontsize=8,
    )
    for suffix in (".svg", ".png"):
        figure.savefig(path.with_suffix(suffix), dpi=120)
    pyplot.close(figure)
