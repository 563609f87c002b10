"""Optimizers and schedules: what they do to parameters, groups, state and mistakes.

That each step has PyTorch's numbers is in test_against_pytorch.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn import Parameter
from minitorch_nn.optim import SGD, Adam, AdamW, Optimizer, RMSprop, lr_scheduler
from minitorch_tensor import Tensor
from minitorch_tensor.testing import assert_close

MAKERS: dict[str, Any] = {
    "SGD": lambda params: SGD(params, lr=0.1),
    "SGD with momentum": lambda params: SGD(params, lr=0.05, momentum=0.9),
    "SGD with Nesterov's": lambda params: SGD(params, lr=0.05, momentum=0.9, nesterov=True),
    "Adam": lambda params: Adam(params, lr=0.1),
    "AdamW": lambda params: AdamW(params, lr=0.1, weight_decay=0.01),
    "RMSprop": lambda params: RMSprop(params, lr=0.05),
    "RMSprop, centered": lambda params: RMSprop(params, lr=0.05, momentum=0.5, centered=True),
}
EVERY = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def step_along(optimizer: Optimizer, p: Tensor, seed: int) -> None:
    """One step with a gradient that depends on the seed alone."""
    p.grad = mt.randn(*p.shape, generator=mt.Generator(seed), dtype=p.dtype, device=p.backend)
    optimizer.step()


# -- SGD and Adam as they are written in the papers ------------------------------------------------


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_sgd_is_its_formula(
    momentum: float, weight_decay: float, nesterov: bool, backend: str
) -> None:
    p = Parameter(mt.randn(3, dtype="float64"))
    expected, velocity = p.detach().numpy().copy(), None
    optimizer = SGD([p], 0.1, momentum, weight_decay=weight_decay, nesterov=nesterov)
    for seed in range(10):
        step_along(optimizer, p, seed)
        g = p.grad.numpy() + weight_decay * expected
        if momentum:
            velocity = g if velocity is None else momentum * velocity + g
            g = g + momentum * velocity if nesterov else velocity
        expected = expected - 0.1 * g
    assert_close(p.detach(), expected)


@pytest.mark.parametrize("cls", [Adam, AdamW])
def test_adam_is_its_formula(cls: type[Adam], backend: str) -> None:
    p = Parameter(mt.randn(3, dtype="float64"))
    expected = p.detach().numpy().copy()
    m = v = np.zeros(3)
    optimizer = cls([p], lr=0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2)
    for t in range(1, 11):
        step_along(optimizer, p, t)
        g = p.grad.numpy() + (0.2 * expected if cls is Adam else 0.0)
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g * g
        if cls is AdamW:
            expected = expected * (1 - 0.1 * 0.2)
        expected = expected - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-3)
    assert_close(p.detach(), expected)


# -- what all have in common -----------------------------------------------------------------------


@EVERY
def test_a_parabola_is_descended(make: Any, backend: str) -> None:
    p = Parameter(mt.tensor([3.0, -2.0]))
    optimizer = make([p])
    for _ in range(200):
        optimizer.zero_grad()
        ((p - mt.tensor([1.0, 1.0])) ** 2.0).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(p.detach().numpy(), [1.0, 1.0], atol=0.06)


@EVERY
def test_the_parameter_stays_the_same_leaf_in_the_same_memory(make: Any) -> None:
    p = Parameter(mt.ones(2))
    memory = p.detach().numpy()
    step_along(make([p]), p, 0)
    assert p.is_leaf and p.requires_grad
    np.testing.assert_array_equal(memory, p.detach().numpy())
    assert (memory != 1.0).all()


@EVERY
def test_a_step_behind_the_back_of_a_graph_is_noticed(make: Any) -> None:
    p = Parameter(mt.ones(2))
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    make([p]).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@EVERY
def test_parameters_without_a_gradient_stay(make: Any) -> None:
    used, unused = Parameter(mt.ones(2)), Parameter(mt.ones(2))
    optimizer = make([used, unused])
    step_along(optimizer, used, 0)
    assert unused.tolist() == [1.0, 1.0]
    assert unused not in optimizer.state
    optimizer.zero_grad()
    before = used.tolist()
    optimizer.step()
    assert used.tolist() == before


@EVERY
def test_training_continues_identically_from_a_state_dict(make: Any, backend: str) -> None:
    p = Parameter(mt.ones(2, 3))
    optimizer = make([p])
    for seed in range(3):
        step_along(optimizer, p, seed)
    state = optimizer.state_dict()
    other = Parameter(p.detach().clone())
    resumed = make([other])
    resumed.load_state_dict(state)
    for seed in range(3, 8):
        step_along(optimizer, p, seed)
        step_along(resumed, other, seed)
    np.testing.assert_array_equal(p.detach().numpy(), other.detach().numpy())


@EVERY
def test_the_state_follows_a_parameter_to_another_dtype_and_backend(make: Any) -> None:
    p, reference = Parameter(mt.ones(2)), Parameter(mt.ones(2, dtype="float64"))
    module = nn.Module()
    module.p = p
    moving, staying = make([p]), make([reference])
    for seed in range(6):
        if seed == 2:
            module.to("float64")
        if seed == 4:
            module.to("simple")
        step_along(moving, p, seed)
        reference.grad = p.grad.to("float64").to("numpy")
        staying.step()
    assert p.dtype is mt.float64
    assert p.backend.name == "simple"
    np.testing.assert_allclose(p.detach().numpy(), reference.detach().numpy(), rtol=1e-4)


@EVERY
def test_every_optimizer_reaches_all_parameters_of_a_model(make: Any) -> None:
    model = nn.Linear(3, 2)
    optimizer = make(model.parameters())
    before = [p.detach().numpy().copy() for p in model.parameters()]
    model(mt.ones(1, 3)).sum().backward()
    optimizer.step()
    for p, old in zip(model.parameters(), before):
        assert (p.detach().numpy() != old).all()


# -- groups ----------------------------------------------------------------------------------------


def test_groups_have_settings_of_their_own_and_defaults_for_the_rest() -> None:
    a, b = Parameter(mt.zeros(1)), Parameter(mt.zeros(1))
    optimizer = SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.1, momentum=0.5)
    optimizer.add_param_group({"params": [Parameter(mt.zeros(1))], "momentum": 0.0})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 1.0, 0.1]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.5, 0.5, 0.0]
    for p in (a, b):
        p.grad = mt.ones(1)
    optimizer.step()
    assert (a.item(), b.item()) == pytest.approx((-0.1, -1.0))
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    assert a.item() == pytest.approx(-0.1)


def test_a_single_tensor_is_a_list_of_one() -> None:
    p = mt.zeros(2, requires_grad=True)
    assert SGD(p, lr=0.1).param_groups[0]["params"] == [p]


def test_an_optimizer_prints_its_groups() -> None:
    assert repr(SGD([Parameter(mt.zeros(1))], lr=0.5)) == (
        "SGD (\nParameter group 0\n    dampening: 0.0\n    differentiable: False\n"
        "    foreach: None\n    fused: None\n    lr: 0.5\n    maximize: False\n    momentum: 0.0\n"
        "    nesterov: False\n    weight_decay: 0.0\n)"
    )


P = Parameter(mt.zeros(2, device="numpy"))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Adam([]), ValueError, "Adam: got no parameters. Pass model.parameters"),
        (lambda: SGD([P, P]), ValueError, r"SGD: a parameter of shape \(2,\) is named twice"),
        (lambda: SGD([P * 2]), ValueError, "SGD: only leaf tensors can be optimized"),
        (lambda: SGD([("w", P)]), TypeError, "parameters must be tensors, got tuple. Pass model"),
        (lambda: SGD([{"lr": 1.0}]), TypeError, "a group must be a dict with 'params'"),
        (
            lambda: SGD([{"params": [P], "weight_dekay": 1}]),
            ValueError,
            "SGD: unknown setting 'weight_dekay'. Did you mean 'weight_decay'",
        ),
        (lambda: SGD([P], lr=-0.1), ValueError, "SGD: lr must be at least 0 and finite, got -0.1"),
        (lambda: SGD([P], lr=math.inf), ValueError, "lr must be at least 0 and finite, got inf"),
        (lambda: SGD([P], lr=math.nan), ValueError, "lr must be at least 0 and finite, got nan"),
        (lambda: SGD([P], lr="0.1"), ValueError, "lr must be at least 0 and finite, got '0.1'"),
        (lambda: SGD([P], momentum=-1), ValueError, "SGD: momentum must be at least 0"),
        (lambda: SGD([P], nesterov=True), ValueError, "nesterov needs a momentum above 0"),
        (lambda: Adam([P], betas=(0.9, 1.0)), ValueError, r"Adam: betas must be two in \[0, 1\)"),
        (lambda: Adam([P], eps=-1e-8), ValueError, "Adam: eps must be at least 0"),
        (lambda: AdamW([P], weight_decay=-1), ValueError, "AdamW: weight_decay must be"),
        (
            lambda: RMSprop([P], alpha=1.0),
            ValueError,
            "RMSprop: alpha must be at least 0 and less than 1, got 1.0",
        ),
    ],
)
def test_mistakes_are_named(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_a_refused_group_is_not_added() -> None:
    optimizer = SGD([P], lr=0.1)
    with pytest.raises(ValueError, match="lr must be"):
        optimizer.add_param_group({"params": [Parameter(mt.zeros(1))], "lr": -1.0})
    assert len(optimizer.param_groups) == 1


def break_state(change: Any) -> dict[str, Any]:
    p = Parameter(mt.zeros(2))
    optimizer = Adam([p])
    step_along(optimizer, p, 0)
    state = optimizer.state_dict()
    change(state)
    return state


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("state"), "wanted what an optimizer's state_dict"),
        (lambda s: s.update(param_groups=3), "wanted what an optimizer's state_dict"),
        (lambda s: s["param_groups"].append({"params": [1]}), r"groups of \[1, 1\] parameters"),
        (lambda s: s["param_groups"][0].update(momentum=0.9), "unknown settings momentum"),
        (lambda s: s["param_groups"][0].update(lr=-1.0), "lr must be at least 0"),
        (lambda s: s["state"].update({7: {}}), "no parameter number 7"),
        (
            lambda s: s["state"][0].update(exp_avg=mt.zeros(3)),
            r"exp_avg of parameter 0 has shape \(3,\), the parameter \(2,\)",
        ),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(
    change: Any, message: str
) -> None:
    p = Parameter(mt.zeros(2))
    optimizer = Adam([p], lr=0.5)
    step_along(optimizer, p, 1)
    before = optimizer.state[p]["exp_avg"].tolist()
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(break_state(change))
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert optimizer.state[p]["exp_avg"].tolist() == before
    assert optimizer.state[p]["step"] == 1


def test_a_loaded_state_is_a_copy() -> None:
    p, q = Parameter(mt.zeros(2)), Parameter(mt.zeros(2))
    one, other = Adam([p]), Adam([q])
    step_along(one, p, 0)
    other.load_state_dict(one.state_dict())
    before = other.state[q]["exp_avg"].tolist()
    step_along(one, p, 1)
    assert other.state[q]["exp_avg"].tolist() == before


# -- schedules: their numbers are in test_against_pytorch.py ---------------------------------------


def optimizer_of(*rates: float) -> SGD:
    return SGD([{"params": [Parameter(mt.zeros(1))], "lr": lr} for lr in rates])


def test_a_schedule_sets_every_group_from_its_own_rate() -> None:
    optimizer = optimizer_of(1.0, 0.1)
    scheduler = lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    for _ in range(2):
        scheduler.step()
    assert scheduler.get_last_lr() == [0.5, 0.05]
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.05]


def test_a_function_makes_a_schedule() -> None:
    optimizer = optimizer_of(1.0, 10.0)
    scheduler = lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5, 5.0]
    each = lr_scheduler.LambdaLR(optimizer, [lambda step: 1.0, lambda step: 2.0])
    assert each.get_last_lr() == [1.0, 20.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda o: lr_scheduler.StepLR(o, 2),
        lambda o: lr_scheduler.OneCycleLR(o, 1.0, 20),
        lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.5, 3),
        lambda o: lr_scheduler.MultiplicativeLR(o, lambda step: 0.9),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2),
        lambda o: lr_scheduler.ChainedScheduler(
            [lr_scheduler.ConstantLR(o), lr_scheduler.ExponentialLR(o, 0.9)]
        ),
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o), lr_scheduler.CosineAnnealingLR(o, 9)], [5]
        ),
    ],
)
def test_a_schedule_goes_on_from_its_state_dict(make: Any) -> None:
    scheduler = make(optimizer_of(0.3))
    for _ in range(7):
        scheduler.step()
    optimizer = optimizer_of(0.3)
    resumed = make(optimizer)
    resumed.load_state_dict(scheduler.state_dict())
    for _ in range(5):
        assert resumed.get_last_lr() == scheduler.get_last_lr()
        assert optimizer.param_groups[0]["lr"] == scheduler.get_last_lr()[0]
        scheduler.step()
        resumed.step()


def test_a_plateau_goes_on_from_its_state_dict() -> None:
    def make() -> Any:
        return lr_scheduler.ReduceLROnPlateau(optimizer_of(0.3), patience=1, cooldown=1)

    scheduler, resumed = make(), make()
    for metric in (2.0, 1.0, 1.0):
        scheduler.step(metric)
    resumed.load_state_dict(scheduler.state_dict())
    for metric in (1.0, 1.0, 1.0, 1.0, mt.tensor(0.5)):
        scheduler.step(metric)
        resumed.step(metric)
        assert resumed.get_last_lr() == scheduler.get_last_lr()
    assert resumed.get_last_lr()[0] < 0.3


def test_a_schedule_goes_on_from_the_last_epoch_of_an_optimizer_that_knows_its_start() -> None:
    optimizer = optimizer_of(0.3)
    first = lr_scheduler.StepLR(optimizer, 3)
    for _ in range(5):
        first.step()
    second = lr_scheduler.StepLR(optimizer, 3, last_epoch=4)
    assert second.last_epoch == first.last_epoch == 5
    assert second.get_last_lr() == first.get_last_lr()
    with pytest.raises(
        KeyError, match="to go on after last_epoch=4, every group needs its initial"
    ):
        lr_scheduler.StepLR(optimizer_of(0.3), 3, last_epoch=4)


def test_cycles_need_a_momentum_to_change() -> None:
    class Plain(Optimizer):
        def __init__(self, params: Any) -> None:
            super().__init__(params, {"lr": 0.1})

    optimizer = Plain([Parameter(mt.zeros(1))])
    for make in (lr_scheduler.OneCycleLR, lr_scheduler.CyclicLR):
        settings = (
            {"max_lr": 1.0, "total_steps": 5}
            if make is lr_scheduler.OneCycleLR
            else {"base_lr": 0.1, "max_lr": 1.0}
        )
        with pytest.raises(
            ValueError, match=r"Plain has no momentum to change\. Pass cycle_momentum"
        ):
            make(optimizer, **settings)
        make(optimizer, **settings, cycle_momentum=False)


@pytest.mark.parametrize("total", [1, 2, 3, 4, 7, 10])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.3, 0.5, 1.0])
def test_one_cycle_stays_between_end_and_peak_and_never_divides_by_zero(
    total: int, share: float
) -> None:
    scheduler = lr_scheduler.OneCycleLR(optimizer_of(0.1), 1.0, total, pct_start=share)
    rates, least = list(scheduler.get_last_lr()), 1.0 / 25.0 / 1e4
    for _ in range(total):
        scheduler.step()
        rates += scheduler.get_last_lr()
    assert all(least <= rate <= 1.0 for rate in rates)
    last = 1.0 if share == 1.0 else least
    assert rates[max(total - 1, 0)] == pytest.approx(last)
    peak = int(np.argmax(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    with pytest.raises(ValueError, match=f"step {total + 1} is past total_steps {total}"):
        scheduler.step()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 0), "total_steps must be at least 1"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 5, pct_start=1.5), r"pct_start in \[0, 1\]"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0), "give total_steps, or both epochs and"),
        (lambda o: lr_scheduler.OneCycleLR(o, [1.0, 2.0], 5), "one max_lr for each of 1 groups"),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 1.0, 5, anneal_strategy="sin"),
            "'linear', got 'sin'",
        ),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.5, mode="square"), "or give scale_fn; got 'squ"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), "at least 1, got 0 and 1"),
        (lambda o: lr_scheduler.ConstantLR(o, 2.0), r"factor must be in \[0, 1\], got 2.0"),
        (
            lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0),
            "factor must be below 1, got 1.0",
        ),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, "less"), "wanted mode 'min' or 'max'"),
        (lambda o: lr_scheduler.ChainedScheduler([]), "wanted one schedule or more"),
        (lambda o: lr_scheduler.StepLR(o, 0), "step_size must be at least 1, got 0"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, 0), "T_max must be at least 1, got 0"),
        (lambda o: lr_scheduler.LinearLR(o, 0.0), r"wanted start_factor in \(0, 1\]"),
        (lambda o: lr_scheduler.LambdaLR(o, []), "one function for each of 1 groups, got 0"),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o)] * 3, [5, 2]),
            r"3 schedules need 2 rising milestones between them, got \[5, 2\]",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(optimizer_of(1.0))], []),
            "every schedule must be of this optimizer",
        ),
    ],
)
def test_schedules_that_make_no_sense_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(optimizer_of(0.1))
    with pytest.raises(TypeError, match="StepLR: wanted an optimizer, got list"):
        lr_scheduler.StepLR([], 1)  # type: ignore[arg-type]


# -- clipping --------------------------------------------------------------------------------------


def with_gradient(*values: float) -> Parameter:
    p = Parameter(mt.zeros(len(values)))
    p.grad = mt.tensor(list(values))
    return p


def test_small_gradients_are_not_scaled_up() -> None:
    p = with_gradient(0.3, 0.4)
    assert nn.utils.clip_grad_norm_([p], 1.0).item() == pytest.approx(0.5)
    assert p.grad.tolist() == pytest.approx([0.3, 0.4])


def test_clipping_passes_over_parameters_without_gradients() -> None:
    p, none = with_gradient(3.0, 4.0), Parameter(mt.zeros(1))
    assert nn.utils.clip_grad_norm_([none, p], 1.0).item() == pytest.approx(5.0)
    assert p.grad.tolist() == pytest.approx([0.6, 0.8], rel=1e-4)
    assert none.grad is None
    assert nn.utils.clip_grad_norm_([none], 1.0).item() == 0.0
    assert nn.utils.clip_grad_norm_(p, 0.1).item() == pytest.approx(1.0, rel=1e-4)


def test_a_norm_that_is_not_finite_is_an_error_where_asked_for() -> None:
    p = with_gradient(math.nan, 1.0)
    with pytest.raises(RuntimeError, match="norm of the gradients is nan"):
        nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert p.grad.tolist()[1] == 1.0


def test_clipping_by_value_clamps_every_element(backend: str) -> None:
    p = with_gradient(-3.0, 0.2, 5.0)
    nn.utils.clip_grad_value_([p, Parameter(mt.zeros(1))], 1.5)
    assert p.grad.tolist() == pytest.approx([-1.5, 0.2, 1.5])
    with pytest.raises(ValueError, match="clip_value must be at least 0, got -1"):
        nn.utils.clip_grad_value_([p], -1)


@pytest.mark.parametrize("clip", [nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_])
def test_clipping_warns_of_an_iterator_that_is_used_up(clip):
    model = nn.Linear(2, 1)
    parameters = model.parameters()
    list(parameters)
    with pytest.warns(UserWarning, match="the iterator of parameters is empty") as warned:
        clip(parameters, 1.0)
    assert warned[0].filename == __file__
    clip([], 1.0)
    clip(model.parameters(), 1.0)


@pytest.mark.parametrize("limit", [-1.0, math.nan])
def test_clipping_refuses_a_limit_that_would_turn_gradients_around(limit):
    p = Parameter(mt.ones(2))
    p.grad = mt.ones(2)
    for clip in (nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_):
        with pytest.raises(ValueError, match="must be at least 0, got"):
            clip([p], limit)
    assert p.grad.tolist() == [1.0, 1.0]
