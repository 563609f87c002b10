"""To numpy, to another backend, to a file, and back."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.dtypes import ALL, DType, bool_, float64
from minitorch_tensor.registry import backend_names, get_backend
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.conformance._checks import Checks
from minitorch_tensor.testing.layouts import LAYOUTS, arrange
from minitorch_tensor.testing.samples import Draw


def _extremes(dtype: DType) -> list[Any]:
    if dtype is bool_:
        return [False, True, True]
    if dtype.kind == "int":
        limits = np.iinfo(dtype.numpy)
        return [int(limits.min), 0, int(limits.max)]
    info = np.finfo(dtype.numpy)
    return [-0.0, 0.0, math.nan, math.inf, -math.inf, info.max, info.tiny, info.smallest_subnormal]


class TransferChecks(Checks):
    """To numpy, to another backend, to a file, and back."""

    @pytest.mark.parametrize("dtype", ALL, ids=str)
    def test_numpy_arrays_come_and_go_bit_by_bit(self, dtype: DType) -> None:
        """Any shape, any strides, signed zeros, the least and the largest numbers."""
        b = self._backend
        extremes = np.array([_extremes(dtype)] * 2, dtype.numpy)
        for array in (
            extremes,
            extremes.T,
            extremes[:, ::-1],
            extremes[:1, 1:2],
            extremes[0, 0],
            np.broadcast_to(extremes[0], (3, len(extremes[0]))),
            np.zeros((0,), dtype.numpy),
            np.zeros((2, 0, 3), dtype.numpy),
        ):
            array = np.asarray(array)
            data = b.from_numpy(array)
            assert (data.shape, data.dtype) == (array.shape, dtype)
            back = b.to_numpy(data)
            assert (back.shape, back.dtype) == (array.shape, array.dtype)
            assert back.tobytes() == array.tobytes()

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_tensors_go_to_another_backend_and_back(self, layout: str) -> None:
        """In every dtype and layout; gradients find the way, too."""
        other = "numpy" if self._backend.name == "simple" else "simple"
        for dtype in ALL:
            x = Draw(dtype)(3, 4)
            here = arrange(x, layout, self._backend)
            there = here.to(other)
            assert there.backend is get_backend(other)
            back = there.to(self._backend)
            assert back.backend is self._backend
            assert_close([here, there, back], [x, x, x], msg=f"{dtype}, {layout}")
        leaf = arrange(Draw(float64)(3, 4), layout, self._backend).detach().requires_grad_()
        (leaf.to(other) * 2.0).sum().backward()
        assert leaf.grad is not None
        assert leaf.grad.backend is self._backend
        assert_close(leaf.grad, np.full((3, 4), 2.0))

    def test_a_copy_is_nobody_elses(self) -> None:
        """A clone or deepcopy does not change with the original."""
        x = mt.tensor([1.0, 2.0, 3.0])
        copies = [x.clone(), copy.deepcopy(x), mt.tensor(x.numpy())]
        with mt.no_grad():
            x += 10.0
        assert_close(copies, [np.array([1, 2, 3], np.float32)] * 3)
        assert_close(x, np.array([11, 12, 13], np.float32))

    def test_tensors_are_pickled_with_the_name_of_their_backend(self) -> None:
        """And come back to it."""
        b = self._backend
        if b.name not in backend_names() or get_backend(b.name) is not b:
            pytest.skip(f"{b.name!r} is not registered, and pickle finds a backend by name")
        x = mt.tensor([[1.0, -2.0], [0.5, math.inf]])
        back = pickle.loads(pickle.dumps(x))
        assert back.backend is b
        assert_close(back, x)

    def test_views_of_tensors_are_written_through(self) -> None:
        """An assignment to a slice changes the tensor it is a slice of, there and only there."""
        x, want = mt.zeros(4, 5), np.zeros((4, 5), np.float32)
        for key in ((slice(1, 3), slice(None, None, 2)), (slice(None, None, -2), 1), (0, 0)):
            x[key] = want[key] = float(len(str(key)))
        x.T[2] = 7.0
        want.T[2] = 7.0
        assert_close(x, want)
