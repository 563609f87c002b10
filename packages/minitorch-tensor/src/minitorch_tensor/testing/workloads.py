"""Computations large enough to be cut into pieces, and a network small enough to train at once."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_autodiff import operators as ops
from minitorch_tensor.backend import BACKEND_INTERFACE, Backend
from minitorch_tensor.derived import AdamStep, Convolution, SGDStep, Window
from minitorch_tensor.dtypes import DType, float32, float64
from minitorch_tensor.layout import Shape
from minitorch_tensor.registry import get_backend, use_backend
from minitorch_tensor.tensor_data import TensorData


def normal(shape: Sequence[int], seed: int) -> npt.NDArray[np.float32]:
    """Normally distributed float32."""
    return np.random.default_rng(seed).normal(size=tuple(shape)).astype(np.float32)


# -- functions that no backend knows by name ----------------------------------------------------


def steps(x: float) -> float:
    """Exact in every dtype as long as it does not overflow."""
    return x * 3 + 1


def mixture(x: float, y: float) -> float:
    """Not symmetric in its arguments."""
    return x * y + 2 * x - y


def largest_magnitude(x: float, y: float) -> float:
    """A fold with the identity 0."""
    return ops.max(ops.abs(x), ops.abs(y))


def shifted_by(amount: float) -> Callable[[float], float]:
    """Different functions under one name and in one place."""

    def shifted(x: float) -> float:
        return x + amount

    return shifted


def scaled_by(factor: float) -> Callable[[float], float]:
    """Likewise, without a name."""
    return lambda x: x * factor


# -- computations -------------------------------------------------------------------------------

Computation = Callable[[Backend, int, int], list[TensorData]]


def _elementwise(b: Backend, n: int, seed: int) -> list[TensorData]:
    x, y = (b.from_numpy(normal((n,), seed + k)) for k in (0, 1000))
    return [
        b.zip(ops.mul, x, y, float32),
        b.map(ops.exp, x, float32),
        b.zip(mixture, x, y, float32),
    ]


def _sum(b: Backend, n: int, seed: int) -> list[TensorData]:
    side = math.isqrt(n)
    x = b.from_numpy(normal((side, side), seed))
    return [b.reduce(ops.add, x, dim, 0.0, float32) for dim in (0, 1)]


def _matmul(b: Backend, n: int, seed: int) -> list[TensorData]:
    side = max(5, math.isqrt(n) // 3)
    x, y = (b.from_numpy(normal((side, side + 1), seed + k)) for k in (0, 1000))
    return [b.matmul(x, y.transpose())]


def _softmax(b: Backend, n: int, seed: int) -> list[TensorData]:
    side = math.isqrt(n)
    x = b.from_numpy(normal((side, side + 3), seed) * 5)
    return [b.softmax(x, 0), b.softmax(x, 1)]


def _log_softmax(b: Backend, n: int, seed: int) -> list[TensorData]:
    side = math.isqrt(n)
    x = b.from_numpy(normal((side, side + 3), seed) * 5)
    return [b.log_softmax(x, 0), b.log_softmax(x, 1)]


def _picture_size(n: int) -> int:
    return max(6, math.isqrt(n // 25))


def _conv2d(b: Backend, n: int, seed: int) -> list[TensorData]:
    size = _picture_size(n)
    conv = Convolution(Window((3, 3), (1, 1), (1, 1), (1, 1)))
    x = b.from_numpy(normal((3, 4, size, size + 1), seed))
    weight = b.from_numpy(normal((6, 4, 3, 3), seed + 1))
    d = b.from_numpy(normal((3, 6, size, size + 1), seed + 2))
    return [
        b.conv2d(x, weight, conv),
        b.conv2d_input_grad(d, weight, x.shape, conv),
        b.conv2d_weight_grad(d, x, weight.shape, conv),
    ]


def _pool(b: Backend, n: int, seed: int) -> list[TensorData]:
    size = _picture_size(n)
    window = Window((2, 3), (2, 2), (0, 1), (1, 1))
    x = b.from_numpy(normal((3, 4, size, size + 1), seed))
    values, indices = b.max_pool2d(x, window)
    average = b.avg_pool2d(x, window)
    return [
        values,
        indices,
        b.max_pool2d_backward(values, indices, x.shape, window),
        average,
        b.avg_pool2d_backward(average, x.shape, window),
    ]


def _order(b: Backend, n: int, seed: int) -> list[TensorData]:
    side = math.isqrt(n)
    x = b.from_numpy(normal((side, side + 1), seed))
    index = np.random.default_rng(seed).integers(0, side, 2 * side)
    order = b.argsort(x, 1, False)
    return [
        order,
        b.argmax(x, 0),
        b.cumsum(x, 1),
        b.gather(x, 1, order),
        b.index_select(x, 0, b.from_numpy(index)),
        b.index_add(x, 0, b.from_numpy(index), b.from_numpy(normal((2 * side, side + 1), 9))),
    ]


def _steps(b: Backend, n: int, seed: int) -> list[TensorData]:
    parameter, gradient, mean = (b.from_numpy(normal((n,), seed + k)) for k in range(3))
    square = b.from_numpy(np.abs(normal((n,), seed + 3)))
    for step in (1, 2):
        b.sgd_step_(parameter, gradient, mean, SGDStep(0.1, momentum=0.9, weight_decay=0.01))
        b.adam_step_(
            parameter, gradient, mean, square, AdamStep(step, 0.01, 0.9, 0.99, 1e-6, 0.01, True)
        )
    return [parameter, mean, square]


#: Of the core: a backend, a number of elements, a seed -> results.
CORE: dict[str, Computation] = {"elementwise": _elementwise, "sum": _sum, "matmul": _matmul}

#: Of what is derived, by families.
COMPOSITES: dict[str, Computation] = {
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "conv2d": _conv2d,
    "pool": _pool,
    "order": _order,
    "steps": _steps,
}


@cache
def core_alone() -> Backend:
    """numpy's required methods, and everything else derived."""
    return CoreAlone()


class CoreAlone(Backend):
    """A backend of the required methods alone, which are those of `numpy`."""

    name: ClassVar[str] = "core"
    interface_version: ClassVar[int] = BACKEND_INTERFACE

    def empty(self, shape: Shape, dtype: DType) -> TensorData:
        return get_backend("numpy").empty(shape, dtype)

    def from_numpy(self, array: npt.NDArray[Any]) -> TensorData:
        return get_backend("numpy").from_numpy(array)

    def to_numpy(self, x: TensorData) -> npt.NDArray[Any]:
        return get_backend("numpy").to_numpy(x)

    def copy_(self, out: TensorData, x: TensorData) -> None:
        get_backend("numpy").copy_(out, x)

    def map(self, fn: Callable[[float], float], x: TensorData, dtype: DType) -> TensorData:
        return get_backend("numpy").map(fn, x, dtype)

    def zip(
        self, fn: Callable[[float, float], float], x: TensorData, y: TensorData, dtype: DType
    ) -> TensorData:
        return get_backend("numpy").zip(fn, x, y, dtype)

    def reduce(
        self,
        fn: Callable[[float, float], float],
        x: TensorData,
        dim: int,
        start: float,
        dtype: DType,
    ) -> TensorData:
        return get_backend("numpy").reduce(fn, x, dim, start, dtype)

    def matmul(self, x: TensorData, y: TensorData) -> TensorData:
        return get_backend("numpy").matmul(x, y)


# -- a network ----------------------------------------------------------------------------------


def train(backend: Backend, optimizer: str, updates: int = 12) -> list[float]:
    """The losses of a small classifier in float64, before each update."""
    with use_backend(backend):
        mt.manual_seed(3)
        x = mt.randn(16, 4, dtype=float64)
        labels = (x[:, 0] * x[:, 1] > 0).long().unsqueeze(1)
        parameters = [
            (mt.randn(*shape, dtype=float64) * 0.7).requires_grad_()
            for shape in [(4, 8), (8,), (8, 2), (2,)]
        ]
        memory = [[mt.zeros_like(p.detach()) for _ in range(2)] for p in parameters]
        losses = []
        for step in range(1, updates + 1):
            w1, b1, w2, b2 = parameters
            scores = ((x @ w1 + b1).tanh() @ w2 + b2).log_softmax(1)
            loss = -scores.gather(1, labels).mean()
            losses.append(loss.item())
            loss.backward()
            for p, (first, second) in zip(parameters, memory):
                assert p.grad is not None
                given = p._data, p.grad._data, first._data
                if optimizer == "sgd":
                    backend.sgd_step_(*given, SGDStep(0.3, momentum=0.9, nesterov=True))
                else:
                    settings = AdamStep(step, 0.1, 0.9, 0.99, 1e-8)
                    backend.adam_step_(*given, second._data, settings)
                p.grad = None
        return losses


# -- threads ------------------------------------------------------------------------------------


def at_once(tasks: Iterable[Callable[[], None]]) -> None:
    """Run every task in a thread of its own, started together; raise what one of them raised."""
    tasks = list(tasks)
    barrier = threading.Barrier(len(tasks))
    errors: list[BaseException] = []

    def run(task: Callable[[], None]) -> None:
        barrier.wait()
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - raised again below, in the test's thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


#: Warnings and prints of a backend while numbers go out of bounds: what a person would see. The
#: backend's name is the argument; the last line says what it said.
LOUD = """\
import os, sys, tempfile

said = tempfile.TemporaryFile()
before = [os.dup(1), os.dup(2)]
os.dup2(said.fileno(), 1)
os.dup2(said.fileno(), 2)

import minitorch_tensor as mt

mt.use_backend(sys.argv[1])
for dtype in ("float32", "float64"):
    x = mt.tensor([0.0, -1.0, 1e30, 1e300 if dtype == "float64" else 1e38, float("inf"),
                   float("-inf"), float("nan")], dtype=dtype)
    zero = mt.zeros(7, dtype=dtype)
    for compute in (
        lambda: x / zero, lambda: x * x * x, lambda: x - x, lambda: x.exp(), lambda: x.log(),
        lambda: x.sqrt(), lambda: x.sum(), lambda: x.prod(), lambda: x.amax(), lambda: x.mean(),
        lambda: x.softmax(0), lambda: x.outer(x) @ x, lambda: x.to("int32"), lambda: x ** 0.5,
        lambda: x.sigmoid(), lambda: x.cumsum(0), lambda: x.log_softmax(0), lambda: x.sort(0),
        lambda: x.to("float32"), lambda: mt.tensor([2**62] * 3) * 4, lambda: x[:0].mean(),
        lambda: mt.elementwise(lambda v: v / (v * 0.0))(x), lambda: mt.tensor([2**62] * 3).sum(),
        lambda: mt.tensor([1, 2]) // mt.tensor([3, 1]), lambda: x % 2.0, lambda: x.tanh(),
    ):
        compute()

sys.stdout.flush()
sys.stderr.flush()
os.dup2(before[0], 1)
os.dup2(before[1], 2)
said.seek(0)
print("said:", repr(said.read().decode(errors="replace")))
"""
