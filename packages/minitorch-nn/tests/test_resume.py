"""Training that is interrupted at any batch and goes on equals training that is not, to the bit."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn import optim
from minitorch_nn.checkpoint import CheckpointError
from minitorch_nn.training import BatchResult, EpochResult, Reporter, fit, load_state, previous
from minitorch_tensor import Generator, Tensor


class Drawn:
    """Three batches an epoch, drawn anew: from a generator, the default one, and numpy's."""

    def __init__(self) -> None:
        self.generator = Generator(3)

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(3):
            x = self.generator.draw("normal", size=(5, 2)) + random.random()
            x += np.random.normal()  # noqa: NPY002
            yield mt.tensor(x.astype(np.float32)), (mt.rand(5) < 0.5).long()


class Stop(Reporter):
    """Asks for the end after some steps, by a signal or by an exception."""

    def __init__(self, step: int, ask: Any) -> None:
        self.step, self.ask = step, ask

    def batch_ends(self, result: BatchResult) -> None:
        if result.step == self.step:
            self.ask()


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


class Killed(Exception):
    pass


def die() -> None:
    raise Killed


def job(**options: Any) -> tuple[dict[str, Any], list[Any]]:
    """A training of four epochs; its weights and the results without their times."""
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.3), nn.Linear(4, 2))
    optimizer = optim.Adam(model.parameters())
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, total_steps=12)
    results = fit(
        model, optimizer, Drawn(), epochs=4, validation=Drawn(), scheduler=scheduler,
        keep_best=True, clip_norm=1.0, **options,
    )  # fmt: skip
    values = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    return values, [(r.train, r.validation, r.lr, r.step) for r in results]


def seeded(**options: Any) -> tuple[dict[str, Any], list[Any]]:
    mt.manual_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    return job(**options)


def same(one: tuple[dict[str, Any], list[Any]], other: tuple[dict[str, Any], list[Any]]) -> None:
    for name, value in one[0].items():
        np.testing.assert_array_equal(value, other[0][name], err_msg=name)
    assert one[1] == other[1]


@pytest.fixture(autouse=True)
def python_handles_sigint() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("step", range(1, 13))
def test_ctrl_c_after_any_batch_loses_nothing(step: int, tmp_path: Path) -> None:
    whole = seeded()
    file = tmp_path / "last.safetensors"
    with pytest.raises(KeyboardInterrupt):
        seeded(checkpoint=file, reporters=[Stop(step, interrupt)])
    assert load_state(file)["progress"]["step"] == step
    same(whole, job(checkpoint=file, resume=file))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("step", [1, 5, 12])
def test_what_was_done_since_the_checkpoint_is_done_again_alike(step: int, tmp_path: Path) -> None:
    whole = seeded()
    file = tmp_path / "last.safetensors"
    with pytest.raises(Killed):
        seeded(checkpoint=file, checkpoint_minutes=0, reporters=[Stop(step, die)])
    if step == 1:
        assert not file.exists()
        return
    assert load_state(file)["progress"]["step"] == step - 1
    same(whole, job(resume=file))


def test_the_checkpoint_before_stays_and_serves(tmp_path: Path) -> None:
    file = tmp_path / "last.safetensors"
    whole = seeded(checkpoint=file, notes={"lr": 0.05})
    same(whole, job(resume=file))  # nothing is left to do
    assert load_state(file)["notes"] == {"lr": 0.05}
    assert load_state(file)["versions"]["minitorch-nn"]
    assert len(load_state(previous(file))["progress"]["results"]) == 3
    same(whole, job(resume=previous(file)))


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    def twice() -> None:
        interrupt()
        interrupt()

    file = tmp_path / "last.safetensors"
    with pytest.raises(KeyboardInterrupt):
        seeded(checkpoint=file, reporters=[Stop(2, twice)])
    assert not file.exists()


def test_a_signal_in_validation_leaves_the_epoch_to_be_validated(tmp_path: Path) -> None:
    class Watched(Drawn):
        def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
            for batch in super().__iter__():
                if self.count == 4:
                    interrupt()
                self.count += 1
                yield batch

        count = 0

    def run(validation: Any, **options: Any) -> Any:
        model = nn.Linear(2, 2)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        results = fit(model, optimizer, Drawn(), epochs=3, validation=validation, **options)
        return {"w": model.weight.detach().numpy().copy()}, [
            (r.train, r.validation) for r in results
        ]

    file = tmp_path / "c.safetensors"
    for generator in (random, np.random):
        generator.seed(1)
    mt.manual_seed(1)
    whole = run(Drawn())
    for generator in (random, np.random):
        generator.seed(1)
    mt.manual_seed(1)
    with pytest.raises(KeyboardInterrupt):
        run(Watched(), checkpoint=file)
    at = load_state(file)["progress"]
    assert (len(at["results"]), at["batch"]) == (1, 3)
    same(whole, run(Drawn(), resume=file))


def test_other_tools_read_the_weights_by_name(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    file = tmp_path / "c.safetensors"
    values, _ = seeded(checkpoint=file)
    found = load_file(file)
    assert {f"model.{name}" for name in values} <= set(found)
    assert "optimizer.state.0.exp_avg" in found


def test_a_checkpoint_that_does_not_serve_is_refused_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "c.safetensors"
    with pytest.raises(CheckpointError, match="no checkpoint"):
        job(resume=file)
    seeded(checkpoint=file)
    whole = file.read_bytes()
    other = nn.Linear(3, 3)
    with pytest.raises(CheckpointError, match="does not fit what is to be trained") as told:
        fit(other, optim.SGD(other.parameters()), Drawn(), epochs=1, resume=file)
    assert "\n" not in str(told.value)
    for damaged in (whole[:-1], whole[:40], b"", whole + b"x", b"\xff" * 16 + whole[16:]):
        file.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="not a checkpoint, or is damaged") as told:
            job(resume=file)
        assert "\n" not in str(told.value)
    mt.save({"a": mt.zeros(2)}, file)
    with pytest.raises(CheckpointError, match="holds values, but not where training was"):
        job(resume=file)
    mt.save({"format": 99}, file)
    with pytest.raises(CheckpointError, match="has format 99"):
        job(resume=file)


def test_a_disk_that_is_full_leaves_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minitorch_nn.training import state

    file, whole = tmp_path / "c.safetensors", seeded()
    written = state.write_file
    count = []

    def full(path: Any, content: bytes) -> None:
        count.append(path)
        if len(count) > 2:
            raise OSError(28, "No space left on device")
        written(path, content)

    monkeypatch.setattr(state, "write_file", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        seeded(checkpoint=file)
    monkeypatch.undo()
    assert len(load_state(file)["progress"]["results"]) == 2
    same(whole, job(resume=file))


def test_patience_counts_the_epochs_before_the_interruption(tmp_path: Path) -> None:
    def run(**options: Any) -> list[EpochResult]:
        model = nn.Linear(2, 2)
        optimizer = optim.SGD(model.parameters(), lr=1e-9)
        return fit(model, optimizer, Drawn(), epochs=9, validation=Drawn(), metric=None,
                   patience=2, **options)  # fmt: skip

    file = tmp_path / "c.safetensors"
    mt.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    results = run(checkpoint=file)
    assert [r.loss for r in (x.train for x in run(resume=file))] == [r.train.loss for r in results]
