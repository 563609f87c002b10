"""The base of all optimizers: parameter groups with settings, and a state per parameter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any, TypeAlias

import minitorch_tensor as mt
from minitorch_tensor import Tensor, no_grad
from minitorch_tensor.extend import increment_version

Group: TypeAlias = "dict[str, Any]"
Params: TypeAlias = "Iterable[Tensor] | Iterable[Group]"


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

    def __init__(self, params: Params, defaults: Mapping[str, Any]) -> None:
        self.defaults = dict(defaults)
        self.state: dict[Tensor, dict[str, Any]] = {}
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
        unknown = set(group) - set(self.defaults) - {"params"}
        if unknown:
            raise ValueError(
                f"{name}: unknown settings {', '.join(sorted(unknown))}; it has "
                f"{', '.join(sorted(self.defaults))}."
            )
        settings = {**self.defaults, **group, "params": params}
        self.check(settings)
        self.param_groups.append(settings)

    def check(self, group: Group) -> None:
        """Raise ValueError for settings out of range."""
        for name in ("lr", "weight_decay", "eps", "momentum"):
            self.check_range(group, name, 0.0, math.inf)

    def check_range(self, group: Group, name: str, low: float, high: float) -> None:
        """Raise ValueError unless low <= setting < high, if the group has that setting."""
        value = group.get(name, low)
        if not isinstance(value, Real) or not low <= float(value) < high:
            wanted = f"at least {low:g} and " + (
                "finite" if high == math.inf else f"less than {high:g}"
            )
            raise ValueError(f"{type(self).__name__}: {name} must be {wanted}, got {value!r}.")

    def zero_grad(self) -> None:
        """Set all gradients to None."""
        for p in self._params():
            p.grad = None

    @no_grad()
    def step(self) -> None:
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, p.grad, self.state.setdefault(p, {}), group)
                    increment_version(p)

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        """Update one parameter."""
        raise NotImplementedError(f"{type(self).__name__} must define update.")

    # -- saving ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, with parameters replaced by their numbers, as in PyTorch.

        Its tensors are not copies: later steps change them.
        """
        numbers = {p: i for i, p in enumerate(self._params())}
        groups = [
            {**group, "params": [numbers[p] for p in group["params"]]}
            for group in self.param_groups
        ]
        return {
            "state": {numbers[p]: dict(state) for p, state in self.state.items()},
            "param_groups": groups,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Load (copies of) settings and state saved from an optimizer of the same parameters.

        Everything is checked first, so an error leaves the optimizer unchanged.

        Raises: ValueError if it is not the state of an optimizer, groups or their sizes differ, or
            a state does not have its parameter's shape.
        """
        name = f"{type(self).__name__}.load_state_dict"
        try:
            loaded = [dict(group) for group in state_dict["param_groups"]]
            theirs = [len(group.pop("params")) for group in loaded]
            numbered = {int(number): dict(s) for number, s in state_dict["state"].items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError(
                f"{name}: wanted what an optimizer's state_dict() gave, with 'state' and "
                "'param_groups'."
            ) from None
        ours = [len(group["params"]) for group in self.param_groups]
        if ours != theirs:
            raise ValueError(f"{name}: groups of {theirs} parameters do not fit groups of {ours}.")
        settings = {*self.defaults, "initial_lr"}  # set by a schedule
        unknown = {key for group in loaded for key in group} - settings
        if unknown:
            raise ValueError(
                f"{name}: unknown settings {', '.join(sorted(unknown))}; are these of another "
                "optimizer?"
            )
        params = self._params()
        groups = [{**own, **new} for own, new in zip(self.param_groups, loaded)]
        for group in groups:
            self.check(group)
        state: dict[Tensor, dict[str, Any]] = {}
        for number, values in numbered.items():
            if not 0 <= number < len(params):
                raise ValueError(f"{name}: there is no parameter number {number}.")
            p = params[number]
            state[p] = {
                key: value.detach().clone() if isinstance(value, Tensor) else value
                for key, value in values.items()
            }
            for key, value in values.items():
                if isinstance(value, Tensor) and value.shape != p.shape:
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
        value = mt.zeros(p.shape, dtype=p.dtype, backend=p.backend)
    elif value.dtype is not p.dtype or value.backend is not p.backend:
        value = value.to(p)
    state[name] = value
    return value
