"""Say what is compared with PyTorch; with --write, write what it computes (expectations.json).

`tox -e pytorch -- --write` runs it where PyTorch is, when a case is added. The tests read the file
and need no PyTorch; test_side_by_side.py checks that the file is what PyTorch gives. Inputs are
stored with the results, rounded to three decimals; everything is float64.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).resolve().parent

RNG = np.random.default_rng(2024)


def draw(*shape: int, low: float = -2.0, high: float = 2.0) -> torch.Tensor:
    """Uniform, rounded to three decimals."""
    return torch.tensor(np.round(RNG.uniform(low, high, shape), 3), dtype=torch.float64)


def weights_of(output: torch.Tensor) -> torch.Tensor:
    """What an output is multiplied by before it is added up, so that each element has a gradient of
    its own."""
    return torch.cos(torch.arange(output.numel(), dtype=torch.float64)).reshape(output.shape)


def plain(value: Any) -> Any:
    """Nested lists of numbers with twelve significant digits."""
    if isinstance(value, torch.Tensor):
        value = value.detach().tolist()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


# -- functions: name, inputs (tensors), options ----------------------------------------------------

T = torch.tensor

X4 = (2, 4, 5, 6)  # an image batch
FUNCTIONS: list[tuple[str, list[torch.Tensor], dict[str, Any]]] = [
    ("linear", [draw(3, 4), draw(2, 4), draw(2)], {}),
    ("linear", [draw(2, 3, 4), draw(5, 4)], {}),
    ("conv2d", [draw(2, 3, 5, 6), draw(4, 3, 3, 2), draw(4)], {}),
    ("conv2d", [draw(2, 3, 6, 5), draw(2, 3, 3, 3), draw(2)], {"padding": 1}),
    ("conv2d", [draw(1, 2, 7, 8), draw(3, 2, 3, 2)], {"stride": [2, 3], "padding": [1, 0]}),
    ("conv2d", [draw(1, 2, 7, 8), draw(2, 2, 2, 3), draw(2)], {"dilation": [3, 2], "padding": 2}),
    ("conv2d", [draw(2, 4, 5, 5), draw(6, 2, 2, 2), draw(6)], {"groups": 2}),
    ("conv2d", [draw(1, 3, 5, 5), draw(6, 1, 3, 3)], {"groups": 3, "stride": 2, "padding": 1}),
    ("conv1d", [draw(2, 3, 9), draw(4, 3, 3), draw(4)], {}),
    (
        "conv1d",
        [draw(1, 4, 9), draw(2, 2, 3)],
        {"stride": 2, "padding": 2, "dilation": 2, "groups": 2},
    ),
    ("max_pool2d", [draw(*X4)], {"kernel_size": 2}),
    ("max_pool2d", [draw(*X4)], {"kernel_size": [3, 2], "stride": [1, 2], "padding": [1, 0]}),
    ("max_pool2d", [draw(1, 2, 7, 7)], {"kernel_size": 2, "stride": 2, "dilation": 3}),
    ("max_pool2d", [torch.ones(1, 1, 4, 4, dtype=torch.float64)], {"kernel_size": 2, "stride": 1}),
    ("avg_pool2d", [draw(*X4)], {"kernel_size": 2}),
    ("avg_pool2d", [draw(*X4)], {"kernel_size": [3, 2], "stride": [1, 2], "padding": [1, 1]}),
    ("max_pool1d", [draw(2, 3, 9)], {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("avg_pool1d", [draw(2, 3, 9)], {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("adaptive_avg_pool2d", [draw(*X4)], {"output_size": [3, 4]}),
    ("adaptive_avg_pool2d", [draw(1, 2, 6, 6)], {"output_size": 3}),
    ("adaptive_avg_pool2d", [draw(1, 2, 4, 6)], {"output_size": [None, 4]}),
    ("adaptive_avg_pool2d", [draw(1, 1, 3, 2)], {"output_size": [5, 3]}),
    ("adaptive_max_pool2d", [draw(*X4)], {"output_size": [3, 4]}),
    ("adaptive_max_pool2d", [draw(1, 2, 6, 6)], {"output_size": 1}),
    ("adaptive_avg_pool1d", [draw(2, 3, 7)], {"output_size": 3}),
    ("adaptive_max_pool1d", [draw(2, 3, 7)], {"output_size": 3}),
    ("relu", [T([-1.5, 0.0, 2.0], dtype=torch.float64)], {}),
    ("leaky_relu", [T([-1.5, 0.0, 2.0], dtype=torch.float64)], {}),
    ("leaky_relu", [draw(3, 4)], {"negative_slope": 0.2}),
    ("gelu", [draw(3, 4, low=-4, high=4)], {}),
    ("gelu", [draw(3, 4, low=-4, high=4)], {"approximate": "tanh"}),
    ("silu", [draw(3, 4, low=-4, high=4)], {}),
    ("softplus", [T([-800.0, -3.0, 0.0, 2.0, 15.0, 800.0], dtype=torch.float64)], {}),
    ("sigmoid", [T([-800.0, -3.0, 0.0, 2.0, 800.0], dtype=torch.float64)], {}),
    ("tanh", [draw(3, 4)], {}),
    ("softmax", [draw(3, 4)], {"dim": 0}),
    ("log_softmax", [draw(3, 4)], {"dim": 1}),
    ("embedding", [T([[0, 2], [2, 4]]), draw(5, 3)], {}),
    ("embedding", [T([[0, 2], [2, 4]]), draw(5, 3)], {"padding_idx": 2}),
    ("embedding", [T([0, 4, 4]), draw(5, 2)], {"padding_idx": -1}),
    ("layer_norm", [draw(3, 4), draw(4), draw(4)], {"normalized_shape": [4]}),
    ("layer_norm", [draw(2, 3, 4)], {"normalized_shape": [3, 4], "eps": 0.1}),
    ("nll_loss", [draw(4, 3), T([0, 2, 1, 2])], {}),
    ("nll_loss", [draw(4, 3), T([0, 2, 1, 2]), draw(3, low=0.2)], {}),
    ("cross_entropy", [draw(4, 3), T([0, 2, 1, 2])], {}),
    ("cross_entropy", [draw(4, 3), T([0, 2, 1, 2])], {"reduction": "sum"}),
    ("cross_entropy", [draw(4, 3), T([0, 2, 1, 2])], {"reduction": "none"}),
    ("cross_entropy", [draw(4, 3), T([0, 2, 1, 2]), draw(3, low=0.2)], {}),
    ("cross_entropy", [draw(4, 3), T([0, 2, 1, 2]), draw(3, low=0.2)], {"reduction": "none"}),
    ("cross_entropy", [draw(5, 3), T([0, -100, 1, 2, -100])], {}),
    ("cross_entropy", [draw(5, 3), T([0, 1, 1, 2, 1])], {"ignore_index": 1}),
    ("cross_entropy", [draw(5, 3), T([0, 1, 1, 2, 1])], {"ignore_index": 1, "reduction": "none"}),
    ("cross_entropy", [draw(4, 3), T([0, 2, 1, 2])], {"label_smoothing": 0.1}),
    (
        "cross_entropy",
        [draw(4, 3), T([0, 2, 1, 2]), draw(3, low=0.2)],
        {"label_smoothing": 0.3, "ignore_index": 2},
    ),
    (
        "cross_entropy",
        [draw(4, 3), T([0, 2, 1, 2]), draw(3, low=0.2)],
        {"label_smoothing": 0.3, "reduction": "none"},
    ),
    ("cross_entropy", [draw(2, 3, 2, 2), T([[[0, 1], [2, 1]], [[1, 1], [0, 2]]])], {}),
    (
        "cross_entropy",
        [draw(2, 3, 2, 2), T([[[0, 1], [2, 1]], [[1, 1], [0, 2]]]), draw(3, low=0.2)],
        {"label_smoothing": 0.2, "ignore_index": 0},
    ),
    ("cross_entropy", [draw(2, 3), T([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]], dtype=torch.float64)], {}),
    (
        "cross_entropy",
        [draw(2, 3), T([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]], dtype=torch.float64), draw(3, low=0.2)],
        {"label_smoothing": 0.2},
    ),
    (
        "cross_entropy",
        [T([[1000.0, 0.0], [0.0, -1000.0], [-1e4, 1e4]], dtype=torch.float64), T([0, 0, 0])],
        {"reduction": "none"},
    ),
    ("binary_cross_entropy_with_logits", [draw(3, 2), draw(3, 2, low=0.0, high=1.0)], {}),
    (
        "binary_cross_entropy_with_logits",
        [
            T([-900.0, 0.0, 900.0, 900.0], dtype=torch.float64),
            T([0.0, 1.0, 1.0, 0.0], dtype=torch.float64),
        ],
        {"reduction": "none"},
    ),
    (
        "binary_cross_entropy_with_logits",
        [draw(3, 2), draw(3, 2, low=0.0, high=1.0), draw(3, 2, low=0.2)],
        {"pos_weight": [0.5, 3.0], "reduction": "sum"},
    ),
    ("mse_loss", [draw(3, 2), draw(3, 2)], {}),
    ("mse_loss", [draw(3, 2), draw(3, 2)], {"reduction": "none"}),
    ("l1_loss", [draw(3, 2), draw(3, 2)], {}),
    (
        "l1_loss",
        [T([1.0, 2.0], dtype=torch.float64), T([1.0, 3.0], dtype=torch.float64)],
        {"reduction": "sum"},
    ),
    ("nll_loss", [draw(4, 3), T([0, 2, 1, 2])], {"ignore_index": 2}),
    ("nll_loss", [draw(4, 3), T([0, 2, 1, 2]), draw(3, low=0.2)], {"reduction": "none"}),
    # Losses as modules.
    ("CrossEntropyLoss", [draw(4, 3), T([0, 2, 1, 2])], {}),
    (
        "CrossEntropyLoss",
        [draw(4, 3), T([0, 2, 1, 2])],
        {"weight": [0.5, 1.0, 2.0], "ignore_index": 1, "label_smoothing": 0.1},
    ),
    ("NLLLoss", [draw(4, 3), T([0, 2, 1, 2])], {"ignore_index": 1, "reduction": "sum"}),
    ("BCEWithLogitsLoss", [draw(3, 2), draw(3, 2, low=0.0, high=1.0)], {"pos_weight": [0.5, 3.0]}),
    ("MSELoss", [draw(3, 2), draw(3, 2)], {"reduction": "sum"}),
    ("L1Loss", [draw(3, 2), draw(3, 2)], {}),
]

#: Functions that PyTorch has elsewhere than in torch.nn.functional.
ELSEWHERE = {"sigmoid": torch.sigmoid, "tanh": torch.tanh}

#: Options that are tensors.
TENSOR_OPTIONS = ("pos_weight", "weight")


def function_case(name: str, inputs: list[torch.Tensor], options: dict[str, Any]) -> dict[str, Any]:
    """The outcome of one call, and the gradients of its floating-point inputs."""
    leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    if "loss" in name or "entropy" in name:  # as functions, which take the weights
        for weight in leaves[2:]:
            weight.requires_grad_(False)  # in PyTorch the weights of losses have no gradient
    given = {
        key: torch.tensor(value, dtype=torch.float64) if key in TENSOR_OPTIONS else value
        for key, value in options.items()
    }
    if name == "layer_norm":  # normalized_shape comes second
        output = F.layer_norm(leaves[0], given.pop("normalized_shape"), *leaves[1:], **given)
    elif name[0].isupper():
        output = getattr(torch.nn, name)(**given)(*leaves)
    else:
        output = ELSEWHERE.get(name, getattr(F, name))(*leaves, **given)
    (output * weights_of(output)).sum().backward()
    return {
        "function": name,
        "options": options,
        "inputs": plain(inputs),
        "output": plain(output),
        "gradients": [None if x.grad is None else plain(x.grad) for x in leaves],
    }


# -- modules: name, arguments, options, inputs of training steps and of an evaluation --------------

MODULES: list[tuple[str, list[Any], dict[str, Any], list[torch.Tensor], torch.Tensor]] = [
    ("Linear", [4, 3], {}, [draw(2, 4)], draw(5, 4)),
    ("Linear", [4, 3], {"bias": False}, [draw(2, 4)], draw(5, 4)),
    ("Conv2d", [2, 4, 3], {"padding": 1, "groups": 2}, [draw(2, 2, 4, 4)], draw(1, 2, 5, 5)),
    ("Conv1d", [2, 3, 3], {"stride": 2}, [draw(2, 2, 7)], draw(1, 2, 6)),
    ("Embedding", [5, 3], {"padding_idx": 1}, [T([0, 1, 4])], T([1, 2])),
    ("BatchNorm1d", [3], {}, [draw(4, 3), draw(5, 3)], draw(2, 3)),
    ("BatchNorm1d", [3], {"momentum": None}, [draw(2, 3, 4), draw(2, 3, 4)], draw(2, 3, 4)),
    ("BatchNorm1d", [3], {"track_running_stats": False}, [draw(4, 3)], draw(2, 3)),
    ("BatchNorm2d", [2], {"eps": 0.01, "momentum": 0.3}, [draw(2, 2, 3, 2)] * 2, draw(1, 2, 2, 2)),
    ("BatchNorm2d", [2], {"affine": False}, [draw(2, 2, 3, 2)], draw(1, 2, 2, 2)),
    ("LayerNorm", [[3, 2]], {}, [draw(2, 3, 2)], draw(1, 3, 2)),
    ("LayerNorm", [4], {"bias": False}, [draw(2, 4)], draw(1, 4)),
    ("MaxPool1d", [2], {"padding": 1}, [draw(2, 2, 7)], draw(1, 2, 6)),
    ("MaxPool2d", [2], {"stride": 1}, [draw(*X4)], draw(1, 2, 5, 5)),
    ("AvgPool1d", [3], {"stride": 2, "padding": 1}, [draw(2, 2, 7)], draw(1, 2, 6)),
    ("AvgPool2d", [2], {}, [draw(*X4)], draw(1, 2, 5, 5)),
    ("AdaptiveAvgPool1d", [3], {}, [draw(2, 2, 7)], draw(1, 2, 6)),
    ("AdaptiveAvgPool2d", [[3, 2]], {}, [draw(*X4)], draw(1, 2, 5, 5)),
    ("AdaptiveMaxPool1d", [3], {}, [draw(2, 2, 7)], draw(1, 2, 6)),
    ("AdaptiveMaxPool2d", [2], {}, [draw(*X4)], draw(1, 2, 5, 5)),
    ("ReLU", [], {}, [draw(3, 4)], draw(2, 2)),
    ("LeakyReLU", [0.2], {}, [draw(3, 4)], draw(2, 2)),
    ("GELU", [], {}, [draw(3, 4)], draw(2, 2)),
    ("GELU", [], {"approximate": "tanh"}, [draw(3, 4)], draw(2, 2)),
    ("SiLU", [], {}, [draw(3, 4)], draw(2, 2)),
    ("Softplus", [], {}, [draw(3, 4)], draw(2, 2)),
    ("Sigmoid", [], {}, [draw(3, 4)], draw(2, 2)),
    ("Tanh", [], {}, [draw(3, 4)], draw(2, 2)),
    ("Softmax", [0], {}, [draw(3, 4)], draw(2, 2)),
    ("LogSoftmax", [], {"dim": -1}, [draw(3, 4)], draw(2, 2)),
    ("Flatten", [], {}, [draw(2, 2, 3)], draw(1, 2, 2)),
    ("Flatten", [], {"start_dim": 0, "end_dim": 1}, [draw(2, 2, 3)], draw(1, 2, 2)),
    ("Identity", [], {}, [draw(2, 3)], draw(2, 2)),
    # What is dropped is drawn at random, but for all, nothing, and in evaluation.
    ("Dropout", [1.0], {}, [draw(2, 3)], draw(2, 2)),
    ("Dropout", [0.0], {}, [draw(2, 3)], draw(2, 2)),
    ("Dropout", [0.5], {}, [], draw(2, 2)),
]


def module_case(
    name: str,
    args: list[Any],
    options: dict[str, Any],
    steps: list[torch.Tensor],
    last: torch.Tensor,
) -> dict[str, Any]:
    """Outputs and accumulated gradients over the steps, and the state before and after."""
    module = getattr(torch.nn, name)(*args, **options).double()
    with torch.no_grad():
        for parameter in module.parameters():
            drawn = draw(*parameter.shape)
            if name == "Embedding":
                drawn[options["padding_idx"]] = 0.0
            parameter.copy_(drawn)
    before = {key: plain(value) for key, value in module.state_dict().items()}
    outputs, input_gradients = [], []
    for step in steps:
        x = step.clone().requires_grad_(step.is_floating_point())
        output = module(x)
        outputs.append(plain(output))
        (output * weights_of(output)).sum().backward()
        input_gradients.append(None if x.grad is None else plain(x.grad))
    gradients = {key: plain(p.grad) for key, p in module.named_parameters()}
    return {
        "module": name,
        "args": args,
        "options": options,
        "state": before,
        "steps": plain(steps),
        "outputs": outputs,
        "input_gradients": input_gradients,
        "gradients": gradients,
        "state_after": {key: plain(value) for key, value in module.state_dict().items()},
        "last": plain(last),
        "last_output": plain(module.eval()(last)),
    }


# -- optimizers: name and options ------------------------------------------------------------------

OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.2}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": [0.8, 0.9], "eps": 1e-3}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.1}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "betas": [0.8, 0.9]}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.05, "alpha": 0.9, "weight_decay": 0.1, "momentum": 0.5}),
    ("RMSprop", {"lr": 0.05, "alpha": 0.9, "centered": True, "momentum": 0.5}),
]


def optimizer_case(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """A parameter of four elements after each of ten steps along given gradients."""
    start, gradients = draw(2, 2), draw(10, 2, 2)
    parameter = torch.nn.Parameter(start.clone())
    optimizer = getattr(torch.optim, name)([parameter], **options)
    path = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        path.append(plain(parameter))
    return {
        "optimizer": name,
        "options": options,
        "start": plain(start),
        "gradients": plain(gradients),
        "path": path,
    }


# -- schedules: name, options, number of steps -----------------------------------------------------

SCHEDULERS: list[tuple[str, dict[str, Any], int]] = [
    ("OneCycleLR", {"max_lr": 0.4, "total_steps": 10}, 9),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 25, "pct_start": 0.2, "div_factor": 10.0}, 24),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 7, "pct_start": 0.5, "final_div_factor": 10}, 6),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 3}, 2),
    ("StepLR", {"step_size": 3}, 10),
    ("StepLR", {"step_size": 1, "gamma": 0.9}, 5),
    ("LinearLR", {}, 8),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 4}, 6),
    ("CosineAnnealingLR", {"T_max": 5}, 12),
    ("CosineAnnealingLR", {"T_max": 4, "eta_min": 0.01}, 4),
    ("LambdaLR", {"powers_of": 0.9}, 6),  # stands for a function, which no file can hold
]


def scheduler_case(name: str, options: dict[str, Any], steps: int) -> dict[str, Any]:
    """The learning rate at the start and after each step; 0.1 before the schedule."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    given = dict(options)
    if "powers_of" in given:
        base = given.pop("powers_of")
        given["lr_lambda"] = lambda step: base**step
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **given)
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return {"scheduler": name, "options": options, "rates": plain(rates)}


def warm_up_case() -> dict[str, Any]:
    """A warm-up along a line, then half a cosine."""
    schedules = torch.optim.lr_scheduler
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    warm_up = schedules.LinearLR(optimizer, 0.25, 1.0, 4)
    cool_down = schedules.CosineAnnealingLR(optimizer, 6)
    scheduler = schedules.SequentialLR(optimizer, [warm_up, cool_down], [4])
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(10):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return {"rates": plain(rates)}


# -- gradient clipping -----------------------------------------------------------------------------

CLIPPING: list[tuple[float, float]] = [(1.0, 2.0), (100.0, 2.0), (0.5, 1.0), (0.5, float("inf"))]


def clipping_case(max_norm: float, norm_type: float) -> dict[str, Any]:
    """The total norm of two gradients, and the gradients after clipping."""
    gradients = [draw(2, 3), draw(4)]
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    total = torch.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type)
    return {
        "max_norm": max_norm,
        "norm_type": str(norm_type),
        "before": plain(gradients),
        "total": plain(total),
        "after": [plain(p.grad) for p in parameters],
    }


CLIP_VALUES: list[float] = [0.5, 3.0]


def clip_value_case(clip_value: float) -> dict[str, Any]:
    """The gradients of two parameters before and after clipping."""
    gradients = [draw(2, 3), draw(4)]
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    torch.nn.utils.clip_grad_value_(parameters, clip_value)
    return {
        "clip_value": clip_value,
        "before": plain(gradients),
        "after": [plain(p.grad) for p in parameters],
    }


# -- recurrent layers: name, options, shape of the input, lengths, whether a state is given --------

RECURRENT: list[tuple[str, dict[str, Any], list[int], list[int] | None, bool]] = [
    ("RNN", {}, [3, 2, 3], None, True),
    ("RNN", {"nonlinearity": "relu", "num_layers": 2}, [3, 2, 3], [2, 3], False),
    ("RNN", {"bias": False, "bidirectional": True}, [4, 2, 3], [1, 4], True),
    ("RNN", {"batch_first": True}, [2, 4, 3], None, False),
    ("RNN", {}, [4, 3], None, True),
    ("LSTM", {}, [3, 2, 3], None, False),
    (
        "LSTM",
        {"num_layers": 2, "bidirectional": True, "batch_first": True},
        [2, 4, 3],
        [4, 2],
        True,
    ),
    ("LSTM", {"bias": False}, [3, 3, 3], [2, 3, 1], True),
    ("LSTM", {"bidirectional": True}, [3, 3], None, True),
    ("GRU", {}, [3, 2, 3], None, False),
    ("GRU", {"num_layers": 2, "bidirectional": True}, [4, 2, 3], [3, 4], True),
    ("GRU", {"bias": False, "batch_first": True}, [3, 3, 3], [2, 3, 1], True),
    ("GRU", {}, [3, 3], None, False),
    ("RNNCell", {}, [2, 3], None, True),
    ("RNNCell", {"nonlinearity": "relu", "bias": False}, [2, 3], None, False),
    ("LSTMCell", {}, [2, 3], None, True),
    ("LSTMCell", {"bias": False}, [3], None, True),
    ("GRUCell", {}, [2, 3], None, False),
    ("GRUCell", {}, [3], None, True),
]


def recurrent_case(
    name: str, options: dict[str, Any], shape: list[int], lengths: list[int] | None, given: bool
) -> dict[str, Any]:
    """Outputs, last states and all gradients, for a layer of 3 inputs and 2 hidden units. Lengths
    are what PyTorch packs a sequence for."""
    module = getattr(torch.nn, name)(3, 2, **options).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(draw(*parameter.shape, low=-1.0, high=1.0))
    x = draw(*shape).requires_grad_()
    first = options.get("batch_first", False)
    if name.endswith("Cell"):
        size = [*shape[:-1], 2]
    else:
        directions = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
        size = [directions, *([] if len(shape) == 2 else [shape[0 if first else 1]]), 2]
    state = [draw(*size).requires_grad_() for _ in range(2 if name.startswith("LSTM") else 1)]
    hx = (tuple(state) if len(state) == 2 else state[0]) if given else None
    if lengths is None:
        result = module(x, hx)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            x, torch.tensor(lengths), batch_first=first, enforce_sorted=False
        )
        out, last = module(packed, hx)
        out, _ = torch.nn.utils.rnn.pad_packed_sequence(
            out, batch_first=first, total_length=shape[1 if first else 0]
        )
        result = out, last
    outputs = flat(result)
    sum((part * weights_of(part)).sum() for part in outputs).backward()
    return {
        "recurrent": name,
        "options": options,
        "state": {key: plain(value) for key, value in module.state_dict().items()},
        "input": plain(x),
        "hx": plain(state) if given else None,
        "lengths": lengths,
        "outputs": plain(outputs),
        "input_gradient": plain(x.grad),
        "hx_gradients": [plain(part.grad) for part in state] if given else None,
        "gradients": {key: plain(p.grad) for key, p in module.named_parameters()},
    }


def flat(value: Any) -> list[torch.Tensor]:
    """The tensors of nested tuples."""
    return [value] if isinstance(value, torch.Tensor) else [t for part in value for t in flat(part)]


def compute() -> dict[str, list[dict[str, Any]]]:
    """All cases by section. They draw from one stream of numbers, so once in a process."""
    torch.manual_seed(0)
    return {
        "functions": [function_case(*case) for case in FUNCTIONS],
        "modules": [module_case(*case) for case in MODULES],
        "optimizers": [optimizer_case(*case) for case in OPTIMIZERS],
        "schedulers": [scheduler_case(*case) for case in SCHEDULERS],
        "warm_up": [warm_up_case()],
        "clipping": [clipping_case(*case) for case in CLIPPING],
        "clip_values": [clip_value_case(case) for case in CLIP_VALUES],
        "recurrent": [recurrent_case(*case) for case in RECURRENT],
    }


def main(arguments: list[str]) -> None:
    """Print how many cases there are, and write the file, a line for each, if told."""
    if arguments not in ([], ["--write"]):
        sys.exit(f"make.py: takes --write or nothing, got {' '.join(arguments)}")
    cases = compute()
    if arguments:
        sections = []
        for name, members in cases.items():
            lines = ",\n".join(json.dumps(member, separators=(",", ":")) for member in members)
            sections.append(f'"{name}": [\n{lines}\n]')
        header = f'"torch": "{torch.__version__}"'
        text = "{\n" + ",\n".join([header, *sections]) + "\n}\n"
        (HERE / "expectations.json").write_text(text, encoding="utf-8")
    counts = ", ".join(f"{len(members)} {name}" for name, members in cases.items())
    sys.stdout.write(f"PyTorch {torch.__version__}: {counts}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
