"""A model as a table: every layer with its output shape and number of parameters."""

from __future__ import annotations

from typing import Any

from minitorch_nn.module import Module, Parameter
from minitorch_tensor import Tensor, no_grad

HEADER = ("layer", "type", "output", "parameters")


def summary(model: Module, *inputs: Any) -> str:
    """A table of every layer: name, type, shape of its output, number of its own parameters.

    Args:
        model: the model to describe; it is left unchanged.
        inputs: inputs to call the model with (in evaluation mode, without gradients) to find the
            shapes; without inputs, the table has no shapes.

    Returns: lines to print. The totals count a shared parameter once.
    """
    shapes = _output_shapes(model, inputs) if inputs else {}
    rows = [HEADER]
    for name, module in model.named_modules():
        own = sum(value.numel() for value in vars(module).values() if isinstance(value, Parameter))
        shape = shapes.get(id(module), "")
        rows.append((name or "(model)", type(module).__name__, shape, f"{own:,}" if own else ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [
        "  ".join(
            [*[cell.ljust(n) for cell, n in zip(row[:-1], widths)], row[-1].rjust(widths[-1])]
        )
        for row in rows
    ]
    total = sum(p.numel() for p in model.parameters())
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return "\n".join([*lines, f"{total:,} parameters, {learned:,} of them learned"])


@no_grad()
def _output_shapes(model: Module, inputs: tuple[Any, ...]) -> dict[int, str]:
    """The shape that each module, by id, gives when the model is called."""
    shapes: dict[int, str] = {}

    def note(module: Module, _: Any, output: Any) -> None:
        shapes[id(module)] = str(output.shape) if isinstance(output, Tensor) else "..."

    modules = list(model.modules())
    modes = [module.training for module in modules]
    handles = [module.register_forward_hook(note) for module in modules]
    try:
        model.eval()(*inputs)
    finally:
        for handle, module, mode in zip(handles, modules, modes):
            handle.remove()
            module.training = mode
    return shapes
