"""Every layer and loss differentiates on every backend that is installed here.

Once and twice, by its inputs and by its parameters.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.testing import assert_close, gradcheck, gradgradcheck

HERE = Path(__file__).parent

#: The rows that are compared with PyTorch: a layer that has one is differentiated here, too.
TABLE = SimpleNamespace(**runpy.run_path(str(HERE / "pytorch" / "table.py")))

#: A layer, and its inputs: tensors of shapes that are drawn, or tensors that a function makes.
Case = tuple[Callable[[], nn.Module], list[Any]]

#: Options that are tensors.
TENSOR_OPTIONS = {"pos_weight", "weight"}


def cases() -> Iterator[tuple[str, Case]]:
    """A case for each row of a layer, a cell or a loss, on the smallest of its inputs; of a batch
    that is normalized on the first, since the slope of a batch of two is all but 0."""
    for row in TABLE.MODULES:
        name, args, options, steps, last = row
        if {"padding_idx", "max_norm"} & set(options):  # where the gradient is not the derivative
            continue
        make = partial(layer, name, *args, **options)
        smallest = min([*steps, last], key=lambda one: TABLE.Draw(row).array(one).size)
        chosen = steps[0] if name.startswith(("BatchNorm", "InstanceNorm")) else smallest
        yield f"{name} {args} {options}", (make, given(row, [chosen]))
        if list(make().buffers()):
            evaluating = partial(layer, name, *args, **options, training=False)
            yield f"{name} {args} {options}, evaluating", (evaluating, given(row, [last]))
    for row in TABLE.FUNCTIONS:
        name, inputs, options = row
        if name[0].isupper():
            yield f"{name} {options}", (partial(layer, name, **options), given(row, inputs))
    for row in TABLE.ATTENTION:
        name, args, options, inputs, _ = row
        if args[0] == 2:  # the smallest; Transformer is made of them
            make = partial(layer, name, *args, **options)
            yield f"{name} {args} {options} {inputs}", (make, given(row, inputs))
    for name, options, shape, _, _ in TABLE.RECURRENT:
        if name.endswith("Cell"):
            state = (*shape[:-1], 2)
            parts = [state, state] if name.startswith("LSTM") else state
            make = partial(layer, name, 3, 2, **options)
            yield f"{name} {options} {shape}", (make, [tuple(shape), parts])


def layer(name: str, *args: Any, training: bool = True, **options: Any) -> nn.Module:
    """A layer of this name."""
    for key in TENSOR_OPTIONS & set(options):
        options[key] = mt.tensor(options[key], dtype="float64")
    made: nn.Module = getattr(nn, name)(*args, **options)
    return made.train(training)


def given(row: Any, inputs: list[Any]) -> list[Callable[[], Tensor]]:
    """The numbers of a row's inputs, as tensors of the backend that is in use."""
    draw = TABLE.Draw(row)

    def tensor_of(array: Any) -> Callable[[], Tensor]:
        return lambda: mt.tensor(array, requires_grad=array.dtype.kind == "f")

    return [tensor_of(draw.array(one)) for one in inputs]


CASES: dict[str, Case] = dict(cases())

#: Layers of both directions over sequences of different lengths, from a state. What a single
#: direction gives twice differentiated is in test_recurrent.py.
RECURRENT: dict[str, Case] = {
    "RNN": (lambda: nn.RNN(2, 2, 2, bidirectional=True), [(3, 2, 2), (4, 2, 2)]),
    "RNN of relu": (lambda: nn.RNN(2, 2, nonlinearity="relu"), [(3, 2, 2), (1, 2, 2)]),
    "LSTM": (
        lambda: nn.LSTM(1, 1, 2, bidirectional=True),
        [(3, 2, 1), [(4, 2, 1), (4, 2, 1)]],
    ),
    "GRU": (lambda: nn.GRU(2, 1, 2, bidirectional=True), [(3, 2, 2), (4, 2, 1)]),
}

INSTALLED = pytest.mark.parametrize("installed", mt.backend_names())


def drawn(shape: Any) -> Any:
    """A tensor of a shape, a list of them, or what else there is to call a layer with."""
    if isinstance(shape, list):
        return [drawn(part) for part in shape]
    if isinstance(shape, tuple):
        return mt.randn(*shape, dtype="float64", requires_grad=True)
    return shape()


def problem(case: Case, **options: Any) -> tuple[Callable[..., Any], list[Tensor]]:
    """A layer as a function of its inputs and parameters, and these."""
    make, shapes = case
    layer = make().to("float64")
    names = [name for name, _ in layer.named_parameters()]
    parameters = [
        mt.randn(*p.shape, dtype="float64", requires_grad=True) for p in layer.parameters()
    ]
    given = [drawn(shape) for shape in shapes]
    inputs = [t for part in given for t in (part if isinstance(part, list) else [part])]

    def run(*leaves: Tensor) -> Any:
        mt.manual_seed(1)  # dropout drops the same each time
        for name, leaf in zip(names, leaves[len(inputs) :], strict=True):
            path, _, last = name.rpartition(".")
            setattr(attrgetter(path)(layer) if path else layer, last, leaf)
        left = iter(leaves)
        again = [
            tuple([next(left) for _ in part]) if isinstance(part, list) else next(left)
            for part in given
        ]
        return flat(layer(*again, **options))

    return run, [*inputs, *parameters]


def flat(value: Any) -> Any:
    """A tensor, or the tensors of nested tuples."""
    if isinstance(value, Tensor):
        return value
    parts = [flat(part) for part in value]
    return tuple([t for part in parts for t in (part if isinstance(part, tuple) else (part,))])


@INSTALLED
@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_layer_differentiates_twice(name: str, installed: str) -> None:
    with mt.use_backend(installed):
        function, leaves = problem(CASES[name])
        gradcheck(function, leaves, atol=1e-6, rtol=1e-5)
        gradgradcheck(function, leaves, atol=1e-6, rtol=1e-5)


@INSTALLED
@pytest.mark.slow
@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("lengths", [None, [2, 3]], ids=["whole", "lengths"])
def test_a_recurrent_layer_differentiates(name: str, lengths: Any, installed: str) -> None:
    with mt.use_backend(installed):
        function, leaves = problem(RECURRENT[name], lengths=lengths)
        gradcheck(function, leaves, atol=1e-6, rtol=1e-5)


def test_no_layer_and_no_row_is_left_out() -> None:
    assert len(CASES) == len(list(cases()))
    holders = {"Module", "Sequential", "ModuleList", "ModuleDict"}  # of other layers
    holders |= {"Transformer", "TransformerDecoder", "TransformerEncoder"}
    layers = {
        name
        for name, value in vars(nn).items()
        if isinstance(value, type) and issubclass(value, nn.Module)
    }
    assert layers - holders == {case.partition(" ")[0] for case in CASES | RECURRENT}


# -- inputs that share their history ---------------------------------------------------------------


def woven(leaves: list[Tensor], seed: Tensor) -> list[Tensor]:
    """The leaves, each moved by the seed and by the one before it; whole numbers stay."""
    shift, values = seed.tanh().sum(), []
    for leaf in leaves:
        values.append(leaf.detach() + 0.1 * shift if leaf.is_floating_point() else leaf)
        if leaf.is_floating_point():
            shift = shift + values[-1].sigmoid().mean() * seed.sum()
    return values


SHARING = {name: (case, {}) for name, case in (CASES | RECURRENT).items()}
SHARING |= {f"{name}, lengths": (case, {"lengths": [2, 3]}) for name, case in RECURRENT.items()}


@INSTALLED
@pytest.mark.parametrize("name", SHARING)
def test_recording_the_sweep_changes_no_gradient(name: str, installed: str) -> None:
    case, options = SHARING[name]
    with mt.use_backend(installed):
        function, leaves = problem(case, **options)
        seed = mt.tensor([0.3, -0.2], dtype="float64", requires_grad=True)
        values = woven(leaves, seed)
        outputs = function(*values)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        weights = [(y.detach() + 1.0).cos() for y in outputs]
        wanted = [seed, *[x for x in values if x.is_floating_point()]]
        plain = mt.grad(outputs, wanted, weights, retain_graph=True)
        recorded = mt.grad(outputs, wanted, weights, create_graph=True)
        for one, other in zip(plain, recorded, strict=True):
            assert_close(other, one, rtol=1e-9, atol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES | RECURRENT)
def test_a_layer_of_inputs_that_share_their_history_differentiates_twice(name: str) -> None:
    function, leaves = problem((CASES | RECURRENT)[name])
    seed = mt.tensor([0.3, -0.2], dtype="float64", requires_grad=True)

    def of_the_seed(seed: Tensor) -> Any:
        return function(*woven(leaves, seed))

    gradgradcheck(of_the_seed, [seed], atol=1e-6, rtol=1e-5)


# -- operands of different dtypes ------------------------------------------------------------------


def has_several_operands(case: Case) -> bool:
    with mt.use_backend("numpy"):
        _, leaves = problem(case)
        inputs = [x for x in leaves if x.is_floating_point()]
        return len(inputs) > 1 or any(True for _ in case[0]().parameters())


SEVERAL = [name for name, case in (CASES | RECURRENT).items() if has_several_operands(case)]


@INSTALLED
@pytest.mark.parametrize("narrow", ["inputs", "parameters"])
@pytest.mark.parametrize("name", SEVERAL)
def test_operands_of_two_dtypes_are_those_of_the_wider_one(
    name: str, narrow: str, installed: str
) -> None:
    """The result, its gradients in each operand's own dtype, and both again when recorded."""
    with mt.use_backend(installed):
        function, leaves = problem((CASES | RECURRENT)[name])
        _, shapes = (CASES | RECURRENT)[name]
        count = sum(len(s) if isinstance(s, list) else 1 for s in shapes)
        count = 1 if count == len(leaves) else count  # without parameters, of two inputs
        rounded = [
            x.float() if x.is_floating_point() and (i < count) == (narrow == "inputs") else x
            for i, x in enumerate(y.detach() for y in leaves)
        ]
        found = []
        for operands in (rounded, [x.double() if x.is_floating_point() else x for x in rounded]):
            floating = [x.detach().clone() for x in operands]
            wanted = [x.requires_grad_() for x in floating if x.is_floating_point()]
            outputs = function(*floating)
            outputs = outputs if isinstance(outputs, tuple) else (outputs,)
            weights = [(y.detach().double() + 1.0).cos().to(y.dtype) for y in outputs]
            plain = mt.grad(outputs, wanted, weights, retain_graph=True)
            recorded = mt.grad(outputs, wanted, weights, create_graph=True)
            assert [g.dtype for g in plain] == [g.dtype for g in recorded]
            assert [g.dtype for g in plain] == [x.dtype for x in wanted]
            found.append([*outputs, *plain, *recorded])
        for mixed, wide in zip(*found, strict=True):
            assert_close(mixed, wide, rtol=1e-5, atol=1e-6, check_dtype=False)
        if not name.startswith("Embedding"):  # which has one operand with a dtype to choose
            assert {y.dtype for y in found[0][: len(outputs)]} == {mt.float64}
