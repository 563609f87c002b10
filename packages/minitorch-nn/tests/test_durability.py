"""What is written is there: whole before it takes the old file's place, and the same every time."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

import minitorch_tensor as mt
from minitorch_nn import checkpoint
from minitorch_nn.checkpoint import CheckpointError, load_checkpoint, save_checkpoint

STATE = {"w": mt.ones(3, 2, device="numpy"), "n": mt.tensor(7, device="numpy")}


def test_all_bytes_have_reached_the_file_when_it_is_synced_and_then_it_is_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "m.npz"
    save_checkpoint(target, {}, {"version": "old"})
    old = target.read_bytes()
    happened: list[str] = []
    synced: list[bytes] = []
    replace = Path.replace

    def fsync(descriptor: int) -> None:
        assert target.read_bytes() == old
        inode = os.fstat(descriptor).st_ino
        (path,) = [p for p in tmp_path.rglob("*") if p.is_file() and p.stat().st_ino == inode]
        synced.append(path.read_bytes())
        happened.append("fsync")

    def recorded(self: Path, goal: Any) -> Path:
        happened.append("replace")
        return replace(self, goal)

    monkeypatch.setattr(checkpoint.os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", recorded)
    save_checkpoint(target, STATE, {"version": "new"})
    assert happened == ["fsync", "replace"]
    assert synced == [target.read_bytes()]
    assert load_checkpoint(target).metadata == {"version": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]


def test_equal_states_give_equal_files_in_any_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, second in (("a.npz", 1e9), ("b.npz", 2e9)):
        monkeypatch.setattr(time, "time", lambda second=second: second)
        save_checkpoint(tmp_path / name, STATE, {"a": 1})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("failing", ["open", "fsync", "replace", "mkdir"])
def test_what_cannot_be_written_is_one_line_and_leaves_no_parts(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    target = tmp_path / "below" / "m.npz" if failing == "mkdir" else tmp_path / "m.npz"
    monkeypatch.setattr(*((os, "fsync") if failing == "fsync" else (Path, failing)), full)
    with pytest.raises(CheckpointError, match=r"cannot write .*: No space left on device\."):
        save_checkpoint(target, STATE, {})
    monkeypatch.undo()
    assert list(tmp_path.rglob("*")) == []
