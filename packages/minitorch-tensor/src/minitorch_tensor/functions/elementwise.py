"""`elementwise`: turn a function of numbers into a differentiable function of tensors."""

from __future__ import annotations

import functools
import inspect
import keyword
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch_autodiff import Context, Function
from minitorch_tensor import tracing
from minitorch_tensor.expressions import Expression
from minitorch_tensor.functions.base import NUMBERS, alike, check_backends, floating

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor


class Traced(Function):
    """A traced expression of every element. Gradients: its derivatives, traced in turn."""

    @staticmethod
    def forward(ctx: Context, expression: Expression, *inputs: Tensor) -> Tensor:
        ctx.save_for_backward(*inputs)
        ctx.expression = expression
        x = inputs[0]
        return x._new(x.backend.elementwise(expression, [i._data for i in inputs], x.dtype))

    @classmethod
    def backward(cls, ctx: Context, d: Tensor) -> tuple[Tensor | None, ...]:
        inputs = (*ctx.saved_tensors, d)
        gradients: list[Tensor | None] = [None]
        for place, edge in enumerate(ctx.edges[1:]):
            found = None if edge is None else derivative(ctx.expression, place)
            if found is None:
                gradients.append(None)
                continue
            expression, used = found
            if expression.root is expression.inputs[-1]:  # d itself
                gradients.append(d)
            else:
                gradients.append(cls.apply(expression, *[inputs[i] for i in used]))
        return tuple(gradients)


def derivative(expression: Expression, place: int) -> tuple[Expression, tuple[int, ...]] | None:
    """d times the derivative with respect to one input, as an expression of only the inputs and d
    that it depends on, and their positions; None if it is 0. Results are cached."""
    if place not in expression.derivatives:
        found = tracing.derivative(expression, place)
        kept = None if found is None else (found.restricted(), found.used)
        expression.derivatives[place] = kept
    known: tuple[Expression, tuple[int, ...]] | None = expression.derivatives[place]
    return known


class Elementwise:
    """A function of tensors, computed and differentiated as one expression of every element.

    Created by `elementwise`, and called like the original function.

    Attributes:
        scalar: the original function.
    """

    __qualname__: str

    def __init__(self, scalar: Callable[..., Any]) -> None:
        functools.update_wrapper(self, scalar)
        self.scalar = scalar
        self._signature = inspect.signature(scalar)
        self._expressions: dict[tuple[Any, ...], Expression] = {}
        self._parameters: list[str] = []
        self._options: list[str] = []
        for name, parameter in self._signature.parameters.items():
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                self._parameters.append(name)
            elif parameter.kind is parameter.KEYWORD_ONLY:
                self._options.append(name)
            else:
                raise TypeError(
                    f"elementwise: {scalar} takes {parameter}; name every argument, so that it "
                    "is known how many there are."
                )
        if not self._parameters:
            raise TypeError(f"elementwise: {scalar} has no argument to be a function of.")
        name = getattr(scalar, "__name__", "")
        self._name = name if name.isidentifier() and not keyword.iskeyword(name) else "function"
        self._function: Any = type(self._name, (Traced,), {"__doc__": scalar.__doc__})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        operands, options = args, kwargs
        if kwargs or len(args) != len(self._parameters):
            bound = self._signature.bind(*args, **kwargs)
            bound.apply_defaults()
            operands = tuple([bound.arguments[name] for name in self._parameters])
            options = {name: bound.arguments[name] for name in self._options}
        if all(isinstance(x, NUMBERS) for x in operands):
            return self.scalar(*operands, **options)
        expression = self.expression(**options)
        if any(isinstance(x, tracing.Symbol) for x in operands):
            return tracing.inside(expression, operands)
        check_backends(self._name, *[x for x in operands if not isinstance(x, NUMBERS)])
        if len(operands) > 1:
            operands = tuple(alike(self._function, *operands))
        return self._function.apply(expression, *[floating(x) for x in operands])

    def expression(self, **options: Any) -> Expression:
        """The function's expression, for these values of its keyword-only arguments. Printed, it
        is the code that backends run.

        Raises: TracingError if it cannot be written as an expression; TypeError for an option that
            the function does not have, or a required one that is missing.
        """
        key = tuple(options.items())
        known = self._expressions.get(key)
        if known is None:
            known = tracing.trace(self.scalar, self._parameters, self._name, options)
            self._expressions[key] = known
        return known

    def derivative(self, place: int = 0, **options: Any) -> Expression | None:
        """d times the derivative with respect to argument number `place`, as `expression` is; None
        if it is 0."""
        found = derivative(self.expression(**options), place)
        return None if found is None else found[0]

    def __reduce__(self) -> str:
        """Pickled by its name, as functions are; a copy is itself."""
        return self.__qualname__

    def __repr__(self) -> str:
        return f"<elementwise {self._name}{self._signature}>"


def elementwise(scalar: Callable[..., Any]) -> Elementwise:
    """Turn a function of numbers into a differentiable function of tensors. Use it as a decorator.

    >>> import math
    >>> from minitorch_autodiff import operators
    >>> from minitorch_tensor import tensor
    >>> @elementwise
    ... def gelu(x):
    ...     return 0.5 * x * (1.0 + operators.erf(x / math.sqrt(2.0)))
    >>> x = tensor([-1.0, 0.0, 1.0], requires_grad=True)
    >>> gelu(x).sum().backward()
    >>> x.grad
    tensor([-0.0833,  0.5000,  1.0833])

    The function is traced once on symbolic `Scalar`s, which record its operations; the chain rule
    on that recording gives the derivative, and so on to any order. Each is a plain Python function
    of numbers, which every backend runs on all elements in one pass (by default, a function of
    three or more arguments takes one pass for each part that depends on two).
    `print(gelu.expression())` and `print(gelu.derivative())` show them.

    The function may use arithmetic, `minitorch_autodiff.operators`, the same functions of `math`,
    comparisons as numbers (`x > 0` is 1.0 or 0.0), loops over constants, and other functions like
    it, traced or not. The values of other names are compiled in as of the first call. Python's `if`
    on an argument cannot be traced; write `operators.max`, `relu`, or
    `operators.where(x > 0, x, 0.1 * x)`, both sides of which are computed.

    Args:
        scalar: the function. Its positional arguments become tensors, some of which may be plain
            numbers; its keyword-only arguments are compiled in as constants.

    Returns: the function of tensors. They broadcast; integers are converted to float32.
    Raises: TypeError if the function has no fixed number of arguments; at the first call
        TracingError if it cannot be traced.
    """
    return Elementwise(scalar)


__all__ = [
    "elementwise",
]
