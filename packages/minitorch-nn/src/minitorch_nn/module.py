"""Module: the base class of layers and models, a plain Python object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self, TypeAlias

import numpy as np

from minitorch_autodiff import RemovableHandle
from minitorch_nn.backward_hooks import Passage
from minitorch_nn.notebook import to_html
from minitorch_tensor import (
    Backend,
    DType,
    Tensor,
    float32,
    float64,
    get_backend,
    no_grad,
    tensor,
    zeros_like,
)
from minitorch_tensor.dtypes import ALL as DTYPES
from minitorch_tensor.extend import Place

if TYPE_CHECKING:
    import numpy.typing as npt


#: A function called before or after `forward`.
Hook: TypeAlias = Callable[..., Any]


class Parameter(Tensor):
    """A tensor that a Module learns: an attribute of this type is found by `parameters()`.

    Args:
        data: the initial value; the parameter shares its memory.
        requires_grad: true for a learned parameter, false for a frozen one.

    Raises: TypeError for anything but a tensor; RuntimeError for integers, which have no gradient.
    """

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        if not isinstance(data, Tensor):
            raise TypeError(
                f"Parameter: wanted a tensor, got {type(data).__name__}. Make one with tensor(...)."
            )
        super().__init__(data.tensor_data, data.backend)
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class IncompatibleKeys(NamedTuple):
    """The names that `load_state_dict(strict=False)` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """The base of layers and models.

    A subclass assigns its parameters and layers to attributes in `__init__` and computes in
    `forward`; calling the module calls `forward`. Hold several layers in a `Sequential`,
    `ModuleList` or `ModuleDict`: layers inside a plain list are not found.

    >>> class Affine(Module):
    ...     def __init__(self):
    ...         self.weight = Parameter(tensor([2.0]))
    ...
    ...     def forward(self, x):
    ...         return x * self.weight
    >>> [name for name, _ in Affine().named_parameters()]
    ['weight']
    """

    #: True if layers like Dropout act as in training; set by `train` and `eval`.
    training: bool = True

    #: Names of the tensors that are saved with the module but not learned.
    _buffer_names: tuple[str, ...] = ()

    # Most modules have no hooks and share these tuples; the first hook sets a list instead. Each
    # hook is wrapped in a tuple, so that a handle finds its own even if a hook is added twice.
    _forward_pre_hooks: list[tuple[Hook]] | tuple[()] = ()
    _forward_hooks: list[tuple[Hook]] | tuple[()] = ()
    _backward_hooks: list[tuple[Hook]] | tuple[()] = ()

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """The module's function."""
        raise NotImplementedError(f"{type(self).__name__} must define forward.")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        for (hook,) in tuple(self._forward_pre_hooks):
            changed = hook(self, inputs)
            if changed is not None:
                inputs = changed if isinstance(changed, tuple) else (changed,)
        if self._backward_hooks:
            passage = Passage(self, [hook for (hook,) in self._backward_hooks])
            output = passage.outputs(self.forward(*passage.inputs(inputs), **options))
        else:
            output = self.forward(*inputs, **options)
        for (hook,) in tuple(self._forward_hooks):
            changed = hook(self, inputs, output)
            if changed is not None:
                output = changed
        return output

    # -- contents -------------------------------------------------------------------------------

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
        """This module and all below; a shared one once."""
        for _, module in self.named_modules():
            yield module

    def named_parameters(
        self, prefix: str = "", recurse: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters of this module and all below, by dotted name; a shared one once.

        Args:
            recurse: false for those of this module alone.
        """
        yield from self._named(prefix, recurse, _own_parameters)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and, with `recurse`, all below; a shared one once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers of this module and all below, by dotted name; a shared one once.

        Args:
            recurse: false for those of this module alone.
        """
        yield from self._named(prefix, recurse, _own_buffers)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and, with `recurse`, all below; a shared one once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def _named(
        self, prefix: str, recurse: bool, own: Callable[[Module], Iterator[tuple[str, Any]]]
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, value in own(module):
                if id(value) not in seen:
                    seen.add(id(value))
                    yield (f"{path}.{name}" if path else name), value

    def register_buffer(self, name: str, value: Tensor | None) -> None:
        """Set an attribute that is saved and moved with the module, but not learned.

        Assigning to the attribute later replaces the buffer; None means no buffer.

        Raises: ValueError if the module has that attribute already, or the name has a dot.
        """
        self._check_free("register_buffer", name)
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"register_buffer: {name!r} must be a tensor or None, got {type(value).__name__}."
            )
        setattr(self, name, value)
        self._buffer_names = (*self._buffer_names, name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Set an attribute that is learned; None for a parameter that is left out.

        Raises: ValueError if the module has that attribute already, or the name has a dot;
            TypeError for anything but a Parameter.
        """
        self._check_free("register_parameter", name)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"register_parameter: {name!r} must be a Parameter or None, got "
                f"{type(param).__name__}. Wrap a tensor in Parameter(...)."
            )
        setattr(self, name, param)

    def add_module(self, name: str, module: Module | None) -> None:
        """Set an attribute that is a module; None for one that is left out.

        Raises: ValueError if the module has that attribute already, or the name has a dot;
            TypeError for anything but a module.
        """
        self._check_free("add_module", name)
        if module is not None and not isinstance(module, Module):
            raise TypeError(
                f"add_module: {name!r} must be a Module or None, got {type(module).__name__}."
            )
        setattr(self, name, module)

    register_module = add_module

    def _check_free(self, operation: str, name: str) -> None:
        if hasattr(self, name) or "." in name or not name:
            raise ValueError(
                f"{operation}: {name!r} is not a free attribute name of {type(self).__name__}. "
                "Choose another; what is registered is replaced by assigning to it."
            )

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name; "" is this one.

        Raises: AttributeError if there is none.
        """
        found = dict(_all_paths(self)).get(f"{target}." if target else "")
        if found is None:
            raise AttributeError(f"get_submodule: {type(self).__name__} has no module {target!r}.")
        return found

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name.

        Raises: AttributeError if there is none.
        """
        path, _, name = target.rpartition(".")
        found = getattr(self.get_submodule(path), name, None)
        if not isinstance(found, Parameter):
            raise AttributeError(
                f"get_parameter: {type(self).__name__} has no parameter {target!r}."
            )
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name.

        Raises: AttributeError if there is none.
        """
        path, _, name = target.rpartition(".")
        found = dict(_own_buffers(self.get_submodule(path))).get(name)
        if found is None:
            raise AttributeError(f"get_buffer: {type(self).__name__} has no buffer {target!r}.")
        return found

    @property
    def _modules(self) -> dict[str, Module]:
        return dict(self.named_children())

    @property
    def _parameters(self) -> dict[str, Parameter]:
        return dict(_own_parameters(self))

    @property
    def _buffers(self) -> dict[str, Tensor]:
        return dict(_own_buffers(self))

    # -- changes --------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set this module and all below to training, or with False to evaluation."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set this module and all below to evaluation."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to None, or to zeros."""
        for parameter in self.parameters():
            grad = None if set_to_none else parameter.grad
            parameter.grad = None if grad is None else zeros_like(grad)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Make the parameters trainable, or freeze them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call a function on every module below, then on this one."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    @no_grad()
    def to(
        self,
        device: Place | DType | Tensor | None = None,
        dtype: DType | None = None,
        non_blocking: bool = False,
    ) -> Self:
        """Move parameters, buffers and gradients to a device, or convert them to a floating-point
        dtype (integer buffers stay as they are), or both.

        The parameters remain the same objects, so an existing optimizer keeps working on them.

        Args:
            device: the name of a backend, "cpu", a `device` or a Backend. By position also a dtype,
                or a tensor whose device and dtype to take.
            dtype: float32 or float64.
            non_blocking: accepted for PyTorch's sake; a backend decides itself when to wait.

        Raises: TypeError for a dtype without gradients; as `get_backend` for a name.
        """
        place, wanted = _place_and_dtype(device, dtype)
        for value in [*self.parameters(), *self.buffers()]:
            new = wanted if value.is_floating_point() else None
            value.set_(value.detach().to(place, new))
            if value.grad is not None:
                value.grad = value.grad.to(place, new)
        return self

    def cpu(self) -> Self:
        """Move everything to the backend in use on this host."""
        return self.to("cpu")

    def cuda(self, device: int | Place | None = None) -> Self:
        """Move everything to the backend cuda, whose one device is number 0."""
        return self.to(f"cuda:{device}" if isinstance(device, int) else device or "cuda")

    def float(self) -> Self:
        """Convert to float32."""
        return self.to(float32)

    def double(self) -> Self:
        """Convert to float64."""
        return self.to(float64)

    def type(self, dst_type: DType) -> Self:
        """Convert to a floating-point dtype."""
        return self.to(dst_type)

    def half(self) -> NoReturn:
        """Raises: TypeError, because there is no float16."""
        raise TypeError("half: MiniTorch computes in float32 and float64. Use float().")

    def bfloat16(self) -> NoReturn:
        """Raises: TypeError, because there is no bfloat16."""
        raise TypeError("bfloat16: MiniTorch computes in float32 and float64. Use float().")

    def register_forward_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, inputs)` before `forward`. If it returns something other than None,
        that (a tuple, or one value) replaces the inputs."""
        return self._register("_forward_pre_hooks", hook)

    def register_forward_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, inputs, output)` after `forward`. If it returns something other than
        None, that replaces the output."""
        return self._register("_forward_hooks", hook)

    def register_full_backward_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` once a backward has the gradients of the
        module's inputs and outputs. Both are tuples, with one entry for each input that came by
        position or each output; None for what is no floating-point tensor. If the hook returns
        something other than None, that replaces grad_input."""
        return self._register("_backward_hooks", hook)

    def _register(self, kind: str, hook: Hook) -> RemovableHandle:
        hooks, entry = vars(self).setdefault(kind, []), (hook,)
        hooks.append(entry)
        return RemovableHandle(hooks, entry)

    # -- saving ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Tensor]:
        """Parameters and buffers by dotted name, detached, sharing memory with the module.

        A shared parameter is listed under each of its names, as in PyTorch.
        """
        state: dict[str, Tensor] = {}
        for path, module in _all_paths(self):
            for name, value in [*_own_parameters(module), *_own_buffers(module)]:
                state[path + name] = value.detach()
        return state

    @no_grad()
    def load_state_dict(
        self, state: Mapping[str, Tensor | npt.NDArray[np.generic]], strict: bool = True
    ) -> IncompatibleKeys:
        """Copy values from a state_dict (of tensors or numpy arrays) into this module.

        Everything is checked first, so an error leaves the module unchanged.

        Args:
            strict: raise if names do not match one to one.

        Returns: the names missing from `state`, and the unexpected names in it.
        Raises: ValueError that lists every missing and unexpected name and every value that
            is not a tensor of the right shape.
        """
        own = self.state_dict()
        missing = [name for name in own if name not in state]
        unexpected = [name for name in state if name not in own]
        problems = []
        if strict and missing:
            problems.append(f"missing: {', '.join(missing)}")
        if strict and unexpected:
            problems.append(f"unexpected: {', '.join(unexpected)}")
        values: dict[str, Tensor] = {}
        for name in own:
            if name not in state:
                continue
            try:
                value = state[name]
                values[name] = value if isinstance(value, Tensor) else tensor(np.asarray(value))
            except (TypeError, ValueError):
                problems.append(f"{name}: {type(state[name]).__name__} given, wanted a tensor")
                continue
            if values[name].shape != own[name].shape:
                problems.append(
                    f"{name}: shape {values[name].shape} given, {own[name].shape} in the model"
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
        """The text in the parentheses of the printed layer."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = [
            f"({name}): " + repr(child).replace("\n", "\n  ")
            for name, child in self.named_children()
        ]
        if not lines:
            return f"{type(self).__name__}({extra})"
        return "\n  ".join([f"{type(self).__name__}(", *([extra] if extra else []), *lines]) + "\n)"

    def _repr_html_(self) -> str:
        """For notebooks."""
        return to_html(self)


def _all_paths(module: Module, prefix: str = "") -> Iterator[tuple[str, Module]]:
    """A module and all below, a shared one under each of its names."""
    yield prefix, module
    for name, child in module.named_children():
        yield from _all_paths(child, f"{prefix}{name}.")


def _own_parameters(module: Module) -> Iterator[tuple[str, Parameter]]:
    for name, value in vars(module).items():
        if isinstance(value, Parameter):
            yield name, value


def _own_buffers(module: Module) -> Iterator[tuple[str, Tensor]]:
    for name in module._buffer_names:  # noqa: SLF001 - of the class above
        value = getattr(module, name)
        if value is not None:
            yield name, value


def _place_and_dtype(
    device: Place | DType | Tensor | None, dtype: DType | None
) -> tuple[Backend | None, DType | None]:
    """What `Module.to` was asked for."""
    if isinstance(device, Tensor):
        dtype = dtype or device.dtype
        device = device.backend
    elif isinstance(device, str):
        device = next((known for known in DTYPES if known.name == device), device)
    if isinstance(device, DType):
        device, dtype = None, device
    if dtype is not None and not dtype.is_floating_point:
        raise TypeError(
            f"Module.to: parameters are learned by gradients, so wanted a device, float32 or "
            f"float64, got {dtype}."
        )
    return None if device is None else get_backend(device), dtype
