"""Who owns memory, who writes to it, and what is kept."""

from __future__ import annotations

import gc
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pytest

from minitorch_autodiff import operators as ops
from minitorch_tensor.dtypes import float32, float64, int32
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.conformance._checks import Checks
from minitorch_tensor.testing.layouts import LAYOUTS, arrange
from minitorch_tensor.testing.workloads import at_once, scaled_by

#: Parts of two dimensions, of which the inner one leaves elements before, between or after.
PARTS = [
    *((slice(None), slice(None, 3)), (slice(None), slice(1, 4)), (slice(1, 3), slice(2, None))),
    *((slice(None, 2), slice(None)), (slice(None), slice(None, None, 2))),
    *((slice(None, None, 2), slice(1, 3)), (slice(None, None, -1), slice(None, 4))),
    *((slice(3, 4), slice(4, 5)), (slice(None), slice(4, None, -2))),
]

#: How many functions a backend may keep after their last use.
KEPT = 1024


@contextmanager
def _switching_often() -> Iterator[None]:
    """Let threads take turns after microseconds, so that what may go wrong between two does."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


class MemoryChecks(Checks):
    """Who owns memory, who writes to it, and what is kept."""

    @pytest.mark.parametrize("rank", [2, 3])
    def test_a_part_of_the_inner_dimensions_is_written_and_nothing_beside_it(
        self, rank: int
    ) -> None:
        """As `x[:, :3] = 0` does, with one number for all and with a number for each."""
        b = self._backend
        for dtype in (float32, int32):
            for rows, columns in PARTS:
                key = (..., rows, columns)
                shape = (2, 4, 5)[3 - rank :]
                want = np.arange(1, np.prod(shape) + 1).astype(dtype.numpy).reshape(shape)
                x = b.from_numpy(want.copy())
                out = x
                for dim, part in ((rank - 2, rows), (rank - 1, columns)):
                    start, _, step = part.indices(shape[dim])
                    length = len(range(*part.indices(shape[dim])))
                    out = out.slice(dim, start, length, step)
                b.copy_(out, b.full((), 0, dtype).expand(out.shape))
                want[key] = 0
                assert_close(b.to_numpy(x), want, msg=f"x[{rows}, {columns}] = 0")
                values = -np.arange(1, out.size + 1).astype(dtype.numpy).reshape(out.shape)
                b.copy_(out, b.from_numpy(values))
                want[key] = values
                assert_close(b.to_numpy(x), want, msg=f"x[{rows}, {columns}] = values")

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_an_array_from_a_backend_can_be_written_to(self, layout: str) -> None:
        """Of a computed result and of a view."""
        b = self._backend
        x = arrange(np.array([[1.0, 2.0], [3.0, 4.0]]), layout, b)._data
        for data in (x, b.map(ops.neg, x, float64), b.from_numpy(np.ones((2, 2)))):
            array = b.to_numpy(data)
            assert array.flags.writeable, "to_numpy gave a read-only array"
            array[0, 0] = 7.0
            assert array[0, 0] == 7.0
            if not b.on_host:
                assert b.to_numpy(data)[0, 0] != 7.0, "a backend that is not on_host shares memory"

    def test_memory_is_shared_with_every_array_or_with_none(self) -> None:
        """Whatever its alignment, size and dtype: a change of it is seen always, or never."""
        b = self._backend
        shared = {}
        for dtype in (float32, int32):
            for size in (1, 3, 16, 64, 1024):
                room = np.zeros(size + 32, dtype.numpy)
                for start in range(0, 32, 1 if size == 16 else 5):
                    array = room[start : start + size]
                    array[...] = 1
                    data = b.from_numpy(array)
                    b.synchronize()
                    array[...] = 2
                    seen = b.to_numpy(data)
                    assert seen.min() == seen.max(), "part of an array is shared"
                    at = array.ctypes.data % 64
                    shared[f"{dtype}, {size} elements, {at} bytes past a multiple of 64"] = bool(
                        seen.flat[0] == 2
                    )
        yes = [where for where, is_shared in shared.items() if is_shared]
        no = [where for where, is_shared in shared.items() if not is_shared]
        assert not (yes and no), f"from_numpy shares memory with {yes[0]}, and not with {no[0]}"
        assert b.on_host or not yes, "a backend that is not on_host shares memory"

    def test_threads_write_to_rows_of_one_tensor(self) -> None:
        """Each to its own, many times: what one writes, no other undoes."""
        b, threads, writes = self._backend, max(self._size.threads, 3), self._size.writes
        x = b.from_numpy(np.zeros((threads, writes, 64), np.float32))

        def work(row: int) -> None:
            mine = x.slice(0, row, 1)
            for turn in range(writes):
                value = b.full((1, 1, 64), float(row * writes + turn + 1), float32)
                b.copy_(mine.slice(1, turn, 1), value)

        with _switching_often():
            at_once([partial(work, row) for row in range(threads)])
        want = np.arange(1, threads * writes + 1, dtype=np.float32).reshape(threads, writes, 1)
        lost = int((b.to_numpy(x) != want).any(-1).sum())
        assert not lost, f"{lost} of {threads * writes} writes were undone by other threads"

    @pytest.mark.parametrize("name", ["map", "zip", "reduce", "matmul", "elements"])
    def test_threads_share_no_scratch_memory(self, name: str) -> None:
        """Small operations of one shape at once, many times, give each thread its own result."""
        b, threads = self._backend, max(self._size.threads, 3)
        run: dict[str, Callable[[Any], Any]] = {
            "map": lambda x: b.map(ops.neg, x, float32),
            "zip": lambda x: b.zip(ops.add, x, x, float32),
            "reduce": lambda x: b.reduce(ops.add, x, 0, 0.0, float32),
            "matmul": lambda x: b.matmul(x, x),
            "elements": lambda x: b.contiguous(x.transpose()),
        }
        # What is elementwise is fast, so it takes more elements until threads meet.
        side = 12 if name == "matmul" or self._size.writes < 10 else 96
        data = [b.from_numpy(np.full((side, side), k + 1, np.float32)) for k in range(threads)]
        start = time.perf_counter()
        alone = [b.to_numpy(run[name](x)).copy() for x in data]
        # Half a second at most, but three calls at least: backends differ by a thousand times.
        calls = int(0.5 / (time.perf_counter() - start))
        calls = max(3, min(calls, self._size.writes))
        wrong: list[int] = []

        def work(k: int) -> None:
            for _ in range(calls):
                if not np.array_equal(b.to_numpy(run[name](data[k])), alone[k]):
                    wrong.append(k)

        with _switching_often():
            at_once([partial(work, k) for k in range(threads)])
        assert not wrong, f"{name}: {len(wrong)} of {threads * calls} results are wrong"

    def test_functions_that_are_gone_are_not_kept_for_ever(self) -> None:
        """Nor is what was compiled for them: a program that makes a closure in every step would
        fill its memory."""
        b = self._backend
        if b.compiles:
            pytest.skip(f"{b.name!r} compiles, and this takes {KEPT + 76} functions")
        x = b.from_numpy(np.ones(2, np.float32))
        alive = []
        for k in range(KEPT + 76):
            fn = scaled_by(float(k))
            b.map(fn, x, float32)
            alive.append(weakref.ref(fn))
            del fn
        gc.collect()
        count = sum(ref() is not None for ref in alive)
        assert count <= KEPT, f"{count} of {len(alive)} functions are kept after their last use"

    def test_memory_is_returned(self) -> None:
        """What nobody refers to is freed: buffers of results are not kept."""
        b = self._backend
        alive = []
        for k in range(50):
            x = b.map(ops.neg, b.from_numpy(np.full((64,), k, np.float32)), float32)
            alive.append(weakref.ref(x))
            del x
        gc.collect()
        count = sum(ref() is not None for ref in alive)
        assert count <= 10, f"{count} of {len(alive)} results are kept after their last use"
