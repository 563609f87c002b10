"""Sequential, ModuleList and ModuleDict."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close


def test_sequential_calls_each_with_the_result_of_the_one_before() -> None:
    a, b = nn.Linear(2, 3), nn.Linear(3, 1)
    x = mt.randn(4, 2)
    assert_close(nn.Sequential(a, nn.Tanh(), b)(x), b(a(x).tanh()))
    assert nn.Sequential()(x) is x


def test_sequential_takes_names_from_a_mapping() -> None:
    model = nn.Sequential(OrderedDict(first=nn.Linear(2, 3), act=nn.ReLU(), last=nn.Linear(3, 1)))
    assert [name for name, _ in model.named_children()] == ["first", "act", "last"]
    assert list(model.state_dict()) == ["first.weight", "first.bias", "last.weight", "last.bias"]
    assert model[-1] is model.last
    x = mt.randn(4, 2)
    assert_close(model(x), model.last(model.first(x).relu()))


def test_sequential_is_indexed_like_a_list() -> None:
    layers = [nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)]
    model = nn.Sequential(*layers)
    assert len(model) == 3
    assert list(model) == layers
    assert model[0] is layers[0]
    assert model[-1] is layers[2]
    part = model[1:]
    assert isinstance(part, nn.Sequential)
    assert list(part) == layers[1:]
    model[1] = nn.Tanh()
    assert [type(m).__name__ for m in model] == ["Linear", "Tanh", "Linear"]
    model.append(nn.ReLU())
    model.extend([nn.Tanh()])
    assert [name for name, _ in model.named_children()] == ["0", "1", "2", "3", "4"]
    for index in (5, -6):
        with pytest.raises(IndexError, match=f"Sequential: index {index} is out of range for 5"):
            model[index]


def test_a_slice_of_a_sequential_can_be_appended_to() -> None:
    model = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    part = model[1:]
    part.append(nn.GELU())
    assert [type(m).__name__ for m in part] == ["Tanh", "Sigmoid", "GELU"]


def test_a_module_list_is_found_and_indexed() -> None:
    class Stack(nn.Module):
        def __init__(self) -> None:
            self.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = layer(x)
            return x

    model = Stack()
    assert len(list(model.parameters())) == 6
    assert [name for name, _ in model.named_parameters()][:2] == [
        "layers.0.weight", "layers.0.bias"
    ]  # fmt: skip
    assert len(model.layers[1:]) == 2
    model.layers[0] = nn.Identity()
    assert len(list(model.parameters())) == 4
    with pytest.raises(NotImplementedError, match="ModuleList must define forward"):
        model.layers(1)


def test_a_module_dict_is_a_dict() -> None:
    choice = nn.ModuleDict({"relu": nn.ReLU(), "linear": nn.Linear(2, 1)})
    choice["tanh"] = nn.Tanh()
    choice.update({"relu": nn.GELU()})
    assert list(choice) == list(choice.keys()) == ["relu", "linear", "tanh"]
    assert isinstance(choice["relu"], nn.GELU)
    assert "tanh" in choice and "other" not in choice and 3 not in choice
    assert len(list(choice.parameters())) == 2
    del choice["linear"]
    assert len(choice) == 2
    assert [key for key, _ in choice.items()] == ["relu", "tanh"]
    assert [type(m).__name__ for m in choice.values()] == ["GELU", "Tanh"]
    for use in (lambda: choice["linear"], lambda: choice.__delitem__("linear")):
        with pytest.raises(KeyError, match="no module 'linear'; it has relu, tanh"):
            use()


@pytest.mark.parametrize("name", ["train", "keys", "a.b", "", 3])
def test_a_key_must_be_a_free_attribute_name(name: Any) -> None:
    with pytest.raises(ValueError, match="cannot name a module"):
        nn.ModuleDict({name: nn.ReLU()})
    with pytest.raises(ValueError, match="cannot name a module"):
        if name == "keys":
            name = "append"  # the same, for Sequential
        nn.Sequential({name: nn.ReLU()})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Sequential(nn.ReLU(), 3), "Sequential: wanted modules, got int at 1"),
        (lambda: nn.ModuleList([nn.ReLU, nn.ReLU]), "ModuleList: wanted modules, got type at 0"),
        (lambda: nn.ModuleDict({"a": None}), "ModuleDict: wanted modules, got NoneType at a"),
    ],
)
def test_what_is_no_module_is_refused(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_flatten_and_identity() -> None:
    x = mt.randn(2, 3, 4, 5)
    assert_close(nn.Flatten()(x), x.numpy().reshape(2, 60))
    assert_close(nn.Flatten(0, 1)(x), x.numpy().reshape(6, 4, 5))
    assert_close(nn.Flatten(1, -2)(x), x.numpy().reshape(2, 12, 5))
    assert nn.Identity()(x) is x
