"""Write your own operation: everything you need, on one page.

Take the first of these that is fast enough:

1. *Composition.* Functions of tensors differentiate themselves: `x * mt.sigmoid(x)`.
2. *`mt.elementwise`* turns a function of numbers into one fused, differentiable operation.
3. *A `Function` with kernels*, as minitorch-nn writes its layers. This page is about that.

From a tensor to its storage and back
    Methods of `x.backend` take `x.tensor_data`, and `x.wrap(data)` makes a tensor of what they
    return; `Backend` documents them. Settings go in as values: `Window`, `Convolution`,
    `Attention`, `Recurrence` with `RecurrentWeights`, `AdamStep`, `SGDStep`. A kernel on numpy
    arrays gets them from `x.backend.to_numpy(x.tensor_data)`, which shares memory on host
    backends, and passes its result to `x.backend.from_numpy(array)`. An argument `device=` is a
    `Place`.

Operands
    Kernels expect operands on one backend and of one dtype. `alike` ensures that: it promotes
    dtypes, accepts plain numbers, and checks that shapes broadcast. Its parts are available
    separately: `check_backends`, `promoted` (two operands), `number` and `floating`. `check_range`
    checks indices. Errors begin with the name of the operation that you pass.

The derivative
    `Function.backward` returns one gradient for each input of `forward`, None where there is none.
    Broadcasting is undone for you. If it is made of differentiable functions, it can itself be
    differentiated; if not, set `once_differentiable = True` on the class.

Changes in place
    After a kernel has written into `x.tensor_data`, call `increment_version(x)`: a backward that
    needs the old elements then raises instead of using the new ones. `x.set_(source)` replaces the
    storage.

The example is a leaky sum: out[t] = x[t] + decay * out[t - 1]. Composed of tensor functions it
would be a graph of T steps; here it is one operation. It is linear in x, and its adjoint is the
same sum in reverse, so one class gives its derivatives of any order.

>>> from functools import partial
>>> import minitorch_tensor as mt
>>> from minitorch_autodiff import operators
>>> from minitorch_tensor.extend import Function, check_backends, floating

A kernel for every backend, made of methods that all backends have:

>>> def leaky_sum_on(backend, x, decay, reverse):
...     last, steps = x.ndim - 1, range(x.shape[-1])
...     out = backend.empty(x.shape, x.dtype)
...     factor = backend.constant(decay, x.dtype)
...     total = backend.full((*x.shape[:-1], 1), 0.0, x.dtype)
...     for t in reversed(steps) if reverse else steps:
...         kept = backend.zip(operators.mul, total, factor, x.dtype)
...         total = backend.zip(operators.add, x.slice(last, t, 1), kept, x.dtype)
...         backend.copy_(out.slice(last, t, 1), total)
...     return out

The differentiable operation. It prefers the backend's own `leaky_sum` method, if there is one:

>>> class LeakySum(Function):
...     '''out[..., t] = x[..., t] + decay * out[..., t - 1], or t + 1 in reverse.
...
...     Shapes:   x (*, T) -> out (*, T)
...     Gradient: the same sum of d, in the other direction
...     '''
...
...     @staticmethod
...     def forward(ctx, x, decay, reverse):
...         ctx.decay, ctx.reverse = decay, reverse
...         kernel = getattr(x.backend, "leaky_sum", None) or partial(leaky_sum_on, x.backend)
...         return x.wrap(kernel(x.tensor_data, decay, reverse))
...
...     @staticmethod
...     def backward(ctx, d):
...         return LeakySum.apply(d, ctx.decay, not ctx.reverse), None, None

The public function checks its arguments:

>>> def leaky_sum(x, decay=0.5):
...     check_backends("leaky_sum", x)
...     if x.ndim < 1:
...         raise ValueError("leaky_sum: wanted at least one dimension, got a single number.")
...     return LeakySum.apply(floating(x), float(decay), False)

>>> x = mt.tensor([1.0, 2.0, 4.0], requires_grad=True)
>>> leaky_sum(x)
tensor([1.0000, 2.5000, 5.2500], grad_fn=<LeakySum backward>)
>>> leaky_sum(x)[2].backward()
>>> x.grad
tensor([0.2500, 0.5000, 1.0000])

A test compares first and second derivatives with finite differences:

>>> from minitorch_tensor.testing import gradcheck, gradgradcheck
>>> x = mt.randn(2, 3, dtype=mt.float64, requires_grad=True)
>>> gradcheck(leaky_sum, x), gradgradcheck(leaky_sum, x)
(True, True)
"""

from __future__ import annotations

from collections.abc import Iterable

from minitorch_autodiff import Context, Function
from minitorch_tensor.backend import Backend
from minitorch_tensor.derived import (
    AdamStep,
    Attention,
    Convolution,
    Recurrence,
    RecurrentWeights,
    SGDStep,
    Window,
)
from minitorch_tensor.dtypes import DType
from minitorch_tensor.functions.base import alike, check_backends, floating, number, promoted
from minitorch_tensor.functions.indexing import check_range
from minitorch_tensor.registry import Place
from minitorch_tensor.tensor import Tensor
from minitorch_tensor.tensor_data import TensorData

__all__ = [
    "AdamStep",
    "Attention",
    "Backend",
    "Context",
    "Convolution",
    "DType",
    "Function",
    "Place",
    "Recurrence",
    "RecurrentWeights",
    "SGDStep",
    "Tensor",
    "TensorData",
    "Window",
    "alike",
    "check_backends",
    "check_range",
    "floating",
    "increment_version",
    "number",
    "promoted",
]


def increment_version(tensors: Tensor | Iterable[Tensor]) -> None:
    """Note that the elements of a tensor, or of several, were changed in place by a kernel.

    Operations of MiniTorch do so themselves.
    """
    for x in (tensors,) if isinstance(tensors, Tensor) else tensors:
        x._bump_version()
