"""Both apps train with `--backend cuda` and nothing else changed, and in a step of training nothing
crosses to the GPU but its inputs and the numbers of places, and nothing back but what is printed.

In the simulator the data and the digits' network are as small as they come; on a GPU the network is
the app's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from minitorch_backends.cuda import device
from minitorch_tensor import BackendUnavailable, get_backend

datasets = pytest.importorskip("minitorch_datasets")
nn = pytest.importorskip("minitorch_nn")
accuracy = pytest.importorskip("minitorch_cli.testing").accuracy


class Step(NamedTuple):
    """What a step of training moved: the sizes of transfers in bytes, in order."""

    up: list[int]
    down: list[int]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[list[Step]]:
    """One entry for each step of an optimizer, with what was moved since the one before."""
    try:
        get_backend("cuda")
    except BackendUnavailable as error:
        pytest.skip(str(error))
    monkeypatch.setenv("MINITORCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    chosen: Any = device.get_device()
    upload, download, update = chosen.upload, chosen.download, nn.optim.Adam.step
    found: list[Step] = []
    moved = Step([], [])

    def uploaded(memory: Any, array: Any) -> None:
        moved.up.append(array.nbytes)
        upload(memory, array)

    def downloaded(array: Any, *where: Any) -> None:
        moved.down.append(array.nbytes)
        download(array, *where)

    def updated(optimizer: Any) -> None:
        update(optimizer)
        found.append(Step(moved.up[:], moved.down[:]))
        moved.up.clear()
        moved.down.clear()

    monkeypatch.setattr(chosen, "upload", uploaded)
    monkeypatch.setattr(chosen, "download", downloaded)
    monkeypatch.setattr(nn.optim.Adam, "step", updated)
    yield found


#: Bytes of a loss, of how many were classified right and how many there were, which the reports of
#: training show, and of a number that is finite if all gradients are.
READ_BACK = [4, 16, 4]


class SmallNet(nn.Module):  # type: ignore[misc]
    """What the app's networks are made of, but small."""

    def __init__(self) -> None:
        self.conv = nn.Conv2d(1, 1, kernel_size=3, padding=1)
        self.fc = nn.Linear(9, 10)
        self.dropout = nn.Dropout(0.25)

    def forward(self, x: Any) -> Any:
        f = nn.functional
        x = f.avg_pool2d(f.max_pool2d(f.relu(self.conv(x)), 3), 3).flatten(1)
        return self.fc(self.dropout(x))


def test_minitorch_mnist_trains_and_moves_only_what_it_must(
    steps: list[Step], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cli = pytest.importorskip("minitorch_mnist.cli")
    images = np.random.default_rng(0).integers(0, 256, (8, 28, 28)).astype(np.uint8)
    labels = np.arange(8, dtype=np.uint8)
    data = datasets.ImageDataset("small", images[:7], labels[:7], images[7:], labels[7:])
    monkeypatch.setattr(cli, "load_image_dataset", lambda *_, **__: (data, None))
    if device.SIMULATED:
        recipe = cli.RECIPES["course"]
        small = recipe.__class__(SmallNet, recipe.epochs, recipe.batch_size, recipe.lr)
        monkeypatch.setitem(cli.RECIPES, "course", small)
    how = ("--model", "course", "--epochs", "1", "--batch-size", "2", "--backend", "cuda")
    assert cli.main(["train", *how]) == 0
    assert "backend cuda" in capsys.readouterr().out
    assert len(steps) == 3
    for step in steps[1:]:  # the first step also brings constants, which stay
        assert step == Step([2 * 28 * 28 * 4, 2 * 8], READ_BACK)


@pytest.mark.parametrize("model", ["rnn", "lstm", "gru", "cnn"])
def test_minitorch_sentiment_trains_and_moves_only_what_it_must(
    model: str,
    steps: list[Step],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cli = pytest.importorskip("minitorch_sentiment.cli")
    texts = ["good film", "bad film bad", "a good one", "so bad", "good", "bad one"] * 2
    labels = np.array([1, 0] * 6, np.uint8)
    data = datasets.TextDataset("synthetic", texts, labels, texts[:2], labels[:2])
    monkeypatch.setattr(cli, "load_text_dataset", lambda *_, **__: (data, None))
    small = cli.RECIPES["synthetic"].__class__(
        vocabulary=20, min_frequency=1, length=3, embedding=3, hidden=4, word_dropout=0.1,
        embedding_dropout=0.1, dropout=0.1, epochs=1, batch_size=4, lr=1e-2,
    )  # fmt: skip
    monkeypatch.setitem(cli.RECIPES, "synthetic", small)
    how = ("--dataset", "synthetic", "--model", model, "--backend", "cuda")
    assert cli.main(["train", *how]) == 0
    assert "backend cuda" in capsys.readouterr().out
    assert len(steps) == 3
    for step in steps[1:]:
        length = step.up[0] // (4 * 8)
        inputs = [4 * length * 8, 4 * 8, 4 * 8]  # words, lengths, labels
        places = [length * 8] * 2  # 0, 1, ...: compared with the lengths
        further = Counter(step.up)
        further.subtract(inputs + places)
        assert not -further
        # New lengths are also given to the recurrent layer, as its kernels take them; and a number
        # that is met for the first time stays there.
        assert set(+further) <= {4 * 4, 4}
        assert step.down == READ_BACK


def test_minitorch_mnist_learns_to_read_digits(gpu: Any, tmp_path: Any, capsys: Any) -> None:
    cli = pytest.importorskip("minitorch_mnist.cli")
    out = str(tmp_path / "digits.npz")
    assert cli.main(["train", "--data", "digits", "--backend", "cuda", "--out", out]) == 0
    assert accuracy(capsys.readouterr().out) > 0.97


@pytest.mark.parametrize("model", ["rnn", "lstm", "gru", "cnn"])
def test_minitorch_sentiment_learns_what_reviews_think(
    model: str, gpu: Any, tmp_path: Any, capsys: Any
) -> None:
    cli = pytest.importorskip("minitorch_sentiment.cli")
    how = ("--dataset", "synthetic", "--model", model, "--out", str(tmp_path / "reviews.npz"))
    assert cli.main(["train", *how, "--backend", "cuda"]) == 0
    assert accuracy(capsys.readouterr().out) > 0.97
