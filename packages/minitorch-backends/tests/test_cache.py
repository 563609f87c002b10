"""Compiled kernels on disk: kept once, never stale, and not needed."""

import os
import subprocess
import sys
import textwrap

import pytest

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


def test_several_first_starts_at_once_leave_a_whole_cache(tmp_path):
    for process in [start(SHARED, tmp_path) for _ in range(3)]:
        finish(process)
    out, _ = finish(start(COUNTED + SHARED + "print(len(listener.buffer))", tmp_path))
    assert int(out) == 0
    assert not list(tmp_path.rglob(".writing-*"))


def test_where_nothing_can_be_written_kernels_are_compiled_all_the_same(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    finish(start(SHARED, blocked / "below"))


def test_a_damaged_file_is_compiled_anew(tmp_path):
    finish(start(SHARED, tmp_path))
    files = list(tmp_path.rglob("*.nbc"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:100])
    finish(start(SHARED, tmp_path))


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
