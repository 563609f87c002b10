"""Making tensors, and random numbers that are the same everywhere."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, mt.int64),
        (1.5, mt.float32),
        (True, mt.bool_),
        ([1, 2], mt.int64),
        ([1, 2.5], mt.float32),
        ([True, False], mt.bool_),
        ([], mt.float32),
        ([[], []], mt.float32),
        (np.float64(1), mt.float64),
        (np.array([1.0]), mt.float64),
        (np.array([1], np.int32), mt.int32),
        (range(3), mt.int64),
    ],
)
def test_python_numbers_take_default_dtypes_and_arrays_keep_theirs(data, dtype, backend):
    x = mt.tensor(data)
    assert x.dtype is dtype
    assert_close(x, np.array(data), check_dtype=False)


def test_tensors_and_lists_of_tensors_make_tensors(iota):
    x = iota(2, 2)
    assert_close(mt.tensor(x), x)
    assert not np.shares_memory(mt.tensor(x).numpy(), x.numpy())
    assert_close(mt.tensor([x[0], x[1]]), x)
    assert_close(mt.tensor([x.sum(), x.max()]), np.array([6, 3], np.float32))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([[1, 2], [3]], ValueError, "tensor: the nested lists are ragged"),
        (["a"], TypeError, "tensor: wanted numbers"),
        ([1j], TypeError, "tensor: wanted numbers"),
        ([None], TypeError, "tensor: wanted numbers"),
        (np.array([1], np.int16), TypeError, "int16 is not an element type.*convert the array"),
    ],
)
def test_what_is_no_numbers_makes_no_tensor(data, error, message):
    with pytest.raises(error, match=message):
        mt.tensor(data)


def test_from_numpy_shares_memory_where_it_can(backend):
    array = np.arange(6.0).reshape(2, 3)
    shared = mt.from_numpy(array)
    array[0, 0] = 9
    assert shared[0, 0].item() == 9
    assert not np.shares_memory(mt.from_numpy(array.T).numpy(), array)
    array.flags.writeable = False
    copied = mt.from_numpy(array)
    copied.zero_()
    assert array[0, 0] == 9
    with pytest.raises(TypeError, match="from_numpy: wanted a numpy array, got list"):
        mt.from_numpy([1])


def test_constant_tensors(backend):
    assert_close(mt.zeros(2, 3), np.zeros((2, 3), np.float32))
    assert_close(mt.ones((2, 3), dtype="int32"), np.ones((2, 3), np.int32))
    assert_close(mt.full((2,), 7), np.array([7, 7]))
    assert_close(mt.full((), 1.5), np.array(1.5, np.float32))
    assert_close(mt.full((2,), True), np.array([True, True]))
    assert_close(mt.eye(2, 3), np.eye(2, 3, dtype=np.float32))
    assert mt.empty(2, 0, dtype="uint8").shape == (2, 0)
    x = mt.ones(2, dtype="float64")
    assert_close(mt.zeros_like(x), np.zeros(2))
    assert_close(mt.ones_like(x, dtype=mt.int64), np.ones(2, np.int64))
    assert_close(mt.full_like(x, 3), np.full(2, 3.0))
    assert [f(x).dtype for f in (mt.empty_like, mt.rand_like, mt.randn_like)] == [mt.float64] * 3
    assert mt.zeros(2, requires_grad=True).requires_grad
    assert mt.zeros_like(x, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((2, -1), ValueError, r"zeros: sizes must not be negative, got \(2, -1\)"),
        ((2.5,), TypeError, "zeros: sizes must be integers"),
        (("a",), TypeError, "zeros: sizes must be integers"),
    ],
)
def test_sizes_are_checked(sizes, error, message):
    with pytest.raises(error, match=message):
        mt.zeros(*sizes)


@given(st.integers(-20, 20), st.integers(-20, 20), st.sampled_from([-3, -1, 1, 2]))
def test_arange_is_pythons_range(start, end, step):
    if (end - start) * step < 0:
        with pytest.raises(ValueError, match="arange: no steps"):
            mt.arange(start, end, step)
    else:
        assert mt.arange(start, end, step).tolist() == list(range(start, end, step))


def test_arange_and_linspace_of_fractions():
    assert_close(mt.arange(0, 1, 0.25), np.array([0, 0.25, 0.5, 0.75], np.float32))
    assert_close(mt.arange(2.5), np.array([0, 1, 2], np.float32))
    assert_close(mt.arange(3, dtype="float64"), np.arange(3.0))
    assert_close(mt.linspace(0, 1, 5), np.linspace(0, 1, 5, dtype=np.float32))
    assert mt.linspace(0, 1, 0).shape == (0,)
    with pytest.raises(ValueError, match="arange: no steps of 0"):
        mt.arange(0, 1, 0)


# -- random numbers -----------------------------------------------------------------------------


DRAWS = {
    "rand": lambda **o: mt.rand(3, 4, **o),
    "randn": lambda **o: mt.randn(3, 4, **o),
    "randn64": lambda **o: mt.randn(3, 4, dtype="float64", **o),
    "randint": lambda **o: mt.randint(-5, 5, (3, 4), **o),
    "randint.high": lambda **o: mt.randint(5, (3, 4), **o),
    "randperm": lambda **o: mt.randperm(9, **o),
    "uniform_": lambda backend=None, **o: mt.zeros(3, backend=backend).uniform_(-1, 1, **o),
    "normal_": lambda backend=None, **o: mt.zeros(3, backend=backend).normal_(5, 2, **o),
}


@pytest.mark.parametrize("name", DRAWS)
def test_one_seed_gives_the_same_numbers_on_every_backend(name):
    drawn = []
    for backend in ("simple", "numpy", "numpy"):
        mt.manual_seed(7)
        drawn.append(DRAWS[name](backend=backend))
    assert_close(drawn[0], drawn[1])
    assert_close(drawn[1], drawn[2])
    assert not mt.equal(DRAWS[name](backend="numpy"), drawn[2])


@pytest.mark.parametrize("name", DRAWS)
def test_a_generator_is_a_sequence_of_its_own(name):
    draw = DRAWS[name]
    own = mt.Generator(3)
    first = draw(generator=own)
    mt.manual_seed(3)
    assert_close(draw(), first)
    state = own.get_state()
    second = draw(generator=own)
    own.set_state(state)
    assert_close(draw(generator=own), second)
    assert_close(draw(generator=own.manual_seed(3)), first)


def test_distributions_are_what_they_say():
    mt.manual_seed(0)
    uniform, normal = mt.rand(100_000), mt.randn(100_000)
    assert 0 <= uniform.min().item() <= uniform.max().item() < 1
    assert uniform.mean().item() == pytest.approx(0.5, abs=0.01)
    assert (normal.mean().item(), normal.std().item()) == pytest.approx((0, 1), abs=0.02)
    dice = mt.randint(1, 7, (60_000,))
    counts = (dice.unsqueeze(1) == mt.arange(1, 7)).sum(0)
    assert_close(counts.double() / 60_000, np.full(6, 1 / 6), rtol=0.1, atol=0)
    assert sorted(mt.randperm(50).tolist()) == list(range(50))
    shifted = mt.zeros(100_000).normal_(5.0, 2.0)
    assert (shifted.mean().item(), shifted.std().item()) == pytest.approx((5, 2), abs=0.05)


def test_random_functions_refuse_what_they_cannot_give():
    with pytest.raises(TypeError, match="rand: fractions do not fit in int64"):
        mt.rand(2, dtype="int64")
    with pytest.raises(ValueError, match="randint: low 3 must be less than high 3"):
        mt.randint(3, 3, (2,))
    with pytest.raises(TypeError, match="randint: give a size"):
        mt.randint(0, 3)


def test_threads_draw_from_one_generator_without_losing_numbers():
    generator = mt.Generator(0)
    drawn: list[float] = []

    def work() -> None:
        for _ in range(200):
            drawn.append(mt.rand((), generator=generator, dtype="float64").item())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = mt.rand(800, generator=mt.Generator(0), dtype="float64").tolist()
    assert sorted(drawn) == sorted(alone)
