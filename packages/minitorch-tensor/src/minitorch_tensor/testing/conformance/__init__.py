"""The conformance kit: hundreds of checks of a backend, for one class in its tests.

    from minitorch_tensor.testing.conformance import BackendConformance


    class TestMine(BackendConformance):
        backend = "mine"

Run by pytest, it compares the backend with `simple`, which defines what operations mean, and with
answers computed some other way: every function of tensors and every operation of backends, in
every dtype and memory layout, on empty, zero-dimensional and large inputs, with NaN and
infinities; gradients, repetition, threads, transfer, errors. At the end of the run it reports what
the backend overrides and what it leaves derived.

Needs pytest and hypothesis: `pip install 'minitorch-tensor[conformance]'`.
"""

from __future__ import annotations

import pytest

from minitorch_tensor.testing.conformance._adjoints import AdjointChecks
from minitorch_tensor.testing.conformance._checks import SIZES, Size
from minitorch_tensor.testing.conformance._core import CoreChecks
from minitorch_tensor.testing.conformance._errors import ErrorChecks
from minitorch_tensor.testing.conformance._exactness import ExactnessChecks
from minitorch_tensor.testing.conformance._large import LargeChecks
from minitorch_tensor.testing.conformance._memory import MemoryChecks
from minitorch_tensor.testing.conformance._numbers import NumberChecks
from minitorch_tensor.testing.conformance._process import ProcessChecks
from minitorch_tensor.testing.conformance._repetition import RepetitionChecks
from minitorch_tensor.testing.conformance._tables import KernelChecks, TableChecks
from minitorch_tensor.testing.conformance._transfer import TransferChecks

__all__ = ["SIZES", "BackendConformance", "Size"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # silence is checked where users would hear
class BackendConformance(
    ProcessChecks,
    ErrorChecks,
    TableChecks,
    AdjointChecks,
    LargeChecks,
    TransferChecks,
    CoreChecks,
    RepetitionChecks,
    MemoryChecks,
    NumberChecks,
    ExactnessChecks,
    KernelChecks,  # which run first: pytest begins with the last base
):
    """Derive a class whose name starts with `Test`, and set `backend`.

    Attributes:
        backend: its name, as it is registered; or an instance, for one that is not (yet).
        size: how much to try: "full"; "small" for a backend that is slow; "quick" for one that
            compiles, and while one writes it; or a `Size`. The report says what it leaves out.

    A check that does not apply may be overridden in the subclass, which then says so in the open.
    A backend that is unavailable here (`BackendUnavailable`) skips, and says what it needs.
    """
