"""Every function, module, optimizer and schedule gives PyTorch's numbers, stored in a file.

`pytorch/make.py` wrote the file; here PyTorch is not needed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_nn.optim import lr_scheduler
from minitorch_tensor import DType, Tensor

STORED = json.loads((Path(__file__).parent / "pytorch" / "expectations.json").read_text("utf-8"))

#: Relative to the largest number of an array: float64 is exact up to the stored digits.
TOLERANCE = {mt.float64: 1e-10, mt.float32: 5e-6}

#: What PyTorch divides by six in single precision, whatever the dtype.
COARSE = {"hardsigmoid": 1e-7, "Hardsigmoid": 1e-7}

#: Options that are tensors.
TENSOR_OPTIONS = {"pos_weight", "weight"}

#: Options that come second.
SECOND = {
    "group_norm": "num_groups",
    "layer_norm": "normalized_shape",
    "rms_norm": "normalized_shape",
}

DTYPES = pytest.mark.parametrize("dtype", TOLERANCE, ids=str)


def named(section: str, key: str) -> Any:
    """A parametrization over a section of the file, each case with a readable name."""
    return pytest.mark.parametrize(
        "case", STORED[section], ids=lambda case: f"{case[key]}-{case['options']}"
    )


def as_tensor(values: Any, dtype: DType) -> Tensor:
    """Stored numbers: whole ones as int64, others in the dtype."""
    array = np.asarray(values)
    return mt.tensor(array) if array.dtype.kind == "i" else mt.tensor(array, dtype=dtype)


def weights_of(output: Tensor) -> Tensor:
    """What an output is multiplied by before it is added up, as in pytorch/runner.py."""
    weights = np.cos(np.arange(output.numel(), dtype=np.float64)).reshape(output.shape)
    return mt.tensor(weights, dtype=output.dtype)


def assert_near(actual: Tensor, expected: Any, dtype: DType, what: str, atol: float = 0.0) -> None:
    wanted = np.asarray(expected, np.float64)
    got = actual.detach().numpy()
    assert got.shape == wanted.shape, what
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    np.testing.assert_allclose(
        got, wanted, rtol=0, atol=max(TOLERANCE[dtype] * scale, atol), err_msg=what
    )


@pytest.mark.filterwarnings("ignore:.*deprecated:UserWarning")
@DTYPES
@named("functions", "function")
def test_a_function_and_its_gradients(case: dict[str, Any], dtype: DType, backend: str) -> None:
    options = dict(case["options"])
    for name in TENSOR_OPTIONS & set(options):
        options[name] = as_tensor(options[name], dtype)
    inputs = [as_tensor(values, dtype) for values in case["inputs"]]
    for x, gradient in zip(inputs, case["gradients"]):
        if gradient is not None:
            x.requires_grad_()
    name = case["function"]
    if name in SECOND:
        output = getattr(F, name)(inputs[0], options.pop(SECOND[name]), *inputs[1:], **options)
    elif name[0].isupper():
        module = getattr(nn, name)(**options)
        assert repr(module) == case["repr"]
        output = module(*inputs)
    else:
        output = getattr(F, name)(*inputs, **options)
    assert output.dtype is (dtype if output.requires_grad else mt.int64)
    assert_near(output, case["output"], dtype, "output")
    if not output.requires_grad:
        return
    (output * weights_of(output)).sum().backward()
    for position, (x, gradient) in enumerate(zip(inputs, case["gradients"])):
        if gradient is not None:
            what = f"gradient of input {position}"
            assert_near(x.grad, gradient, dtype, what, COARSE.get(name, 0.0))


@DTYPES
@named("modules", "module")
def test_a_module_in_training_and_in_evaluation(
    case: dict[str, Any], dtype: DType, backend: str
) -> None:
    module = getattr(nn, case["module"])(*case["args"], **case["options"]).to(dtype)
    assert repr(module) == case["repr"]
    assert list(module.state_dict()) == list(case["state"])
    module.load_state_dict({key: np.asarray(value) for key, value in case["state"].items()})
    stored = zip(case["steps"], case["outputs"], case["input_gradients"])
    for step, expected, input_gradient in stored:
        x = as_tensor(step, dtype).requires_grad_(input_gradient is not None)
        output = module(x)
        assert_near(output, expected, dtype, "output in training")
        (output * weights_of(output)).sum().backward()
        if input_gradient is not None:
            coarse = COARSE.get(case["module"], 0.0)
            assert_near(x.grad, input_gradient, dtype, "gradient of the input", coarse)
    for key, parameter in module.named_parameters():
        assert_near(parameter.grad, case["gradients"][key], dtype, f"gradient of {key}")
    for key, value in module.state_dict().items():
        assert_near(value, case["state_after"][key], dtype, f"{key} after training")
    output = module.eval()(as_tensor(case["last"], dtype))
    assert_near(output, case["last_output"], dtype, "output in evaluation")


@DTYPES
@named("recurrent", "recurrent")
def test_a_recurrent_layer_and_its_gradients(
    case: dict[str, Any], dtype: DType, backend: str
) -> None:
    module = getattr(nn, case["recurrent"])(3, 2, **case["options"]).to(dtype)
    assert list(module.state_dict()) == list(case["state"])
    module.load_state_dict({key: np.asarray(value) for key, value in case["state"].items()})
    x = as_tensor(case["input"], dtype).requires_grad_()
    state = [as_tensor(part, dtype).requires_grad_() for part in case["hx"] or []]
    hx = (tuple(state) if len(state) == 2 else state[0]) if state else None
    lengths = {} if case["lengths"] is None else {"lengths": case["lengths"]}
    outputs = flat(module(x, hx, **lengths))
    for number, (output, expected) in enumerate(zip(outputs, case["outputs"], strict=True)):
        assert_near(output, expected, dtype, f"output {number}")
    total = sum((output * weights_of(output)).sum() for output in outputs)
    total.backward()
    assert_near(x.grad, case["input_gradient"], dtype, "gradient of the input")
    for part, expected in zip(state, case["hx_gradients"] or [], strict=True):
        assert_near(part.grad, expected, dtype, "gradient of the state")
    for key, parameter in module.named_parameters():
        assert_near(parameter.grad, case["gradients"][key], dtype, f"gradient of {key}")


@DTYPES
@named("attention", "attention")
def test_attention_and_its_gradients(case: dict[str, Any], dtype: DType, backend: str) -> None:
    module = getattr(nn, case["attention"])(*case["args"], **case["options"]).to(dtype)
    assert repr(module) == case["repr"]
    assert list(module.state_dict()) == list(case["state"])
    module.load_state_dict({key: np.asarray(value) for key, value in case["state"].items()})
    inputs = [as_tensor(values, dtype).requires_grad_() for values in case["inputs"]]
    call = {
        key: value if isinstance(value, bool) else as_mask(value, dtype)
        for key, value in case["call"].items()
    }
    outputs = flat(module(*inputs, **call))
    for number, (output, expected) in enumerate(zip(outputs, case["outputs"], strict=True)):
        assert_near(output, expected, dtype, f"output {number}")
    sum((output * weights_of(output)).sum() for output in outputs).backward()
    for x, gradient in zip(inputs, case["input_gradients"], strict=True):
        assert_near(x.grad, gradient, dtype, "gradient of an input")
    for key, parameter in module.named_parameters():
        assert_near(parameter.grad, case["gradients"][key], dtype, f"gradient of {key}")


def as_mask(values: Any, dtype: DType) -> Tensor:
    """Stored truth values or numbers."""
    array = np.asarray(values)
    return mt.tensor(array) if array.dtype.kind == "b" else mt.tensor(array, dtype=dtype)


def flat(value: Any) -> list[Tensor]:
    """The tensors of nested tuples."""
    if value is None:
        return []
    return [value] if isinstance(value, Tensor) else [t for part in value for t in flat(part)]


@pytest.mark.parametrize(
    "case", [case for case in STORED["optimizers"] if case["optimizer"] == "LBFGS"]
)
def test_ten_steps_of_lbfgs(case: dict[str, Any], backend: str) -> None:
    parameter = nn.Parameter(as_tensor(case["start"], mt.float64))
    optimizer = nn.optim.LBFGS([parameter], **case["options"])
    scale, centre, *_ = [as_tensor(values, mt.float64) for values in case["gradients"]]

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = ((1 + scale**2) * (parameter - centre) ** 2).sum() + (parameter**4).sum()
        loss.backward()
        return loss

    for expected in case["path"]:
        optimizer.step(closure)
        assert_near(parameter, expected, mt.float64, "parameter")


@DTYPES
@pytest.mark.parametrize(
    "case",
    [case for case in STORED["optimizers"] if case["optimizer"] != "LBFGS"],
    ids=lambda case: f"{case['optimizer']}-{case['options']}",
)
def test_ten_steps_of_an_optimizer(case: dict[str, Any], dtype: DType, backend: str) -> None:
    parameter = nn.Parameter(as_tensor(case["start"], dtype))
    optimizer = getattr(nn.optim, case["optimizer"])([parameter], **case["options"])
    for gradient, expected in zip(case["gradients"], case["path"]):
        parameter.grad = as_tensor(gradient, dtype)
        optimizer.step()
        assert_near(parameter, expected, dtype, "parameter")
        np.testing.assert_array_equal(  # the step read it and left it alone
            parameter.grad.numpy(), as_tensor(gradient, dtype).numpy()
        )


@named("schedulers", "scheduler")
def test_the_rates_of_a_schedule(case: dict[str, Any]) -> None:
    options = dict(case["options"])
    make = getattr(nn.optim, options.pop("optimizer", "SGD"))
    optimizer = make([nn.Parameter(mt.zeros(1))], lr=0.1)
    arguments = options.pop("metrics", None) or options.pop("epochs", None)
    if isinstance(arguments, int):  # OneCycleLR's
        options["epochs"] = arguments
        arguments = None
    scheduler = schedule(case["scheduler"], optimizer, options)
    rates = [scheduler.get_last_lr()[0]]
    momentums = [momentum(optimizer)]
    for number in range(len(case["rates"]) - 1):
        scheduler.step(*([] if arguments is None else [arguments[number]]))
        rates.append(optimizer.param_groups[0]["lr"])
        momentums.append(momentum(optimizer))
    np.testing.assert_allclose(rates, case["rates"], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(momentums, case["momentums"], rtol=1e-9, atol=1e-15)


def schedule(name: str, optimizer: nn.optim.Optimizer, options: dict[str, Any]) -> Any:
    """A schedule, with those that it is made of."""
    given = dict(options)
    if "powers_of" in given:
        base = given.pop("powers_of")
        given["lr_lambda"] = lambda step: base**step
    if "schedulers" in given:
        given["schedulers"] = [
            schedule(part, optimizer, more) for part, more in given["schedulers"]
        ]
    made = getattr(lr_scheduler, name)
    return made(**given) if name == "ChainedScheduler" else made(optimizer, **given)


def momentum(optimizer: nn.optim.Optimizer) -> float:
    """The momentum, or the first beta."""
    group = optimizer.param_groups[0]
    return float(group["betas"][0] if "betas" in group else group["momentum"])


def test_a_warm_up_followed_by_half_a_cosine() -> None:
    expected = STORED["warm_up"][0]["rates"]
    optimizer = nn.optim.SGD([nn.Parameter(mt.zeros(1))], lr=0.1)
    warm_up = lr_scheduler.LinearLR(optimizer, 0.25, 1.0, 4)
    cool_down = lr_scheduler.CosineAnnealingLR(optimizer, 6)
    scheduler = lr_scheduler.SequentialLR(optimizer, [warm_up, cool_down], [4])
    rates = [scheduler.get_last_lr()[0]]
    for _ in expected[1:]:
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    np.testing.assert_allclose(rates, expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("case", STORED["clipping"], ids=lambda case: case["norm_type"])
def test_gradients_clipped_by_their_norm(case: dict[str, Any], backend: str) -> None:
    parameters = []
    for gradient in case["before"]:
        values = as_tensor(gradient, mt.float64)
        parameters.append(nn.Parameter(mt.zeros_like(values)))
        parameters[-1].grad = values
    total = nn.utils.clip_grad_norm_(parameters, case["max_norm"], float(case["norm_type"]))
    assert_near(total, case["total"], mt.float64, "total norm")
    for parameter, after in zip(parameters, case["after"]):
        assert_near(parameter.grad, after, mt.float64, "gradient")


@pytest.mark.parametrize("case", STORED["clip_values"], ids=lambda case: str(case["clip_value"]))
def test_gradients_clipped_by_value(case: dict[str, Any], backend: str) -> None:
    parameters = []
    for gradient in case["before"]:
        values = as_tensor(gradient, mt.float64)
        parameters.append(nn.Parameter(mt.zeros_like(values)))
        parameters[-1].grad = values
    nn.utils.clip_grad_value_(parameters, case["clip_value"])
    for parameter, after in zip(parameters, case["after"]):
        assert_near(parameter.grad, after, mt.float64, "gradient")


# -- nothing is left out ---------------------------------------------------------------------------

#: What has no numbers of its own: bases, and modules that hold others.
NO_NUMBERS = {"Module", "Sequential", "ModuleList", "ModuleDict", "Optimizer", "LRScheduler"}


def subclasses(namespace: Any, base: type) -> set[str]:
    """The names in a namespace of subclasses of `base` that have numbers."""
    found = {
        name
        for name, value in vars(namespace).items()
        if isinstance(value, type) and issubclass(value, base)
    }
    return found - NO_NUMBERS


def compared(*sections: tuple[str, str]) -> set[str]:
    """The names of the cases in sections of the file."""
    return {case[key] for section, key in sections for case in STORED[section]}


def test_every_layer_and_loss_is_compared() -> None:
    cases = compared(
        ("modules", "module"),
        ("recurrent", "recurrent"),
        ("functions", "function"),
        ("attention", "attention"),
    )
    inside = {"TransformerDecoder", "TransformerEncoder"}  # of Transformer
    assert subclasses(nn, nn.Module) - inside <= cases


def test_every_function_is_compared() -> None:
    # By BatchNorm1d, BatchNorm2d, Dropout and MultiheadAttention.
    elsewhere = {"batch_norm", "dropout", "multi_head_attention_forward"}
    elsewhere |= {"self_attention"}  # ours alone; beside scaled_dot_product_attention
    assert set(F.__all__) - elsewhere <= compared(("functions", "function"))


def test_every_optimizer_and_schedule_is_compared() -> None:
    assert subclasses(nn.optim, nn.optim.Optimizer) == compared(("optimizers", "optimizer"))
    schedules = subclasses(lr_scheduler, lr_scheduler.LRScheduler)
    assert schedules == compared(("schedulers", "scheduler"))
