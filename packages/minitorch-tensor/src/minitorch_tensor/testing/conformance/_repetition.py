"""The same call again, the same seed again, and threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import minitorch_tensor as mt
from minitorch_tensor.dtypes import float64
from minitorch_tensor.registry import get_backend, use_backend
from minitorch_tensor.tensor import Tensor
from minitorch_tensor.testing.checks import compare
from minitorch_tensor.testing.conformance._checks import Checks
from minitorch_tensor.testing.workloads import COMPOSITES, CORE, at_once, shifted_by, train

Array = npt.NDArray[Any]


class RepetitionChecks(Checks):
    """The same call again, the same seed again, and threads."""

    @pytest.mark.parametrize("name", [*CORE, *COMPOSITES])
    def test_repeated_calls_give_the_same_bits(self, name: str) -> None:
        """However often, on large inputs as on small ones."""
        first = self._bits(name, self._size.large, 0)
        for _ in range(3):
            assert self._bits(name, self._size.large, 0) == first, name

    @pytest.mark.parametrize("name", CORE)
    def test_a_result_does_not_differ_now_and_then(self, name: str) -> None:
        """Over many calls, on inputs that are small: where the order of additions may vary."""
        first = self._bits(name, 400, 0)
        differ = sum(self._bits(name, 400, 0) != first for _ in range(self._size.repeats))
        assert not differ, f"{name}: {differ} of {self._size.repeats} calls give other bits"

    @pytest.mark.parametrize("name", ["rand", "randn", "randint", "randperm", "rand_like"])
    def test_a_seed_gives_the_same_random_numbers_as_on_simple(self, name: str) -> None:
        """And again when it is set again."""
        draw: dict[str, Callable[[], Tensor]] = {
            "rand": lambda: mt.rand(3, 4),
            "randn": lambda: mt.randn(5, dtype=float64),
            "randint": lambda: mt.randint(0, 100, (7,)),
            "randperm": lambda: mt.randperm(11),
            "rand_like": lambda: mt.rand_like(mt.ones(2, 2)),
        }
        seen = []
        for b in (self._backend, get_backend("simple"), self._backend):
            with use_backend(b):
                mt.manual_seed(7)
                drawn = draw[name]()
                assert drawn.backend is b
                seen.append(drawn.numpy().tobytes())
        assert seen[0] == seen[1] == seen[2]

    @pytest.mark.parametrize("optimizer", ["sgd", "adam"])
    def test_a_small_network_learns_as_on_simple_and_twice_the_same(self, optimizer: str) -> None:
        """Forward, backward and steps together: the losses of a few steps, from one seed."""
        mine, again = (train(self._backend, optimizer) for _ in range(2))
        assert mine == again
        reference = train(get_backend("simple"), optimizer)
        assert reference[-1] < 0.8 * reference[0]
        assert mine == pytest.approx(reference, rel=1e-8)

    @pytest.mark.parametrize("name", [*CORE, *COMPOSITES])
    def test_threads_do_not_disturb_each_other(self, name: str) -> None:
        """Each computes on data of its own, all at once, and gets what it gets alone."""
        size = self._size
        n = size.large // 4
        alone = [self._bits(name, n, seed) for seed in range(size.threads)]
        wrong: Counter[int] = Counter()

        def work(seed: int) -> None:
            for _ in range(size.calls):
                wrong[seed] += self._bits(name, n, seed) != alone[seed]

        at_once([partial(work, seed) for seed in range(size.threads)])
        assert not +wrong, f"{name}: wrong results in {dict(+wrong)} of {size.calls} calls a thread"

    def test_threads_may_meet_a_new_function_at_once(self) -> None:
        """The first call of a function, where a backend compiles it."""
        b = self._backend
        fn = shifted_by(11.0)
        x = b.from_numpy(np.arange(5.0))
        seen: list[Array] = []
        at_once([lambda: seen.append(b.to_numpy(b.map(fn, x, float64)))] * self._size.threads)
        for got in seen:
            compare(got, np.arange(5.0) + 11.0, float64, "a function met by several threads")
        assert len(seen) == self._size.threads
