"""Where `cuda` cannot run, everything else does, and asking for it says what is missing."""

import ast
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import minitorch_backends
import minitorch_tensor as mt
from minitorch_backends.cuda import device

SOURCES = Path(minitorch_backends.__file__).parent

#: Run before everything else in an interpreter, hides what the extra installs.
HIDE = """
import importlib.abc, sys

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("cuda", "numba_cuda") or name.startswith("numba.cuda"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_without_the_extra_it_says_how_to_get_it():
    run = python(
        HIDE + "import minitorch_tensor as mt\n"
        "try:\n"
        "    mt.get_backend('cuda')\n"
        "except mt.BackendUnavailable as error:\n"
        "    print(error)\n"
    )
    assert run.stdout == (
        "backend: backend 'cuda' cannot run here: cuda: numba-cuda, cuda-core, cuda-bindings not "
        'installed; get everything it needs with pip install "minitorch-backends[cuda]". Choose '
        "another, for example 'numpy'.\n"
    ), run.stderr


def test_without_the_extra_everything_else_works():
    run = python(
        HIDE + "import minitorch_tensor as mt\n"
        "from minitorch_tensor.registry import describe_backends\n"
        "print({b.name: b.status for b in describe_backends()})\n"
        "print(mt.get_backend().name, (mt.ones(2) + mt.ones(2)).tolist())\n"
    )
    lines = run.stdout.splitlines()
    assert "'cuda': 'unavailable'" in lines[0], run.stderr
    assert lines[1] == "fast [2.0, 2.0]"


def test_importing_the_backend_prepares_no_device():
    run = python(
        "import minitorch_backends.cuda\n"
        "from minitorch_backends.cuda import device\n"
        "print(device._made)\n"
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")


class LibraryNotFound(RuntimeError):
    """What cuda.pathfinder raises where there is no driver."""


class FakeDriver:
    """The functions of the driver that are asked before anything is done."""

    CUresult = SimpleNamespace(CUDA_SUCCESS=SimpleNamespace(name="CUDA_SUCCESS"))

    def __init__(self, status=None, version=13000, missing=False):
        self.status = SimpleNamespace(name=status) if status else self.CUresult.CUDA_SUCCESS
        self.version = version
        self.missing = missing

    def cuInit(self, flags):
        if self.missing:
            raise LibraryNotFound("libcuda.so.1")
        return (self.status,)

    def cuDriverGetVersion(self):
        return self.CUresult.CUDA_SUCCESS, self.version


@pytest.mark.parametrize(
    ("driver", "capability", "said"),
    [
        (FakeDriver(missing=True), (9, 0), "no NVIDIA driver .* install .* 580 or newer"),
        (FakeDriver("CUDA_ERROR_NO_DEVICE"), (9, 0), "no usable NVIDIA GPU.*CUDA_ERROR_NO_DEVICE"),
        (FakeDriver(version=12080), (9, 0), "speaks CUDA 12.8, and 13.0 is wanted"),
        (FakeDriver(), (7, 0), "V100 of compute capability 7.0; 7.5"),
    ],
    ids=["no driver", "no device", "old driver", "old device"],
)
def test_a_machine_that_lacks_something_is_told_what(monkeypatch, driver, capability, said):
    modules = {
        "cuda.core": SimpleNamespace(
            Device=lambda number: SimpleNamespace(compute_capability=capability, name="V100")
        ),
        "cuda.bindings.driver": driver,
        "cuda.pathfinder": SimpleNamespace(DynamicLibNotFoundError=LibraryNotFound),
    }
    monkeypatch.setattr(device, "import_module", modules.__getitem__)
    with pytest.raises(mt.BackendUnavailable, match=said):
        device.Hardware()


def test_a_tensor_is_not_put_where_nothing_can_compute():
    try:
        mt.get_backend("cuda")
    except mt.BackendUnavailable as error:
        with pytest.raises(mt.BackendUnavailable) as again:
            mt.ones(2).to("cuda")
        assert str(again.value) == str(error)
    else:
        assert mt.ones(2).to("cuda").backend.name == "cuda"


def test_one_module_imports_cuda():
    """So that a successor of numba-cuda is taken up in one place."""
    importers = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
                names = [a.value for a in node.args if isinstance(a, ast.Constant)]
            if any(name.startswith(("cuda.", "numba_cuda", "numba.cuda")) for name in names):
                importers.add(path.relative_to(SOURCES).as_posix())
    assert importers == {"cuda/device.py"}
