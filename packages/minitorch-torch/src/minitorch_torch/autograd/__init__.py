"""Automatic differentiation."""

from __future__ import annotations

from typing import Any

import minitorch_tensor as mt
from minitorch_tensor import Function, enable_grad, grad, no_grad, set_grad_enabled
from minitorch_tensor import detect_anomaly as detect_anomaly
from minitorch_tensor.testing import gradcheck, gradgradcheck
from minitorch_torch.autograd import functional
from minitorch_torch.missing import lacking
from minitorch_torch.settings import inference_mode
from minitorch_torch.tensors import TensorType


class _VariableType(TensorType):
    def __call__(  # type: ignore[override] # each of these classes is called in its own way
        cls, data: Any, requires_grad: bool = False, volatile: bool = False
    ) -> Any:
        result: mt.Tensor = data.detach() if isinstance(data, mt.Tensor) else mt.tensor(data)
        return result.requires_grad_(requires_grad and not volatile)


class Variable(metaclass=_VariableType):
    """A tensor, by its name from before PyTorch 0.4."""

    dtype = None


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Add the gradients of tensors, weighted by grad_tensors, to the leaves they depend on."""
    several = [tensors] if isinstance(tensors, mt.Tensor) else list(tensors)
    if grad_tensors is None or isinstance(grad_tensors, mt.Tensor):
        grad_tensors = [grad_tensors] * len(several)
    for number, (x, d) in enumerate(zip(several, grad_tensors)):
        last = number + 1 == len(several)
        x.backward(
            d,
            retain_graph=retain_graph or create_graph or not last,
            create_graph=create_graph,
        )


__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
]

__getattr__ = lacking(__name__)
