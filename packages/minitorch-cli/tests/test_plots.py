"""Pictures of runs, and the page that holds them."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch_cli as cli
from minitorch_cli import plots

matplotlib = pytest.importorskip("matplotlib")

PNG = b"\x89PNG\r\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make_run(name: str, epochs: int = 2) -> list[dict[str, Any]]:
    """A folder with the metrics of a run of five batches an epoch."""
    records: list[dict[str, Any]] = []
    for epoch in range(1, epochs + 1):
        for batch in range(1, 6):
            step = 5 * (epoch - 1) + batch
            loss = None if step == 2 else 1 / step  # as NaN is written
            records.append({"epoch": epoch, "batch": batch, "step": step, "loss": loss, "lr": 0.1})
        scores = {"train_accuracy": 0.5, "validation_loss": 0.3, "validation_accuracy": 0.25}
        records.append({"epoch": epoch, "step": 5 * epoch, "train_loss": 0.5, **scores})
    folder = Path(name)
    folder.mkdir()
    (folder / "config.toml").write_text('model = "<b>"\nepochs = 2\n[run]\nprogram = "app"\n')
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "metrics.jsonl").write_text(lines)
    return records


def drawn(picture: plots.Picture) -> Any:
    from matplotlib.figure import Figure

    figure = Figure()
    picture.draw(figure)
    return figure


@pytest.mark.parametrize("theme", [plots.LIGHT, plots.DARK])
def test_curves_show_what_was_recorded_on_any_ground(theme: Any) -> None:
    records = make_run("a")
    picture = plots.curves({"a": records})
    assert picture.render(theme).startswith(PNG)
    loss, score, rate = drawn(picture).axes
    batches, train, validation = loss.lines
    assert list(batches.get_xdata()) == [1, *range(3, 11)]
    assert list(train.get_ydata()) == [0.5, 0.5]
    assert list(validation.get_xdata()) == [5, 10]
    assert list(score.lines[1].get_ydata()) == [25, 25]
    assert set(rate.lines[0].get_ydata()) == {0.1}


def test_many_batches_are_drawn_as_means_of_stretches() -> None:
    records = [{"step": step, "batch": 1, "loss": float(step)} for step in range(1, 10_001)]
    steps, values = plots._thinned(records, "loss")
    assert len(steps) <= plots.POINTS
    assert np.array_equal(steps, values)
    assert steps.mean() == pytest.approx(5000.5, rel=1e-2)


def test_runs_without_a_finished_epoch_can_be_drawn() -> None:
    assert plots.curves({"a": [], "b": make_run("b")[:3]}).render().startswith(PNG)
    assert plots.curves({"a": []}).render().startswith(PNG)


def test_confusion_counts_every_example() -> None:
    labels, answers = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 2])
    picture = cli.confusion(labels, answers, ["a", "b", "c"])
    texts = drawn(picture).axes[0].texts
    assert {(*text.get_position(), text.get_text()) for text in texts} == {
        (0, 0, "1"), (1, 0, "1"), (1, 1, "1"), (2, 2, "2")
    }  # fmt: skip
    assert picture.render(plots.DARK).startswith(PNG)


def test_the_most_certain_mistakes_come_first() -> None:
    shares = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.45, 0.55]])
    assert cli.most_confused(np.array([0, 0, 0, 1]), shares, 5) == [2, 1]
    assert cli.most_confused(np.array([0, 0, 0, 1]), shares, 1) == [2]
    assert cli.most_confused(np.array([0, 1, 1, 1]), shares, 1) == []


def test_images_are_drawn_with_their_titles_also_none() -> None:
    shown = [np.arange(4.0).reshape(2, 2)] * 3
    picture = cli.images("few", "Few.", shown, ["x", "y", "z"], columns=2, centred=True)
    figure = drawn(picture)
    assert [axes.get_title() for axes in figure.axes[:4]] == ["x", "y", "z", ""]
    assert cli.images("none", "None.", [], []).render().startswith(PNG)


def test_the_page_stands_alone_and_shows_text_as_text() -> None:
    make_run("a")
    quotes = {"Mistakes": [["what", "review"], ["bad", "<script>alert(1)</script>"]]}
    place = cli.report(Path("a"), "app: a & b", {"accuracy": "98 %"}, [], quotes)
    assert place == str(Path("a/report.html"))
    page = Path(place).read_text()
    links = re.findall(r'(?:src|srcset|href)="([^"]{5})', page)
    assert links == ["data:", "data:"]  # on dark ground, and on light
    assert "prefers-color-scheme: dark" in page
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "app: a &amp; b" in page and "<td>&lt;b&gt;</td>" in page and "98 %" in page
    assert Path("a/curves.png").read_bytes().startswith(PNG)


def test_comparing_draws_and_prints_the_last_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    make_run("a")
    make_run("longer", 3)
    args = argparse.Namespace(runs=["a", "longer"], out="c.png", quiet=False)
    cli.compare(args)
    assert capsys.readouterr().out.splitlines() == [
        "a       epoch 2  loss 0.5000  validation 25.00%, best 25.00%",
        "longer  epoch 3  loss 0.5000  validation 25.00%, best 25.00%",
        "saved c.png",
    ]
    assert Path("c.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": ["none"]}, "none has no metrics: No such file"),
        ({"runs": ["a"] * 7}, "compare draws 6 runs at most, got 7"),
        ({"out": "c.pdf"}, "cannot write c.pdf: the chart is a PNG"),
    ],
)
def test_what_cannot_be_compared_is_told(change: dict[str, Any], message: str) -> None:
    make_run("a")
    given = {"runs": ["a"], "out": "c.png", "quiet": True, **change}
    with pytest.raises(cli.UserError, match=message):
        cli.compare(argparse.Namespace(**given))
    for text in ("x\n", "{}\n"):
        Path("a/metrics.jsonl").write_text(text)
        with pytest.raises(cli.UserError, match=r"metrics\.jsonl"):
            plots.records_of(Path("a"))


def test_matplotlib_is_asked_for_by_the_name_of_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(cli.UserError, match=r"pip install 'minitorch-cli\[plots\]'"):
        plots.curves({"a": []}).render()
