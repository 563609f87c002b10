"""State that comes back: what is saved, loaded into a fresh object, and gone on with.

Every group's settings and every buffer are compared, and then ten more steps, with a training that
nobody interrupted. What the buffers hold is compared with their formulas.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn.optim import SGD, Adam, AdamW, Optimizer, RMSprop, lr_scheduler
from minitorch_nn.optim.optimizer import NEUTRAL
from minitorch_tensor import Tensor

#: For each optimizer the settings of two groups, none of which is a default or the other's.
SETTINGS: dict[str, tuple[type[Optimizer], dict[str, Any], dict[str, Any]]] = {
    "SGD": (
        SGD,
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.05, "nesterov": False},
        {"lr": 0.02, "momentum": 0.5, "dampening": 0.0, "weight_decay": 0.2, "nesterov": True},
    ),
    "Adam": (
        Adam,
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.05},
        {"lr": 0.02, "betas": (0.5, 0.99), "eps": 1e-2, "weight_decay": 0.2},
    ),
    "AdamW": (
        AdamW,
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.05},
        {"lr": 0.02, "betas": (0.5, 0.99), "eps": 1e-2, "weight_decay": 0.2},
    ),
    "RMSprop": (
        RMSprop,
        {"lr": 0.1, "alpha": 0.8, "eps": 1e-2, "weight_decay": 0.05, "momentum": 0.9}
        | {"centered": True},
        {"lr": 0.02, "alpha": 0.6, "eps": 1e-3, "weight_decay": 0.2, "momentum": 0.5}
        | {"centered": False},
    ),
}
EVERY = pytest.mark.parametrize("name", SETTINGS)

Values = dict[str, Any]


def optimizer_of(name: str, *, fresh: bool = False) -> tuple[Optimizer, list[nn.Parameter]]:
    """An optimizer of three parameters in two groups; a fresh one has the defaults in both."""
    cls, first, second = SETTINGS[name]
    values = mt.linspace(-1.0, 1.0, 9, dtype="float64").reshape(3, 3)
    parameters = [nn.Parameter(row.clone()) for row in values]
    groups: list[dict[str, Any]] = [
        {"params": parameters[:2], **({} if fresh else first)},
        {"params": parameters[2:], **({} if fresh else second)},
    ]
    return cls(groups), parameters


def gradient(step: int, number: int) -> Tensor:
    return mt.randn(3, dtype="float64", generator=mt.Generator(10 * step + number))


def advance(optimizer: Optimizer, parameters: list[nn.Parameter], steps: range) -> None:
    """Steps with gradients that depend on their number alone."""
    for step in steps:
        for number, p in enumerate(parameters):
            p.grad = gradient(step, number)
        optimizer.step()


def plain(state: Any) -> Any:
    """A state_dict with its tensors as lists, to compare."""
    if isinstance(state, Tensor):
        return state.tolist()
    if isinstance(state, dict):
        return {key: plain(value) for key, value in state.items()}
    return [plain(value) for value in state] if isinstance(state, (list, tuple)) else state


# -- optimizers ------------------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("through", ["as it is", "deepcopy", "pickle"])
def test_an_optimizer_that_loads_a_state_goes_on_as_if_nothing_had_happened(
    name: str, through: str, backend: str
) -> None:
    optimizer, parameters = optimizer_of(name)
    advance(optimizer, parameters, range(3))
    state = optimizer.state_dict()
    if through == "deepcopy":
        state = copy.deepcopy(state)
    elif through == "pickle":
        state = pickle.loads(pickle.dumps(state))
    resumed, again = optimizer_of(name, fresh=True)
    for p, q in zip(again, parameters):
        p.data = q.detach()
    resumed.load_state_dict(state)
    assert plain(resumed.state_dict()) == plain(optimizer.state_dict())
    for group, settings in zip(resumed.param_groups, SETTINGS[name][1:]):
        assert {key: group[key] for key in settings} == settings
    assert [group["params"] for group in resumed.param_groups] == [again[:2], again[2:]]
    advance(optimizer, parameters, range(3, 13))
    advance(resumed, again, range(3, 13))
    assert plain(again) == plain(parameters)
    assert plain(resumed.state_dict()) == plain(optimizer.state_dict())


def sgd(p: Any, g: Any, s: Values, o: Values) -> Any:
    g = g + o["weight_decay"] * p
    first = "momentum_buffer" not in s
    v = g if first else o["momentum"] * s["momentum_buffer"] + (1 - o["dampening"]) * g
    s["momentum_buffer"] = v
    return p - o["lr"] * (g + o["momentum"] * v if o["nesterov"] else v)


def adam(p: Any, g: Any, s: Values, o: Values, decoupled: bool = False) -> Any:
    if decoupled:
        p = p * (1 - o["lr"] * o["weight_decay"])
    else:
        g = g + o["weight_decay"] * p
    (b1, b2), t = o["betas"], s.get("step", 0) + 1
    m = s["exp_avg"] = b1 * s.get("exp_avg", 0.0) + (1 - b1) * g
    v = s["exp_avg_sq"] = b2 * s.get("exp_avg_sq", 0.0) + (1 - b2) * g * g
    s["step"] = t
    return p - o["lr"] * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + o["eps"])


def adamw(p: Any, g: Any, s: Values, o: Values) -> Any:
    return adam(p, g, s, o, decoupled=True)


def rmsprop(p: Any, g: Any, s: Values, o: Values) -> Any:
    g = g + o["weight_decay"] * p
    a = o["alpha"]
    s["step"] = s.get("step", 0) + 1
    square = s["square_avg"] = a * s.get("square_avg", 0.0) + (1 - a) * g * g
    if o["centered"]:
        mean = s["grad_avg"] = a * s.get("grad_avg", 0.0) + (1 - a) * g
        square = square - mean * mean
    step = g / (np.sqrt(square) + o["eps"])
    v = s["momentum_buffer"] = o["momentum"] * s.get("momentum_buffer", 0.0) + step
    return p - o["lr"] * v


FORMULAS: dict[str, Callable[..., Any]] = {
    "SGD": sgd,
    "Adam": adam,
    "AdamW": adamw,
    "RMSprop": rmsprop,
}


@EVERY
def test_every_buffer_holds_what_its_formula_says(name: str, backend: str) -> None:
    optimizer, parameters = optimizer_of(name)
    expected = [p.detach().numpy().copy() for p in parameters]
    states: list[Values] = [{} for _ in parameters]
    settings = [SETTINGS[name][1], SETTINGS[name][1], SETTINGS[name][2]]
    for step in range(5):
        advance(optimizer, parameters, range(step, step + 1))
        for number, (p, state, options) in enumerate(zip(parameters, states, settings)):
            g = gradient(step, number).numpy()
            expected[number] = FORMULAS[name](expected[number], g, state, options)
            np.testing.assert_allclose(p.detach().numpy(), expected[number], rtol=1e-12)
            kept = optimizer.state[p]
            assert kept.keys() == state.keys()
            for key, value in state.items():
                got = kept[key].numpy() if isinstance(kept[key], Tensor) else kept[key]
                np.testing.assert_allclose(got, value, rtol=1e-10, atol=1e-15, err_msg=key)


#: What each keeps of a parameter with the default settings.
PLAIN: dict[str, set[str]] = {
    "SGD": set(),
    "Adam": {"step", "exp_avg", "exp_avg_sq"},
    "AdamW": {"step", "exp_avg", "exp_avg_sq"},
    "RMSprop": {"square_avg", "step"},
}


@EVERY
def test_nothing_is_kept_that_the_settings_do_not_need(name: str) -> None:
    optimizer, parameters = optimizer_of(name, fresh=True)
    advance(optimizer, parameters, range(2))
    assert [set(optimizer.state[p]) for p in parameters] == [PLAIN[name]] * 3


@EVERY
def test_loading_leaves_what_is_loaded_as_it_was(name: str) -> None:
    optimizer, parameters = optimizer_of(name)
    advance(optimizer, parameters, range(2))
    state = copy.deepcopy(optimizer.state_dict())
    before = copy.deepcopy(plain(state))
    resumed, again = optimizer_of(name, fresh=True)
    resumed.load_state_dict(state)
    advance(resumed, again, range(2, 4))
    resumed.param_groups[0]["lr"] = 99.0
    assert plain(state) == before


def test_an_optimizer_keeps_lists_of_its_own() -> None:
    p, q = nn.Parameter(mt.zeros(1)), nn.Parameter(mt.zeros(1))
    given = [p]
    optimizer = SGD([{"params": given}, {"params": iter([q])}])
    given.append(q)
    assert [group["params"] for group in optimizer.param_groups] == [[p], [q]]


def test_every_optimizer_is_saved_with_settings_of_its_own() -> None:
    optimizers = {
        name
        for name, value in vars(nn.optim).items()
        if isinstance(value, type) and issubclass(value, Optimizer) and value is not Optimizer
    }
    # Those whose states are PyTorch's stored ones, in test_optimizer_states.py.
    elsewhere = {"Adadelta", "Adagrad", "Adamax", "LBFGS", "NAdam", "RAdam"}
    assert optimizers - elsewhere == SETTINGS.keys() == FORMULAS.keys()
    for cls, first, second in SETTINGS.values():
        defaults = cls([nn.Parameter(mt.zeros(1))]).defaults
        # What is true or false, and what PyTorch alone makes use of, is in the same file.
        flags = {"maximize", "amsgrad", "decoupled_weight_decay", *NEUTRAL}
        assert first.keys() == second.keys() == defaults.keys() - flags
        for key in defaults.keys() - flags - {"nesterov", "centered", "dampening"}:
            assert len({defaults[key], first[key], second[key]}) == 3, key


def test_what_a_state_dict_says_is_the_state_and_not_a_copy_of_the_groups() -> None:
    optimizer, parameters = optimizer_of("Adam")
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0, 1], [2]]
    state["param_groups"][0]["lr"] = 99.0
    assert optimizer.param_groups[0]["lr"] == 0.1
    advance(optimizer, parameters[:1], range(1))
    assert optimizer.state_dict()["state"].keys() == {0}


# -- schedules -------------------------------------------------------------------------------------

SCHEDULES: dict[str, Callable[[Optimizer], lr_scheduler.LRScheduler]] = {
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, [lambda t: 0.9**t, lambda t: 1 / (1 + t)]),
    "StepLR": lambda o: lr_scheduler.StepLR(o, 3, gamma=0.5),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o, 0.25, 0.75, 9),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 11, eta_min=0.01),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(
        o, 0.7, 20, pct_start=0.4, div_factor=10.0, final_div_factor=100.0
    ),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.5, 3, 2),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [2, 7]),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda t: 0.9),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 15),
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o), lr_scheduler.ExponentialLR(o, 0.9)]
    ),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o,
        [
            lr_scheduler.LinearLR(o, 0.1, 1.0, 4),
            lr_scheduler.StepLR(o, 2, 0.7),
            lr_scheduler.CosineAnnealingLR(o, 9),
        ],
        [4, 8],
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("taken", [0, 1, 4, 6, 9])
@pytest.mark.parametrize("order", ["scheduler first", "optimizer first", "schedule made last"])
def test_training_with_a_schedule_goes_on_as_if_nothing_had_happened(
    name: str, taken: int, order: str
) -> None:
    optimizer, parameters = optimizer_of("Adam")
    scheduler = SCHEDULES[name](optimizer)
    for step in range(taken):
        advance(optimizer, parameters, range(step, step + 1))
        scheduler.step()
    states = optimizer.state_dict(), scheduler.state_dict()
    resumed, again = optimizer_of("Adam")  # whose rates are those that the schedules start from
    for p, q in zip(again, parameters):
        p.data = q.detach()
    if order == "schedule made last":
        resumed.load_state_dict(states[0])
        schedule = SCHEDULES[name](resumed)
        schedule.load_state_dict(states[1])
    else:
        schedule = SCHEDULES[name](resumed)
        if order == "scheduler first":
            schedule.load_state_dict(states[1])
        resumed.load_state_dict(states[0])
        if order == "optimizer first":
            schedule.load_state_dict(states[1])
    for step in range(taken, taken + 10):
        assert schedule.last_epoch == scheduler.last_epoch == step
        assert schedule.base_lrs == scheduler.base_lrs
        assert schedule.get_last_lr() == scheduler.get_last_lr()
        assert plain(resumed.state_dict()) == plain(optimizer.state_dict())
        for o, ps, s in ((optimizer, parameters, scheduler), (resumed, again, schedule)):
            advance(o, ps, range(step, step + 1))
            s.step()
    assert plain(again) == plain(parameters)


def test_every_schedule_is_saved() -> None:
    schedules = {
        name
        for name, value in vars(lr_scheduler).items()
        if isinstance(value, type) and issubclass(value, lr_scheduler.LRScheduler)
    }
    elsewhere = {"LRScheduler", "ReduceLROnPlateau"}  # the latter in test_optim.py
    assert schedules - elsewhere == SCHEDULES.keys()


# -- models ----------------------------------------------------------------------------------------

MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), (4, 3)),
    "BatchNorm1d, of all batches": (lambda: nn.BatchNorm1d(3, momentum=None), (4, 3)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(3, momentum=0.3), (2, 3, 2, 2)),
    "LayerNorm": (lambda: nn.LayerNorm(3), (4, 3)),
    "a stack": (
        lambda: nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2)),
        (4, 3),
    ),
    "LSTM": (lambda: nn.LSTM(3, 2, 2, bidirectional=True), (4, 2, 3)),
}


def trained(model: nn.Module, optimizer: Optimizer, shape: tuple[int, ...], steps: range) -> None:
    for step in steps:
        optimizer.zero_grad()
        out = model(mt.randn(*shape, generator=mt.Generator(step)))
        out = out[0] if isinstance(out, tuple) else out
        (out * out).sum().backward()
        optimizer.step()


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_loads_a_state_goes_on_as_if_nothing_had_happened(name: str) -> None:
    make, shape = MODELS[name]
    model, other = make(), make()
    optimizer, resumed = SGD(model.parameters(), lr=0.1), SGD(other.parameters(), lr=0.1)
    trained(model, optimizer, shape, range(3))
    state = {key: value.clone() for key, value in model.state_dict().items()}
    other.load_state_dict(state)
    assert list(other.state_dict()) == list(state)
    assert plain(other.state_dict()) == plain(state)
    trained(model, optimizer, shape, range(3, 13))
    trained(other, resumed, shape, range(3, 13))
    assert plain(other.state_dict()) == plain(model.state_dict())
    assert plain(other.state_dict()) != plain(state)
    x = mt.randn(*shape)
    assert plain(other.eval()(x)) == plain(model.eval()(x))


# -- random numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize("drawn", [0, 1, 3])
def test_a_generator_goes_on_from_its_state(drawn: int) -> None:
    generator = mt.Generator(3)
    mt.rand(drawn, generator=generator)
    state = generator.get_state()
    expected = [mt.rand(3, generator=generator).tolist() for _ in range(2)]
    expected.append(mt.randn(3, generator=generator).tolist())
    for resumed in (generator, mt.Generator(99)):
        resumed.set_state(copy.deepcopy(state))
        again = [mt.rand(3, generator=resumed).tolist() for _ in range(2)]
        again.append(mt.randn(3, generator=resumed).tolist())
        assert again == expected
