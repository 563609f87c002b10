"""Where a person looks for a name, and where it is."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from minitorch_autodiff import hints

TOLD = {
    ("minitorch_tensor", "nn"): "It is called minitorch_nn here.",
    ("minitorch_tensor", "optim"): "It is called minitorch_nn.optim here.",
    ("minitorch_tensor", "Linear"): "There is minitorch_nn.Linear.",
    ("minitorch_tensor", "Adam"): "There is minitorch_nn.optim.Adam.",
    ("minitorch_tensor", "softmx"): "Did you mean 'softmax'?",
    ("minitorch_tensor.array_api", "permute"): "There is minitorch_tensor.permute.",
    ("minitorch_tensor.array_api.linalg", "sovle"): "Did you mean 'solve'?",
    ("minitorch_nn", "Tensor"): "There is minitorch_tensor.Tensor.",
    ("minitorch_nn", "linear"): "There is minitorch_nn.functional.linear.",
    ("minitorch_nn", "Conv2D"): "Did you mean 'Conv2d'?",
    ("minitorch_nn", "optm"): "Did you mean 'minitorch_nn.optim'?",
    ("minitorch_nn.functional", "Linear"): "There is minitorch_nn.Linear.",
    ("minitorch_nn.functional", "cross_entrpy"): "Did you mean 'cross_entropy'?",
    ("minitorch_nn.optim", "StepLR"): "There is minitorch_nn.optim.lr_scheduler.StepLR.",
    ("minitorch_nn.optim.lr_scheduler", "Adam"): "There is minitorch_nn.optim.Adam.",
    ("minitorch_nn.init", "clip_grad_norm_"): "There is minitorch_nn.utils.clip_grad_norm_.",
    ("minitorch_nn.utils", "pad_sequence"): "There is minitorch_nn.utils.rnn.pad_sequence.",
    ("minitorch_nn.utils.rnn", "xavier_uniform_"): "There is minitorch_nn.init.xavier_uniform_.",
}


@pytest.mark.parametrize(("module", "name"), TOLD)
def test_a_module_tells_where_a_name_is(module: str, name: str) -> None:
    with pytest.raises(hints.Lacking) as caught:
        getattr(import_module(module), name)
    assert str(caught.value) == f"module {module!r} has no attribute {name!r}. {TOLD[module, name]}"


def test_a_module_that_is_to_be_imported_is_told_so() -> None:
    code = (
        "import minitorch_tensor as mt\n"
        "try: mt.array_api\n"
        "except AttributeError as error: print(error)\n"
        "import minitorch_tensor.array_api; mt.array_api.sum"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("It is a module of its own: import minitorch_tensor.array_api.\n")


@pytest.mark.parametrize("module", [*hints.MODULES, *hints.PARTS.values()])
def test_the_modules_that_hints_name_exist(module: str) -> None:
    if module.startswith(("minitorch_autodiff", "minitorch_tensor", "minitorch_nn")):
        import_module(module)
    else:
        assert module in ("minitorch_data", "minitorch_datasets", "minitorch_torch")
