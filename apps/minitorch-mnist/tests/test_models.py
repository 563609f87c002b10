"""The two networks: their sizes, and that every backend trains them to the same parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_datasets import ImageDataset
from minitorch_mnist.data import to_input
from minitorch_mnist.models import RECIPES
from minitorch_nn import optim, summary


@pytest.mark.parametrize(("name", "parameters"), [("lenet", 61_706), ("course", 26_138)])
def test_a_network_has_its_size_and_gives_logits(name: str, parameters: int) -> None:
    model = RECIPES[name].build()
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert model(mt.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_lenet_has_the_layers_of_the_paper() -> None:
    lines = summary(RECIPES["lenet"].build(), mt.zeros(1, 1, 28, 28)).splitlines()
    # C1 and C3 of LeCun et al. 1998, figure 2; their F6 is the second linear layer.
    assert [line.split(maxsplit=2)[2].rsplit(maxsplit=1) for line in lines[2:7]] == [
        ["(1, 6, 28, 28)", "156"],
        ["(1, 16, 10, 10)", "2,416"],
        ["(1, 120)", "48,120"],
        ["(1, 84)", "10,164"],
        ["(1, 10)", "850"],
    ]


def parameters_after(
    backend: str, model: str, dtype: mt.DType, steps: int, images: np.ndarray, labels: np.ndarray
) -> dict[str, np.ndarray]:
    """The network after a few steps on one backend, from one seed, dropout and all."""
    with mt.use_backend(backend):
        mt.manual_seed(5)
        network = RECIPES[model].build().to(dtype)
        optimizer = optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
        if dtype is mt.float64:
            # Adam divides gradients by their size, rounding errors of float32 included.
            optimizer = optim.Adam(network.parameters(), lr=1e-3)
        for step in range(steps):
            part = slice(2 * step, 2 * step + 2)
            x, y = to_input(images[part]).to(dtype), mt.tensor(labels[part].astype(np.int64))
            optimizer.zero_grad()
            F.cross_entropy(network(x), y).backward()
            optimizer.step()
        return {name: value.numpy() for name, value in network.state_dict().items()}


@pytest.mark.slow
@pytest.mark.parametrize("model", ["lenet", "course"])
@pytest.mark.parametrize(
    ("dtype", "tolerance", "backends"),
    [
        (mt.float32, 1e-5, ("simple", "numpy", "fast")),
        (mt.float64, 1e-12, ("simple", "numpy")),  # to spare `fast` from compiling all of it again
    ],
    ids=["float32", "float64"],
)
def test_every_backend_trains_to_the_same_parameters(
    model: str, dtype: mt.DType, tolerance: float, backends: Sequence[str], small: ImageDataset
) -> None:
    images, labels = small.train_images[:4], small.train_labels[:4]
    found = [parameters_after(name, model, dtype, 2, images, labels) for name in backends]
    start = parameters_after("numpy", model, dtype, 0, images, labels)
    for other in found[1:]:
        for name, value in found[0].items():
            np.testing.assert_allclose(other[name], value, rtol=0, atol=tolerance, err_msg=name)
            assert np.abs(value - start[name]).max() > 100 * tolerance  # and it did learn
