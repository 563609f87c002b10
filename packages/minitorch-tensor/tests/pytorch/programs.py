"""Random programs of views, writes and reads, run in either library; and what comes out compared.

A program is a seed. Its statements are drawn while it runs, from the shapes of its variables, which
are the same in both libraries. What a library refuses leaves no trace but that.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

#: The shapes of the leaves, whose gradients are compared, and of tensors without one.
LEAVES = (3, 4), (4,), ()
PLAIN = (3, 4), (2, 3, 2)

STATEMENTS = 12

#: What a library raises where it refuses; anything else is a mistake of the program.
REFUSALS = (RuntimeError, ValueError)


@dataclass
class Trace:
    """What a program did.

    Attributes:
        statements: as they were, in words, with " refused" behind those that raised.
        outcomes: of each variable at the end its elements, whether it requires a gradient, the
            gradients of the leaves, the gradients of those gradients, and what `retain_grad` kept;
            "refused" where that raised.
    """

    statements: list[str] = field(default_factory=list)
    outcomes: list[tuple[Any, ...]] = field(default_factory=list)


class Program:
    """A program while it runs.

    Args:
        library: torch, or minitorch_tensor.
        grad: the library's function of that name.
        seed: of the statements.
    """

    def __init__(self, library: Any, grad: Callable[..., Any], seed: int) -> None:
        self.library, self.grad = library, grad
        self.random = np.random.default_rng(seed)
        self.leaves = [self.leaf(shape) for shape in LEAVES]
        self.variables = [
            *self.leaves,
            *[leaf * 1.5 for leaf in self.leaves],
            *[self.constant(self.numbers(shape)) for shape in PLAIN],
        ]
        #: Variables with elements that share a place: what writing to them gives is not defined.
        self.overlapping: set[int] = set()
        #: Which variables may share memory: those of one number.
        self.families = list(range(len(self.variables)))
        self.target = -1
        self.retained: dict[int, Any] = {}
        self.trace = Trace()

    # -- drawing ----------------------------------------------------------------------------------

    def numbers(self, shape: tuple[int, ...]) -> Array:
        """Elements between -1 and 1."""
        return np.round(2 * np.asarray(self.random.random(shape)) - 1, 3)

    def below(self, n: int) -> int:
        """A number from 0 to n - 1."""
        return int(self.random.random() * n)  # `random` alone is the same in every numpy

    def some_of(self, n: int) -> list[int]:
        """Some of the numbers from 0 to n - 1, in any order."""
        order = np.argsort(self.random.random(n), kind="stable")
        return [int(i) for i in order[: self.below(n) + 1]]

    def one_of(self, choices: Any) -> Any:
        """One of several things."""
        return choices[self.below(len(choices))]

    def constant(self, array: Array) -> Any:
        """A tensor."""
        return self.library.tensor(array.tolist(), dtype=self.library.float64)

    def leaf(self, shape: tuple[int, ...]) -> Any:
        """A tensor that requires a gradient."""
        return self.constant(self.numbers(shape)).requires_grad_()

    def others(self) -> list[Any]:
        """The variables in other memory than what is written into: PyTorch refuses where some
        elements are the same, and here it works."""
        if self.target < 0:
            return self.variables
        own = self.families[self.target]
        return [v for v, family in zip(self.variables, self.families) if family != own]

    def values_for(self, shape: tuple[int, ...]) -> Any:
        """A number, or a variable that broadcasts to a shape."""
        if self.below(4) == 0:
            return float(self.numbers(()))
        fitting = [
            v
            for v in self.others()
            if v.ndim <= len(shape) and all(n in (1, m) for n, m in zip(v.shape[::-1], shape[::-1]))
        ]
        return self.one_of(fitting) if fitting else 0.5

    def tensor_for(self, shape: tuple[int, ...]) -> Any:
        """A variable of exactly a shape, or a new constant."""
        fitting = [v for v in self.others() if tuple(v.shape) == shape]
        return self.one_of(fitting) if fitting else self.constant(self.numbers(shape))

    def number(self) -> Any:
        """A number, or a zero-dimensional variable."""
        fitting = [v for v in self.others() if v.ndim == 0]
        return self.one_of([0.25, *fitting])

    def key(self, shape: tuple[int, ...], basic: bool) -> Any:
        """A key for a tensor of some shape, one with arrays of indices or a mask if not basic."""
        if not shape or 0 in shape:
            return ...
        n = shape[0]
        if not basic:
            if self.below(2):
                mask = self.random.random(n) < 0.5
                return self.library.tensor(mask.tolist(), dtype=self.library.bool)
            return self.library.tensor(self.some_of(n), dtype=self.library.int64)
        start = self.below(n)
        rows = self.one_of([self.below(n), slice(start, n), slice(0, n, 2), slice(None), None, ...])
        if len(shape) < 2 or rows is None or self.below(2):
            return rows
        last = self.one_of([self.below(shape[-1]), slice(0, self.below(shape[-1]) + 1)])
        return (..., last) if rows is ... else (rows, ..., last)

    # -- statements -------------------------------------------------------------------------------

    def view(self, x: Any) -> Any:
        """A view of x, or several."""
        n, shape = x.ndim, tuple(x.shape)
        d = self.below(max(n, 1))
        name = self.one_of(VIEWS)
        if n == 0:
            return name, x.reshape(1) if name == "view" else x.unsqueeze(0)
        size = shape[d]
        views: dict[str, Callable[[], Any]] = {
            "getitem": lambda: x[self.key(shape, basic=True)],
            "transpose": lambda: x.transpose(d, self.below(n)),
            "view": lambda: x.view(-1),
            "reshape": lambda: x.reshape(-1, shape[-1]),
            "expand": lambda: x.expand(2, *shape),
            "narrow": lambda: x.narrow(d, 0, self.below(size + 1)),
            "select": lambda: x.select(d, self.below(size)) if size else x,
            "diagonal": lambda: x.diagonal(self.below(3) - 1, 0, n - 1),
            "unfold": lambda: x.unfold(d, min(2, size), self.below(2) + 1),
            "squeeze": lambda: x.squeeze(),
            "unsqueeze": lambda: x.unsqueeze(d),
            "detach": lambda: x.detach(),
            "chunk": lambda: x.chunk(2, d),
            "split": lambda: x.split([1, size - 1], d),
            "unbind": lambda: x.unbind(d) if size else x.detach(),
            "iterate": lambda: list(x),
        }
        if name == "diagonal" and n < 2:
            name = "getitem"
        return name, views[name]()

    def read(self, x: Any) -> Any:
        """A new tensor of x."""
        name = self.one_of(READS)
        # PyTorch keeps the strides of a transposed operand; whether later a view is possible, and
        # whether reshape copies, depends on them.
        x = x.contiguous()
        shape = tuple(x.shape)
        y = self.values_for(shape)
        reads: dict[str, Callable[[], Any]] = {
            "add": lambda: x + y,
            "mul": lambda: x * y,
            "sub": lambda: x - y,
            "sin": lambda: x.sin(),
            "tanh": lambda: x.tanh(),
            "relu": lambda: x.relu(),
            "sum": lambda: x.sum(),
            "half": lambda: x * 0.5,
            "clone": lambda: x.clone(),
            "index": lambda: x[self.key(shape, basic=False)] if x.numel() > 1 else x.sum(),
        }
        return name, reads[name]()

    def write(self, x: Any) -> str:
        """Write into x."""
        name: str = self.one_of(WRITES)
        # An outdated view that requires a gradient by its base alone is called a leaf by PyTorch,
        # and not written into, until its history is asked for.
        _ = x.grad_fn
        shape = tuple(x.shape)
        y = self.values_for(shape)
        if name in ("mul_", "add_") and self.below(6) == 0:
            y = x
        expanded = x.numel() and any(s == 0 and n > 1 for s, n in zip(x.stride(), x.shape))
        if expanded:  # PyTorch refuses most writes to it, and will refuse the others
            x.neg_()
        elif name in UNARY:
            getattr(x, name)()
        elif name in ("add_", "sub_", "mul_", "copy_"):
            getattr(x, name)(y if name != "copy_" or not isinstance(y, float) else x * y)
        elif name == "fill_":
            x.fill_(self.number())
        elif name == "clamp_":
            x.clamp_(-0.4, 0.6)
        elif name == "pow_":
            x.pow_(2)
        elif name == "lerp_":
            x.lerp_(self.tensor_for(shape), 0.3)
        elif name == "addcmul_":
            x.addcmul_(self.tensor_for(shape), self.tensor_for(shape), value=0.5)
        elif name == "masked_fill_":
            mask = (self.random.random(shape) < 0.5).tolist()
            mask = self.library.tensor(mask, dtype=self.library.bool)
            x.masked_fill_(mask, self.number())
        elif name == "setitem":
            key = self.key(shape, basic=self.below(3) > 0)
            x[key] = self.values_for(tuple(x[key].shape))
        elif name == "augmented":
            key = self.key(shape, basic=True)
            y = self.values_for(tuple(x[key].shape))
            if getattr(y, "requires_grad", False) and not x.requires_grad:
                x[key] = y  # the same error of PyTorch would make the others fail
            elif self.below(2):
                x[key] += y
            else:
                x[key] *= y
        else:
            self.write_slices(x, name, shape)
        return name

    def write_slices(self, x: Any, name: str, shape: tuple[int, ...]) -> None:
        """Write into the slices of x that a vector of indices names, where it has some."""
        if not shape or 0 in shape:
            x.zero_()
            return
        d = self.below(len(shape))
        rows = self.some_of(shape[d])
        index = self.library.tensor(rows, dtype=self.library.int64)
        source = self.tensor_for((*shape[:d], len(rows), *shape[d + 1 :]))
        if name == "index_fill_":
            x.index_fill_(d, index, 0.25)
        elif name == "cumsum_":
            x.cumsum_(d)
        elif name == "scatter_":
            place = [1] * len(shape)
            place[d] = len(rows)
            x.scatter_(d, index.reshape(place).expand(source.shape), source)
        else:
            # PyTorch saves the source, for its shape: it must not be one that is written into.
            getattr(x, name)(d, index, source * 1.0)

    def statement(self) -> None:
        """Run one statement."""
        at = self.below(len(self.variables)) if self.below(3) else len(self.variables) - 1
        x = self.variables[at]
        kind = self.below(10)
        quietly = self.below(6) == 0
        made: Any = ()
        words = f"{len(self.variables)} = v{at}."
        try:
            if kind < 4:
                # A view made under no_grad() of what requires a gradient requires one in PyTorch.
                unrecorded = quietly and not x.requires_grad
                with self.library.no_grad() if unrecorded else contextlib.nullcontext():
                    name, made = self.view(x)
                words += name + " (no_grad)" * unrecorded
            elif kind < 6:
                with self.library.no_grad() if quietly else contextlib.nullcontext():
                    name, made = self.read(x)
                words += name + " (no_grad)" * quietly
            elif kind == 6 and x.requires_grad and not x.is_leaf:
                x.retain_grad()
                self.retained[at] = x
                words = f"v{at}.retain_grad"
            elif at not in self.overlapping:
                words = f"v{at}." + "write" + " (no_grad)" * quietly
                with self.library.no_grad() if quietly else contextlib.nullcontext():
                    self.target = at
                    words = f"v{at}." + self.write(x) + " (no_grad)" * quietly
        except REFUSALS:
            words += " refused"
        finally:
            self.target = -1
        self.trace.statements.append(words)
        parts = list(made)[:2] if isinstance(made, (list, tuple)) else [made]
        for part in parts:
            if ".unfold" in words or (at in self.overlapping and kind < 4):
                self.overlapping.add(len(self.variables))
            self.families.append(self.families[at] if kind < 4 else len(self.families))
            self.variables.append(part)

    # -- at the end -------------------------------------------------------------------------------

    def outcome(self, x: Any) -> tuple[Any, ...]:
        """Of one variable at the end."""
        elements = np.array(x.detach().tolist())
        try:
            requires = x.requires_grad
            loss = (x * self.weights(x)).sum()
            if not requires:
                return elements, requires
            first = self.grad(loss, self.leaves, create_graph=True, allow_unused=True)
            parts = [
                (g * self.weights(g)).sum() for g in first if g is not None and g.requires_grad
            ]
            second: Any = ()
            if parts:
                total = sum(parts[1:], parts[0])
                second = self.grad(total, self.leaves, allow_unused=True, retain_graph=True)
        except REFUSALS:
            return elements, "refused"
        return elements, requires, self.arrays(first), self.arrays(second)

    def weights(self, x: Any) -> Any:
        """Other weights for each element."""
        return self.constant(np.cos(np.arange(x.numel()) + 1.0).reshape(tuple(x.shape)))

    def arrays(self, gradients: Any) -> list[Any]:
        """Gradients as arrays; one that did not arrive is 0."""
        return [
            np.zeros(tuple(leaf.shape)) if g is None else np.array((g + 0.0).detach().tolist())
            for leaf, g in zip(self.leaves, gradients or [None] * len(self.leaves))
        ]

    def kept(self) -> list[Any]:
        """What `retain_grad` kept of the gradients of a sum of all variables that give one."""
        losses = []
        for x in self.variables:
            with contextlib.suppress(*REFUSALS):
                loss = (x * self.weights(x)).sum()
                if loss.requires_grad:
                    self.grad(loss, self.leaves, allow_unused=True, retain_graph=True)
                    losses.append(loss)
        for x in self.retained.values():
            x.grad = None
        sum(losses[1:], losses[0]).backward()
        return [
            None if x.grad is None else np.array(x.grad.tolist()) for x in self.retained.values()
        ]

    def run(self) -> Trace:
        """Run it."""
        for _ in range(STATEMENTS):
            self.statement()
        self.trace.outcomes = [self.outcome(x) for x in self.variables]
        self.trace.outcomes.append(tuple(self.kept()))
        return self.trace


VIEWS = (
    *("getitem", "getitem", "getitem", "transpose", "view", "reshape", "expand", "narrow"),
    *("select", "diagonal", "unfold", "squeeze", "unsqueeze", "detach", "chunk", "split"),
    *("unbind", "iterate"),
)
READS = "add", "mul", "sub", "sin", "tanh", "relu", "sum", "half", "clone", "index"
UNARY = "sin_", "tanh_", "sigmoid_", "neg_", "zero_", "abs_", "square_", "relu_"
WRITES = (
    *UNARY,
    *("add_", "sub_", "mul_", "copy_", "fill_", "clamp_", "pow_", "lerp_", "addcmul_"),
    *("masked_fill_", "setitem", "setitem", "setitem", "augmented", "augmented"),
    *("index_fill_", "index_add_", "index_copy_", "scatter_", "cumsum_"),
)


def difference(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where two outcomes differ."""
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        if len(ours) != len(theirs):
            yield f"{path}: {ours} and {theirs}"
            return
        for i, (a, b) in enumerate(zip(ours, theirs)):
            yield from difference(a, b, f"{path}[{i}]")
    elif isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray):
        if ours.shape != theirs.shape or not np.allclose(ours, theirs, 1e-8, 1e-10, equal_nan=True):
            yield f"{path}: {ours} and {theirs}"
    elif isinstance(ours, float) and isinstance(theirs, float):
        if not np.isclose(ours, theirs, 1e-7, 1e-9):
            yield f"{path}: {ours} and {theirs}"
    elif isinstance(ours, np.ndarray) or isinstance(theirs, np.ndarray) or ours != theirs:
        yield f"{path}: {ours} and {theirs}"


# -- storing ------------------------------------------------------------------------------------

STORED = Path(__file__).parent / "programs.json"

#: The programs of which is stored what PyTorch does.
STORED_SEEDS = range(100, 160)


def summary(trace: Trace) -> list[Any]:
    """A trace in few numbers: for each array, one that each element has a part in."""

    def brief(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [brief(item) for item in value]
        if isinstance(value, np.ndarray):
            number = float((value.reshape(-1) * np.sin(np.arange(value.size) + 1.0)).sum())
            return float(f"{number:.10g}")
        return value

    return [trace.statements, brief(trace.outcomes)]


def beside_pytorch() -> dict[int, Any]:
    """What PyTorch does in the programs that are stored."""
    import torch

    grad = torch.autograd.grad
    return {seed: summary(Program(torch, grad, seed).run()) for seed in STORED_SEEDS}


def write() -> None:
    """Store it, a line for each program."""
    lines = [f'"{seed}": {json.dumps(found)}' for seed, found in beside_pytorch().items()]
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def read() -> dict[int, Any]:
    """What is stored."""
    return {int(seed): found for seed, found in json.loads(STORED.read_text("utf-8")).items()}
