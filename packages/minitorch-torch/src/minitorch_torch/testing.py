"""Comparisons for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

import minitorch_tensor as mt
from minitorch_torch.missing import lacking

#: Relative and absolute tolerance by element type, those of PyTorch.
_TOLERANCES = {mt.float32: (1.3e-6, 1e-5), mt.float64: (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_dtype: bool = True,
    check_device: bool = True,
    **options: Any,
) -> None:
    """Check that two tensors, numbers, or nested lists or dictionaries of them agree.

    Raises: AssertionError that tells where they differ; ValueError for one tolerance without the
        other.
    """
    if (rtol is None) != (atol is None):
        raise ValueError("assert_close: give rtol and atol, or neither.")
    if isinstance(actual, dict):
        assert actual.keys() == expected.keys(), f"keys {list(actual)} are not {list(expected)}"
        pairs = [(actual[key], expected[key]) for key in actual]
    elif isinstance(actual, (list, tuple)):
        assert len(actual) == len(expected), f"{len(actual)} items are not {len(expected)}"
        pairs = list(zip(actual, expected))
    else:
        _compare(actual, expected, rtol, atol, equal_nan, check_dtype, check_device)
        return
    for one, other in pairs:
        assert_close(
            one,
            other,
            rtol=rtol,
            atol=atol,
            equal_nan=equal_nan,
            check_dtype=check_dtype,
            check_device=check_device,
        )


def _compare(
    actual: Any,
    expected: Any,
    rtol: float | None,
    atol: float | None,
    equal_nan: bool,
    check_dtype: bool,
    check_device: bool,
) -> None:
    a, b = (x if isinstance(x, mt.Tensor) else mt.tensor(x) for x in (actual, expected))
    assert a.shape == b.shape, f"shape {a.shape} is not {b.shape}"
    assert a.dtype is b.dtype or not check_dtype, f"dtype {a.dtype} is not {b.dtype}"
    assert a.device == b.device or not check_device, f"device {a.device} is not {b.device}"
    if rtol is None or atol is None:
        rtol, atol = max(_TOLERANCES.get(x.dtype, (0.0, 0.0)) for x in (a, b))
    np.testing.assert_allclose(
        a.detach().numpy(), b.detach().numpy(), rtol, atol, equal_nan=equal_nan
    )


__getattr__ = lacking(__name__)
