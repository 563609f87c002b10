"""Module: what it finds, what it does to it, how it is saved, printed, copied and hooked."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn import Module, Parameter
from minitorch_tensor import Tensor
from minitorch_tensor.testing import assert_close


class Block(Module):
    """A layer, a parameter and a buffer of its own."""

    def __init__(self) -> None:
        self.linear = nn.Linear(2, 2)
        self.scale = Parameter(mt.ones(2))
        self.register_buffer("count", mt.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) * self.scale


class Model(Module):
    """A block used under two names, a weight shared by two layers, and things that are neither."""

    def __init__(self) -> None:
        self.first = Block()
        self.again = self.first
        self.tied = nn.Linear(2, 2, bias=False)
        self.tied.weight = self.first.linear.weight
        self.drop = nn.Dropout(0.5)
        self.number, self.name, self.nothing = 3, "model", None

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.tied(self.again(self.first(x))))


# -- what is inside --------------------------------------------------------------------------------


def test_parameters_and_buffers_have_dotted_names_and_shared_ones_appear_once() -> None:
    model = Model()
    names = [name for name, _ in model.named_parameters()]
    assert names == ["first.scale", "first.linear.weight", "first.linear.bias"]
    assert len(list(model.parameters())) == 3
    assert [name for name, _ in model.named_buffers()] == ["first.count"]
    assert next(model.named_parameters("net"))[0] == "net.first.scale"


def test_modules_are_listed_from_the_top_down_in_the_order_of_definition() -> None:
    names = [name for name, _ in Model().named_modules()]
    assert names == ["", "first", "first.linear", "tied", "drop"]
    assert [name for name, _ in Model().named_children()] == ["first", "again", "tied", "drop"]


def test_a_typo_raises() -> None:
    model = Model()
    with pytest.raises(AttributeError, match="wieght"):
        model.tied.wieght  # noqa: B018
    with pytest.raises(NotImplementedError, match="Module must define forward"):
        Module()(1)


def test_a_parameter_that_is_replaced_is_the_one_that_is_found() -> None:
    layer = nn.Linear(2, 1)
    layer.weight = Parameter(mt.zeros(1, 2))
    assert next(layer.parameters()) is layer.weight
    layer.bias = None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]


def test_a_parameter_requires_a_gradient_unless_frozen() -> None:
    assert Parameter(mt.zeros(2)).requires_grad
    assert not Parameter(mt.zeros(2), requires_grad=False).requires_grad
    assert not Parameter(mt.tensor([1, 2]), requires_grad=False).requires_grad
    with pytest.raises(RuntimeError, match="only floating-point"):
        Parameter(mt.tensor([1, 2]))
    with pytest.raises(TypeError, match="Parameter: wanted a tensor, got list"):
        Parameter([1.0])  # type: ignore[arg-type]


def test_operations_on_parameters_give_plain_tensors() -> None:
    assert type(Parameter(mt.ones(2)) * 2) is Tensor
    assert type(Parameter(mt.ones(2)).detach()) is Tensor
    assert repr(Parameter(mt.ones(1))).startswith("Parameter containing:\ntensor([1.]")


def test_a_buffer_is_replaced_by_assigning_to_it() -> None:
    block = Block()
    block.count = mt.tensor(5)
    assert block.state_dict()["count"].item() == 5
    block.count = None
    assert list(block.named_buffers()) == []
    assert "count" not in block.state_dict()


@pytest.mark.parametrize("name", ["count", "forward", "a.b", ""])
def test_a_buffer_needs_a_free_name(name: str) -> None:
    with pytest.raises(ValueError, match="is not a free attribute name of Block"):
        Block().register_buffer(name, mt.zeros(1))


def test_a_buffer_is_a_tensor_or_none() -> None:
    with pytest.raises(TypeError, match="'other' must be a tensor or None, got float"):
        Block().register_buffer("other", 1.0)  # type: ignore[arg-type]


# -- what can be done to it ------------------------------------------------------------------------


def test_train_and_eval_reach_every_module() -> None:
    model = Model()
    assert model.training
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    assert model.train() is model
    assert all(module.training for module in model.modules())
    assert model.train(False).drop.training is False


def test_zero_grad_and_requires_grad_reach_every_parameter() -> None:
    model = Model()
    model(mt.ones(1, 2)).sum().backward()
    gradients = [p.grad for p in model.parameters()]
    assert all(g is not None and g.shape == p.shape for g, p in zip(gradients, model.parameters()))
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    model.requires_grad_(False)
    assert not model(mt.ones(1, 2)).requires_grad


def test_apply_visits_children_first() -> None:
    seen: list[str] = []
    Model().apply(lambda module: seen.append(type(module).__name__))
    assert seen == ["Linear", "Block", "Linear", "Block", "Linear", "Dropout", "Model"]


def test_to_a_backend_moves_parameters_buffers_and_gradients_in_place() -> None:
    model = Model().eval()
    parameters = list(model.parameters())
    x = mt.ones(1, 2)
    before = model(x)
    before.sum().backward()
    gradients = [p.grad.numpy().copy() for p in parameters]
    assert model.to("simple") is model
    assert next(model.parameters()) is parameters[0]
    assert {v.backend.name for v in [*model.parameters(), *model.buffers()]} == {"simple"}
    for p, gradient in zip(parameters, gradients):
        assert p.grad.backend.name == "simple"
        np.testing.assert_array_equal(p.grad.numpy(), gradient)
    assert_close(model(x.to("simple")), before.detach().to("simple"))
    assert model.tied.weight is model.first.linear.weight  # still shared
    assert model.to(mt.get_backend("numpy")).first.scale.backend.name == "numpy"


def test_a_graph_from_before_a_move_is_refused_and_one_from_a_move_to_nowhere_is_not() -> None:
    layer = nn.Linear(2, 1)
    x = mt.ones(1, 2, requires_grad=True)
    loss = layer(x).sum()
    layer.to("numpy").to("float32")
    loss.backward(retain_graph=True)
    layer.to("float64")
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize("target", ["float64", mt.float64])
def test_to_a_dtype_converts_what_is_floating_point(target: Any) -> None:
    model = Model().to(target)
    assert {p.dtype for p in model.parameters()} == {mt.float64}
    assert model.first.count.dtype is mt.int64
    assert model(mt.ones(1, 2, dtype="float64")).dtype is mt.float64


@pytest.mark.parametrize("target", ["int64", mt.bool_])
def test_to_refuses_a_dtype_without_gradients(target: Any) -> None:
    with pytest.raises(TypeError, match="wanted a device, float32 or float64, got"):
        Model().to(target)


def test_to_refuses_an_unknown_backend_even_without_parameters() -> None:
    with pytest.raises(mt.BackendNotFound, match=r"no backend 'nump'.*Did you mean 'numpy'"):
        nn.ReLU().to("nump")


# -- saving ----------------------------------------------------------------------------------------


def test_state_dict_has_a_shared_parameter_under_every_name() -> None:
    state = Model().state_dict()
    assert list(state) == [
        "first.scale", "first.count", "first.linear.weight", "first.linear.bias",
        "again.scale", "again.count", "again.linear.weight", "again.linear.bias",
        "tied.weight",
    ]  # fmt: skip
    assert not any(value.requires_grad for value in state.values())


def test_a_state_dict_shares_memory_with_its_module() -> None:
    layer = nn.Linear(2, 2)
    state = layer.state_dict()
    with mt.no_grad():
        layer.weight.fill_(7.0)
    assert state["weight"].tolist() == [[7.0, 7.0], [7.0, 7.0]]


@pytest.mark.parametrize("convert", [lambda t: t, lambda t: t.numpy(), lambda t: t.to("simple")])
def test_a_state_dict_round_trip_gives_the_same_function(convert: Any) -> None:
    one, other = Model().eval(), Model().eval()
    x = mt.randn(3, 2)
    assert not np.allclose(one(x).detach().numpy(), other(x).detach().numpy())
    state = {name: convert(value) for name, value in one.state_dict().items()}
    assert other.load_state_dict(state) == ([], [])
    assert_close(one(x), other(x))
    with mt.no_grad():
        one.first.scale.fill_(0.0)
    assert other.first.scale.tolist() == [1.0, 1.0]  # a copy, not the same memory


def test_loading_keeps_dtype_and_backend() -> None:
    layer = nn.Linear(2, 2).to("simple")
    layer.load_state_dict(nn.Linear(2, 2).to("float64").state_dict())
    assert layer.weight.dtype is mt.float32
    assert layer.weight.backend.name == "simple"


def test_loading_into_a_graph_in_progress_is_noticed() -> None:
    layer = nn.Linear(2, 2)
    out = layer(mt.ones(1, 2, requires_grad=True))
    layer.load_state_dict(layer.state_dict())
    with pytest.raises(RuntimeError, match="changed in place"):
        out.sum().backward()


def test_loading_lists_everything_that_is_wrong_and_changes_nothing() -> None:
    layer = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = {name: value.numpy().copy() for name, value in layer.state_dict().items()}
    state = {
        "0.weight": np.ones((3, 2), np.float32),
        "0.bias": np.ones(4, np.float32),
        "1.weight": "no tensor",
        "2.weight": np.ones(1, np.float32),
    }
    with pytest.raises(ValueError) as caught:
        layer.load_state_dict(state)
    assert str(caught.value).splitlines() == [
        "load_state_dict: the values do not fit Sequential:",
        "  missing: 1.bias",
        "  unexpected: 2.weight",
        "  0.bias: shape (4,) given, (3,) in the model",
        "  1.weight: str given, wanted a tensor",
    ]
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])


def test_loading_loosely_reports_what_did_not_match() -> None:
    layer = nn.Linear(2, 1)
    state = {"weight": np.full((1, 2), 5.0, np.float32), "extra": np.zeros(1)}
    found = layer.load_state_dict(state, strict=False)
    assert found.missing_keys == ["bias"]
    assert found.unexpected_keys == ["extra"]
    assert layer.weight.tolist() == [[5.0, 5.0]]
    with pytest.raises(ValueError, match=r"weight: shape \(2, 1\) given, \(1, 2\) in the model"):
        layer.load_state_dict({"weight": np.zeros((2, 1))}, strict=False)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copied_model_computes_the_same_and_shares_nothing(duplicate: Any) -> None:
    model = Model().eval()
    other = duplicate(model)
    x = mt.randn(2, 2)
    assert_close(other(x), model(x))
    assert other.tied.weight is other.first.linear.weight  # shared inside, as in the original
    with mt.no_grad():
        other.first.scale.fill_(0.0)
    assert model.first.scale.tolist() == [1.0, 1.0]
    assert all(isinstance(p, Parameter) and p.requires_grad for p in other.parameters())


# -- hooks -----------------------------------------------------------------------------------------


def test_hooks_see_and_may_replace_inputs_and_output() -> None:
    layer = nn.Linear(2, 2)
    x = mt.ones(1, 2)
    plain = layer(x)
    seen: list[Any] = []
    handles = [
        layer.register_forward_pre_hook(lambda module, inputs: seen.append((module, inputs))),
        layer.register_forward_pre_hook(lambda module, inputs: (inputs[0] * 0.0,)),
        layer.register_forward_pre_hook(lambda module, inputs: inputs[0] + 1.0),
        layer.register_forward_hook(lambda module, inputs, output: seen.append(output)),
        layer.register_forward_hook(lambda module, inputs, output: output * 2.0),
    ]
    assert_close(layer(x * 3.0), plain * 2.0)
    assert seen[0][0] is layer
    assert_close(seen[1], plain)
    for handle in handles:
        handle.remove()
        handle.remove()  # twice is fine
    assert_close(layer(x), plain)
    assert len(seen) == 2


def test_removing_one_of_two_equal_hooks_leaves_the_other() -> None:
    layer = nn.ReLU()
    calls: list[int] = []

    def hook(module: Module, inputs: Any, output: Any) -> None:
        calls.append(1)

    first, _ = layer.register_forward_hook(hook), layer.register_forward_hook(hook)
    first.remove()
    first.remove()
    layer(mt.zeros(1))
    assert len(calls) == 1
    assert nn.ReLU()(mt.zeros(1)) is not None  # the hooks are this module's, not the class's
    assert len(calls) == 1


def test_a_handle_takes_off_the_hook_that_it_was_given_for() -> None:
    layer = nn.ReLU()
    order: list[str] = []

    def first(module: Module, inputs: Any) -> None:
        order.append("first")

    def second(module: Module, inputs: Any) -> None:
        order.append("second")

    handles = [layer.register_forward_pre_hook(hook) for hook in (first, second, first)]
    handles[2].remove()
    layer(mt.zeros(1))
    assert order == ["first", "second"]
    assert all(isinstance(handle, nn.RemovableHandle) for handle in handles)


# -- printing --------------------------------------------------------------------------------------


def test_a_model_prints_as_in_pytorch() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.Sequential(nn.Dropout(0.2), nn.Linear(3, 2, bias=False)),
    )
    assert repr(model) == (
        "Sequential(\n"
        "  (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))\n"
        "  (1): ReLU()\n"
        "  (2): Sequential(\n"
        "    (0): Dropout(p=0.2, inplace=False)\n"
        "    (1): Linear(in_features=3, out_features=2, bias=False)\n"
        "  )\n"
        ")"
    )


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(2, 4, 3, 2, dilation=2, groups=2, bias=False),
         "Conv2d(2, 4, kernel_size=(3, 3), stride=(2, 2), dilation=(2, 2), groups=2, bias=False)"),
        (nn.Conv1d(2, 4, 3), "Conv1d(2, 4, kernel_size=(3,), stride=(1,))"),
        (nn.MaxPool2d(2), "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, "
                          "ceil_mode=False)"),
        (nn.AvgPool1d(3, 1), "AvgPool1d(kernel_size=(3,), stride=(1,), padding=(0,))"),
        (nn.AdaptiveAvgPool2d((1, None)), "AdaptiveAvgPool2d(output_size=(1, None))"),
        (nn.BatchNorm1d(3), "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, "
                            "bias=True, track_running_stats=True)"),
        (nn.LayerNorm(3), "LayerNorm((3,), eps=1e-05, elementwise_affine=True, "
                          "bias=True)"),
        (nn.Embedding(5, 3), "Embedding(5, 3)"),
        (nn.Embedding(5, 3, -1), "Embedding(5, 3, padding_idx=4)"),
        (nn.LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"),
        (nn.GELU(), "GELU(approximate='none')"),
        (nn.Softmax(1), "Softmax(dim=1)"),
        (nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
        (nn.CrossEntropyLoss(), "CrossEntropyLoss()"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_layer_prints_its_settings(layer: Module, text: str) -> None:
    assert repr(layer) == text


def test_a_module_with_settings_and_children_prints_both() -> None:
    class Scaled(Module):
        def __init__(self) -> None:
            self.inner = nn.ReLU()

        def extra_repr(self) -> str:
            return "factor=2"

    assert repr(Scaled()) == "Scaled(\n  factor=2\n  (inner): ReLU()\n)"


def test_a_summary_has_a_line_for_every_layer() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU()).train()
    model[0].bias.requires_grad_(False)
    assert nn.summary(model, mt.zeros(2, 4)).splitlines() == [
        "layer    type         output  parameters",
        "(model)  Sequential   (2, 3)            ",
        "0        Linear       (2, 3)          15",
        "1        BatchNorm1d  (2, 3)           6",
        "2        ReLU         (2, 3)            ",
        "21 parameters, 18 of them learned",
    ]
    assert model.training
    assert model[1].num_batches_tracked.item() == 0
    assert "forward_hooks" not in str(vars(model[0])) or model[0]._forward_hooks == []
    assert "(2, 3)" not in nn.summary(model)


# -- PyTorch's other words for contents ----------------------------------------------------------


def test_what_is_registered_by_name_is_found_by_name():
    module = nn.Module()
    module.add_module("inner", nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))
    module.register_parameter("scale", nn.Parameter(mt.ones(3)))
    module.register_parameter("shift", None)
    module.add_module("nothing", None)
    assert module.shift is None and module.nothing is None
    assert module.get_submodule("") is module
    assert module.get_submodule("inner.0") is module.inner[0]
    assert module.get_parameter("inner.0.weight") is module.inner[0].weight
    assert module.get_parameter("scale") is module.scale
    assert module.get_buffer("inner.1.running_mean") is module.inner[1].running_mean
    assert [name for name, _ in module.named_parameters(recurse=False)] == ["scale"]
    assert list(module.parameters(recurse=False)) == [module.scale]
    assert not list(module.buffers(recurse=False))
    assert [name for name, _ in module.inner[1].named_buffers(recurse=False)] == [
        "running_mean",
        "running_var",
        "num_batches_tracked",
    ]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.add_module("a.b", nn.Tanh()), ValueError, "add_module: 'a.b' is not a free"),
        (lambda m: m.add_module("forward", nn.Tanh()), ValueError, "'forward' is not a free"),
        (lambda m: m.add_module("x", 3), TypeError, "add_module: 'x' must be a Module or None"),
        (
            lambda m: m.register_parameter("x", mt.ones(2)),
            TypeError,
            "register_parameter: 'x' must be a Parameter or None, got Tensor",
        ),
        (lambda m: m.register_parameter("", None), ValueError, "register_parameter: '' is not"),
        (lambda m: m.get_submodule("no"), AttributeError, "Linear has no module 'no'"),
        (lambda m: m.get_parameter("no"), AttributeError, "Linear has no parameter 'no'"),
        (lambda m: m.get_buffer("weight"), AttributeError, "Linear has no buffer 'weight'"),
        (lambda m: m.half(), TypeError, "half: MiniTorch computes in float32 and float64"),
        (lambda m: m.bfloat16(), TypeError, "bfloat16: MiniTorch computes"),
    ],
)
def test_names_that_do_not_fit_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(nn.Linear(2, 3))


def test_modules_move_and_convert_by_pytorchs_words():
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    weight, count = module[0].weight, module[1].num_batches_tracked
    with mt.use_backend("numpy"):
        assert module.to("simple", mt.float64) is module
        assert (weight.backend.name, weight.dtype) == ("simple", mt.float64)
        assert (count.backend.name, count.dtype) == ("simple", mt.int64)
        module.cpu().float()
        assert (weight.backend.name, weight.dtype) == ("numpy", mt.float32)
        module.to(mt.ones(1, device="simple", dtype=mt.float64))
        assert (weight.backend.name, weight.dtype) == ("simple", mt.float64)
        module.type(mt.float32).to(device="cpu", non_blocking=True)
        assert (weight.backend.name, weight.dtype) == ("numpy", mt.float32)
        assert module.double()[0].weight is weight


@pytest.mark.parametrize(
    "make",
    [
        lambda **o: nn.Linear(2, 3, **o),
        lambda **o: nn.Embedding(2, 3, **o),
        lambda **o: nn.Conv1d(2, 3, 1, **o),
        lambda **o: nn.Conv2d(2, 3, 1, **o),
        lambda **o: nn.BatchNorm1d(3, **o),
        lambda **o: nn.BatchNorm2d(3, **o),
        lambda **o: nn.LayerNorm(3, **o),
        lambda **o: nn.GroupNorm(1, 3, **o),
        lambda **o: nn.InstanceNorm1d(3, affine=True, track_running_stats=True, **o),
        lambda **o: nn.RMSNorm(3, **o),
        lambda **o: nn.ConvTranspose1d(2, 3, 1, **o),
        lambda **o: nn.ConvTranspose2d(2, 3, 1, **o),
        lambda **o: nn.EmbeddingBag(2, 3, **o),
        lambda **o: nn.MultiheadAttention(4, 2, add_bias_kv=True, **o),
        lambda **o: nn.Transformer(4, 2, 1, 1, 3, **o),
        lambda **o: nn.PReLU(3, **o),
        lambda **o: nn.RNN(2, 3, **o),
        lambda **o: nn.LSTM(2, 3, num_layers=2, bidirectional=True, **o),
        lambda **o: nn.GRU(2, 3, **o),
        lambda **o: nn.RNNCell(2, 3, **o),
        lambda **o: nn.LSTMCell(2, 3, **o),
        lambda **o: nn.GRUCell(2, 3, **o),
    ],
)
def test_layers_are_made_on_a_device_and_of_a_dtype(make):
    layer = make(device="simple", dtype=mt.float64)
    values = [*layer.parameters(), *layer.buffers()]
    assert values and {value.backend.name for value in values} == {"simple"}
    assert {x.dtype for x in values if x.is_floating_point()} == {mt.float64}
