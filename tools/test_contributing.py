"""CONTRIBUTING.md, followed to the letter: each kind of operation, added to a copy of the tree.

The examples are read from the page and inserted where it says. The new operation must then appear
as a function, as a method, in the conformance kit and in api.txt; a broken one must fail the kit.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TENSOR, NN = "packages/minitorch-tensor", "packages/minitorch-nn"

#: The files to edit by hand for each kind; tools write api.txt and the stored expectations.
FILES = {
    "A composed function": 3,
    "A scalar primitive": 6,
    "A layer": 3,
    "An operation of backends": 5,
}


@dataclass
class Piece:
    """Code of an example, and its place."""

    file: str
    where: str  # "in" or "before"
    name: str
    code: str


def pieces(kind: str) -> list[Piece]:
    """The examples below the heading of one kind."""
    found = re.search(rf"^### {kind}\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"CONTRIBUTING.md has no section {kind!r}"
    steps = re.findall(r"^\d+\. \[.*?\]\((\S+?)\)(.*?)(?=^\d+\. |\Z)", found[1], re.DOTALL | re.M)
    assert steps
    result = []
    for file, step in steps:
        (block,) = re.findall(r"```python\n(.*?)```", step, re.DOTALL)
        parts = re.split(r"^ *# (in|before) (\w+)\n", block, flags=re.MULTILINE)
        assert not parts[0].strip(), f"{file}: code that says not where it goes: {parts[0]}"
        for where, name, code in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            result.append(Piece(file, where, name, dedent(code).strip() + "\n"))
    return result


def put(root: Path, piece: Piece) -> None:
    """Insert a piece at its place."""
    path = root / piece.file
    source = path.read_text(encoding="utf-8")
    (node,) = [node for node in ast.parse(source).body if piece.name in names_of(node)]
    lines = source.splitlines(keepends=True)
    if piece.where == "before":
        first = min([node.lineno, *[d.lineno for d in getattr(node, "decorator_list", [])]])
        lines.insert(first - 1, f"{piece.code}\n\n")
    elif isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        lines.insert(node.end_lineno or 0, "\n" + indent(piece.code, "    "))
    elif node.lineno == node.end_lineno:  # a list on one line
        line = lines[node.lineno - 1].rstrip()
        lines[node.lineno - 1] = f"{line[:-1]}, {piece.code.strip().rstrip(',')}{line[-1]}\n"
    else:  # a list, a tuple or a dict with one entry per line
        lines.insert((node.end_lineno or 0) - 1, indent(piece.code, "    "))
    path.write_text("".join(lines), encoding="utf-8")


def names_of(node: ast.stmt) -> list[str]:
    """The names that a statement defines."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


class Tree:
    """A copy of the layers, whose code runs in separate processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*", "build", "dist")
        for name in ("packages", "tools"):
            shutil.copytree(ROOT / name, root / name, ignore=unwanted)
        shutil.copy(ROOT / "pyproject.toml", root)

    def add(self, kind: str) -> None:
        for piece in pieces(kind):
            put(self.root, piece)

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        source = path.read_text(encoding="utf-8")
        assert source.count(old) == 1
        path.write_text(source.replace(old, new), encoding="utf-8")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        sources = [str(path) for path in sorted(self.root.glob("packages/*/src"))]
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sources)},
            capture_output=True,
            text=True,
            check=False,
        )

    def prints(self, code: str) -> str:
        """The output of code, run on the copy."""
        run = self.run(
            "-c", f"import minitorch_tensor as mt\nassert {str(self.root)!r} in mt.__file__\n{code}"
        )
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    def complains(self, code: str) -> str:
        """The error of code that must fail, run on the copy."""
        run = self.run("-c", f"import minitorch_tensor as mt\n{code}")
        assert run.returncode == 1, run.stdout
        return run.stderr

    def tests(self, *arguments: str) -> tuple[set[str], set[str]]:
        """The ids of tests that pass and that fail, each without its file."""
        run = self.run("-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", *arguments)
        outcomes = re.findall(r"^(PASSED|FAILED|ERROR) \S+?::(.*?)(?: - .*)?$", run.stdout, re.M)
        assert outcomes, run.stdout + run.stderr
        passed = {name for outcome, name in outcomes if outcome == "PASSED"}
        return passed, {name for outcome, name in outcomes if outcome != "PASSED"}

    def interface(self, layer: str) -> str:
        """The text that tools/api.py writes to the layer's api.txt."""
        source = f"packages/{layer}/src"
        code = (
            "import sys; sys.path.insert(0, 'tools'); import api, pathlib; "
            f"print(api.interface({layer.replace('-', '_')!r}, pathlib.Path({source!r})))"
        )
        run = self.run("-c", code)
        assert run.returncode == 0, run.stderr
        return run.stdout


def checked(name: str) -> str:
    """Code that checks a row of the kit on two backends, and its gradient."""
    return f"""
from minitorch_tensor.testing import OPERATIONS, check_gradient, check_operation
(row,) = [operation for operation in OPERATIONS if operation.name == {name!r}]
for backend in map(mt.get_backend, ("numpy", "simple")):
    check_operation(row, backend)
    check_gradient(row, backend)
print("fine")
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.mark.parametrize("kind", FILES)
def test_a_kind_touches_no_more_files_than_it_should(kind: str) -> None:
    files = {piece.file for piece in pieces(kind)}
    assert len(files) <= FILES[kind]
    assert all((ROOT / file).is_file() for file in files)


def test_a_composed_function_appears_as_function_and_method_in_the_kit_and_in_the_api(
    tree: Tree,
) -> None:
    tree.add("A composed function")
    function = "x = mt.tensor([180.0]); print(mt.deg2rad(x), x.deg2rad(), x.deg2rad_())"
    assert tree.prints(function) == " ".join(["tensor([3.1416])"] * 3)
    passed, failed = tree.tests(
        f"{TENSOR}/tests/conformance/test_numpy.py",
        f"{TENSOR}/tests/test_operations.py",
        f"{TENSOR}/tests/test_errors.py",
        f"{TENSOR}/tests/pytorch/test_stored.py",
        "-k",
        "deg2rad and not agrees_with_what or every_public or table_has or every_row",
    )
    assert {
        "TestNumpy::test_function[deg2rad-contiguous]",
        "TestNumpy::test_function[deg2rad-expanded]",
        "TestNumpy::test_gradient[deg2rad]",
        "test_methods_are_the_functions[deg2rad]",
        "test_the_table_has_every_function_of_the_families",
        "test_every_public_function_is_in_the_table_or_says_why_not",
    } <= passed
    # `tox -e pytorch -- --write` stores PyTorch's results for the new rows.
    assert failed == {"test_every_row_is_another_and_what_is_stored_belongs_to_one"}
    api = tree.interface("minitorch-tensor")
    assert "    def deg2rad(input: Tensor) -> Tensor\n" in api
    assert "def deg2rad() -> Tensor\n" in api
    assert "def deg2rad_() -> Tensor\n" in api

    check = checked("deg2rad")
    assert tree.prints(check) == "fine"
    tree.replace(pieces("A composed function")[0].file, "math.pi / 180.0", "math.pi / 181.0")
    assert "deg2rad of bool, sample 0, contiguous" in tree.complains(check)


@pytest.mark.parametrize(
    ("kind", "written", "checks"),
    [
        (
            "A composed function",
            1,
            {
                f"{TENSOR}/tests/test_operations.py": [
                    "test_the_table_has_every_function_of_the_families"
                ],
                f"{TENSOR}/tests/pytorch/test_stored.py": [
                    "test_every_public_function_is_in_the_table_or_says_why_not"
                ],
            },
        ),
        (
            "A layer",
            2,
            {
                f"{NN}/tests/test_against_pytorch.py": [
                    "test_every_layer_and_loss_is_compared",
                    "test_every_function_is_compared",
                ],
                f"{NN}/tests/test_gradients.py": ["test_no_layer_and_no_row_is_left_out"],
            },
        ),
    ],
)
def test_what_has_no_rows_is_missed(
    kind: str, written: int, checks: dict[str, list[str]], tree: Tree
) -> None:
    files = list(dict.fromkeys(piece.file for piece in pieces(kind)))
    for piece in pieces(kind):
        if piece.file in files[:written]:
            put(tree.root, piece)
    ids = [f"{file}::{name}" for file, names in checks.items() for name in names]
    passed, failed = tree.tests(*ids)
    assert not passed
    assert failed == {name for names in checks.values() for name in names}


def test_a_primitive_is_known_to_scalars_tracing_tensors_and_backends(tree: Tree) -> None:
    tree.add("A scalar primitive")
    everywhere = (
        "from minitorch_autodiff import Scalar, operators as ops\n"
        "x = Scalar(0.0, requires_grad=True)\n"
        "y = x.logsigmoid(); y.backward(); print(round(y.data, 6), x.grad.data)\n"
        "print(mt.logsigmoid(mt.tensor([0.0])), mt.tensor([0.0]).logsigmoid())\n"
        "print('logsigmoid(x)' in str(mt.elementwise(ops.logsigmoid).expression()))\n"
        "from minitorch_tensor.backends.numpy import UNARY; print(ops.logsigmoid in UNARY)"
    )
    assert tree.prints(everywhere).splitlines() == [
        "-0.693147 0.5",
        "tensor([-0.6931]) tensor([-0.6931])",
        "True",
        "True",
    ]
    check = checked("logsigmoid")
    assert tree.prints(check) == "fine"
    passed, failed = tree.tests(
        "packages/minitorch-autodiff/tests/test_derivatives.py",
        "packages/minitorch-autodiff/tests/test_operators.py",
        f"{TENSOR}/tests/conformance/test_numpy.py",
        f"{TENSOR}/tests/test_operations.py",
        f"{TENSOR}/tests/pytorch/test_stored.py",
        "-k",
        "logsigmoid and not agrees_with_what or every_public or table_has",
    )
    assert {
        "test_a_rule_agrees_with_central_differences[logsigmoid]",
        "test_an_operator_never_raises[logsigmoid]",
        "TestNumpy::test_special_numbers_through_map[logsigmoid]",
        "TestNumpy::test_gradient[logsigmoid]",
        "test_the_table_has_every_function_of_the_families",
        "test_every_public_function_is_in_the_table_or_says_why_not",
    } <= passed
    assert not failed

    rule = pieces("A scalar primitive")[1].file
    tree.replace(rule, "d * (-x).sigmoid()", "d * (-x).tanh()")
    _, failed = tree.tests(
        "packages/minitorch-autodiff/tests/test_derivatives.py", "-k", "logsigmoid"
    )
    assert "test_a_rule_agrees_with_central_differences[logsigmoid]" in failed


def test_a_layer_appears_with_its_function_differentiates_and_is_in_the_api(tree: Tree) -> None:
    tree.add("A layer")
    layer = "import minitorch_nn as nn; x = mt.arange(4).reshape(1, 4)"
    layer += "; print(nn.ChannelShuffle(2)(x))"
    assert tree.prints(layer) == "tensor([[0, 2, 1, 3]])"
    passed, failed = tree.tests(
        f"{NN}/tests/test_gradients.py",
        f"{NN}/tests/test_package.py",
        f"{NN}/tests/pytorch/test_stored.py",
        "-k",
        "ChannelShuffle and numpy or no_layer or family or says_what_it_is or every_row",
    )
    assert "test_a_layer_differentiates_twice[ChannelShuffle [2] {}-numpy]" in passed
    assert "test_no_layer_and_no_row_is_left_out" in passed
    assert failed == {"test_every_row_is_another_and_is_stored_in_its_order"}  # until it is written
    api = tree.interface("minitorch-nn")
    assert "    class ChannelShuffle(Module)\n" in api
    assert "    def channel_shuffle(input: Tensor, groups: int) -> Tensor\n" in api

    differentiate = """
import minitorch_nn as nn
from minitorch_tensor.testing import gradcheck
mt.use_backend("numpy")
gradcheck(nn.ChannelShuffle(2), mt.randn(1, 4, dtype="float64", requires_grad=True))
print("fine")
"""
    assert tree.prints(differentiate) == "fine"
    function = pieces("A layer")[0].file
    tree.replace(function, "return input.unflatten(1, (g", "return input.detach().unflatten(1, (g")
    assert "ChannelShuffle" in tree.complains(differentiate)


def test_an_operation_of_backends_is_derived_overridden_and_checked_on_both(tree: Tree) -> None:
    tree.add("An operation of backends")
    code = """
from minitorch_tensor.backend import DERIVED
from minitorch_tensor.functions.reductions import Softmin
from minitorch_tensor.testing import KERNELS, check_kernel, gradgradcheck

assert "softmin" in DERIVED
assert "softmin" in vars(type(mt.get_backend("fast")))
assert "softmin" not in vars(type(mt.get_backend("numpy")))
(row,) = [kernel for kernel in KERNELS if kernel.name == "softmin"]
for backend in ("numpy", "fast"):
    check_kernel(row, mt.get_backend(backend))
x = mt.randn(2, 3, dtype="float64", requires_grad=True, device="numpy")
assert gradgradcheck(lambda x: Softmin.apply(x, 1), x)
print("fine")
"""
    assert tree.prints(code) == "fine"
    api = tree.interface("minitorch-tensor")
    assert "    def softmin(x: TensorData, dim: int) -> TensorData\n" in api

    override = pieces("An operation of backends")[3].file
    kernels = "kernels = softmax_kernels.softmin_rows, softmax_kernels.softmin_rows"
    tree.replace(override, kernels, kernels.replace("softmin", "softmax"))
    assert "softmin of float32, sample 0, contiguous" in tree.complains(code)
