"""The base of all optimizers: parameter groups with settings, and a state per parameter."""

from __future__ import annotations

import difflib
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any, ClassVar, TypeAlias

import minitorch_tensor as mt
from minitorch_tensor import Tensor, enable_grad, no_grad
from minitorch_tensor.extend import increment_version

Group: TypeAlias = "dict[str, Any]"
Params: TypeAlias = "Iterable[Tensor] | Iterable[Group]"

#: PyTorch's settings that choose among its implementations. They are kept, so that a state_dict has
#: what PyTorch's has, and have no effect.
NEUTRAL = {"foreach": None, "capturable": False, "differentiable": False, "fused": None}

#: What of a parameter's state is one number, which PyTorch keeps as a tensor.
NUMBERS: dict[str, Callable[[Any], Any]] = {"step": int, "mu_product": float}


class Optimizer:
    """Moves parameters along their gradients.

    A subclass defines `update(parameter, gradient, state, group)`, which changes the parameter
    and its state in place.

    Args:
        params: parameters, or groups: dicts with "params" and the settings that differ.
        defaults: settings for groups that do not give their own.

    Attributes:
        param_groups: the groups with all settings, which may be changed at any time.
        state: the optimizer's tensors for each parameter, by name.

    Raises: TypeError for anything but a tensor; ValueError for an empty list, a parameter that
        appears twice or is not a leaf, and for settings unknown or out of range.
    """

    #: True if the tensors of a parameter's state have its shape.
    shaped: ClassVar[bool] = True

    def __init__(self, params: Params, defaults: Mapping[str, Any]) -> None:
        self.defaults = dict(defaults)
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        given: list[Any] = [params] if isinstance(params, Tensor) else list(params)
        if not given:
            raise ValueError(
                f"{type(self).__name__}: got no parameters. Pass model.parameters(), and only once "
                "for an iterator."
            )
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with settings of their own.

        Raises: as the constructor; on an error nothing is added.
        """
        name = type(self).__name__
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(
                f"{name}: a group must be a dict with 'params' and settings, got "
                f"{type(group).__name__}."
            )
        params = group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        known = {id(p) for p in self._params()}
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(
                    f"{name}: parameters must be tensors, got {type(p).__name__}. "
                    "Pass model.parameters()."
                )
            if not p.is_leaf:
                raise ValueError(
                    f"{name}: only leaf tensors can be optimized, got the result of an operation, "
                    f"of shape {p.shape}. Pass the tensors it is computed from, or detach() it."
                )
            if id(p) in known:
                raise ValueError(f"{name}: a parameter of shape {p.shape} is named twice.")
            known.add(id(p))
        for key in set(group) - set(self.defaults) - {"params"}:
            # A group may have notes of its own. One that is nearly a setting is meant as one.
            if close := difflib.get_close_matches(key, self.defaults, n=1):
                raise ValueError(f"{name}: unknown setting {key!r}. Did you mean {close[0]!r}?")
        settings = {**self.defaults, **group, "params": params}
        settings.update(_plain(settings))
        self.check(settings)
        self.param_groups.append(settings)

    def check(self, group: Group) -> None:
        """Raise ValueError for settings out of range."""
        for name in ("lr", "weight_decay", "eps", "momentum"):
            self.check_range(group, name, 0.0, math.inf)
        if group.get("differentiable"):
            raise ValueError(
                f"{type(self).__name__}: differentiable must be False; a step is not recorded. "
                "Compute new parameters by functions of tensors instead."
            )

    def check_betas(self, group: Group) -> None:
        """Raise ValueError unless the group's betas are two in [0, 1)."""
        betas = group["betas"]
        if len(betas) != 2 or not all(0.0 <= beta < 1.0 for beta in betas):
            raise ValueError(f"{type(self).__name__}: betas must be two in [0, 1), got {betas}.")

    def check_range(self, group: Group, name: str, low: float, high: float) -> None:
        """Raise ValueError unless low <= setting < high, if the group has that setting."""
        value = group.get(name, low)
        if not isinstance(value, Real) or not low <= float(value) < high:
            wanted = f"at least {low:g} and " + (
                "finite" if high == math.inf else f"less than {high:g}"
            )
            raise ValueError(f"{type(self).__name__}: {name} must be {wanted}, got {value!r}.")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to None, or to zeros."""
        for p in self._params():
            p.grad = None if set_to_none or p.grad is None else mt.zeros_like(p.grad)

    @no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Args:
            closure: computes the loss and its gradients, first of all.

        Returns: the closure's loss, or None without one.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            sign = -1.0 if group.get("maximize") else 1.0
            for p in group["params"]:
                if p.grad is not None:
                    grad = p.grad if sign > 0 else p.grad * sign
                    self.update(p, grad, self.state[p], group)
                    increment_version(p)
        return loss

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter."""
        raise NotImplementedError(f"{type(self).__name__} must define update.")

    # -- saving ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, with parameters replaced by their numbers, in PyTorch's layout: its
        optimizer of the same name loads it.

        Its tensors are not copies: later steps change them.
        """
        numbers = {p: i for i, p in enumerate(self._params())}
        groups = [
            {**group, "params": [numbers[p] for p in group["params"]]}
            for group in self.param_groups
        ]
        return {
            "state": {numbers[p]: _written(state) for p, state in self.state.items() if state},
            "param_groups": groups,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Load (copies of) settings and state saved from an optimizer of the same parameters, ours
        or PyTorch's.

        Everything is checked first, so an error leaves the optimizer unchanged.

        Raises: ValueError if it is not the state of an optimizer, groups or their sizes differ, or
            a state does not have its parameter's shape.
        """
        name = f"{type(self).__name__}.load_state_dict"
        try:
            loaded = [dict(group) for group in state_dict["param_groups"]]
            theirs = [len(group.pop("params")) for group in loaded]
            numbered = {int(number): _read(s) for number, s in state_dict["state"].items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError(
                f"{name}: wanted what an optimizer's state_dict() gave, with 'state' and "
                "'param_groups'."
            ) from None
        ours = [len(group["params"]) for group in self.param_groups]
        if ours != theirs:
            raise ValueError(f"{name}: groups of {theirs} parameters do not fit groups of {ours}.")
        known = {*self.defaults, *NEUTRAL, "param_names", "initial_lr"}  # the last by a schedule
        known |= {key for group in self.param_groups for key in group}
        unknown = {key for group in loaded for key in group} - known
        if unknown:
            raise ValueError(
                f"{name}: unknown settings {', '.join(sorted(unknown))}; are these of another "
                "optimizer?"
            )
        params = self._params()
        loaded = [{**group, **_plain(group)} for group in loaded]
        groups = [{**own, **new} for own, new in zip(self.param_groups, loaded)]
        for group in groups:
            self.check(group)
        state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        for number, values in numbered.items():
            if not 0 <= number < len(params):
                raise ValueError(f"{name}: there is no parameter number {number}.")
            p = params[number]
            state[p] = {
                key: value.detach().clone() if isinstance(value, Tensor) else value
                for key, value in values.items()
            }
            for key, value in values.items():
                if self.shaped and isinstance(value, Tensor) and value.shape != p.shape:
                    raise ValueError(
                        f"{name}: {key} of parameter {number} has shape {value.shape}, the "
                        f"parameter {p.shape}."
                    )
        for group, new in zip(self.param_groups, groups):
            group.update(new)
        self.state = state

    def _params(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        lines = [type(self).__name__ + " ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter group {number}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def moment(state: dict[str, Any], name: str, p: Tensor) -> Tensor:
    """A parameter's state tensor of that name, initially zeros. If the parameter was moved to
    another backend or dtype, the tensor follows it."""
    value: Tensor | None = state.get(name)
    if value is None:
        value = mt.zeros(p.shape, dtype=p.dtype, device=p.backend)
    elif value.dtype is not p.dtype or value.backend is not p.backend:
        value = value.to(p)
    state[name] = value
    return value


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that came as tensors of one number, as numbers."""
    return {
        name: value.item()
        for name, value in settings.items()
        if isinstance(value, Tensor) and value.numel() == 1
    }


def _written(state: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter's state as PyTorch has it: numbers are tensors."""
    return {k: mt.tensor(float(v)) if k in NUMBERS else v for k, v in state.items()}


def _read(state: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter's state as we have it: numbers are plain ones, and None is left out."""
    return {k: NUMBERS[k](v) if k in NUMBERS else v for k, v in state.items() if v is not None}
