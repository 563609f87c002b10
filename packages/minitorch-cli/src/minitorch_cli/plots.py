"""Pictures of runs, by matplotlib: curves, confusion, filters; and a page that holds them all.

Every picture is drawn for light ground as a PNG file, and for light and dark in the page.
"""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_cli.errors import UserError
from minitorch_nn.training import read_records
from minitorch_tensor.files import write_file

#: Ground, ink and grid of the two kinds of pictures.
LIGHT = ("#ffffff", "#1f2328", "#d8dee4")
DARK = ("#0d1117", "#e6edf3", "#30363d")

#: Lines that stand out on both grounds, also to eyes that do not tell red from green.
COLOURS = ("#2f81d8", "#d98200", "#1f9e77", "#c5559b", "#8a6fd8", "#7d8590")

#: The page of a run.
REPORT = "report.html"

#: Points of a batch's losses that are drawn at most: more would be a band of ink.
POINTS = 300


@dataclass(frozen=True)
class Picture:
    """A picture that can be drawn on any ground.

    Attributes:
        name: of its file, without ending.
        caption: a sentence below it.
        size: width and height in inches.
        draw: draws on a matplotlib figure.
    """

    name: str
    caption: str
    size: tuple[float, float]
    draw: Callable[[Any], None]

    def render(self, theme: tuple[str, str, str] = LIGHT) -> bytes:
        """The picture as PNG.

        Raises: UserError that names the extra, where matplotlib is missing.
        """
        check_matplotlib()
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        ground, ink, grid = theme
        settings: dict[str, Any] = {
            "text.color": ink,
            "axes.labelcolor": ink,
            "axes.edgecolor": grid,
            "axes.facecolor": ground,
            "axes.titlesize": 10,
            "axes.grid": False,
            "font.size": 9,
            "grid.color": grid,
            "legend.frameon": False,
            "legend.labelcolor": ink,
            "xtick.color": ink,
            "ytick.color": ink,
        }
        content = io.BytesIO()
        with rc_context(settings):  # type: ignore[arg-type, unused-ignore]
            figure = Figure(figsize=self.size, facecolor=ground, layout="constrained")
            self.draw(figure)
            figure.savefig(content, format="png", dpi=130)
        return content.getvalue()


def check_matplotlib() -> None:
    """Check, before anything takes long, that pictures can be drawn.

    Raises: UserError that names the extra.
    """
    try:
        import matplotlib as found  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise UserError(
            "pictures need matplotlib, which is not installed: pip install 'minitorch-cli[plots]'."
        ) from None


# -- curves ----------------------------------------------------------------------------------------


def curves(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> Picture:
    """Loss, accuracy and learning rate of one run or several, over the steps.

    Args:
        runs: for each name the records of its `metrics.jsonl`.
    """
    alone = len(runs) == 1

    def draw(figure: Any) -> None:
        loss, score, rate = figure.subplots(1, 3, sharex=True)
        for number, (name, records) in enumerate(runs.items()):
            colour = COLOURS[number % len(COLOURS)]
            other = COLOURS[1] if alone else colour
            batches = [record for record in records if "batch" in record]
            epochs = [record for record in records if "batch" not in record]
            if alone:
                loss.plot(*_thinned(batches, "loss"), color=colour, alpha=0.55, linewidth=0.8)
            for axes, what in ((loss, "loss"), (score, "accuracy")):
                style = {"marker": "o", "markersize": 3}
                label = "training" if alone else name
                factor = 100 if what == "accuracy" else 1
                axes.plot(*_of(epochs, f"train_{what}", factor), color=colour, label=label, **style)
                label = "validation" if alone else "_"
                axes.plot(
                    *_of(epochs, f"validation_{what}", factor),
                    color=other, label=label, linestyle="--", **style,
                )  # fmt: skip
            rate.plot(*_of(batches, "lr"), color=colour, label=name)
        titles = ("loss", "accuracy in %", "learning rate")
        for axes, title in zip((loss, score, rate), titles):
            axes.set_title(title, loc="left")
            axes.set_xlabel("step (batches)")
            axes.grid(visible=True)
            axes.spines[["top", "right"]].set_visible(False)
            axes.locator_params(axis="x", nbins=5)
        loss.set_ylim(bottom=0)
        rate.ticklabel_format(axis="y", style="sci", scilimits=(-4, 4))
        loss.set_xlim(left=0)
        if alone:
            loss.legend()
        else:
            handles, labels = score.get_legend_handles_labels()
            figure.legend(
                handles,
                labels,
                title="solid: training, dashed: validation",
                loc="outside lower center",
                ncols=min(len(labels), 3),
            )

    caption = (
        "Loss of batches (thin) and epochs, accuracy of epochs, and the learning rate."
        if alone
        else "Each run has a colour; solid lines are of training, dashed ones of validation."
    )
    return Picture("curves", caption, (10, 3.2 if alone else 3.7), draw)


def _of(
    records: Sequence[Mapping[str, Any]], key: str, factor: float = 1
) -> tuple[list[int], list[float]]:
    found = [(r["step"], factor * r[key]) for r in records if r.get(key) is not None]
    return [step for step, _ in found], [value for _, value in found]


def _thinned(
    records: Sequence[Mapping[str, Any]], key: str
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Means over stretches of steps, of which there are POINTS at most."""
    steps, values = map(np.asarray, _of(records, key))
    parts = np.arange(0, len(steps), math.ceil(len(steps) / POINTS) or 1)
    if not len(parts):
        return steps, values
    counts = np.diff([*parts, len(steps)])
    return np.add.reduceat(steps, parts) / counts, np.add.reduceat(values, parts) / counts


def records_of(folder: Path) -> list[dict[str, Any]]:
    """The records of a run.

    Raises: UserError, in one line, if the folder has none that can be read.
    """
    from minitorch_cli.runs import RECORDS

    try:
        found = read_records(folder / RECORDS)
    except OSError as error:
        raise UserError(
            f"{folder} has no metrics: {error.strerror or error}. Name the folder of a run."
        ) from None
    except ValueError as error:
        raise UserError(str(error)) from None
    if not all("step" in record for record in found):
        raise UserError(f"{folder / RECORDS} holds records without a step. Name another run.")
    return found


# -- mistakes --------------------------------------------------------------------------------------


def confusion(labels: npt.NDArray[Any], answers: npt.NDArray[Any], names: Sequence[str]) -> Picture:
    """How often examples of each class were taken for each other.

    Args:
        labels, answers: class numbers (N): what is so, and what the model says.
        names: of the classes.
    """
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (labels.astype(int), answers.astype(int)), 1)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)

    def draw(figure: Any) -> None:
        from matplotlib.colors import PowerNorm

        axes = figure.subplots()
        # A power below 1, or the few mistakes would have the colour of none.
        shown = axes.imshow(100 * shares, cmap="Blues", norm=PowerNorm(0.4, 0, 100))
        for row, column in np.ndindex(*counts.shape):
            if counts[row, column]:
                ink = "#ffffff" if shares[row, column] > 0.2 else "#1f2328"
                axes.text(
                    column, row, f"{counts[row, column]:,}",
                    ha="center", va="center", color=ink, fontsize=8,
                )  # fmt: skip
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(
            range(len(names)), names, rotation=90 if max(map(len, names)) > 2 else 0, va="center"
        )
        axes.set_xlabel("the network's answer")
        axes.set_ylabel("what it is")
        figure.colorbar(
            shown, ax=axes, label="share of the row in %", shrink=0.8, ticks=(0, 1, 5, 20, 50, 100)
        )

    side = max(3.6, 0.5 * len(names) + 1)
    return Picture(
        "confusion", "Test examples by what they are and what the network says.",
        (side + 1, side), draw,
    )  # fmt: skip


def most_confused(
    labels: npt.NDArray[Any], probabilities: npt.NDArray[Any], most: int
) -> list[int]:
    """The examples that the model gets wrong, those first of which it is most certain.

    Args:
        labels: class numbers (N).
        probabilities: of each class (N, C).
        most: how many at most.
    """
    answers = probabilities.argmax(1)
    wrong = np.flatnonzero(answers != labels)
    certainty = probabilities[wrong, answers[wrong]]
    return [int(i) for i in wrong[np.argsort(-certainty, kind="stable")][:most]]


def images(
    name: str,
    caption: str,
    shown: Sequence[npt.NDArray[Any]],
    titles: Sequence[str],
    columns: int = 8,
    centred: bool = False,
) -> Picture:
    """Small grey images, each with a title.

    Args:
        name, caption: of the picture.
        shown: each (H, W).
        titles: of each.
        columns: in a row.
        centred: true for signed values, such as weights: 0 is then in the middle of the colours.
    """
    rows = max(1, math.ceil(len(shown) / columns))

    def draw(figure: Any) -> None:
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        limit = max((float(np.abs(image).max()) for image in shown), default=1.0) or 1.0
        look: dict[str, Any] = (
            {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if centred else {"cmap": "gray"}
        )
        last = None
        for axes, image, title in zip(grid, shown, titles):
            last = axes.imshow(image, **look)
            axes.set_title(title, fontsize=8)
        for axes in grid:
            axes.set_axis_off()
        if centred and last is not None:
            figure.colorbar(last, ax=list(grid), label="weight", shrink=0.9)

    return Picture(name, caption, (1.15 * columns + centred, 1.35 * rows + 0.2), draw)


# -- the page --------------------------------------------------------------------------------------

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>
:root {{ --ground: {light[0]}; --ink: {light[1]}; --grid: {light[2]}; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ground: {dark[0]}; --ink: {dark[1]}; --grid: {dark[2]}; }} }}
body {{ background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }}
figure {{ margin: 2rem 0; }} img {{ max-width: 100%; height: auto; }}
figcaption {{ font-size: 0.9rem; opacity: 0.8; }}
table {{ border-collapse: collapse; }}
td, th {{ border-bottom: 1px solid var(--grid); padding: 0.2rem 1rem 0.2rem 0; text-align: left;
  vertical-align: top; }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""


def write_report(
    folder: Path,
    title: str,
    facts: Mapping[str, object],
    pictures: Sequence[Picture],
    tables: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> Path:
    """Write pictures into a run's folder, and a page of all that needs nothing else.

    Args:
        folder: of the run.
        title: of the page.
        facts: what it says at the top, by name.
        pictures: those drawn, each also as a PNG file.
        tables: further tables by heading; the first row names the columns.

    Returns: the page's file.
    Raises: UserError where matplotlib is missing; OSError if they cannot be written.
    """
    rows = [["", ""], *([str(key), str(value)] for key, value in facts.items())]
    parts = [_table(rows)]
    for picture in pictures:
        light, dark = picture.render(LIGHT), picture.render(DARK)
        write_file(folder / f"{picture.name}.png", light)
        caption = html.escape(picture.caption)
        parts.append(
            f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{_uri(dark)}">'
            f'<img alt="{caption}" src="{_uri(light)}"></picture>'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    for heading, table in (tables or {}).items():
        parts.append(f"<h2>{html.escape(heading)}</h2>{_table(table)}")
    page = _PAGE.format(title=html.escape(title), body="\n".join(parts), light=LIGHT, dark=DARK)
    place = folder / REPORT
    write_file(place, page.encode("utf-8", "backslashreplace"))
    return place


def _uri(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = [f"<tr>{''.join(f'<th>{html.escape(cell)}</th>' for cell in head)}</tr>"]
    if not any(head):
        lines = []
    for row in body:
        lines.append(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>")
    return f"<table>{''.join(lines)}</table>"
