"""The rows of the table, run in PyTorch: what goes in and what comes out, as plain numbers.

Inputs are kept with the results, rounded to three decimals; everything is float64.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from table import Draw, In

Case = dict[str, Any]


def tensors(draw: Draw, *given: In) -> list[torch.Tensor]:
    """The tensors that go in."""
    return [torch.tensor(draw.array(one)) for one in given]


def drawn(draw: Draw, *shape: int, low: float = -2.0, high: float = 2.0) -> torch.Tensor:
    """A tensor of numbers that are the row's own."""
    return torch.tensor(draw(*shape, low=low, high=high))


def weights_of(output: torch.Tensor) -> torch.Tensor:
    """Weights for the sum of an output, so that each element has a gradient of its own."""
    return torch.cos(torch.arange(output.numel(), dtype=torch.float64)).reshape(output.shape)


def plain(value: Any) -> Any:
    """Nested lists of numbers with twelve significant digits."""
    if isinstance(value, torch.Tensor):
        value = value.detach().tolist()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


#: Functions that PyTorch has elsewhere than in torch.nn.functional.
ELSEWHERE = {"sigmoid": torch.sigmoid, "tanh": torch.tanh}

#: Options that are tensors.
TENSOR_OPTIONS = ("pos_weight", "weight")

#: Losses of two operands, whose third is their weights, without a gradient in PyTorch.
WEIGHTED = {
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "multilabel_soft_margin_loss",
    "nll_loss",
}

#: Options that come second.
SECOND = {
    "group_norm": "num_groups",
    "layer_norm": "normalized_shape",
    "rms_norm": "normalized_shape",
}


def function_case(draw: Draw, name: str, given: list[In], options: dict[str, Any]) -> Case:
    """The outcome of one call, and the gradients of its floating-point inputs."""
    inputs = tensors(draw, *given)
    leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    if name in WEIGHTED:
        for weight in leaves[2:]:
            weight.requires_grad_(False)
    more = {
        key: torch.tensor(value, dtype=torch.float64) if key in TENSOR_OPTIONS else value
        for key, value in options.items()
    }
    text = {}
    if name in SECOND:
        output = getattr(F, name)(leaves[0], more.pop(SECOND[name]), *leaves[1:], **more)
    elif name[0].isupper():
        module = getattr(torch.nn, name)(**more)
        text["repr"] = repr(module)
        output = module(*leaves)
    else:
        # What is done in place is not done to a leaf.
        given_ = [x * 1 for x in leaves] if more.get("inplace") else leaves
        output = ELSEWHERE.get(name, getattr(F, name))(*given_, **more)
    if any(x.requires_grad for x in leaves):
        (output * weights_of(output)).sum().backward()
    return {
        "function": name,
        **text,
        "options": options,
        "inputs": plain(inputs),
        "output": plain(output),
        "gradients": [None if x.grad is None else plain(x.grad) for x in leaves],
    }


def module_case(
    draw: Draw, name: str, args: list[Any], options: dict[str, Any], given: list[In], evaluated: In
) -> Case:
    """Outputs and accumulated gradients over the steps, and the state before and after."""
    *steps, last = tensors(draw, *given, evaluated)
    module = getattr(torch.nn, name)(*args, **options).double()
    with torch.no_grad():
        for parameter in module.parameters():
            values = drawn(draw, *parameter.shape)
            if options.get("padding_idx") is not None:
                values[options["padding_idx"]] = 0.0
            parameter.copy_(values)
    before = {key: plain(value) for key, value in module.state_dict().items()}
    outputs, input_gradients = [], []
    for step in steps:
        x = step.clone().requires_grad_(step.is_floating_point())
        output = module(x * 1 if options.get("inplace") or True in args else x)
        outputs.append(plain(output))
        (output * weights_of(output)).sum().backward()
        input_gradients.append(None if x.grad is None else plain(x.grad))
    gradients = {key: plain(p.grad) for key, p in module.named_parameters()}
    return {
        "module": name,
        "repr": repr(module),
        "args": args,
        "options": options,
        "state": before,
        "steps": plain(steps),
        "outputs": outputs,
        "input_gradients": input_gradients,
        "gradients": gradients,
        "state_after": {key: plain(value) for key, value in module.state_dict().items()},
        "last": plain(last),
        "last_output": plain(module.eval()(last.clone())),
    }


def optimizer_case(draw: Draw, name: str, options: dict[str, Any]) -> Case:
    """A parameter of four elements after each of ten steps along given gradients."""
    start, gradients = drawn(draw, 2, 2), drawn(draw, 10, 2, 2)
    parameter = torch.nn.Parameter(start.clone())
    optimizer = getattr(torch.optim, name)([parameter], **options)

    def closure() -> torch.Tensor:
        parameter.grad = None
        scale, centre, *_ = gradients
        loss = ((1 + scale**2) * (parameter - centre) ** 2).sum() + (parameter**4).sum()
        loss.backward()
        return loss

    path = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step(*([closure] if name == "LBFGS" else []))
        path.append(plain(parameter))
    return {
        "optimizer": name,
        "options": options,
        "start": plain(start),
        "gradients": plain(gradients),
        "path": path,
    }


def scheduler_case(draw: Draw, name: str, options: dict[str, Any], steps: int) -> Case:
    """The learning rate at the start and after each step, and the momentum; 0.1 and 0 before the
    schedule."""
    given = dict(options)
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = getattr(torch.optim, given.pop("optimizer", "SGD"))([parameter], lr=0.1)
    arguments = given.pop("metrics", None) or given.pop("epochs", None)
    if isinstance(arguments, int):  # OneCycleLR's
        given["epochs"] = arguments
        arguments = None
    scheduler = schedule(name, optimizer, given)
    rates = [scheduler.get_last_lr()[0]]
    momentums = [momentum(optimizer)]
    for number in range(steps):
        optimizer.step()
        scheduler.step(*([] if arguments is None else [arguments[number]]))
        rates.append(optimizer.param_groups[0]["lr"])
        momentums.append(momentum(optimizer))
    return {
        "scheduler": name,
        "options": options,
        "rates": plain(rates),
        "momentums": plain(momentums),
    }


def schedule(name: str, optimizer: torch.optim.Optimizer, options: dict[str, Any]) -> Any:
    """A schedule, with those that it is made of."""
    given = dict(options)
    if "powers_of" in given:
        base = given.pop("powers_of")
        given["lr_lambda"] = lambda step: base**step
    if "schedulers" in given:
        given["schedulers"] = [
            schedule(part, optimizer, more) for part, more in given["schedulers"]
        ]
    made = getattr(torch.optim.lr_scheduler, name)
    return made(**given) if name == "ChainedScheduler" else made(optimizer, **given)


def momentum(optimizer: torch.optim.Optimizer) -> float:
    """The momentum, or the first beta."""
    group = optimizer.param_groups[0]
    return float(group["betas"][0] if "betas" in group else group["momentum"])


def warm_up_case(draw: Draw, start: float, warm: int, cool: int, steps: int) -> Case:
    """A warm-up along a line, then half a cosine."""
    schedules = torch.optim.lr_scheduler
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    warm_up = schedules.LinearLR(optimizer, start, 1.0, warm)
    cool_down = schedules.CosineAnnealingLR(optimizer, cool)
    scheduler = schedules.SequentialLR(optimizer, [warm_up, cool_down], [warm])
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return {"rates": plain(rates)}


def clipping_case(draw: Draw, max_norm: float, norm_type: float) -> Case:
    """The total norm of two gradients, and the gradients after clipping."""
    gradients = [drawn(draw, 2, 3), drawn(draw, 4)]
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


def clip_value_case(draw: Draw, clip_value: float) -> Case:
    """The gradients of two parameters before and after clipping."""
    gradients = [drawn(draw, 2, 3), drawn(draw, 4)]
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    torch.nn.utils.clip_grad_value_(parameters, clip_value)
    return {
        "clip_value": clip_value,
        "before": plain(gradients),
        "after": [plain(p.grad) for p in parameters],
    }


def recurrent_case(
    draw: Draw,
    name: str,
    options: dict[str, Any],
    shape: list[int],
    lengths: list[int] | None,
    given: bool,
) -> Case:
    """Outputs, last states and all gradients, for a layer of 3 inputs and 2 hidden units. Lengths
    are what PyTorch packs a sequence for."""
    module = getattr(torch.nn, name)(3, 2, **options).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(drawn(draw, *parameter.shape, low=-1.0, high=1.0))
    x = drawn(draw, *shape).requires_grad_()
    first = options.get("batch_first", False)
    if name.endswith("Cell"):
        size = [*shape[:-1], 2]
    else:
        directions = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
        size = [directions, *([] if len(shape) == 2 else [shape[0 if first else 1]]), 2]
    state = [
        drawn(draw, *size).requires_grad_() for _ in range(2 if name.startswith("LSTM") else 1)
    ]
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


def attention_case(
    draw: Draw,
    name: str,
    args: list[Any],
    options: dict[str, Any],
    given: list[In],
    call: dict[str, Any],
) -> Case:
    """Outputs and all gradients, in training, without dropout."""
    module = getattr(torch.nn, name)(*args, **options).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(drawn(draw, *parameter.shape, low=-1.0, high=1.0))
    inputs = [x.requires_grad_() for x in tensors(draw, *given)]
    more = {
        key: value if isinstance(value, bool) else tensors(draw, value)[0]
        for key, value in call.items()
    }
    outputs = flat(module(*inputs, **more))
    sum((part * weights_of(part)).sum() for part in outputs).backward()
    return {
        "attention": name,
        "args": args,
        "options": options,
        "call": {key: v if isinstance(v, bool) else v.values for key, v in call.items()},
        "repr": repr(module),
        "state": {key: plain(value) for key, value in module.state_dict().items()},
        "inputs": plain(inputs),
        "outputs": plain(outputs),
        "input_gradients": [plain(x.grad) for x in inputs],
        "gradients": {key: plain(p.grad) for key, p in module.named_parameters()},
    }


def flat(value: Any) -> list[torch.Tensor]:
    """The tensors of nested tuples."""
    if value is None:
        return []
    return [value] if isinstance(value, torch.Tensor) else [t for part in value for t in flat(part)]


#: The function that computes a case, by section.
COMPUTE: dict[str, Callable[..., Case]] = {
    "functions": function_case,
    "modules": module_case,
    "optimizers": optimizer_case,
    "schedulers": scheduler_case,
    "warm_up": warm_up_case,
    "clipping": clipping_case,
    "clip_values": clip_value_case,
    "recurrent": recurrent_case,
    "attention": attention_case,
}


def compute(table: ModuleType) -> dict[str, list[Case]]:
    """All cases by section, each with the name of its row."""
    torch.manual_seed(0)  # for the initial parameters that are copied over
    cases: dict[str, list[Case]] = {}
    for section, rows in table.SECTIONS.items():
        cases[section] = []
        for row in rows:
            arguments = row if isinstance(row, tuple) else (row,)
            with warnings.catch_warnings():  # of words that are deprecated, but compared
                warnings.simplefilter("ignore")
                case = COMPUTE[section](table.Draw(row), *arguments)
            cases[section].append({"row": repr(row), **case})
    return cases
