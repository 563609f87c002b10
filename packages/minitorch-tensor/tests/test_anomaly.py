"""`detect_anomaly` with tensors: the first NaN is blamed on the call that made it, by its line."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

import minitorch_tensor as mt
from minitorch_autodiff import detect_anomaly
from minitorch_tensor import Tensor

INF = float("inf")
Binary = Callable[[Tensor, Tensor], Tensor]

#: Each on a line of its own, which the error has to name; x and y are infinite.
FORWARD: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "x + y": lambda x, y: x + -y,
    "x + number": lambda x, y: x + -INF,
    "number + x": lambda x, y: -INF + x,
    "x - y": lambda x, y: x - y,
    "x - number": lambda x, y: x - INF,
    "number - x": lambda x, y: INF - x,
    "x * y": lambda x, y: x * (1 / y),
    "x * number": lambda x, y: x * 0.0,
    "number * x": lambda x, y: 0.0 * x,
    "x / y": lambda x, y: x / y,
    "x / number": lambda x, y: x / INF,
    "number / x": lambda x, y: INF / x,
    "x ** y": lambda x, y: (-(1 / x) - 1) ** 0.5,
    "x @ y": lambda x, y: x @ (1 / y),
    "sum": lambda x, y: mt.cat([x, -y]).sum(),
    "mean": lambda x, y: mt.cat([x, -y]).mean(),
    "exp": lambda x, y: x.exp() * (-y).exp(),
    "log": lambda x, y: (-x).log(),
    "softmax": lambda x, y: x.softmax(0),
}


@pytest.mark.parametrize("recording", [True, False], ids=["recorded", "alone"])
@pytest.mark.parametrize("name", FORWARD)
def test_the_line_of_each_operator_is_named(
    name: str, recording: bool, backend: mt.Backend
) -> None:
    function = FORWARD[name]
    x, y = (mt.tensor([INF, 1.0], requires_grad=recording) for _ in range(2))
    line = inspect.getsourcelines(function)[1]
    with detect_anomaly(), pytest.raises(RuntimeError) as caught:
        function(x, y)
    first = str(caught.value).splitlines()[0]
    assert "forward made the first NaN: no input was." in first
    assert first.endswith(f'"{__file__}", line {line}:')


#: Forward there is no NaN, backward the given operation makes it; x is 0, y infinite.
BACKWARD: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "x * y": lambda x, y: (x * 0.0 * y.detach().exp().reciprocal()).sqrt(),
    "sqrt": lambda x, y: (x * 0.0).sqrt(),
    "x / y": lambda x, y: (x / 1e30).sqrt() * 0.0,
    "x + y": lambda x, y: ((x + 0.0) * 0.0).sqrt(),
}


@pytest.mark.parametrize("name", BACKWARD)
def test_the_line_whose_gradient_is_nan_is_named(name: str, backend: mt.Backend) -> None:
    function = BACKWARD[name]
    x, y = mt.zeros(2, requires_grad=True), mt.full((2,), INF, requires_grad=True)
    line = inspect.getsourcelines(function)[1]
    with detect_anomaly():
        z = function(x, y)
        with pytest.raises(RuntimeError, match=r"backward made the first NaN") as caught:
            z.sum().backward()
    assert f'"{__file__}", line {line}:' in str(caught.value).splitlines()[0]
    assert x.grad is None


def test_what_was_nan_before_is_nobodys_fault(backend: mt.Backend) -> None:
    x = mt.tensor([float("nan"), 1.0], requires_grad=True)
    with detect_anomaly():
        y = ((x + 1) * 2 - x / 3).sum()
        y.backward()
    assert x.grad.tolist() == pytest.approx([2 - 1 / 3] * 2)


def test_whole_numbers_are_never_nan(backend: mt.Backend) -> None:
    with detect_anomaly():
        assert (mt.tensor([1, 2]) * 3).tolist() == [3, 6]
