"""How parameters start: bounds, variances, orthogonality, seeds."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn import init
from minitorch_tensor.testing import assert_close

SHAPE = (120, 50, 2, 3)
FAN_IN, FAN_OUT = 300, 720
RELU = math.sqrt(2.0)

UNIFORM: dict[str, tuple[Any, float]] = {
    "kaiming": (init.kaiming_uniform_, RELU * math.sqrt(3 / FAN_IN)),
    "kaiming, fan_out": (
        lambda w: init.kaiming_uniform_(w, mode="fan_out"),
        RELU * math.sqrt(3 / FAN_OUT),
    ),
    "kaiming, leaky": (lambda w: init.kaiming_uniform_(w, 2.0), math.sqrt(6 / 5 / FAN_IN)),
    "kaiming, tanh": (
        lambda w: init.kaiming_uniform_(w, nonlinearity="tanh"),
        5 / 3 * math.sqrt(3 / FAN_IN),
    ),
    "xavier": (init.xavier_uniform_, math.sqrt(6 / (FAN_IN + FAN_OUT))),
    "xavier, gain": (lambda w: init.xavier_uniform_(w, 2.0), 2 * math.sqrt(6 / (FAN_IN + FAN_OUT))),
    "uniform": (lambda w: init.uniform_(w, -0.5, 0.5), 0.5),
}
NORMAL: dict[str, tuple[Any, float]] = {
    "kaiming": (init.kaiming_normal_, RELU / math.sqrt(FAN_IN)),
    "xavier": (init.xavier_normal_, math.sqrt(2 / (FAN_IN + FAN_OUT))),
    "normal": (lambda w: init.normal_(w, 0.0, 3.0), 3.0),
}


@pytest.mark.parametrize("name", UNIFORM)
def test_a_uniform_start_fills_its_bounds_evenly(name: str) -> None:
    fill, bound = UNIFORM[name]
    weight = nn.Parameter(mt.zeros(*SHAPE))
    assert fill(weight) is weight
    values = weight.detach().numpy()
    assert 0.999 * bound < np.abs(values).max() <= bound * (1 + 1e-6)
    assert abs(values.mean()) < 0.02 * bound
    assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert weight.requires_grad and weight.is_leaf


@pytest.mark.parametrize("name", NORMAL)
def test_a_normal_start_has_its_standard_deviation(name: str) -> None:
    fill, std = NORMAL[name]
    values = fill(nn.Parameter(mt.zeros(*SHAPE))).detach().numpy()
    assert abs(values.mean()) < 0.02 * std
    assert values.std() == pytest.approx(std, rel=0.02)
    assert 3.5 * std < np.abs(values).max()


def test_constants() -> None:
    weight = nn.Parameter(mt.empty(2, 2))
    assert init.constant_(weight, 2.5).tolist() == [[2.5, 2.5], [2.5, 2.5]]
    assert init.zeros_(weight).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert init.ones_(weight).tolist() == [[1.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (3, 2, 2)], ids=str)
def test_an_orthogonal_start_has_orthonormal_rows_or_columns(shape: Any, backend: str) -> None:
    weight = nn.Parameter(mt.empty(*shape, dtype="float64"))
    flat = init.orthogonal_(weight, gain=2.0).detach().numpy().reshape(shape[0], -1) / 2.0
    small = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-12)


@pytest.mark.parametrize(
    "fill",
    [init.uniform_, init.normal_, init.xavier_normal_, init.kaiming_uniform_, init.orthogonal_],
)
def test_a_generator_gives_the_same_start_on_every_backend(fill: Any) -> None:
    starts = [
        fill(mt.zeros(4, 3, device=backend), generator=mt.Generator(5)).numpy()
        for backend in ("simple", "numpy", "numpy")
    ]
    np.testing.assert_array_equal(starts[0], starts[1])
    np.testing.assert_array_equal(starts[1], starts[2])


@pytest.mark.parametrize(
    ("make", "fan_in"),
    [
        (lambda: nn.Linear(400, 200), 400),
        (lambda: nn.Conv2d(16, 64, (3, 5)), 240),
        (lambda: nn.Conv2d(16, 64, 5, groups=4), 100),
        (lambda: nn.Conv1d(20, 400, 3), 60),
    ],
)
def test_layers_start_uniform_within_one_over_the_root_of_fan_in(make: Any, fan_in: int) -> None:
    layer = make()
    bound = 1 / math.sqrt(fan_in)
    for p in layer.parameters():
        values = p.detach().numpy()
        assert 0.9 * bound < np.abs(values).max() <= bound * (1 + 1e-6)
        assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.2)
    before = layer.weight.detach().numpy().copy()
    layer.reset_parameters()
    assert (layer.weight.detach().numpy() != before).mean() > 0.99


def test_an_embedding_starts_normal() -> None:
    layer = nn.Embedding(400, 50)
    values = layer.weight.detach().numpy().copy()
    assert values.std() == pytest.approx(1.0, rel=0.02)
    layer.reset_parameters()
    assert (layer.weight.detach().numpy() != values).all()


def test_a_seed_gives_the_same_model_on_every_backend() -> None:
    states = []
    for name in ("simple", "numpy"):
        mt.manual_seed(3)
        with mt.use_backend(name):
            model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(4, 3), nn.Embedding(3, 2))
        states.append({key: value.numpy() for key, value in model.state_dict().items()})
    for key, value in states[0].items():
        np.testing.assert_array_equal(value, states[1][key])


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match=r"need a weight of 2 dimensions or more, got \(3,\)"):
        init.xavier_uniform_(mt.zeros(3))
    with pytest.raises(ValueError, match="mode must be fan_in or fan_out, got 'in'"):
        init.kaiming_normal_(mt.zeros(3, 3), mode="in")
    with pytest.raises(ValueError, match="no gain is known for 'swish'; wanted one of linear"):
        init.calculate_gain("swish")


def test_gains_are_pytorchs() -> None:
    assert init.calculate_gain("linear") == init.calculate_gain("sigmoid") == 1.0
    assert init.calculate_gain("tanh") == pytest.approx(5 / 3)
    assert init.calculate_gain("relu") == pytest.approx(math.sqrt(2))
    assert init.calculate_gain("leaky_relu") == pytest.approx(math.sqrt(2 / (1 + 0.01**2)))
    assert init.calculate_gain("leaky_relu", 0.5) == pytest.approx(math.sqrt(2 / 1.25))


@pytest.mark.parametrize("ends", [(-2.0, 2.0), (0.5, 1.0), (3.0, 4.0), (-5.0, -4.5)], ids=str)
def test_a_truncated_normal_start_lies_between_its_ends(ends: tuple[float, float]) -> None:
    values = np.sort(init.trunc_normal_(mt.empty(20_000, dtype="float64"), 0.0, 1.0, *ends).numpy())
    assert ends[0] <= values[0] and values[-1] <= ends[1]
    low, high = (NormalDist().cdf(end) for end in ends)
    shares = np.array([(NormalDist().cdf(v) - low) / (high - low) for v in values[::200]])
    assert np.abs(shares - np.linspace(0, 1, 100, endpoint=False)).max() < 0.02


def test_identities_change_nothing(backend: str) -> None:
    linear = nn.Linear(3, 3, bias=False)
    init.eye_(linear.weight)
    x = mt.randn(2, 3)
    assert_close(linear(x), x)
    image = mt.randn(1, 4, 3, 3)
    for groups in (1, 2):
        conv = nn.Conv2d(4, 4, 3, padding=1, groups=groups, bias=False)
        init.dirac_(conv.weight, groups)
        assert_close(conv(image), image)


def test_a_sparse_start_has_its_zeros_in_every_column() -> None:
    weight = init.sparse_(mt.empty(10, 7), 0.25).numpy()
    assert ((weight == 0).sum(0) == 3).all()


def test_former_names_warn_and_do_the_same() -> None:
    for old in ("xavier_normal", "kaiming_uniform", "uniform", "constant", "eye", "orthogonal"):
        arguments = (0.5,) if old == "constant" else ()
        mt.manual_seed(0)
        expected = getattr(init, f"{old}_")(mt.empty(3, 4), *arguments)
        mt.manual_seed(0)
        with pytest.warns(FutureWarning, match=f"init.{old} is now called init.{old}_"):
            assert_close(getattr(init, old)(mt.empty(3, 4), *arguments), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: init.trunc_normal_(mt.empty(2), a=1.0, b=0.0), "wanted a less than b"),
        (lambda: init.eye_(mt.empty(2)), r"eye_: wanted a matrix, got \(2,\)"),
        (lambda: init.dirac_(mt.empty(2, 2)), r"wanted a weight \(O, C, \*kernel\)"),
        (lambda: init.sparse_(mt.empty(2), 0.1), "sparse_: wanted a matrix"),
    ],
)
def test_starts_name_what_does_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_parameters_become_a_vector_and_come_back(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = nn.utils.parameters_to_vector(model.parameters())
    assert vector.shape == (13,)
    nn.utils.vector_to_parameters(mt.arange(13.0), model.parameters())
    assert model[0].weight.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert model[1].bias.tolist() == [12.0]
    nn.utils.vector_to_parameters(vector.detach(), model.parameters())
    assert_close(nn.utils.parameters_to_vector(model.parameters()), vector)
    with pytest.raises(ValueError, match="wanted a vector of 13 elements"):
        nn.utils.vector_to_parameters(mt.zeros(12), model.parameters())
    with pytest.raises(ValueError, match="got no parameters"):
        nn.utils.parameters_to_vector([])
