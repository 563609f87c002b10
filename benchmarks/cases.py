"""What is measured. Every case is written against a namespace `lib` that either library fills.

A case builds its state from seeded numpy arrays and returns a function to time; what that function
returns (numpy arrays) is compared between the libraries.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

Run = Callable[[], list[Any]]
CASES: dict[str, Callable[[SimpleNamespace], Run]] = {}


def case(name: str) -> Callable[[Callable[..., Run]], Callable[..., Run]]:
    """Add a function to the table under a name."""

    def add(build: Callable[..., Run]) -> Callable[..., Run]:
        CASES[name] = build
        return build

    return add


def library(name: str) -> SimpleNamespace:
    """PyTorch or MiniTorch behind the same names."""
    if name == "torch":
        import torch

        return SimpleNamespace(
            name=name,
            tensor=lambda a, grad=False: torch.tensor(a, requires_grad=grad),
            array=lambda t: t.detach().numpy().copy(),
            nn=torch.nn,
            F=torch.nn.functional,
            optim=torch.optim,
            load=lambda module, state: module.load_state_dict(
                {k: torch.tensor(v) for k, v in state.items()}
            ),
        )
    import minitorch_nn as nn
    import minitorch_tensor as mt

    return SimpleNamespace(
        name=name,
        tensor=lambda a, grad=False: mt.tensor(a, requires_grad=grad),
        array=lambda t: np.array(t.detach().numpy()),
        nn=nn,
        F=nn.functional,
        optim=nn.optim,
        load=lambda module, state: module.load_state_dict(state),
    )


def _random(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


@case("tiny: chain of 100 operations on 8x8, forward and backward")
def tiny(lib: SimpleNamespace) -> Run:
    """The cost of one recorded operation when there is next to nothing to compute."""
    x, y = lib.tensor(_random(8, 8), grad=True), lib.tensor(1 + 0.01 * _random(8, 8, seed=1))

    def run() -> list[Any]:
        x.grad = None
        value = x
        for i in range(100):
            value = value * y if i % 2 else value + y
        value.sum().backward()
        return [x.grad]

    return run


def _lenet(lib: SimpleNamespace) -> Any:
    nn, F = lib.nn, lib.F

    class LeNet(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.fc1 = nn.Linear(400, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            x = F.max_pool2d(F.relu(self.conv1(x)), 2)
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)
            x = F.relu(self.fc1(x.flatten(1)))
            return self.fc3(F.relu(self.fc2(x)))

    return LeNet()


def _course(lib: SimpleNamespace) -> Any:
    nn, F = lib.nn, lib.F

    class Course(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
            self.conv2 = nn.Conv2d(4, 8, 3, padding=1)
            self.fc1 = nn.Linear(392, 64)
            self.fc2 = nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            x = F.relu(self.conv2(F.relu(self.conv1(x))))
            x = F.avg_pool2d(x, 4).flatten(1)
            return self.fc2(F.relu(self.fc1(x)))

    return Course()


def _training_step(lib: SimpleNamespace, model: Any, batch: int) -> Run:
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
    state = {
        name: (_random(*shape, seed=i) / np.sqrt(max(np.prod(shape[1:]), 1))).astype(np.float32)
        for i, (name, shape) in enumerate(shapes.items())
    }
    lib.load(model, state)
    optimizer = lib.optim.Adam(model.parameters(), lr=1e-3)
    images = lib.tensor(_random(batch, 1, 28, 28, seed=99))
    labels = lib.tensor(np.random.default_rng(7).integers(0, 10, batch))

    def run() -> list[Any]:
        optimizer.zero_grad()
        loss = lib.F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return [loss]

    return run


@case("step: course network, batch 16")
def course_step(lib: SimpleNamespace) -> Run:
    """A training step of the MiniTorch course's network with Adam."""
    return _training_step(lib, _course(lib), 16)


@case("step: LeNet-5, batch 64")
def lenet_step(lib: SimpleNamespace) -> Run:
    """A training step of LeNet-5 with Adam."""
    return _training_step(lib, _lenet(lib), 64)


def _convolution(lib: SimpleNamespace, n: int, c: int, o: int, size: int) -> Run:
    x = lib.tensor(_random(n, c, size, size), grad=True)
    weight = lib.tensor(_random(o, c, 3, 3, seed=1) / np.float32(3 * np.sqrt(c)), grad=True)
    direction = lib.tensor(_random(n, o, size, size, seed=2))

    def run() -> list[Any]:
        x.grad = weight.grad = None
        out = lib.F.conv2d(x, weight, padding=1)
        out.backward(direction)
        return [out, x.grad, weight.grad]

    return run


for _n, _c, _o, _size in ((16, 4, 8, 28), (64, 16, 32, 28), (32, 64, 64, 14)):
    CASES[f"conv2d: ({_n}, {_c} -> {_o}, {_size}x{_size}) 3x3, both ways"] = (
        lambda lib, shape=(_n, _c, _o, _size): _convolution(lib, *shape)
    )


def _matmul(lib: SimpleNamespace, a: tuple[int, ...], b: tuple[int, ...]) -> Run:
    x, y = lib.tensor(_random(*a)), lib.tensor(_random(*b, seed=1))
    return lambda: [x @ y]


for _size in (256, 512, 1024, 2048):
    CASES[f"matmul: {_size}x{_size}"] = lambda lib, n=_size: _matmul(lib, (n, n), (n, n))
CASES["matmul: 128 of 64x64"] = lambda lib: _matmul(lib, (128, 64, 64), (128, 64, 64))
