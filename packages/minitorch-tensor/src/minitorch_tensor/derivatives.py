"""Full derivative matrices of a function: `jacobian`, `hessian`.

Both make one reverse sweep for each element of the output. To multiply such a matrix by a vector
without forming it, see `vjp` and `jvp`; for gradients alone, `grad`. Functions of `Scalar`s work as
well as functions of `Tensor`s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minitorch_autodiff import Variable, enable_grad, grad
from minitorch_tensor.functions.joining import stack
from minitorch_tensor.tensor import Tensor


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
) -> Any:
    """The derivatives of every element of func(*inputs) with respect to every element of inputs.

    >>> from minitorch_tensor import tensor
    >>> jacobian(lambda x: x * x, tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])

    Args:
        func: takes tensors (or Scalars) and returns one or a tuple of them.
        inputs: the argument of func, or a sequence of its arguments.
        create_graph: record the sweeps, so that the result can be differentiated with respect to
            the inputs that require a gradient.
        strict: raise where an output does not depend on an input, instead of giving zeros.

    Returns: J of shape (*output.shape, *input.shape), with
        J[i..., j...] = d output[i...] / d input[j...]; for several inputs a tuple of these, and for
        several outputs a tuple of the result for each.

    Raises: TypeError if inputs or outputs are not tensors; RuntimeError as `strict` describes.
    """
    several, given = _listed("jacobian", "input", inputs)
    values = [x if create_graph and x.requires_grad else x.detach().requires_grad_() for x in given]
    with enable_grad():
        output = func(*values)
    several_outputs, outputs = _listed("jacobian", "output", output)
    rows = [
        tuple(_blocks(out, place, values, create_graph, strict))
        for place, out in enumerate(outputs)
    ]
    found = [row if several else row[0] for row in rows]
    return tuple(found) if several_outputs else found[0]


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
) -> Any:
    """The second derivatives of func(*inputs), a single number, with respect to every pair of
    elements of inputs.

    >>> from minitorch_tensor import tensor
    >>> hessian(lambda x: x.prod(), tensor([2.0, 3.0]))
    tensor([[0., 1.],
            [1., 0.]])

    Args: as of `jacobian`; func must be twice differentiable.

    Returns: H of shape (*input.shape, *input.shape), with
        H[i..., j...] = d^2 output / d input[i...] d input[j...]; for several inputs a tuple of
        tuples of these, one for every pair.

    Raises: ValueError if the output is not a single number; otherwise as `jacobian`.
    """
    several, _ = _listed("hessian", "input", inputs)

    def gradient(*values: Any) -> Any:
        found = jacobian(single, values, create_graph=True, strict=strict)
        return found if several else found[0]

    def single(*values: Any) -> Any:
        output = func(*values)
        if isinstance(output, Tensor) and output.numel() == 1:
            return output.reshape(())
        if not isinstance(output, Variable) or isinstance(output, Tensor):
            got = f"shape {output.shape}" if isinstance(output, Tensor) else type(output).__name__
            raise ValueError(
                f"hessian: the function must give a single number, got {got}. Reduce it first, "
                "for example with sum()."
            )
        return output

    return jacobian(gradient, inputs, create_graph, strict)


def _listed(operation: str, what: str, value: Any) -> tuple[bool, Sequence[Any]]:
    """True for several tensors, with all of them as a tuple."""
    several = isinstance(value, (tuple, list))
    values = value if several else [value]
    for place, item in enumerate(values):
        if not isinstance(item, Variable):
            raise TypeError(
                f"{operation}: {what} {place} must be a tensor or Scalar, got "
                f"{type(item).__name__}. Make it one first, with tensor(...)."
            )
    return several, values


def _blocks(
    output: Any, place: int, inputs: Sequence[Any], create_graph: bool, strict: bool
) -> Iterator[Any]:
    """The Jacobian of one output, a block for each input."""
    rows: list[Sequence[Any]] = []
    for direction in _directions(output):
        row: Sequence[Any] = [None] * len(inputs)
        if output.requires_grad:
            row = grad(output, inputs, direction, True, create_graph, allow_unused=True)
        unused = [i for i, g in enumerate(row) if g is None]
        if strict and unused:
            raise RuntimeError(
                f"jacobian: output {place} does not depend on input {unused[0]}. "
                "Pass strict=False for zeros."
            )
        rows.append([type(x)._zeros(x._spec()) if g is None else g for x, g in zip(inputs, row)])
    for i, x in enumerate(inputs):
        parts = [row[i] for row in rows]
        if not isinstance(output, Tensor):
            yield parts[0]
        else:
            shape = (*output.shape, *x.shape)
            yield stack(parts).reshape(shape) if parts else x.new_zeros(shape)


def _directions(output: Any) -> Iterator[Any]:
    """For each element of an output, the gradient to start from that is 1 there and 0 elsewhere."""
    if not isinstance(output, Tensor):
        yield None
        return
    for place in range(output.numel()):
        unit = np.zeros(output.numel(), output.dtype.numpy)
        unit[place] = 1
        yield output._new(output.backend.from_numpy(unit.reshape(output.shape)))
