"""Module: a layer or model. Plain Python: attributes are attributes, and a typo raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from minitorch_tensor import DType, Tensor, no_grad, tensor

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from minitorch_tensor import Backend
    from typing_extensions import Self


class Parameter(Tensor):
    """A tensor that a Module learns: an attribute of this type is found by `parameters()`.

    Args:
        data: its start, whose memory it takes over.
    """

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        super().__init__(data._data, data.backend)
        self.requires_grad = requires_grad

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict(strict=False)` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """The base of layers and models.

    A subclass makes its parameters and layers in `__init__`, as attributes, and computes in
    `forward`; calling the module calls `forward`.

    >>> class Affine(Module):
    ...     def __init__(self):
    ...         self.weight = Parameter(tensor([2.0]))
    ...
    ...     def forward(self, x):
    ...         return x * self.weight
    >>> [name for name, _ in Affine().named_parameters()]
    ['weight']
    """

    #: Whether layers like Dropout act as in training; set by `train` and `eval`.
    training: bool = True

    #: Names of the tensors that are saved with the module but not learned.
    _buffer_names: tuple[str, ...] = ()

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """The module's function."""
        raise NotImplementedError(f"{type(self).__name__} must define forward.")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        return self.forward(*inputs, **options)

    # -- what is inside -------------------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that are attributes of this one, by name."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def children(self) -> Iterator[Module]:
        """The modules that are attributes of this one."""
        for _, child in self.named_children():
            yield child

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below, by dotted name; a shared one once."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module
                dot = f"{name}." if name else ""
                children = [(dot + n, child) for n, child in module.named_children()]
                stack.extend(reversed(children))

    def modules(self) -> Iterator[Module]:
        """This module and all below."""
        for _, module in self.named_modules():
            yield module

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """The parameters of this module and all below, by dotted name; a shared one once."""
        yield from self._named(prefix, lambda module: _own_parameters(module))

    def parameters(self) -> Iterator[Parameter]:
        """The parameters of this module and all below."""
        for _, parameter in self.named_parameters():
            yield parameter

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """The buffers of this module and all below, by dotted name."""
        yield from self._named(prefix, lambda module: _own_buffers(module))

    def buffers(self) -> Iterator[Tensor]:
        """The buffers of this module and all below."""
        for _, buffer in self.named_buffers():
            yield buffer

    def _named(
        self, prefix: str, own: Callable[[Module], Iterator[tuple[str, Any]]]
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix):
            for name, value in own(module):
                if id(value) not in seen:
                    seen.add(id(value))
                    yield (f"{path}.{name}" if path else name), value

    def register_buffer(self, name: str, value: Tensor) -> None:
        """Set an attribute that is saved and moved with the module, but not learned."""
        setattr(self, name, value)
        self._buffer_names = (*self._buffer_names, name)

    # -- what can be done to it -----------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set this module and all below to training, or with False to evaluation."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set this module and all below to evaluation."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set whether the parameters are tracked."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call a function on every module below, then on this one."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def to(self, target: str | Backend | DType) -> Self:
        """Move all parameters and buffers to a backend, or convert the floating-point ones."""
        for value in [*self.parameters(), *self.buffers()]:
            if isinstance(target, DType) and not value.is_floating_point():
                continue
            moved = value.detach().to(target)
            value._data, value.backend = moved._data, moved.backend
            if value.grad is not None:
                value.grad = value.grad.to(target)
        return self

    # -- saving ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Tensor]:
        """Parameters and buffers by dotted name, detached, sharing memory with the module.

        A shared parameter stands under every name it has, as in PyTorch.
        """
        state: dict[str, Tensor] = {}
        for path, module in self._all_paths():
            for name, value in [*_own_parameters(module), *_own_buffers(module)]:
                state[path + name] = value.detach()
        return state

    def _all_paths(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        yield prefix, self
        for name, child in self.named_children():
            yield from child._all_paths(f"{prefix}{name}.")

    @no_grad()
    def load_state_dict(
        self, state: Mapping[str, Tensor | npt.NDArray[np.generic]], strict: bool = True
    ) -> IncompatibleKeys:
        """Copy values from a state_dict (of tensors or numpy arrays) into this module.

        Everything is checked first: on an error nothing has been changed.

        Args:
            strict: raise if names do not match one to one.

        Returns: the names missing from `state`, and those it has too many.
        Raises: ValueError that lists every missing and unexpected name and every wrong shape.
        """
        own = self.state_dict()
        missing = [name for name in own if name not in state]
        unexpected = [name for name in state if name not in own]
        values = {name: _as_tensor(state[name]) for name in own if name in state}
        problems = []
        if strict and missing:
            problems.append(f"missing: {', '.join(missing)}")
        if strict and unexpected:
            problems.append(f"unexpected: {', '.join(unexpected)}")
        for name, value in values.items():
            if value.shape != own[name].shape:
                problems.append(
                    f"{name}: shape {value.shape} given, {own[name].shape} in the model"
                )
        if problems:
            raise ValueError(
                f"load_state_dict: the values do not fit {type(self).__name__}:\n  "
                + "\n  ".join(problems)
            )
        for name, value in values.items():
            own[name].copy_(value)
        return IncompatibleKeys(missing, unexpected)

    # -- printing -------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the parentheses of the printed layer."""
        return ""

    def __repr__(self) -> str:
        lines = [
            f"({name}): " + repr(child).replace("\n", "\n  ")
            for name, child in self.named_children()
        ]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        return f"{type(self).__name__}({self.extra_repr()}\n  " + "\n  ".join(lines) + "\n)"


def _own_parameters(module: Module) -> Iterator[tuple[str, Parameter]]:
    for name, value in vars(module).items():
        if isinstance(value, Parameter):
            yield name, value


def _own_buffers(module: Module) -> Iterator[tuple[str, Tensor]]:
    for name in module._buffer_names:
        yield name, getattr(module, name)


def _as_tensor(value: Tensor | npt.NDArray[np.generic]) -> Tensor:
    return value if isinstance(value, Tensor) else tensor(value)
