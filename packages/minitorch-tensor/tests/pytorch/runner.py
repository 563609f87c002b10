"""Rows of the table, run in either library, and what comes out compared.

PyTorch is imported where it is first asked for, so that the stored expectations need none.
"""

from __future__ import annotations

import inspect
import json
import math
import operator
import warnings
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_autodiff import operators
from minitorch_tensor import dtypes
from minitorch_tensor.testing import arrange

Array = npt.NDArray[Any]

STORED = Path(__file__).parent / "expectations.json"

#: Relative, element by element; other dtypes agree exactly.
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}

#: Digits that are stored, enough for these.
DIGITS = {"float32": 8, "float64": 13}


@dataclass
class Values:
    """The elements of a tensor, a gradient, or a plain Python number, which has no shape."""

    dtype: str
    shape: tuple[int, ...]
    elements: list[Any]

    @classmethod
    def of(cls, dtype: str, array: Array) -> Values:
        """The elements of an array."""
        return cls(dtype, array.shape, array.reshape(-1).tolist())


@dataclass
class Outcome:
    """The results of a row in one dtype.

    Attributes:
        inputs: a checksum of what went in.
        outputs: in order, out of whatever they were nested in.
        gradients: of each floating-point input; None where none arrived.
    """

    inputs: int
    outputs: list[Values]
    gradients: list[Values | None]


# -- the libraries ------------------------------------------------------------------------------


def _gelu(x: Any) -> Any:
    return 0.5 * x * (1.0 + operators.erf(x / math.sqrt(2.0)))


def _silu(x: Any) -> Any:
    return x * operators.sigmoid(x)


def _softplus(x: Any) -> Any:
    return operators.log1p(operators.exp(x))


def _hypot(x: Any, y: Any) -> Any:
    return operators.sqrt(x * x + y * y)


#: Functions that PyTorch has and minitorch_tensor has not, as a person would write them.
FORMULAS = {"gelu": _gelu, "silu": _silu, "softplus": _softplus, "hypot": _hypot}


class MiniTorch:
    """minitorch_tensor on one backend."""

    name = "minitorch_tensor"

    def __init__(self, backend: str | mt.Backend) -> None:
        self.backend = mt.get_backend(backend)

    def __getattr__(self, name: str) -> Any:
        return getattr(mt, name)

    def elementwise(self, name: str) -> Any:
        return mt.elementwise(FORMULAS[name])

    def dtype(self, name: str) -> Any:
        return next(d for d in dtypes.ALL if d.name == name)

    def leaf(self, spec: Any, array: Array) -> Any:
        return arrange(array, spec.layout, self.backend)

    def constant(self, array: Array) -> Any:
        return mt.tensor(array, device=self.backend)

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, mt.Tensor)

    def values(self, tensor: Any) -> Values:
        return Values.of(tensor.dtype.name, tensor.detach().numpy())


class PyTorch:
    """torch, with what it keeps elsewhere under the same names."""

    name = "torch"

    def __init__(self) -> None:
        import torch

        self.torch = torch
        self.moved = {
            "promote": torch.promote_types,
            "grad": torch.autograd.grad,
            "jacobian": torch.autograd.functional.jacobian,
            "hessian": torch.autograd.functional.hessian,
            "vjp": torch.func.vjp,
            "jvp": self.jvp,
        }

    def __getattr__(self, name: str) -> Any:
        homes = self.torch, self.torch.nn.functional
        if name in self.moved:
            return self.moved[name]
        return getattr(next((home for home in homes if hasattr(home, name)), self.torch), name)

    def dtype(self, name: str) -> Any:
        return getattr(self.torch, name)

    def leaf(self, spec: Any, array: Array) -> Any:
        return self.torch.tensor(array)

    def elementwise(self, name: str) -> Any:
        return getattr(self.torch.nn.functional, name, None) or getattr(self.torch, name)

    def jvp(self, *args: Any) -> Any:
        with warnings.catch_warnings():  # its first call compiles what it itself deprecates
            warnings.simplefilter("ignore", DeprecationWarning)
            return self.torch.func.jvp(*args)

    def constant(self, array: Array) -> Any:
        return self.torch.tensor(array)

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, self.torch.Tensor)

    def values(self, tensor: Any) -> Values:
        return Values.of(str(tensor.dtype).removeprefix("torch."), tensor.detach().numpy())


# -- running ------------------------------------------------------------------------------------


def run(case: Any, dtype: str, library: Any) -> Outcome:
    """A row's outputs, and the gradients of their sum with fixed weights."""
    leaves: list[Any] = []
    checksum = 0

    def convert(spec: Any, array: Array | None) -> Any:
        nonlocal checksum
        if array is None:
            return library.dtype(spec.name)
        checksum = zlib.crc32(np.ascontiguousarray(array).tobytes(), checksum)
        tensor = library.leaf(spec, array)
        if spec.grad and array.dtype.kind == "f":
            leaves.append(tensor.requires_grad_())
        return tensor

    args, kwargs = case.arguments(dtype, convert)
    if callable(case.function):
        result = case.function(library, *args, **kwargs)
    elif case.function.startswith("."):
        result = getattr(args[0], case.function[1:])(*args[1:], **kwargs)
    elif case.function.startswith("operator."):
        result = getattr(operator, case.function.removeprefix("operator."))(*args, **kwargs)
    else:
        result = getattr(library, case.function)(*args, **kwargs)
    outputs = list(flat(result))
    for output in outputs:
        if library.is_tensor(output) and output.requires_grad:
            weights = library.constant(weights_of(tuple(output.shape), output, library))
            output.backward(weights, retain_graph=True)
    return Outcome(
        checksum,
        [values_of(output, library) for output in outputs],
        [None if leaf.grad is None else library.values(leaf.grad) for leaf in leaves],
    )


def flat(value: Any) -> Iterator[Any]:
    """The tensors and numbers in nested lists and tuples."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from flat(item)
    else:
        yield value


def weights_of(shape: tuple[int, ...], output: Any, library: Any) -> Array:
    """Weights for the sum of an output, so that each element has a gradient of its own."""
    size = int(np.prod(shape, dtype=np.int64))
    weights = np.cos(np.arange(size, dtype=np.float64)).reshape(shape)
    return weights.astype(library.values(output).dtype)


def values_of(output: Any, library: Any) -> Values:
    if library.is_tensor(output):
        return library.values(output)
    return Values(f"Python {type(output).__name__}", (), [output])


# -- comparing ----------------------------------------------------------------------------------


def differences(actual: Outcome, expected: Outcome, absolute: float = 0.0) -> dict[str, str]:
    """The differences of two outcomes, by aspect: "dtype", "shape", "values", "gradients"."""
    found: dict[str, str] = {}
    if len(actual.outputs) != len(expected.outputs):
        found["values"] = f"{len(actual.outputs)} outputs, expected {len(expected.outputs)}"
        return found
    for i, (a, e) in enumerate(zip(actual.outputs, expected.outputs)):
        _compare(found, f"output {i}", "values", a, e, absolute)
    for i, (given, wanted) in enumerate(zip(actual.gradients, expected.gradients)):
        if given is None or wanted is None:
            if given is not wanted:
                found["gradients"] = f"of input {i}: {given}, expected {wanted}"
        else:
            _compare(found, f"gradient of input {i}", "gradients", given, wanted, absolute)
    return found


def _compare(
    found: dict[str, str], what: str, aspect: str, a: Values, e: Values, absolute: float
) -> None:
    if a.dtype != e.dtype:
        found["dtype"] = f"{what}: {a.dtype}, expected {e.dtype}"
    if a.shape != e.shape:
        found["shape"] = f"{what}: {a.shape}, expected {e.shape}"
        return
    tolerance = max(TOLERANCE.get(v.dtype.removeprefix("Python "), 0.0) for v in (a, e))
    wrong = [
        (index, x, y)
        for index, x, y in zip(np.ndindex(a.shape), a.elements, e.elements)
        if not near(x, y, tolerance, absolute)
    ]
    if wrong:
        lines = [f"{list(index)}: {x!r}, expected {y!r}" for index, x, y in wrong[:4]]
        found[aspect] = f"{what}: {len(wrong)} of {len(a.elements)} differ, {'; '.join(lines)}"


def near(actual: Any, expected: Any, relative: float, absolute: float) -> bool:
    """True if two numbers agree up to rounding, or are both NaN."""
    if actual == expected or (actual != actual and expected != expected):
        return True
    if not (isinstance(expected, float) and np.isfinite(expected)):
        return False
    return bool(abs(actual - expected) <= relative * abs(expected) + absolute)


def complaint(case: Any, actual: Outcome, expected: Outcome) -> str:
    """The unexpected differences in words; "" if there are none but those the table announces."""
    found = differences(actual, expected, case.absolute[0] if case.absolute else 0.0)
    lines = [f"{aspect}: {text}" for aspect, text in found.items() if aspect not in case.differs]
    lines += [
        f"{aspect} agree by now; take the exception out of the table"
        for aspect in case.differs
        if aspect not in found
    ]
    return "\n".join(lines)


# -- storing ------------------------------------------------------------------------------------


def write(outcomes: dict[str, Outcome], path: Path = STORED) -> None:
    """A line for each, by name: [checksum, outputs, gradients], where values are [dtype, shape,
    ...]."""

    def packed(values: Values | None) -> Any:
        if values is None:
            return None
        digits = DIGITS.get(values.dtype)
        elements = [float(f"{e:.{digits}g}") if digits else e for e in values.elements]
        return [values.dtype, list(values.shape), *elements]

    lines = []
    for key, outcome in sorted(outcomes.items()):
        parts = [
            outcome.inputs,
            [packed(v) for v in outcome.outputs],
            [packed(v) for v in outcome.gradients],
        ]
        lines.append(f"{json.dumps(key)}: {json.dumps(parts, separators=(',', ':'))}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def update(outcomes: dict[str, Outcome], path: Path = STORED) -> None:
    """Store outcomes, keeping those already stored that differ by rounding alone, which varies
    between processors."""
    stored = read(path)

    def is_stored(key: str, fresh: Outcome) -> bool:
        old = stored.get(key)
        return old is not None and old.inputs == fresh.inputs and not differences(old, fresh)

    write({key: stored[key] if is_stored(key, new) else new for key, new in outcomes.items()}, path)


def read(path: Path = STORED) -> dict[str, Outcome]:
    """The outcomes that `write` stored."""

    def unpacked(stored: Any) -> Values | None:
        return None if stored is None else Values(stored[0], tuple(stored[1]), stored[2:])

    return {
        key: Outcome(inputs, [unpacked(v) for v in outputs], [unpacked(v) for v in gradients])
        for key, (inputs, outputs, gradients) in json.loads(path.read_text("utf-8")).items()
    }


def rows(cases: Iterable[Any]) -> dict[str, tuple[Any, str]]:
    """Every row in every dtype, by the key under which it is stored."""
    return {f"{case.name} {dtype}": (case, dtype) for case in cases for dtype in case.dtypes}


@cache
def read_once() -> dict[str, Outcome]:
    """The stored outcomes, read once."""
    return read()


# -- what of the library is in the table ----------------------------------------------------------


def public_functions() -> set[str]:
    """The functions that `minitorch_tensor` exports."""
    return {name for name in mt.__all__ if isinstance(getattr(mt, name), FunctionType)}


def public_methods() -> set[str]:
    """The methods of Tensor that are not such a function as well, as the table writes them."""
    functions = [_object(name) for name in public_functions()]
    return {
        f".{name}"
        for family in mt.Tensor.__mro__
        if family.__module__.partition(".")[0] == mt.__name__
        for name, method in vars(family).items()
        if isinstance(method, FunctionType) and name[0] != "_" and method not in functions
    }


def covered(cases: Iterable[Any]) -> set[str]:
    """The public functions and methods that rows call."""
    names = {name for case in cases for name in case.functions}
    called = {_object(name) for name in names if name in public_functions() | public_methods()}
    return {name for name in public_functions() | public_methods() if _object(name) in called}


def _object(name: str) -> Any:
    """The object behind a name, the same for all aliases."""
    thing = getattr(mt.Tensor if name[0] == "." else mt, name.lstrip("."))
    return thing if name[0] == "." else inspect.unwrap(thing)


def missing(table: Any) -> list[str]:
    """The functions and methods without a row or a reason for having none."""
    known = public_functions() | public_methods()
    return sorted(known - covered(table.CASES) - set(table.NOT_COMPARED))


def summary(table: Any) -> str:
    """The coverage of the table, and its exceptions, in words."""
    functions, methods, found = public_functions(), public_methods(), covered(table.CASES)
    lines = [
        f"{len(table.CASES)} rows, {len(rows(table.CASES))} with their dtypes; "
        f"{len(found & functions)} of {len(functions)} public functions, and "
        f"{len(found & methods)} of {len(methods)} methods that are none",
        "",
        "not compared:",
        *[f"  {name}: {reason}" for name, reason in sorted(table.NOT_COMPARED.items())],
        "",
        "different on purpose:",
    ]
    for case in table.CASES:
        for aspect, reason in case.differs.items():
            lines.append(f"  {case.name}, {' '.join(case.dtypes)}: {aspect}. {reason}")
    return "\n".join(lines)
