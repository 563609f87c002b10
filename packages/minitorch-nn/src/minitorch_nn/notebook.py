"""How a notebook shows a module: a tree to unfold. Colours are the notebook's own."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minitorch_nn.module import Module


def to_html(module: Module, name: str = "") -> str:
    """A module and, folded but for the outermost, those that it holds, with counts of parameters.

    Args:
        name: the module's name within its holder; "" for the outermost.
    """
    count = sum(p.numel() for p in module.parameters())
    size = f" <small>{count:,} parameters</small>" if count else ""
    label = f"({name}): " if name else ""
    children = list(module.named_children())
    if not children:
        return f"<code>{escape(label + repr(module))}</code>{size}"
    title = escape(f"{label}{type(module).__name__}({module.extra_repr()})")
    items = "".join([f"<li>{to_html(child, place)}</li>" for place, child in children])
    return (
        f"<details{'' if name else ' open'}><summary><code>{title}</code>{size}</summary>"
        f'<ul style="list-style: none">{items}</ul></details>'
    )


__all__ = ["to_html"]
