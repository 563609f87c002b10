"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minitorch_tensor import Tensor

from minitorch_nn.module import Module


class Sequential(Module):
    """Modules called one after the other, each with the result of the one before.

    The modules are attributes named "0", "1", ..., as in PyTorch's state_dicts.
    """

    def __init__(self, *modules: Module) -> None:
        for index, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(
                    f"Sequential: wanted modules, got {type(module).__name__} at {index}."
                )
            setattr(self, str(index), module)

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: int) -> Module:
        return list(self)[index]


class Flatten(Module):
    """Dimensions start_dim to end_dim merged: by default all but the batch."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
