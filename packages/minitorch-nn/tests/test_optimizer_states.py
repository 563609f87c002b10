"""States of optimizers, PyTorch's and ours, each loaded by the other."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_nn import optim

CASES = mt.load(Path(__file__).parent / "files" / "optimizers.pt", "numpy")


def made(case: dict[str, Any], values: str = "middle") -> tuple[list[mt.Tensor], optim.Optimizer]:
    """The parameters and the optimizer of a case."""
    params = [x.clone().requires_grad_() for x in case[values]]
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.2}]
    return params, getattr(optim, case["name"])(groups, **case["settings"])


def take(params: list[mt.Tensor], optimizer: Any, gradients: Any) -> None:
    for given in gradients:
        for p, gradient in zip(params, given):
            p.grad = gradient
        optimizer.step()


def shape_of(thing: Any) -> Any:
    """A value's structure: keys, and types and shapes of what they hold."""
    if isinstance(thing, dict):
        return {key: shape_of(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [shape_of(value) for value in thing]
    if isinstance(thing, mt.Tensor):
        return tuple(thing.shape), str(thing.dtype)
    return type(thing).__name__ if not isinstance(thing, (int, float)) else "number"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['name']} {case['settings']}")
class TestEveryOptimizer:
    def test_goes_on_from_pytorchs_state_as_pytorch_does(self, case: dict[str, Any]) -> None:
        params, optimizer = made(case)
        optimizer.load_state_dict(case["state"])
        take(params, optimizer, case["gradients"])
        for p, expected in zip(params, case["end"]):
            np.testing.assert_allclose(p.detach().numpy(), expected.numpy(), 1e-5, 1e-6)

    def test_has_pytorchs_state_with_its_names_and_shapes(self, case: dict[str, Any]) -> None:
        params, optimizer = made(case)
        take(params, optimizer, case["gradients"][:3])
        ours, theirs = optimizer.state_dict(), case["state"]
        theirs["state"] = {
            number: {k: v for k, v in state.items() if v is not None}
            for number, state in theirs["state"].items()
            if any(v is not None for v in state.values())
        }
        assert shape_of(ours["state"]) == shape_of(theirs["state"])
        for mine, other in zip(ours["param_groups"], theirs["param_groups"]):
            assert mine == other

    def test_goes_on_from_its_own_saved_state(self, case: dict[str, Any]) -> None:
        params, optimizer = made(case)
        take(params, optimizer, case["gradients"][:4])
        file = io.BytesIO()
        mt.save({"state": optimizer.state_dict(), "params": [p.detach() for p in params]}, file)
        take(params, optimizer, case["gradients"][4:])
        file.seek(0)
        loaded = mt.load(file, "numpy")
        again, resumed = made({**case, "loaded": loaded["params"]}, "loaded")
        resumed.load_state_dict(loaded["state"])
        take(again, resumed, case["gradients"][4:])
        for p, q in zip(params, again):
            assert p.detach().numpy().tobytes() == q.detach().numpy().tobytes()

    def test_ours_is_loaded_by_pytorch(self, case: dict[str, Any]) -> None:
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        params, optimizer = made(case)
        optimizer.load_state_dict(case["state"])
        take(params, optimizer, case["gradients"][:2])

        def theirs(thing: Any) -> Any:
            if isinstance(thing, dict):
                return {key: theirs(value) for key, value in thing.items()}
            if isinstance(thing, list):
                return [theirs(value) for value in thing]
            if isinstance(thing, mt.Tensor):
                return torch.tensor(thing.detach().numpy().copy())
            return thing

        copies = [theirs(p).requires_grad_() for p in params]
        groups = [{"params": copies[:1]}, {"params": copies[1:]}]
        other = getattr(torch.optim, case["name"])(groups)
        other.load_state_dict(theirs(optimizer.state_dict()))
        take(params, optimizer, case["gradients"][2:])
        take(copies, other, theirs(case["gradients"][2:]))
        for p, q in zip(params, copies):
            np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 1e-5, 1e-6)


def test_a_step_returns_the_loss_of_its_closure() -> None:
    p = mt.tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.5)

    def closure() -> mt.Tensor:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with mt.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 5.0
    assert p.tolist() == [0.0, 0.0]
    assert optimizer.step() is None


def test_gradients_are_set_to_none_or_to_zeros() -> None:
    p, q = mt.ones(2, requires_grad=True), mt.ones(1, requires_grad=True)
    optimizer = optim.SGD([p, q])
    p.grad = mt.tensor([float("nan"), 1.0])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0] and q.grad is None
    optimizer.zero_grad(set_to_none=True)
    assert p.grad is None


def test_a_learning_rate_may_be_a_tensor_and_a_group_may_have_notes() -> None:
    p = mt.ones(1, requires_grad=True)
    optimizer = optim.SGD([{"params": [p], "name": "all", "lr_scale": 2.0}], lr=mt.tensor(0.5))
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert optimizer.param_groups[0]["name"] == "all"
    optimizer.load_state_dict(optimizer.state_dict())


def test_settings_that_would_change_the_meaning_are_refused() -> None:
    p = mt.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="Adam: differentiable must be False"):
        optim.Adam([p], differentiable=True)
    optim.Adam([p], foreach=True, fused=True, capturable=True)
    with pytest.raises(ValueError, match=r"unknown setting 'momentun'\. Did you mean 'momentum'"):
        optim.SGD([{"params": [p], "momentun": 0.9}])


# -- L-BFGS, which needs a closure -----------------------------------------------------------------


def bowl(library: Any, values: Any, **settings: Any) -> tuple[Any, Any, Any]:
    """A parameter of two, an optimizer of it, and the closure of a loss; in either library."""
    p = library.tensor(values, dtype=library.float64, requires_grad=True)
    optimizer = library.optim.LBFGS([p], max_iter=3, **settings)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = ((1 - p[0]) ** 2) + 10 * (p[1] - p[0] ** 2) ** 2
        loss.backward()
        return loss

    return p, optimizer, closure


class Ours:
    """MiniTorch as `bowl` names it."""

    tensor, float64, optim = staticmethod(mt.tensor), mt.float64, optim


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_goes_on_from_its_state(search: str | None) -> None:
    settings = {"lr": 1.0 if search else 0.1, "line_search_fn": search}
    p, optimizer, closure = bowl(Ours, [-0.5, 0.5], **settings)
    for _ in range(3):
        optimizer.step(closure)
    middle, state = p.detach().tolist(), optimizer.state_dict()
    q, resumed, again = bowl(Ours, middle, **settings)
    resumed.load_state_dict(state)
    for _ in range(3):
        optimizer.step(closure)
        resumed.step(again)
    assert q.tolist() == p.tolist()


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_exchanges_its_state_with_pytorch(search: str | None) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    settings = {"lr": 1.0 if search else 0.1, "line_search_fn": search}

    def converted(thing: Any, make: Any) -> Any:
        if isinstance(thing, dict):
            return {key: converted(value, make) for key, value in thing.items()}
        if isinstance(thing, (list, tuple)):
            return [converted(value, make) for value in thing]
        if isinstance(thing, (mt.Tensor, torch.Tensor)):
            return make(thing.detach().numpy().copy())
        return thing

    sides = [(Ours, torch, torch.tensor), (torch, Ours, mt.tensor)]
    for one, other, make in sides:
        p, optimizer, closure = bowl(one, [-0.5, 0.5], **settings)
        for _ in range(3):
            optimizer.step(closure)
        q, resumed, again = bowl(other, p.detach().tolist(), **settings)
        resumed.load_state_dict(converted(optimizer.state_dict(), make))
        for _ in range(3):
            optimizer.step(closure)
            resumed.step(again)
        np.testing.assert_allclose(q.detach().numpy(), p.detach().numpy(), 1e-9)


def test_lbfgs_finds_the_bottom_and_names_what_it_lacks() -> None:
    p, optimizer, closure = bowl(Ours, [-0.5, 0.5], line_search_fn="strong_wolfe")
    for _ in range(12):
        optimizer.step(closure)
    np.testing.assert_allclose(p.detach().numpy(), [1.0, 1.0], 1e-4)
    with pytest.raises(TypeError, match="it needs a closure"):
        optimizer.step()
    with pytest.raises(ValueError, match="line_search_fn must be 'strong_wolfe' or None"):
        optim.LBFGS([p], line_search_fn="wolfe")
    q = mt.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="give one group"):
        optim.LBFGS([{"params": [p]}, {"params": [q]}])
