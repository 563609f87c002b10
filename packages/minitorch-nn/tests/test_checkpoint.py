"""Checkpoints: whole or not at all, and never a traceback for a bad file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn import checkpoint
from minitorch_nn.checkpoint import (
    CheckpointError,
    check_writable,
    load_checkpoint,
    save_checkpoint,
)

METADATA = {"program": "test", "größe": [1, 2.5, None], "nested": {"a": True}}


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# -- round trips -----------------------------------------------------------------------------------


def test_a_checkpoint_brings_back_values_and_metadata(tmp_path: Path, backend: str) -> None:
    one, other = model(), model()
    one(mt.randn(4, 2))
    save_checkpoint(tmp_path / "model.npz", one.state_dict(), METADATA)
    found = load_checkpoint(tmp_path / "model.npz")
    assert found.metadata == METADATA
    assert list(found.state_dict) == list(one.state_dict())
    other.load_state_dict(found.state_dict)
    for name, value in other.state_dict().items():
        expected = one.state_dict()[name]
        assert value.dtype is expected.dtype
        np.testing.assert_array_equal(value.numpy(), expected.numpy())
    assert files(tmp_path) == ["model.npz"]


@given(
    state=st.dictionaries(
        st.text(st.characters(codec="ascii", min_codepoint=97, max_codepoint=122), min_size=1),
        st.sampled_from(["float32", "float64", "int64", "uint8", "bool"]).flatmap(
            lambda dtype: st.sampled_from([(), (0,), (3,), (2, 0), (2, 3)]).map(
                lambda shape: mt.ones(*shape, dtype=dtype, device="numpy")
            )
        ),
    )
)
def test_any_names_dtypes_and_shapes_come_back(
    state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.npz"
    save_checkpoint(path, state, {})
    found = load_checkpoint(path).state_dict
    assert list(found) == list(state)
    for name, value in state.items():
        np.testing.assert_array_equal(found[name], value.numpy(), strict=True)


@pytest.mark.parametrize("name", ["file", "args", "allow_pickle", "arr_0", "self", "a/b", "a.npy"])
def test_names_that_mean_something_to_numpy_are_names_like_others(
    name: str, tmp_path: Path
) -> None:
    save_checkpoint(tmp_path / "model.npz", {name: mt.ones(2)}, {})
    assert load_checkpoint(tmp_path / "model.npz").state_dict[name].tolist() == [1.0, 1.0]


def test_views_are_saved_as_what_they_show(tmp_path: Path) -> None:
    view = mt.arange(6).reshape(2, 3).T[1:]
    save_checkpoint(tmp_path / "m.npz", {"view": view}, {})
    assert load_checkpoint(tmp_path / "m.npz").state_dict["view"].tolist() == [[1, 4], [2, 5]]


def test_numpy_reads_a_checkpoint_too(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "m.npz", {"w": mt.ones(2)}, {"a": 1})
    with np.load(tmp_path / "m.npz", allow_pickle=False) as archive:
        assert archive["w"].tolist() == [1.0, 1.0]
        assert json.loads(str(archive["__metadata__"])) == {"a": 1}


# -- writing ---------------------------------------------------------------------------------------


def test_missing_folders_are_made_when_saving_but_not_when_checking(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "m.npz"
    check_writable(target)
    assert files(tmp_path) == []
    save_checkpoint(target, {}, {})
    assert files(tmp_path) == ["a", "a/b", "a/b/m.npz"]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "m.npz", {}, {})
    (tmp_path / "other").write_text("")
    mode = stat.S_IMODE((tmp_path / "m.npz").stat().st_mode)
    assert mode == stat.S_IMODE((tmp_path / "other").stat().st_mode)


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failing_write_leaves_the_old_file_whole_and_nothing_else(
    failing: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "m.npz"
    save_checkpoint(target, {"w": mt.ones(2)}, {"version": "old"})

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(
        *((checkpoint.os, "fsync", fail) if failing == "fsync" else (Path, "replace", fail))
    )
    wanted = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else CheckpointError
    with pytest.raises(wanted) as caught:
        save_checkpoint(target, {"w": mt.zeros(2)}, {"version": "new"})
    if wanted is CheckpointError:
        assert str(caught.value) == (
            f"cannot write {target}: No space left on device. Choose another place."
        )
    assert files(tmp_path) == ["m.npz"]
    assert load_checkpoint(target).metadata == {"version": "old"}


def test_metadata_that_json_cannot_hold_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        save_checkpoint(tmp_path / "m.npz", {}, {"a": object()})
    assert files(tmp_path) == []


@pytest.mark.parametrize("write", [check_writable, lambda path: save_checkpoint(path, {}, {})])
def test_a_place_that_cannot_be_written_to_is_named(write: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"cannot write .*: Not a directory\. Choose another"):
        write(tmp_path / "file" / "m.npz")
    for folder in (str(tmp_path), f"{tmp_path}/", f"{tmp_path}/new/", "", "."):
        with pytest.raises(CheckpointError, match="it is a folder; name a file in it"):
            write(folder)
    with pytest.raises(CheckpointError, match=r"cannot write .*: File name too long"):
        write(tmp_path / ("x" * 300))
    assert files(tmp_path) == ["file"]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux's /proc")
@pytest.mark.parametrize("write", [check_writable, lambda path: save_checkpoint(path, {}, {})])
def test_a_file_system_that_takes_no_files_is_named(write: Any) -> None:
    with pytest.raises(CheckpointError, match=r"cannot write /proc/m\.npz: "):
        write("/proc/m.npz")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_file_without_write_permission_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "m.npz"
    target.write_text("precious")
    target.chmod(0o444)
    with pytest.raises(CheckpointError, match="Permission denied"):
        check_writable(target)


def test_a_link_stays_and_the_file_behind_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.npz").write_text("old")
    (tmp_path / "link.npz").symlink_to(tmp_path / "real.npz")
    save_checkpoint(tmp_path / "link.npz", {}, {"a": 1})
    assert (tmp_path / "link.npz").is_symlink()
    assert load_checkpoint(tmp_path / "real.npz").metadata == {"a": 1}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    # A pipe stands for /dev/null here: replacing that one by mistake would harm the machine.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # open at both ends, it waits for nobody
    try:
        check_writable(pipe)
        save_checkpoint(pipe, {"w": mt.ones(2)}, {"a": 1})
        assert pipe.is_fifo()
        (tmp_path / "m.npz").write_bytes(os.read(end, 65536))
    finally:
        os.close(end)
    assert load_checkpoint(tmp_path / "m.npz").metadata == {"a": 1}


def test_the_longest_file_name_will_do(tmp_path: Path) -> None:
    target = tmp_path / ("x" * 251 + ".npz")
    check_writable(target)
    save_checkpoint(target, {}, {})
    assert load_checkpoint(target).metadata == {}


@pytest.mark.parametrize("name", ["__metadata__", "a\0b", "\ud800", "x" * 70_000])
def test_a_name_that_the_file_cannot_hold_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"save_checkpoint: a tensor is named .* Rename it\."):
        save_checkpoint(tmp_path / "m.npz", {name: mt.ones(2)}, {})
    assert files(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444, 0o755])
def test_a_file_that_is_replaced_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    target = tmp_path / "m.npz"
    target.write_text("old")
    target.chmod(mode)
    if not os.access(target, os.W_OK):
        pytest.skip("this user may not replace it")
    save_checkpoint(target, {}, {"a": 1})
    assert stat.S_IMODE(target.stat().st_mode) == mode
    assert load_checkpoint(target).metadata == {"a": 1}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_file_that_is_replaced_keeps_its_owner(tmp_path: Path) -> None:
    target = tmp_path / "m.npz"
    target.write_text("old")
    os.chown(target, 54321, 54321)
    save_checkpoint(target, {}, {})
    assert (target.stat().st_uid, target.stat().st_gid) == (54321, 54321)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_device_is_noticed_beforehand() -> None:
    with pytest.raises(CheckpointError, match="cannot write /dev/full: No space left on device"):
        check_writable("/dev/full")
    check_writable("/dev/null")


def test_room_for_the_whole_file_is_looked_for_beforehand(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        check_writable(tmp_path / "m.npz", 1 << 20)
        with pytest.raises(CheckpointError, match=r"cannot write .*: File too large"):
            check_writable(tmp_path / "m.npz", (1 << 20) + 1)
        if free := shutil.disk_usage(tmp_path).free:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            with pytest.raises(
                CheckpointError, match=r"cannot write .*: (No space|File too large)"
            ):
                check_writable(tmp_path / "m.npz", free * 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert files(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "m.npz"
    code = (
        "import os, signal, minitorch_nn.checkpoint as c\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"c.save_checkpoint({str(target)!r}, {{}}, {{}})"
    )
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(files(tmp_path)) == 2
    save_checkpoint(target, {}, {})
    assert files(tmp_path) == ["m.npz"]


# -- reading ---------------------------------------------------------------------------------------


def test_a_missing_file_a_folder_and_a_place_that_is_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint .*m\.npz\. Train first, or name the"):
        load_checkpoint(tmp_path / "m.npz")
    with pytest.raises(CheckpointError, match=r"cannot read .*: Is a directory"):
        load_checkpoint(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"cannot read .*: Not a directory"):
        load_checkpoint(tmp_path / "file" / "m.npz")


def foreign(name: str, path: Path) -> None:
    """A file that is not ours."""
    if name == "empty":
        path.write_bytes(b"")
    elif name == "text":
        path.write_text("hello\n")
    elif name == "one array":
        np.save(path, np.ones(3))
        path.with_suffix(".npz.npy").rename(path)
    elif name == "arrays without metadata":
        np.savez(path, w=np.ones(3))
    elif name == "metadata that is no dictionary":
        np.savez(path, __metadata__=np.array("[1]"))
    elif name == "metadata that is no JSON":
        np.savez(path, __metadata__=np.array("{"))
    elif name == "pickled objects":
        np.savez(path, __metadata__=np.array([print], dtype=object))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("__metadata__.npy", "no array")


@pytest.mark.parametrize(
    "name",
    [
        "empty",
        "text",
        "one array",
        "arrays without metadata",
        "metadata that is no dictionary",
        "metadata that is no JSON",
        "pickled objects",
        "a zip file of something else",
    ],
)
def test_a_foreign_file_is_no_checkpoint(name: str, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    foreign(name, path)
    with pytest.raises(
        CheckpointError, match=r"m\.npz is not a checkpoint, or is damaged\. Name"
    ) as e:
        load_checkpoint(path)
    assert "\n" not in str(e.value)


class Trap:
    """Unpickling it makes a file."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("trapped"),)


def test_no_code_of_a_stranger_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("m.npz", __metadata__=np.array("{}"), w=np.array([Trap()], dtype=object))
    with pytest.raises(CheckpointError, match="is not a checkpoint, or is damaged"):
        load_checkpoint("m.npz")
    assert files(tmp_path) == ["m.npz"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small checkpoint's content."""
    path = tmp_path_factory.mktemp("whole") / "m.npz"
    state = {"weight": mt.ones(2, 3, device="numpy"), "bias": mt.zeros(2, device="numpy")}
    save_checkpoint(path, state, {"a": 1})
    return path.read_bytes()


@given(data=st.data())
def test_a_damaged_file_is_told_from_a_whole_one(
    data: st.DataObject, whole: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans(), label="truncate"):
        content = whole[:place]
    else:
        flipped = whole[place] ^ data.draw(st.integers(1, 255))
        content = whole[:place] + bytes([flipped]) + whole[place + 1 :]
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(content)
    try:
        found = load_checkpoint(path)
    except CheckpointError:
        return
    # What passed changed something that is not looked at, such as a date: not the values.
    assert found.metadata == {"a": 1}
    values = {name: value.tolist() for name, value in found.state_dict.items()}
    assert values == {"weight": [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]], "bias": [0.0, 0.0]}
