"""Compiled kernels on disk: kept once, never stale, and not needed."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_autodiff import operators as ops
from minitorch_backends import kept
from minitorch_backends.fast import compile, reductions
from minitorch_backends.scalars import key_of

SHARED = """
import numpy as np
from minitorch_autodiff import operators as ops
from minitorch_tensor import TensorData, float32, float64, get_backend
fast = get_backend("fast")
def swish(x):
    return x * ops.sigmoid(1.5 * x)
for dtype in (np.float32, np.float64):
    x = np.linspace(-3, 3, 4000, dtype=dtype)
    y = fast.map(swish, fast.from_numpy(x), float32 if dtype is np.float32 else float64)
    assert np.allclose(y.buffer, x / (1 + np.exp(-1.5 * x)), rtol=1e-5), dtype
"""
COUNTED = """
from numba.core import event
listener = event.RecordingListener()
event.register("numba:compile", listener)
"""


def start(code, folder, **variables):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), **variables}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def finish(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out, err


def test_a_kernel_is_compiled_once_on_a_machine(tmp_path):
    code = COUNTED + SHARED + "print(len(listener.buffer))"
    first, _ = finish(start(code, tmp_path))
    second, noted = finish(start(code, tmp_path))
    assert int(first) > 0
    assert int(second) == 0
    assert noted == ""


@pytest.mark.slow
def test_several_first_starts_at_once_leave_a_whole_cache(tmp_path):
    for process in [start(SHARED, tmp_path) for _ in range(3)]:
        finish(process)
    out, _ = finish(start(COUNTED + SHARED + "print(len(listener.buffer))", tmp_path))
    assert int(out) == 0
    assert not list(tmp_path.rglob(".*"))


def test_where_nothing_can_be_written_kernels_are_compiled_all_the_same(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    finish(start(SHARED, blocked / "below"))


def truncated(content):
    return content[:100]


def empty(content):
    return b""


def with_one_wrong_bit(content):
    place = len(content) * 2 // 3
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def planted(content):
    """What runs code when it is unpickled."""
    return b"cos\n_exit\n(I66\ntR."


@pytest.mark.slow
@pytest.mark.parametrize("damage", [truncated, empty, with_one_wrong_bit, planted])
def test_a_damaged_file_is_compiled_anew(damage, tmp_path):
    finish(start(SHARED, tmp_path))
    files = {file: file.read_bytes() for file in tmp_path.rglob("*.nbc")}
    assert files
    for file, content in files.items():
        file.write_bytes(damage(content))
    finish(start(SHARED, tmp_path))
    again, _ = finish(start(COUNTED + SHARED + "print(len(listener.buffer))", tmp_path))
    assert int(again) == 0  # and kept


# -- whose files are read --------------------------------------------------------------------------


@pytest.fixture
def chosen(monkeypatch, tmp_path):
    """NUMBA_CACHE_DIR, and the folder in it."""
    monkeypatch.setattr(kept.config, "CACHE_DIR", str(tmp_path))
    kept._folders.cache_clear()
    yield tmp_path / "minitorch-fast"
    kept._folders.cache_clear()


def test_what_is_kept_is_loaded_under_its_name_alone(chosen):
    kept.keep("fast", "a", b"content")
    assert kept.load("fast", "a") == b"content"
    (chosen / "a").rename(chosen / "b")
    assert kept.load("fast", "a") is None
    assert kept.load("fast", "b") is None


@given(place=st.integers(0, 200), bit=st.integers(0, 7), cut=st.booleans())
def test_no_damaged_file_is_loaded(place, bit, cut, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kept.config, "CACHE_DIR", str(folder))
        kept._folders.cache_clear()
        kept.keep("fast", "a", bytes(range(100)))
        (file,) = folder.rglob("a")
        content = bytearray(file.read_bytes())
        place %= len(content)
        content[place] ^= 1 << bit
        file.write_bytes(content[:place] if cut else content)
        assert kept.load("fast", "a") is None
    kept._folders.cache_clear()


@pytest.mark.skipif(os.name != "posix", reason="needs owners and modes")
@pytest.mark.parametrize("what", ["the file", "the folder"])
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757])
def test_what_others_can_write_is_not_loaded(what, mode, chosen):
    kept.keep("fast", "a", b"content")
    (chosen / "a" if what == "the file" else chosen).chmod(mode)
    assert kept.load("fast", "a") is None
    kept._folders.cache_clear()
    if what == "the folder":
        assert kept.folders("fast", writable=True) == []
        assert kept.where_kept("fast").endswith(f"{chosen.parent}, can be written by others")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs owners")
@pytest.mark.parametrize("what", ["the file", "the folder"])
def test_what_belongs_to_another_user_is_not_loaded(what, chosen, monkeypatch):
    kept.keep("fast", "a", b"content")
    owner = (chosen / "a").stat().st_uid
    if owner:  # what root owns is trusted, as the sources are
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    else:
        os.chown(chosen / "a" if what == "the file" else chosen, 54321, 54321)
    assert kept.load("fast", "a") is None
    kept._folders.cache_clear()
    if what == "the folder":
        assert kept.folders("fast", writable=True) == []
        assert "belongs to another user" in kept.where_kept("fast")


@pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
def test_only_files_are_read(chosen):
    kept.keep("fast", "a", b"content")
    (chosen / "a").rename(chosen.parent / "a")
    (chosen / "a").symlink_to(chosen.parent / "a")
    assert kept.load("fast", "a") is None
    (chosen / "a").unlink()
    os.mkfifo(chosen / "a")
    assert kept.load("fast", "a") is None


@pytest.mark.skipif(os.name != "posix", reason="needs a umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o644)])
def test_kernels_respect_the_umask_and_nobody_else_writes_them(umask, mode, chosen):
    before = os.umask(umask)
    try:
        kept.keep("fast", "a", b"content")
    finally:
        os.umask(before)
    assert (chosen / "a").stat().st_mode & 0o777 == mode
    assert kept.load("fast", "a") == b"content"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_killed_process_left_is_removed_by_the_next(chosen):
    code = """
    import os, signal
    from pathlib import Path
    from minitorch_backends import kept
    Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    kept.keep("fast", "a", b"content")
    """
    process = start(code, chosen.parent)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert list(chosen.iterdir())
    kept.keep("fast", "b", b"content")
    assert list(chosen.iterdir()) == [chosen / "b"]


HOMELESS = {
    "no home": {},
    "an empty home": {"HOME": ""},
    "a relative home": {"HOME": "home"},
    "an empty place for caches": {"XDG_CACHE_HOME": ""},
    "a relative place for caches": {"XDG_CACHE_HOME": "caches"},
    "a relative choice": {"NUMBA_CACHE_DIR": "kernels"},
    "a choice that means home": {"NUMBA_CACHE_DIR": "~"},
}


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's place for caches")
@pytest.mark.parametrize("variables", HOMELESS.values(), ids=HOMELESS)
def test_nothing_is_read_below_the_working_directory(variables, monkeypatch, tmp_path):
    for variable in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(kept.config, "CACHE_DIR", variables.get("NUMBA_CACHE_DIR", ""))
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)

    def getpwuid(user):
        raise KeyError(user)

    monkeypatch.setattr("pwd.getpwuid", getpwuid)
    monkeypatch.setattr(kept, "__file__", "/proc/nowhere/kept.py")
    monkeypatch.chdir(tmp_path)
    kept._folders.cache_clear()
    try:
        assert all(folder.is_absolute() for folder in kept.folders("fast"))
        kept.keep("fast", "a", b"content")
        assert "keep them in" in kept.where_kept("fast") or "kept" in kept.where_kept("fast")
        if "NUMBA_CACHE_DIR" in variables:
            assert kept.where_kept("fast").endswith("is not an absolute path")
        assert not list(tmp_path.iterdir())
    finally:
        kept._folders.cache_clear()


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root, to be nobody")
def test_a_user_without_a_home_computes_and_keeps_nothing_in_a_folder_named_tilde():
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "NUMBA_CACHE_DIR")}
    somebody = {"env": environment, "user": 54321, "group": 54321, "extra_groups": []}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        try:
            argv = [sys.executable, "-c", SHARED]
            done = subprocess.run(argv, capture_output=True, text=True, cwd=folder, **somebody)
        except PermissionError:
            pytest.skip("others may not run this Python")
        assert done.returncode == 0, done.stderr
        assert "set NUMBA_CACHE_DIR" in done.stderr
        assert not list(Path(folder).iterdir())


def test_a_note_is_no_reason_to_fail(monkeypatch):
    def no_thread(self):
        raise RuntimeError("can't start new thread")

    note = kept.ProgressNote("fast")
    with monkeypatch.context() as patched:
        patched.setattr("threading.Thread.start", no_thread)
        note.on_start()
        note.on_end()
    monkeypatch.setattr(sys, "stderr", None)
    note._say()


def test_a_note_appears_when_compiling_takes_long_and_only_once(tmp_path):
    impatient = "from minitorch_backends import kept; kept.ProgressNote.PATIENCE = 0.0\n"
    _, noted = finish(start(impatient + SHARED, tmp_path))
    assert noted.count("minitorch: compiling kernels") == 1
    assert str(tmp_path) in noted


def test_an_installation_that_cannot_be_written_uses_the_users_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(kept.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept, "__file__", "/proc/nowhere/kept.py")
    monkeypatch.setattr(sys, "platform", "linux")
    kept._folders.cache_clear()
    try:
        assert kept.folders("fast", writable=True) == [tmp_path / "minitorch" / "fast"]
    finally:
        kept._folders.cache_clear()


def test_a_kernel_depends_on_the_sources_that_it_uses():
    assert kept.sources(compile.__name__) != kept.sources(reductions.__name__)


def scaled_by(factor):
    def scaled(x):
        return factor * x

    return scaled


def with_default(x, factor=2.0):
    return factor * x


def test_a_key_says_what_a_function_computes():
    assert key_of(scaled_by(2.0)) == key_of(scaled_by(2.0))
    keys = [scaled_by(2.0), scaled_by(3.0), with_default, ops.tanh, ops.exp]
    assert len({key_of(fn) for fn in keys}) == len(keys)


@pytest.mark.parametrize("hidden", [object(), [1.0]])
def test_a_function_of_things_that_may_change_has_no_key(hidden):
    def strange(x):
        return x if hidden is None else -x

    assert key_of(strange) is None
