"""`python -m minitorch_tensor new-backend NAME`: a distribution to begin a backend with.

It computes by numpy in the eight required methods, is tested by the conformance kit, and passes it
as it is: replace one method after another.
"""

from __future__ import annotations

import re
from pathlib import Path

from minitorch_tensor.backend import BACKEND_INTERFACE
from minitorch_tensor.registry import HOST, OWNERS

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")

#: The files, by their paths in the new folder; @name@ and its like are filled in.
FILES: dict[str, str] = {}

FILES["pyproject.toml"] = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "@distribution@"
version = "0.1.0"
description = "A MiniTorch backend"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["minitorch-tensor>=@series@,<@next@", "numpy>=2.0"]

[project.optional-dependencies]
test = ["minitorch-tensor[conformance]"]

# The name by which users select it, and the class.
[project.entry-points."minitorch.backends"]
@name@ = "@module@:@class@"
"""

FILES["README.md"] = """\
# @distribution@

A backend for MiniTorch's tensors:

```sh
pip install .
MINITORCH_BACKEND=@name@ python -c "import minitorch_tensor as mt; print(mt.ones(2) + 1)"
```

Its tests are MiniTorch's conformance kit:

```sh
pip install -e '.[test]'
pytest
```

`size = "quick"` in `tests/test_conformance.py` tries a part, and the report says what it leaves
out; before a release, remove it.
"""

FILES["tox.ini"] = """\
[tox]
env_list = py3{11,12,13,14}
skip_missing_interpreters = true

[testenv]
extras = test
commands = pytest {posargs}
"""

FILES[".github/workflows/test.yml"] = """\
name: test
on: [push, pull_request]
jobs:
  conformance:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python: ["3.11", "3.14"]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python }}
      - run: pip install '.[test]'
      - run: pytest
"""

FILES["tests/test_conformance.py"] = """\
from minitorch_tensor.testing.conformance import BackendConformance


class Test@class@(BackendConformance):
    backend = "@name@"
    size = "quick"  # "full" before a release
"""

FILES["src/@module@/__init__.py"] = '''\
"""A MiniTorch backend: eight methods, for now by numpy."""

import numpy as np
from minitorch_autodiff import operators
from minitorch_tensor import Backend, TensorData
from minitorch_tensor.backends.host import store
from minitorch_tensor.dtypes import from_numpy_dtype
from minitorch_tensor.layout import broadcast_shapes
from minitorch_tensor.silence import converted, silently

#: Functions that are known by identity; any other is called for each element.
KNOWN = {
    operators.add: np.add,
    operators.sub: np.subtract,
    operators.mul: np.multiply,
    operators.neg: np.negative,
}


class @class@(Backend):
    name = "@name@"  # as in pyproject.toml
    interface_version = @interface@  # the one that it was written for

    # Four methods allocate and move.

    def empty(self, shape, dtype):
        return TensorData(np.empty(shape, dtype.numpy), dtype, shape)

    def from_numpy(self, array):
        """A copy, of any strides."""
        return TensorData(np.array(array, order="C"), from_numpy_dtype(array.dtype), array.shape)

    def to_numpy(self, x):
        """A copy that the caller may write to."""
        return np.array(elements(x), order="C")

    def copy_(self, out, x):
        elements(out)[...] = converted(elements(x), out.dtype.numpy)

    # Four methods compute.

    def map(self, fn, x, dtype):
        return apply(fn, x.shape, dtype, elements(x))

    def zip(self, fn, x, y, dtype):
        return apply(fn, broadcast_shapes(x.shape, y.shape), dtype, elements(x), elements(y))

    def reduce(self, fn, x, dim, start, dtype):
        """By halves, whose rounding errors grow with the logarithm of the count."""
        rest = converted(elements(x), dtype.numpy)
        while rest.shape[dim] > 1:
            half = rest.shape[dim] // 2
            left, right, last = np.split(rest, [half, 2 * half], dim)
            halves = apply(fn, left.shape, dtype, left, right)
            rest = np.concatenate([halves.buffer, last], dim)
        shape = (*x.shape[:dim], 1, *x.shape[dim + 1 :])
        total = self.full(shape, start, dtype)
        return apply(fn, shape, dtype, total.buffer, rest) if x.shape[dim] else total

    def matmul(self, x, y):
        return new(silently().run(np.matmul, elements(x), elements(y)), x.dtype)


def elements(x):
    """The elements as numpy sees them, through any strides; what is written to it is in x."""
    flat = x.buffer.reshape(-1)
    if 0 in x.shape:
        return np.empty(x.shape, x.dtype.numpy)
    strides = [step * x.dtype.itemsize for step in x.strides]
    return np.ndarray(x.shape, x.dtype.numpy, flat, x.offset * x.dtype.itemsize, strides)


def apply(fn, shape, dtype, *arrays):
    """fn of every element, with the arrays stretched to the shape."""
    if fn in KNOWN and all(array.dtype == dtype.numpy for array in arrays):
        return new(silently().run(KNOWN[fn], *arrays), dtype)
    columns = [np.broadcast_to(array, shape).ravel().tolist() for array in arrays]
    values = [fn(*numbers) for numbers in zip(*columns)]
    return TensorData(store(values, dtype).reshape(shape), dtype, shape)


def new(array, dtype):
    """A result: it owns its memory, row by row."""
    array = np.array(array, dtype.numpy, order="C")
    return TensorData(array, dtype, array.shape)
'''


def write(name: str, folder: Path) -> list[Path]:
    """Write the distribution `minitorch-backend-NAME` into a folder.

    Args:
        name: of the backend: lower-case words with hyphens between them.
        folder: where its own folder is made.

    Returns: the files.
    Raises: ValueError for a name that no backend can have; FileExistsError if the folder is there.
    """
    if not _NAME.fullmatch(name) or name == HOST or name in OWNERS:
        taken = f"; {name!r} is taken" if name == HOST or name in OWNERS else ""
        raise ValueError(
            f"new-backend: wanted a name such as 'mine' or 'my-gpu', of lower-case letters, digits "
            f"and hyphens, got {name!r}{taken}."
        )
    distribution = f"minitorch-backend-{name}"
    root = folder / distribution
    if root.exists():
        raise FileExistsError(f"new-backend: {root} is there already; choose another name.")
    from importlib.metadata import version

    major, minor = map(int, version("minitorch-tensor").split(".")[:2])
    words = {
        "distribution": distribution,
        "name": name,
        "module": distribution.replace("-", "_"),
        "class": "".join([word.capitalize() for word in name.split("-")]) + "Backend",
        "interface": str(BACKEND_INTERFACE),
        "series": f"{major}.{minor}",
        "next": f"{major + 1}" if major else f"0.{minor + 1}",
    }

    def filled(text: str) -> str:
        return re.sub(r"@(\w+)@", lambda match: words[match[1]], text)

    written = []
    for path, text in FILES.items():
        file = root / filled(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(filled(text), encoding="utf-8")
        written.append(file)
    return written
