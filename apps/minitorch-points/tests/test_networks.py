"""Two engines, one network: what holds for both, and between them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_autodiff import Scalar
from minitorch_nn import optim
from minitorch_nn.training import TrainingDiverged
from minitorch_points.data import draw_task, to_batches, to_input
from minitorch_points.recipes import RECIPES
from minitorch_points.scalar_network import Linear, ScalarAdam, ScalarNetwork
from minitorch_points.tensor_network import TensorNetwork
from minitorch_points.training import ENGINES, evaluate, fit


def twins(hidden: int, seed: int) -> tuple[ScalarNetwork, TensorNetwork]:
    """A network of Scalars, and one of float64 Tensors with the same weights."""
    scalars, tensors = ScalarNetwork(hidden, seed), TensorNetwork(hidden, seed)
    for name in ("layer1", "layer2", "layer3"):
        source, target = getattr(scalars, name), getattr(tensors, name)
        for parameter, values in ((target.weight, source.weight), (target.bias, source.bias)):
            data = np.vectorize(float)(np.array(values, object)).astype(np.float32)
            with mt.no_grad():
                parameter[...] = mt.from_numpy(data)
    return scalars, tensors


def flat_gradients(network: ScalarNetwork | TensorNetwork) -> np.ndarray:
    if isinstance(network, ScalarNetwork):
        return np.array([p.derivative or 0.0 for p in network.parameters()])
    layers = (network.layer1, network.layer2, network.layer3)
    gradients = [p.grad.numpy().ravel() for x in layers for p in (x.weight, x.bias)]
    return np.concatenate(gradients)


@given(seed=st.integers(0, 999), hidden=st.integers(1, 6), n=st.integers(1, 5))
def test_both_engines_compute_the_same_logits_loss_and_gradients(
    seed: int, hidden: int, n: int
) -> None:
    rng = np.random.default_rng(seed)
    points = to_input(rng.random((n, 2), dtype=np.float32))
    labels = mt.from_numpy(rng.integers(0, 2, n, dtype=np.uint8))
    results = []
    for network in twins(hidden, seed):
        logits = network(points)
        loss = network.loss(logits, labels)
        loss.backward()
        results.append((network.values(logits), loss.item(), flat_gradients(network)))
    for of_scalars, of_tensors in zip(*results):
        np.testing.assert_allclose(of_scalars, of_tensors, rtol=1e-4, atol=1e-5)


def test_both_engines_take_the_same_steps() -> None:
    points = to_input(np.random.default_rng(0).random((6, 2), dtype=np.float32))
    labels = mt.tensor([0, 1, 0, 1, 1, 0])
    scalars, tensors = twins(4, seed=1)
    for network, optimizer in (
        (scalars, ScalarAdam(scalars.parameters(), 0.05, (0.8, 0.95))),
        (tensors, optim.Adam(tensors.parameters(), 0.05, (0.8, 0.95))),
    ):
        for _ in range(8):
            optimizer.zero_grad()
            network.loss(network(points), labels).backward()
            optimizer.step()
    np.testing.assert_allclose(
        scalars.values(scalars(points)), tensors.values(tensors(points)), rtol=1e-3, atol=1e-4
    )


def test_a_layer_leaves_out_plain_zeros_only() -> None:
    import random

    layer = Linear(2, 1, random.Random(0))
    zero = Scalar(0.0, requires_grad=True)
    layer([zero, 0.0])[0].backward()
    assert zero.grad is not None
    assert zero.grad.item() == layer.weight[0][0].item()
    assert layer.weight[0][0].grad is not None
    assert layer.weight[0][1].grad is None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("logit", [-700.0, -40.0, 0.0, 40.0, 700.0])
def test_the_loss_is_exact_where_a_sigmoid_rounds_to_0_or_1(engine: str, logit: float) -> None:
    network, _ = ENGINES[engine].build(1, 0, 0.1)
    logits = [Scalar(logit)] if engine == "scalar" else mt.tensor([logit], dtype=mt.float64)
    for label in (0, 1):
        wrong_by = -logit if label else logit
        expected = max(wrong_by, 0.0) + math.log1p(math.exp(-abs(logit)))
        loss = network.loss(logits, mt.tensor([label])).item()
        assert loss == pytest.approx(expected, rel=1e-6, abs=1e-12)


def accuracy(dataset: str, engine: str, seed: int, points: int = 300) -> tuple[float, float]:
    """Train and test accuracy with the command line's defaults."""
    recipe = RECIPES[dataset]
    rng = np.random.default_rng(seed)
    task = draw_task(dataset, points, 500, rng)
    batches = to_batches(task.train, recipe.batch_size, mt.Generator(seed))
    network, optimizer = ENGINES[engine].build(recipe.hidden, seed, recipe.lr)
    epochs = math.ceil(recipe.steps / len(batches))
    fit(network, optimizer, batches, epochs=epochs)
    return evaluate(network, task.train).accuracy, evaluate(network, task.test).accuracy


@pytest.mark.parametrize("dataset", RECIPES)
def test_tensors_learn_every_set(dataset: str) -> None:
    learned, tested = accuracy(dataset, "tensor", seed=0)
    assert learned >= 0.95
    assert tested >= 0.95


def test_scalars_learn() -> None:
    task = draw_task("simple", 40, 100, np.random.default_rng(0))
    batches = to_batches(task.train, 5, mt.Generator(0))
    network, optimizer = ENGINES["scalar"].build(4, 0, 0.05)
    results = fit(network, optimizer, batches, epochs=12)
    assert results[-1].train.loss < 0.5 * results[0].train.loss
    assert evaluate(network, task.test).accuracy >= 0.95


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_trains_the_same_network(engine: str) -> None:
    def trained() -> float:
        task = draw_task("xor", 10, 10, np.random.default_rng(3))
        network, optimizer = ENGINES[engine].build(3, 3, 0.05)
        batches = to_batches(task.train, 4, mt.Generator(3))
        fit(network, optimizer, batches, epochs=2)
        return evaluate(network, task.test).loss

    assert trained() == trained()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loss_that_is_no_number_ends_the_training(engine: str) -> None:
    task = draw_task("xor", 20, 1, np.random.default_rng(0))
    network, optimizer = ENGINES[engine].build(3, 0, 1e30)
    with pytest.raises(TrainingDiverged, match="lower learning rate"):
        fit(network, optimizer, to_batches(task.train, 5), epochs=3)


@pytest.mark.parametrize("dataset", RECIPES)
def test_no_point_is_both_learned_from_and_tested_on(dataset: str) -> None:
    task = draw_task(dataset, 30, 50, np.random.default_rng(0))
    assert task.train.points.shape == (30, 2)
    assert task.test.points.shape == (50, 2)
    both = np.concatenate([task.train.points, task.test.points])
    assert len(np.unique(both, axis=0)) == 80
