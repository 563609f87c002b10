"""Hooks that see the gradients of a module's inputs and outputs.

A call of the module is put between two boundaries, operations that change nothing: the sweep passes
the one behind the outputs first, then the one before the inputs, and each tells what passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from minitorch_tensor import Tensor
from minitorch_tensor.extend import Context, Function

#: Gradients, one for each tensor among a module's inputs or outputs; None where there is none.
Gradients: TypeAlias = "tuple[Tensor | None, ...]"

#: Called with gradients; may return others in their place.
Told: TypeAlias = Callable[[Gradients], "Sequence[Tensor | None] | None"]


class Boundary(Function):
    """Its tensors, unchanged. Gradient: d, which is told first."""

    @staticmethod
    def forward(ctx: Context, told: Told, *values: Tensor) -> tuple[Tensor, ...]:
        ctx.told = told
        return values

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        changed = ctx.told(gradients)
        return (None, *(gradients if changed is None else changed))


class Passage:
    """One call of a module that has backward hooks.

    Args:
        module: passed to the hooks.
        hooks: called as hook(module, grad_input, grad_output).
    """

    def __init__(self, module: object, hooks: Sequence[Callable[..., Any]]) -> None:
        self.module = module
        self.hooks = hooks
        self.of_outputs: Gradients = ()
        self.crossing = False

    def inputs(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The module's inputs, behind the boundary."""
        self.crossing = any(isinstance(x, Tensor) and x.requires_grad for x in values)
        return tuple(_across(self._call, values))

    def outputs(self, result: Any) -> Any:
        """The module's result, behind the boundary."""
        if isinstance(result, (tuple, list)):
            return type(result)(_across(self._note, result))
        return _across(self._note, [result])[0]

    def _note(self, gradients: Gradients) -> None:
        self.of_outputs = gradients
        if not self.crossing:  # the sweep ends inside of the module
            self._call((None,))

    def _call(self, of_inputs: Gradients) -> Gradients:
        current = of_inputs
        for hook in self.hooks:
            result = hook(self.module, current, self.of_outputs)
            if result is not None:
                current = result if isinstance(result, tuple) else (result,)
                if len(current) != len(of_inputs):
                    raise RuntimeError(
                        f"register_full_backward_hook: the hook gave {len(current)} gradients for "
                        f"{len(of_inputs)} inputs. Return one for each, or None to keep them."
                    )
        return current


def _across(told: Told, values: Sequence[Any]) -> list[Any]:
    """Values, of which the floating-point tensors have crossed a boundary, which tells a gradient
    for each value, None for those of other kinds."""
    places = [i for i, x in enumerate(values) if isinstance(x, Tensor) and x.is_floating_point()]
    crossed = list(values)
    if not any(values[i].requires_grad for i in places):
        return crossed

    def spread(gradients: Gradients) -> Gradients | None:
        whole: list[Tensor | None] = [None] * len(values)
        for place, gradient in zip(places, gradients):
            whole[place] = gradient
        changed = told(tuple(whole))
        return None if changed is None else tuple([changed[place] for place in places])

    made: Any = Boundary.apply(spread, *[values[i] for i in places])
    for place, value in zip(places, made):
        crossed[place] = value
    return crossed
