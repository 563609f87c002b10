"""A model as a table: every layer with its output shape and number of parameters."""

from __future__ import annotations

from html import escape
from typing import Any

from minitorch_nn.module import Module, Parameter
from minitorch_tensor import Tensor, no_grad

HEADER = ("layer", "type", "output", "parameters")


class Summary(str):
    """The text of a model's table, which a notebook shows as a table.

    Attributes:
        rows: the cells of each line, the header first.
        total: the line below.
    """

    rows: list[tuple[str, ...]]
    total: str

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """For notebooks."""
        lines = [_line(row, "th" if row is self.rows[0] else "td") for row in self.rows]
        return f"<table>{''.join(lines)}</table><small>{escape(self.total)}</small>"


def _line(row: tuple[str, ...], tag: str) -> str:
    """A row whose words begin, and whose last number ends, where the column does."""
    *words, number = [escape(cell) for cell in row]
    cells = [f'<{tag} style="text-align: left">{word}</{tag}>' for word in words]
    return f"<tr>{''.join(cells)}<{tag}>{number}</{tag}></tr>"


def summary(model: Module, *inputs: Any) -> Summary:
    """A table of every layer: name, type, shape of its output, number of its own parameters.

    Args:
        model: the model to describe; it is left unchanged.
        inputs: inputs to call the model with (in evaluation mode, without gradients) to find the
            shapes; without inputs, the table has no shapes.

    Returns: lines to print, a table in a notebook. The totals count a shared parameter once.
    """
    shapes = _output_shapes(model, inputs) if inputs else {}
    rows: list[tuple[str, ...]] = [HEADER]
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
    last = f"{total:,} parameters, {learned:,} of them learned"
    result = Summary("\n".join([*lines, last]))
    result.rows, result.total = rows, last
    return result


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
