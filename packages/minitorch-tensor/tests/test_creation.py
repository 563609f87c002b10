"""Making tensors, and random numbers that are the same everywhere."""

from __future__ import annotations

import math
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
    "uniform_": lambda device=None, **o: mt.zeros(3, device=device).uniform_(-1, 1, **o),
    "normal_": lambda device=None, **o: mt.zeros(3, device=device).normal_(5, 2, **o),
}


@pytest.mark.parametrize("name", DRAWS)
def test_one_seed_gives_the_same_numbers_on_every_backend(name):
    drawn = []
    for backend in ("simple", "numpy", "numpy"):
        mt.manual_seed(7)
        drawn.append(DRAWS[name](device=backend))
    assert_close(drawn[0], drawn[1])
    assert_close(drawn[1], drawn[2])
    assert not mt.equal(DRAWS[name](device="numpy"), drawn[2])


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


def test_a_generator_knows_its_seed() -> None:
    assert mt.Generator(3).initial_seed() == 3
    generator = mt.Generator()
    drawn = mt.rand(4, generator=generator).tolist()
    assert mt.rand(4, generator=mt.Generator(generator.initial_seed())).tolist() == drawn
    assert generator.manual_seed(8).initial_seed() == 8


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


@given(
    st.integers(0, 2**64),
    st.integers(0, 3),
    st.integers(0, 20),
    st.sampled_from([mt.float32, mt.float64]),
)
def test_a_generator_skips_what_others_draw_from_its_state(seed, before, count, dtype):
    drawn, skipped = mt.Generator(seed), mt.Generator(seed)
    for generator in (drawn, skipped):
        generator.draw("random", before, np.float32)  # which may leave half of 64 bits for later
    state = skipped.get_state()
    drawn.draw("random", count, dtype.numpy)
    assert skipped.skip(count, dtype) == state
    after = [generator.draw("random", 3, np.float32).tolist() for generator in (drawn, skipped)]
    assert after[0] == after[1]


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


# -- sizes, and tensors like others ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "rand", "randn"])
def test_sizes_go_one_by_one_in_a_sequence_or_by_name(name):
    create = getattr(mt, name)
    for x in (create(2, 3), create((2, 3)), create([2, 3]), create(size=(2, 3))):
        assert (x.shape, x.dtype) == ((2, 3), mt.float32)
    assert create(()).shape == create().shape == ()
    assert create(2, dtype=None).dtype is mt.float32


def test_new_tensors_may_be_on_another_device():
    x = mt.ones(1, dtype=mt.float64)
    for y in (
        x.new_zeros(2, 3, device="simple"),
        x.new_ones((2, 3), device="simple"),
        x.new_empty(2, 3, device=mt.device("simple")),
        x.new_full((2, 3), 7, device="simple"),
        x.new_tensor([[1, 2, 3], [4, 5, 6]], device="simple"),
    ):
        assert (y.backend.name, y.dtype, y.shape) == ("simple", mt.float64, (2, 3))
    assert x.copy_(mt.zeros(1), non_blocking=True).tolist() == [0.0]


def test_new_tensors_are_on_the_backend_and_of_the_dtype_of_the_old(backend):
    x = mt.zeros(2, dtype="int32")
    with mt.use_backend("numpy" if backend.name == "simple" else "simple"):
        made = [
            x.new_zeros(2, 3),
            x.new_ones((2, 3)),
            x.new_empty(2, 3),
            x.new_full((2, 3), 7),
            x.new_tensor([[1, 2, 3], [4, 5, 6]]),
        ]
    for y in made:
        assert (y.shape, y.dtype, y.backend) == ((2, 3), mt.int32, backend)
    assert [made[i].tolist()[0] for i in (0, 1, 3, 4)] == [[0] * 3, [1] * 3, [7] * 3, [1, 2, 3]]
    y = x.new_full((1,), 2.5, dtype=mt.double, requires_grad=True)
    assert (y.dtype, y.requires_grad, y.item()) == (mt.float64, True, 2.5)


def test_as_tensor_copies_no_more_than_it_must():
    array = np.zeros(3)
    shared = mt.as_tensor(array)
    array[1] = 5
    assert shared.tolist() == [0, 5, 0]
    x = mt.ones(2, requires_grad=True)
    assert mt.as_tensor(x) is x
    assert mt.as_tensor(x, mt.float64).grad_fn is not None
    assert mt.as_tensor([1, 2], dtype=mt.float).dtype is mt.float32
    assert mt.as_tensor(x, device="simple").backend.name == "simple"


def test_pytorchs_names_of_dtypes_and_numbers_are_there():
    assert (mt.float, mt.double, mt.int) == (mt.float32, mt.float64, mt.int32)
    assert (mt.long, mt.bool) == (mt.int64, mt.bool_)
    assert (mt.pi, mt.e, mt.inf) == (math.pi, math.e, math.inf)
    assert math.isnan(mt.nan)


# -- drawing from other distributions --------------------------------------------------------------


def test_weights_say_how_often_an_index_is_drawn(backend):
    mt.manual_seed(0)
    weights = mt.tensor([[1.0, 0.0, 3.0], [2.0, 2.0, 0.0]])
    drawn = mt.multinomial(weights, 20_000, replacement=True)
    shares = [mt.bincount(row, minlength=3).double() / 20_000 for row in drawn]
    assert_close(mt.stack(shares), [[0.25, 0, 0.75], [0.5, 0.5, 0]], rtol=0, atol=0.02)
    first = mt.stack([mt.multinomial(weights[0], 2)[0] for _ in range(2000)])
    assert_close(
        mt.bincount(first, minlength=3) / 2000,
        [0.25, 0, 0.75],
        rtol=0,
        atol=0.04,
        check_dtype=False,
    )


def test_without_replacement_no_index_comes_twice():
    weights = mt.rand(50, 8) + 0.1
    assert mt.multinomial(weights, 8).sort().values.tolist() == [list(range(8))] * 50
    with pytest.raises(ValueError, match="fewer than 2 weights above 0"):
        mt.multinomial(mt.tensor([1.0, 0.0]), 2)
    with pytest.raises(ValueError, match="must be finite and not negative"):
        mt.multinomial(mt.tensor([1.0, -1.0]), 1)


def test_normal_bernoulli_and_exponential_numbers_have_their_moments():
    mt.manual_seed(0)
    means, deviations = mt.tensor([-5.0, 5.0]), mt.tensor([0.5, 2.0])
    x = mt.normal(means.expand(50_000, 2), deviations)
    assert_close(x.mean(0), means, rtol=0, atol=0.05)
    assert_close(x.std(0), deviations, rtol=0.02, atol=0)
    y = mt.normal(2.0, 3.0, (50_000,))
    assert (y.mean().item(), y.std().item()) == pytest.approx((2, 3), abs=0.05)
    p = mt.full((50_000,), 0.3)
    assert p.bernoulli_(0.3).mean().item() == pytest.approx(0.3, abs=0.01)
    assert mt.bernoulli(mt.full((50_000,), 0.7)).mean().item() == pytest.approx(0.7, abs=0.01)
    z = mt.zeros(50_000).exponential_(2.0)
    assert (z.mean().item(), z.std().item()) == pytest.approx((0.5, 0.5), abs=0.02)
    dice = mt.zeros(6000, dtype="int64").random_(1, 7)
    assert sorted(set(dice.tolist())) == [1, 2, 3, 4, 5, 6]
    assert set(mt.zeros(600).random_(3).tolist()) == {0.0, 1.0, 2.0}
    with pytest.raises(ValueError, match="bernoulli: probabilities must lie in"):
        mt.bernoulli(mt.tensor([1.5]))
    with pytest.raises(TypeError, match="normal: give a size"):
        mt.normal(0.0, 1.0)
    with pytest.raises(ValueError, match="normal: a standard deviation must not be negative"):
        mt.normal(0.0, -1.0, (2,))
