"""`assert_close`: equal up to rounding, or an error that says where not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.tensor import Tensor

#: (rtol, atol) that rounding explains, by numpy dtype; PyTorch's defaults.
TOLERANCES = {"float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}

#: How many of the differing elements a message lists.
SHOWN = 5


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_dtype: bool = True,
    msg: str = "",
) -> None:
    """Check that |actual - expected| <= atol + rtol * |expected|, element by element.

    Args:
        actual: a tensor, an array, a number, or a sequence of these.
        expected: likewise, of the same shape, and (of tensors and arrays) the same dtype.
        rtol: relative tolerance; together with atol it defaults to what the coarser of the two
            dtypes allows for rounding, and to 0 for integers and bool.
        atol: absolute tolerance.
        equal_nan: true if two NaN are equal.
        check_dtype: true if dtypes must be equal.
        msg: what was compared, in front of the error.

    Raises: AssertionError that says how many elements differ, where most, and lists some.
    """
    prefix = f"{msg}: " if msg else ""
    if isinstance(expected, (tuple, list)) and not isinstance(actual, (Tensor, np.ndarray)):
        if not isinstance(actual, (tuple, list)) or len(actual) != len(expected):
            got = len(actual) if isinstance(actual, (tuple, list)) else type(actual).__name__
            raise AssertionError(f"{prefix}wanted a sequence of {len(expected)} values, got {got}.")
        for i, (a, e) in enumerate(zip(actual, expected)):
            assert_close(
                a,
                e,
                rtol=rtol,
                atol=atol,
                equal_nan=equal_nan,
                check_dtype=check_dtype,
                msg=f"{prefix}item {i}",
            )
        return
    a, e = _array(actual), _array(expected)
    if a.shape != e.shape:
        raise AssertionError(f"{prefix}shapes differ: {a.shape}, expected {e.shape}.")
    both_typed = _is_typed(actual) and _is_typed(expected)
    if check_dtype and both_typed and a.dtype != e.dtype:
        raise AssertionError(f"{prefix}dtypes differ: {a.dtype}, expected {e.dtype}.")
    if (rtol is None) != (atol is None):
        raise ValueError("assert_close: give both rtol and atol, or none.")
    if rtol is None or atol is None:
        pairs = [TOLERANCES.get(x.dtype.name, (0.0, 0.0)) for x in (a, e)]
        rtol, atol = max(pairs)
    _check(a, e, rtol, atol, equal_nan, prefix)


def _is_typed(value: Any) -> bool:
    return isinstance(value, (Tensor, np.ndarray, np.generic))


def _array(value: Any) -> npt.NDArray[Any]:
    if isinstance(value, Tensor):
        return value.numpy(force=True)
    return np.asarray(value)


def _check(
    a: npt.NDArray[Any],
    e: npt.NDArray[Any],
    rtol: float,
    atol: float,
    equal_nan: bool,
    prefix: str,
) -> None:
    with np.errstate(all="ignore"):
        wide = np.result_type(a, e, np.float64) if "f" in a.dtype.kind + e.dtype.kind else object
        x, y = a.astype(wide), e.astype(wide)
        difference = np.abs(x - y)
        close = (x == y) | ((difference <= atol + rtol * np.abs(y)) & _finite(y))
        if equal_nan:
            close |= (x != x) & (y != y)
    close = np.asarray(close, bool)
    if close.all():
        return
    wrong = np.argwhere(~close)
    size = np.array(difference, np.float64)
    size[np.isnan(size)] = np.inf
    size[close] = -1.0
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(size)), size.shape))
    lines = [
        f"{prefix}{len(wrong)} of {a.size} elements differ (rtol {rtol:g}, atol {atol:g}), most at "
        f"{list(worst)}: {_pair(a, e, worst)}"
    ]
    for index in [tuple(int(i) for i in row) for row in wrong[:SHOWN]]:
        lines.append(f"  {list(index)}: {_pair(a, e, index)}")
    if len(wrong) > SHOWN:
        lines.append(f"  ... and {len(wrong) - SHOWN} more")
    raise AssertionError("\n".join(lines))


def _finite(x: npt.NDArray[Any]) -> Any:
    return np.isfinite(x) if x.dtype.kind == "f" else True


def _pair(a: npt.NDArray[Any], e: npt.NDArray[Any], index: tuple[int, ...]) -> str:
    got, wanted = a[index].item(), e[index].item()
    text = f"{got!r}, expected {wanted!r}"
    if isinstance(got, float) and isinstance(wanted, float):
        gap = abs(got - wanted)
        text += f" (difference {gap:.3g}" + (f", {gap / abs(wanted):.3g} of it)" if wanted else ")")
    return text
