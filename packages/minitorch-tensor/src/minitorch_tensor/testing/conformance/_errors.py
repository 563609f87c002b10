"""Errors and their wording; and silence where nothing is wrong."""

from __future__ import annotations

import operator
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.dtypes import float32
from minitorch_tensor.registry import get_backend, use_backend
from minitorch_tensor.tensor import Tensor
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.conformance._checks import Checks
from minitorch_tensor.testing.workloads import LOUD

#: What is refused, and on every backend in the same words.
MISTAKES: dict[str, Callable[[Tensor], Any]] = {
    "shapes that do not broadcast": lambda x: x + mt.ones(5),
    "matrices that do not chain": lambda x: x @ x,
    "a shape that does not fit": lambda x: x.reshape(4, -1),
    "an index out of range": lambda x: x[7],
    "an index to select out of range": lambda x: x.index_select(0, mt.tensor([9])),
    "an index to gather out of range": lambda x: x.gather(1, mt.tensor([[4]])),
    "a maximum of nothing": lambda x: x[:0].amax(0),
    "a size that differs": lambda x: mt.cat([x, mt.ones(2, 4)]),
    "a dimension that is not there": lambda x: x.sum(5),
    "a dtype without a gradient": lambda x: x.long().requires_grad_(),
}


class ErrorChecks(Checks):
    """Errors and their wording; and silence where nothing is wrong."""

    @pytest.mark.parametrize("mistake", MISTAKES)
    def test_a_mistake_is_told_as_on_simple(self, mistake: str) -> None:
        """The same kind of error in the same words, and the tensor is as it was."""
        told = []
        for b in (self._backend, get_backend("simple")):
            with use_backend(b):
                x = mt.arange(6, dtype=float32).reshape(2, 3)
                with pytest.raises((ValueError, TypeError, IndexError, RuntimeError)) as error:
                    MISTAKES[mistake](x)
                assert_close(x, np.arange(6, dtype=np.float32).reshape(2, 3))
                told.append((error.type, str(error.value)))
        assert told[0] == told[1]

    def test_operands_of_another_backend_are_refused_by_name(self) -> None:
        """With the way out."""
        other = "numpy" if self._backend.name == "simple" else "simple"
        x, y = mt.ones(2), mt.ones(2, device=other)
        for mix in (operator.add, operator.matmul, lambda x, y: mt.cat([x, y])):
            with pytest.raises(RuntimeError, match="operands are on different backends") as error:
                mix(x, y)
            assert repr(other) in str(error.value) or other in str(error.value)

    def test_arithmetic_is_silent(self) -> None:
        """In a fresh interpreter: no warning, nothing printed, whatever the numbers are. What a
        backend says once, that it compiles and keeps the result, is said by then."""
        if not isinstance(self.backend, str):
            pytest.skip("a backend that is not registered is not found by another interpreter")
        for _ in range(2):
            run = subprocess.run(
                [sys.executable, "-c", LOUD, self.backend],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode == 0, run.stderr
            said = next(line for line in run.stdout.splitlines() if line.startswith("said: "))
            if said == "said: ''":
                return
        pytest.fail(f"while it computed, it {said}", pytrace=False)
