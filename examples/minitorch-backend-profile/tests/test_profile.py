"""What is written down is what happened."""

import math
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_backend_profile import Entry, Ledger, ProfileBackend
from minitorch_tensor.derived import SGDStep


@pytest.fixture
def profile():
    """A fresh profile of `numpy`, current while the test runs."""
    with mt.use_backend(ProfileBackend(mt.get_backend("numpy"))) as backend:
        yield backend


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", f"import minitorch_tensor as mt\n{code}"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_calls_and_bytes_are_counted_by_operation_and_function(profile):
    x, y = mt.ones(10, 20), mt.ones(20, dtype="float32")
    profile.ledger.reset()
    for _ in range(3):
        x + y
    x.exp()
    entries = profile.ledger.entries()
    assert entries.keys() == {"zip(add)", "map(exp)"}
    add = entries["zip(add)"]
    assert (add.calls, add.read, add.written) == (3, 3 * 4 * (200 + 20), 3 * 4 * 200)
    assert 0 < add.seconds < 60
    assert profile.ledger.total() == add + entries["map(exp)"]


def test_what_an_operation_calls_itself_is_part_of_it(profile):
    x = mt.ones(3, 4)
    profile.ledger.reset()
    x.softmax(1)
    assert [(name, e.calls) for name, e in profile.ledger.entries().items()] == [("softmax", 1)]


def test_a_step_in_place_counts_what_it_writes(profile):
    p, g = mt.ones(5), mt.ones(5)
    profile.ledger.reset()
    profile.sgd_step_(p.tensor_data, g.tensor_data, None, SGDStep(0.1))
    assert profile.ledger.entries()["sgd_step_"].read == 40


@pytest.mark.parametrize(
    ("birth", "operation"),
    [
        (lambda: mt.tensor([1.0, -1.0]).log(), "map(log)"),
        (lambda: mt.zeros(2) / mt.zeros(2), "zip(div)"),
        (lambda: mt.tensor([[math.inf, -math.inf]]).softmax(1), "softmax"),
    ],
)
def test_a_nan_is_traced_to_the_line_where_it_was_born(profile, birth, operation):
    y = birth()
    (y * 2.0 + 1.0).exp()  # it spreads, and is not born again
    born = {name: e.nan_births for name, e in profile.ledger.entries().items() if e.nan_births}
    assert born == {operation: 1}
    first = profile.ledger.first_nan
    assert first is not None
    assert first.operation == operation
    assert first.place == f"{__file__}:{birth.__code__.co_firstlineno}"


def test_a_nan_that_was_given_is_nobodys(profile):
    x = mt.tensor([math.nan, 1.0])
    (x + 1.0).sum()
    mt.full((2,), math.nan)
    assert profile.ledger.first_nan is None


def test_a_nan_that_a_step_writes_is_its_own(profile):
    p = mt.tensor([math.inf])
    g = mt.tensor([math.inf])
    profile.sgd_step_(p.tensor_data, g.tensor_data, None, SGDStep(0.1))
    assert profile.ledger.first_nan is not None
    assert profile.ledger.first_nan.operation == "sgd_step_"


def test_threads_lose_no_call(profile):
    x = mt.ones(4)
    profile.ledger.reset()

    def work():
        for _ in range(50):
            profile.map(abs, x.tensor_data, mt.float32)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert profile.ledger.total().calls == 200


def test_the_table_lists_the_slowest_first_and_adds_up_the_rest():
    ledger = Ledger()
    for n in range(40):
        ledger.add(f"op{n}", Entry(calls=2, seconds=0.001 * n, read=1500, written=500))
    lines = ledger.table("title").splitlines()
    assert lines[0] == "title"
    assert lines[1].split() == ["operation", "calls", "time", "share", "a", "call", "read",
                                "written", "rate", "NaN"]  # fmt: skip
    assert lines[2].split() == ["op39", "2", "39", "ms", "5.0%", "19.5", "ms", "1.5", "kB", "500",
                                "B", "51.3", "kB/s"]  # fmt: skip
    assert lines[-2].startswith("15 others")
    assert lines[-1].split()[:4] == ["all", "80", "780", "ms"]


def test_results_are_those_of_the_backend_underneath(profile):
    x = np.linspace(-3, 3, 50, dtype=np.float32)
    expected = mt.tensor(x, device="numpy").tanh().softmax(0).numpy()
    assert mt.tensor(x).tanh().softmax(0).numpy().tobytes() == expected.tobytes()


# -- as people use it ---------------------------------------------------------------------------


def test_naming_it_prints_a_table_when_the_program_ends():
    done = run("print((mt.ones(3) + 1.0).sum().item())", MINITORCH_BACKEND="profile")
    assert (done.returncode, done.stdout) == (0, "6.0\n")
    assert done.stderr.startswith("operations of backend '")
    assert "zip(add)" in done.stderr


def test_nothing_is_printed_where_nothing_was_computed():
    done = run("mt.get_backend('profile')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_environment_names_the_backend_underneath():
    code = "print(mt.ones(1, device='profile').backend.inner.name)"
    assert run(code, MINITORCH_PROFILE="simple").stdout == "simple\n"


def test_it_does_not_profile_itself():
    done = run("mt.get_backend('profile')", MINITORCH_PROFILE="profile")
    assert "MINITORCH_PROFILE=profile would profile itself" in done.stderr


def test_an_error_of_the_backend_underneath_is_told_and_counted_nowhere(profile):
    calls = profile.ledger.total().calls
    with pytest.raises(TypeError):
        profile.map(abs)
    assert profile.ledger.total().calls == calls


@pytest.mark.parametrize(
    ("seconds", "count", "text"),
    [
        (0.0, 0, "0 us 0 B"),
        (9.996e-4, 999.6, "1 ms 1 kB"),
        (0.25, 12_345, "250 ms 12.3 kB"),
        (0.9999, 5e13, "1 s 50 TB"),
        (125.0, 999_700, "125 s 1 MB"),
    ],
)
def test_numbers_have_three_digits_and_a_unit(seconds, count, text):
    ledger = Ledger()
    ledger.add("op", Entry(calls=1, seconds=seconds, read=round(count), written=0))
    line = " ".join(ledger.table("").splitlines()[-1].split())
    assert line.startswith(f"all 1 {text.split(' ')[0]} {text.split(' ')[1]} ")
    assert f" {' '.join(text.split(' ')[2:])} 0 B" in line
