"""Recurrent sequences and embedding of `fast` agree with the derived ones where small samples do
not reach: over many chunks of steps, and with rows dealt out to threads."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_backends.fast import get_num_threads, set_num_threads, thresholds
from minitorch_backends.fast.recurrent import CELLS, CHUNK, plan
from minitorch_tensor import TensorData, get_backend
from minitorch_tensor.derived import Recurrence, RecurrentWeights

fast, reference = get_backend("fast"), get_backend("numpy")


@pytest.fixture(autouse=True)
def _small_work_is_shared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thresholds, "SEQUENCE", 0)
    monkeypatch.setattr(thresholds, "LOOKED_UP", 0)


class Problem(NamedTuple):
    """Arguments of a sequence, and the gradients that arrive at its results."""

    given: tuple[Any, ...]
    recurrence: Recurrence
    d_out: TensorData
    d_state: list[TensorData]


def problem(
    cell: str,
    steps: int,
    batch: int,
    lengths: tuple[int, ...] | None,
    reverse: bool = False,
    batch_first: bool = False,
    dtype: Any = np.float64,
) -> Problem:
    inputs, hidden = 3, 5
    random = np.random.default_rng(0)

    def data(*shape: int) -> TensorData:
        return fast.from_numpy((0.5 * random.standard_normal(shape)).astype(dtype))

    def sequences(size: int) -> TensorData:
        return data(batch, steps, size) if batch_first else data(steps, batch, size)

    rows, parts = CELLS[cell][1] * hidden, 2 if cell == "lstm" else 1
    weights = RecurrentWeights(data(rows, inputs), data(rows, hidden), data(rows), data(rows))
    state, d_state = ([data(batch, hidden) for _ in range(parts)] for _ in range(2))
    given = sequences(inputs), state, weights
    recurrence = Recurrence(cell, lengths, reverse, batch_first)
    return Problem(given, recurrence, sequences(hidden), d_state)


def both_ways(backend: Any, problem: Problem) -> list[np.ndarray]:
    given, recurrence = problem.given, problem.recurrence
    out, last, saved = backend.recurrent_sequence(*given, recurrence)
    d_x, d_first, d_weights = backend.recurrent_sequence_backward(
        problem.d_out, problem.d_state, *given, out, saved, recurrence
    )
    return [backend.to_numpy(x) for x in (out, *last, d_x, *d_first, *d_weights)]


def assert_alike(actual: list[np.ndarray], expected: list[np.ndarray], rtol: float = 1e-10) -> None:
    for number, (got, wanted) in enumerate(zip(actual, expected, strict=True)):
        scale = np.abs(wanted).max(initial=1.0)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=rtol * scale, err_msg=str(number))


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Any:
    before = get_num_threads()
    if request.param > before:
        pytest.skip(f"the machine has {before} core")
    set_num_threads(request.param)
    yield request.param
    set_num_threads(before)


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("reverse", [False, True])
def test_long_sequences_agree_with_the_derived_ones(cell: str, reverse: bool, threads: int) -> None:
    long = problem(cell, CHUNK + 30, 5, (CHUNK + 30, 7, 90, 1, 200), reverse, batch_first=reverse)
    assert_alike(both_ways(fast, long), both_ways(reference, long))
    full = problem(cell, CHUNK // 2, 5, None, reverse, batch_first=not reverse)
    assert_alike(both_ways(fast, full), both_ways(reference, full))


@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_of_more_rows_than_a_chunk_agrees_with_the_derived_one(cell: str) -> None:
    wide = problem(cell, 3, 2 * CHUNK + 9, None)
    assert_alike(both_ways(fast, wide), both_ways(reference, wide))


@pytest.mark.parametrize("cell", CELLS)
def test_float32_agrees_up_to_its_rounding(cell: str) -> None:
    lengths = (60, 59, 3)
    got = both_ways(fast, problem(cell, 60, 3, lengths, dtype=np.float32))
    expected = both_ways(reference, problem(cell, 60, 3, lengths, dtype=np.float32))
    assert {x.dtype for x in got} == {np.dtype(np.float32)}
    assert_alike(got, expected, rtol=1e-4)


def test_results_repeat_bit_for_bit_and_do_not_depend_on_the_other_rows() -> None:
    given = problem("gru", 90, 6, (90, 4, 60, 61, 8, 2), dtype=np.float32)
    first, second = both_ways(fast, given), both_ways(fast, given)
    assert [x.tobytes() for x in first] == [x.tobytes() for x in second]


@pytest.mark.parametrize("cell", CELLS)
def test_the_number_of_threads_may_change_between_the_two_ways(cell: str) -> None:
    before = get_num_threads()
    if before < 2:
        pytest.skip("the machine has 1 core")
    given = problem(cell, 40, 5, (3, 40, 22, 9, 40))
    expected = both_ways(reference, given)
    try:
        for there, back in ((1, 2), (2, 1)):
            set_num_threads(there)
            out, _, saved = fast.recurrent_sequence(*given.given, given.recurrence)
            set_num_threads(back)
            d_x, _, d_weights = fast.recurrent_sequence_backward(
                given.d_out, given.d_state, *given.given, out, saved, given.recurrence
            )
            found = [fast.to_numpy(x) for x in (d_x, *d_weights)]
            assert_alike(found, [expected[1 + len(given.d_state)], *expected[-4:]])
    finally:
        set_num_threads(before)


def test_sequences_may_run_in_several_python_threads_at_once() -> None:
    given = problem("lstm", 80, 6, None)
    expected = both_ways(fast, given)
    wrong: list[int] = []

    def compute() -> None:
        for _ in range(5):
            got = both_ways(fast, given)
            wrong.extend(i for i, (a, b) in enumerate(zip(got, expected)) if not (a == b).all())

    threads = [threading.Thread(target=compute) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=7),
    blocks=st.integers(1, 4),
    reverse=st.booleans(),
)
@settings(deadline=None)
def test_a_plan_visits_every_step_of_every_row_once_and_in_order(
    lengths: list[int], blocks: int, reverse: bool
) -> None:
    blocks = min(blocks, len(lengths))
    planned = plan(6, len(lengths), tuple(lengths), reverse, blocks)
    assert sorted(planned.order[planned.order >= 0]) == list(range(len(lengths)))
    visited: dict[int, list[int]] = {row: [] for row in range(len(lengths))}
    for k in range(blocks):
        for start, end in zip(planned.starts[k], planned.starts[k][1:]):
            # A step works on the first rows of its block, in the block's order.
            rows = planned.row[start:end]
            np.testing.assert_array_equal(rows, planned.order[k][: len(rows)])
            for row, time in zip(rows, planned.time[start:end]):
                visited[int(row)].append(int(time))
    for row, length in enumerate(lengths):
        steps = list(range(length))
        assert visited[row] == (steps[::-1] if reverse else steps)


@pytest.mark.parametrize("permuted", [False, True])
@pytest.mark.parametrize("padding", [None, 3])
def test_embedding_on_threads_agrees_with_the_derived_one(
    permuted: bool, padding: int | None, threads: int
) -> None:
    random = np.random.default_rng(0)
    index = fast.from_numpy(random.integers(0, 50, (300, 40)))
    weight = fast.from_numpy(random.standard_normal((50, 16)))
    d = fast.from_numpy(random.standard_normal((40, 300, 16) if permuted else (300, 40, 16)))
    d = d.permute(1, 0, 2) if permuted else d
    found, expected = (
        [
            backend.to_numpy(backend.embedding(weight, index)),
            backend.to_numpy(backend.embedding_backward(d, index, 50, padding)),
        ]
        for backend in (fast, reference)
    )
    assert_alike(found, expected)
