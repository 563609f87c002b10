"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, overload

from minitorch_nn.module import Module
from minitorch_tensor import Tensor


class _Numbered(Module):
    """Modules in order: attributes named "0", "1", ..., as in PyTorch's state_dicts."""

    def append(self, module: Module) -> None:
        """Add a module at the end."""
        number = len(self)
        while str(number) in vars(self):  # modules of a slice keep their names
            number += 1
        self._set(str(number), module)

    def extend(self, modules: Iterable[Module]) -> None:
        """Add modules at the end."""
        for module in modules:
            self.append(module)

    def _set(self, name: str, module: Module) -> None:
        _check_module(type(self).__name__, name, module)
        setattr(self, name, module)

    def _name(self, index: int) -> str:
        names = [name for name, _ in self.named_children()]
        if not -len(names) <= index < len(names):
            raise IndexError(
                f"{type(self).__name__}: index {index} is out of range for {len(names)} modules."
            )
        return names[index]

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __setitem__(self, index: int, module: Module) -> None:
        self._set(self._name(index), module)


class Sequential(_Numbered):
    """Modules called in order, each on the output of the one before.

    Args:
        modules: the modules, or one mapping of names to modules, in calling order.

    Raises: TypeError for anything but a module.
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                _check_name("Sequential", self, name)
                self._set(name, module)
        else:
            self.extend(modules)  # type: ignore[arg-type]

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return Sequential(dict(list(self.named_children())[index]))
        return vars(self)[self._name(index)]  # type: ignore[no-any-return]


class ModuleList(_Numbered):
    """A list whose modules are found by `parameters()`. It has no forward: the module that owns
    the list calls them.

    Raises: TypeError for anything but a module.
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return ModuleList(list(self)[index])
        return vars(self)[self._name(index)]  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        """Successive modules that print alike are one entry, as in PyTorch."""
        texts = [(name, repr(child).replace("\n", "\n  ")) for name, child in self.named_children()]
        lines = []
        for text, same in groupby(texts, lambda entry: entry[1]):
            names = [name for name, _ in same]
            some = f"{names[0]}-{names[-1]}): {len(names)} x " if names[1:] else f"{names[0]}): "
            lines.append(f"({some}{text}")
        if not lines:
            return f"{type(self).__name__}()"
        return "\n  ".join([f"{type(self).__name__}(", *lines]) + "\n)"


class ModuleDict(Module):
    """A dict whose modules are found by `parameters()`.

    Raises: TypeError for anything but a module; ValueError for a key that cannot name an attribute.
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        self.update(modules or {})

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add modules; one with an existing key replaces the old module."""
        for key, module in modules.items():
            self[key] = module

    def keys(self) -> Iterator[str]:
        """The keys, in the order in which they were added."""
        return (key for key, _ in self.named_children())

    def values(self) -> Iterator[Module]:
        """The modules."""
        return self.children()

    def items(self) -> Iterator[tuple[str, Module]]:
        """Keys and modules."""
        return self.named_children()

    def __getitem__(self, key: str) -> Module:
        if key not in self:
            raise KeyError(f"ModuleDict: no module {key!r}; it has {', '.join(self.keys())}.")
        return vars(self)[key]  # type: ignore[no-any-return]

    def __setitem__(self, key: str, module: Module) -> None:
        if key not in self:
            _check_name("ModuleDict", self, key)
        _check_module("ModuleDict", key, module)
        setattr(self, key, module)

    def __delitem__(self, key: str) -> None:
        self[key]  # raises KeyError for a missing key
        delattr(self, key)

    def __contains__(self, key: object) -> bool:
        return any(key == own for own in self.keys())

    def __iter__(self) -> Iterator[str]:
        return self.keys()

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Flatten(Module):
    """Merge dimensions start_dim to end_dim: by default all but the batch dimension."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split dimension `dim` into several of sizes unflattened_size, of which one may be -1."""

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, tuple(self.unflattened_size))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Identity(Module):
    """Return the input unchanged; a placeholder for a removed layer.

    Args: any, which are not used.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, input: Any) -> Any:
        return input


def _check_module(container: str, name: str, module: object) -> None:
    if not isinstance(module, Module):
        raise TypeError(f"{container}: wanted modules, got {type(module).__name__} at {name}.")


def _check_name(container: str, owner: Module, name: object) -> None:
    if not isinstance(name, str) or not name or "." in name or hasattr(owner, name):
        raise ValueError(
            f"{container}: {name!r} cannot name a module: wanted text without dots that names no "
            f"attribute of {container} already."
        )


__all__ = ["Flatten", "Identity", "ModuleDict", "ModuleList", "Sequential", "Unflatten"]
