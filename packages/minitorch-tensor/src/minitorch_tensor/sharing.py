"""Copying and pickling of tensors so that tensors that share memory still do afterwards.

A tensor and its view are two objects over one owner of memory. Copying or pickling both together
(in a list, in a module's state) copies the owner once and rebuilds both over that copy, as in
PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy.typing as npt

from minitorch_tensor.layout import Shape, Strides
from minitorch_tensor.registry import get_backend
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend
    from minitorch_tensor.tensor import Tensor

#: The layout of data in its owner.
Place = tuple[Shape, Strides, int]


class Memory:
    """An owner of memory, as pickle sees it: one object, stored once."""

    def __init__(self, owner: TensorData, backend: Backend) -> None:
        self._owner = ref(owner)
        self._backend = backend

    def __reduce__(self) -> tuple[Any, ...]:
        owner = self._owner()
        assert owner is not None  # the tensor that is being pickled holds it
        return load_memory, (self._backend.to_numpy(owner), self._backend.name)


_memories: WeakKeyDictionary[TensorData, Memory] = WeakKeyDictionary()


def memory_of(data: TensorData, backend: Backend) -> Memory:
    """The Memory of data; the same object for all data of one owner."""
    return _memories.setdefault(data.owner, Memory(data.owner, backend))


def load_memory(array: npt.NDArray[Any], backend: str) -> TensorData:
    """Restore an owner of memory on a backend from its elements."""
    return get_backend(backend).from_numpy(array)


def place_of(data: TensorData) -> Place:
    """The layout of data in its owner."""
    return data.shape, data.strides, data.offset


def rebuilt(
    kind: type[Tensor], owner: TensorData, place: Place, backend: str | Backend, requires_grad: bool
) -> Tensor:
    """Rebuild a tensor over an owner's memory without calling the `__init__` of its class, which
    may take other arguments."""
    data = owner if place == place_of(owner) else owner.as_strided(*place)
    result = kind.__new__(kind)
    kind._plain.__init__(result, data, get_backend(backend))
    if requires_grad:
        result.requires_grad = True
    return result
