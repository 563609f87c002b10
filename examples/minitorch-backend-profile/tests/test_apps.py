"""Both apps train on this backend by naming it and nothing else; where they are installed."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

LAYERS = [
    *("minitorch_autodiff", "minitorch_tensor", "minitorch_backends", "minitorch_nn"),
    *("minitorch_datasets", "minitorch_gpt", "minitorch_mnist", "minitorch_points"),
]


def needs(module):
    return pytest.mark.skipif(find_spec(module) is None, reason=f"{module} is not installed")


def train(module, *options, folder, **environment):
    return subprocess.run(
        [sys.executable, "-m", module, *options],
        cwd=folder,
        env={**os.environ, "MINITORCH_DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@needs("minitorch_points")
def test_minitorch_points_trains_on_it(tmp_path):
    done = train(
        "minitorch_points", "train", "--backend", "profile", "--epochs", "20", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "backend profile" in done.stdout
    assert "operations of backend 'fast'" in done.stderr
    assert "\nall " in done.stderr


@needs("minitorch_mnist")
def test_minitorch_mnist_trains_on_it(tmp_path):
    options = ("--data", "digits", "--epochs", "1")
    done = train("minitorch_mnist", "train", *options, folder=tmp_path, MINITORCH_BACKEND="profile")
    assert done.returncode == 0, done.stderr
    assert "conv2d_weight_grad" in done.stderr
    assert "test accuracy" in done.stdout


@needs("minitorch_gpt")
def test_minitorch_gpt_trains_on_it(tmp_path):
    options = ("--steps", "2", "--epochs", "1", "--width", "8", "--backend", "profile")
    done = train("minitorch_gpt", "train", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "attention_backward" in done.stderr
    assert "test accuracy" in done.stdout


@pytest.mark.parametrize("layer", LAYERS)
def test_importing_a_layer_loads_no_plug_in(layer):
    if find_spec(layer) is None:
        pytest.skip(f"{layer} is not installed")
    code = (
        f"import sys, {layer}; "
        "loaded = [m for m in sys.modules if m.startswith('minitorch_backend_')]; "
        "assert not loaded, loaded; "
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
