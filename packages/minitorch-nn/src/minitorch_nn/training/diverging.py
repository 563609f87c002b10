"""Where training diverged: the layer whose output or gradient is the first that is not finite."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minitorch_nn.module import Module
from minitorch_tensor import Tensor, no_grad


class TrainingDiverged(RuntimeError):
    """A loss, a gradient or a weight became infinite or NaN.

    Attributes:
        epoch, batch, step: where; the first two from 1, the step over all epochs.
        layer: the name of the layer where it shows first, or "".
    """

    def __init__(
        self, message: str, *, epoch: int = 0, batch: int = 0, step: int = 0, layer: str = ""
    ) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.batch = batch
        self.step = step
        self.layer = layer


@no_grad()
def check_gradients(parameters: Iterable[tuple[str, Tensor]]) -> str | None:
    """The name of the parameter whose gradient, as the backward pass goes, is the first that is
    not finite; None if all are finite."""
    gradients = [(name, p.grad) for name, p in parameters if p.grad is not None]
    total = None  # one number to read back from a device, not one of each parameter
    for _, gradient in gradients:
        part = gradient.sum()
        total = part if total is None else total + part
    if total is None or math.isfinite(float(total.item())):
        return None
    worst = None
    for name, gradient in gradients:
        if not bool(gradient.isfinite().all().item()):  # finite numbers can have an infinite sum
            worst = name  # the last of the forward pass is the first of the backward pass
    return worst


@no_grad()
def first_layer(model: Module, input: Any) -> str:
    """The name of the first layer whose output is not finite when a batch passes again, or "".

    Its hooks are gone afterwards; random numbers are drawn.
    """
    found: list[str] = []
    handles = []

    def watch(name: str, module: Module) -> None:
        def look(_: Module, inputs: Any, output: Any) -> None:
            for value in output if isinstance(output, tuple) else (output,):
                floats = isinstance(value, Tensor) and value.dtype.kind == "float"
                if floats and not bool(value.isfinite().all().item()):
                    found.append(name)

        handles.append(module.register_forward_hook(look))

    for name, module in model.named_modules():
        if name and not any(True for _ in module.children()):
            watch(name, module)
    try:
        model(input)
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else ""
