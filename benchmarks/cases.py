"""The cases. Each is written against a namespace `lib` that either library fills.

A case builds its state from seeded numpy arrays and returns a function to time; what that function
returns (numpy arrays) is compared between the libraries.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

Run = Callable[[], list[Any]]
CASES: dict[str, Callable[[SimpleNamespace], Run]] = {}


def case(name: str) -> Callable[[Callable[..., Run]], Callable[..., Run]]:
    """Add a function to the table under a name."""

    def add(build: Callable[..., Run]) -> Callable[..., Run]:
        CASES[name] = build
        return build

    return add


def library(name: str, device: str = "cpu") -> SimpleNamespace:
    """PyTorch or MiniTorch behind the same names; PyTorch's tensors on a device. Where MiniTorch's
    are is a matter of its backend."""
    if name == "torch":
        import torch

        def recurrent(layer: Any, x: Any, lengths: Any) -> Any:
            """The outputs of a layer that takes the batch first."""
            if lengths is None:
                return layer(x)[0]
            rnn = torch.nn.utils.rnn
            packed = rnn.pack_padded_sequence(
                x, lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            return rnn.pad_packed_sequence(layer(packed)[0], True, total_length=x.shape[1])[0]

        def self_attention(qkv: Any, heads: int) -> Any:
            """Causal attention in several heads, as nanoGPT writes it."""
            n, t, c = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
            q, k, v = (x.view(n, t, heads, c // heads).transpose(1, 2) for x in qkv.split(c, 2))
            y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return y.transpose(1, 2).reshape(n, t, c)

        return SimpleNamespace(
            recurrent=recurrent,
            self_attention=self_attention,
            cat=torch.cat,
            name=name,
            tensor=lambda a, grad=False: torch.tensor(a, device=device, requires_grad=grad),
            array=lambda t: t.detach().cpu().numpy().copy(),
            nn=torch.nn,
            F=torch.nn.functional,
            optim=torch.optim,
            load=lambda module, state: module.to(device).load_state_dict(
                {k: torch.tensor(v) for k, v in state.items()}
            ),
        )
    import minitorch_nn as nn
    import minitorch_tensor as mt

    return SimpleNamespace(
        recurrent=lambda layer, x, lengths: layer(x, lengths=lengths)[0],
        self_attention=lambda qkv, heads: nn.functional.self_attention(qkv, heads, is_causal=True),
        cat=mt.cat,
        name=name,
        tensor=lambda a, grad=False: mt.tensor(a, requires_grad=grad),
        array=lambda t: np.array(t.detach().numpy()),
        nn=nn,
        F=nn.functional,
        optim=nn.optim,
        load=lambda module, state: module.load_state_dict(state),
    )


#: Which inputs are drawn: others for another number.
_draw = 0


def draw(number: int) -> None:
    """Let the cases that are built from here on have inputs of their own for each number."""
    global _draw
    _draw = number


def _source(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed + 1000 * _draw)


def _random(*shape: int, seed: int = 0) -> Any:
    return _source(seed).standard_normal(shape, np.float32)


@case("tiny: chain of 100 operations on 8x8, forward and backward")
def tiny(lib: SimpleNamespace) -> Run:
    """The cost of one recorded operation when there is next to nothing to compute."""
    x, y = lib.tensor(_random(8, 8), grad=True), lib.tensor(1 + 0.01 * _random(8, 8, seed=1))

    def run() -> list[Any]:
        x.grad = None
        value = x
        for i in range(100):
            value = value * y if i % 2 else value + y
        value.sum().backward()
        return [x.grad]

    return run


def _lenet(lib: SimpleNamespace) -> Any:
    nn, F = lib.nn, lib.F

    class LeNet(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.fc1 = nn.Linear(400, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            x = F.max_pool2d(F.relu(self.conv1(x)), 2)
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)
            x = F.relu(self.fc1(x.flatten(1)))
            return self.fc3(F.relu(self.fc2(x)))

    return LeNet()


def _course(lib: SimpleNamespace) -> Any:
    nn, F = lib.nn, lib.F

    class Course(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
            self.conv2 = nn.Conv2d(4, 8, 3, padding=1)
            self.fc1 = nn.Linear(392, 64)
            self.fc2 = nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            x = F.relu(self.conv2(F.relu(self.conv1(x))))
            x = F.avg_pool2d(x, 4).flatten(1)
            return self.fc2(F.relu(self.fc1(x)))

    return Course()


def _training_step(
    lib: SimpleNamespace, model: Any, batch: int, number: int | None = None
) -> Callable[..., list[Any]]:
    """A step on one batch of images; of a `number` of them, on those whose places are given."""
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
    state = {
        name: (_random(*shape, seed=i) / np.sqrt(max(np.prod(shape[1:]), 1))).astype(np.float32)
        for i, (name, shape) in enumerate(shapes.items())
    }
    lib.load(model, state)
    optimizer = lib.optim.Adam(model.parameters(), lr=1e-3)
    all_images = _random(number or batch, 1, 28, 28, seed=99)
    all_labels = _source(7).integers(0, 10, number or batch)
    images, labels = lib.tensor(all_images[:batch]), lib.tensor(all_labels[:batch])

    def run(places: Any = None) -> list[Any]:
        x, y = images, labels
        if places is not None:
            x, y = lib.tensor(all_images[places]), lib.tensor(all_labels[places])
        optimizer.zero_grad()
        loss = lib.F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return [loss]

    return run


@case("step: course network, batch 16")
def course_step(lib: SimpleNamespace) -> Run:
    """A training step of the MiniTorch course's network with Adam."""
    return _training_step(lib, _course(lib), 16)


@case("step: LeNet-5, batch 64")
def lenet_step(lib: SimpleNamespace) -> Run:
    """A training step of LeNet-5 with Adam."""
    return _training_step(lib, _lenet(lib), 64)


# -- element by element ----------------------------------------------------------------------------

SIZES = {"1k": 1 << 10, "64k": 1 << 16, "1M": 1 << 20, "16M": 1 << 24}

#: Functions of one tensor and of two equally large ones, for tensors of either library.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "mul": lambda x, y: x * y,
    "exp": lambda x, y: x.exp(),
    "sigmoid": lambda x, y: x.sigmoid(),
    "tanh": lambda x, y: x.tanh(),
    "log": lambda x, y: y.log(),
    "relu": lambda x, y: x.relu(),
    "compare": lambda x, y: x < y,
    "add a row": lambda x, y: x + y[:1],
    "add a column": lambda x, y: x + y[:, :1],
    "add a number": lambda x, y: x + 0.5,
    "add transposed": lambda x, y: x + y.transpose(0, 1),
}


#: How often such a function reads or writes a tensor of its inputs' size, on a GPU that reads
#: everything once; 3 where it is not said.
PASSES = {
    **dict.fromkeys(["exp", "sigmoid", "tanh", "log", "relu"], 2.0),
    **dict.fromkeys(["add a row", "add a column", "add a number"], 2.0),
    "compare": 2.25,  # a result is a byte
}


def _square(size: int) -> tuple[int, int]:
    side = int(size**0.5)
    return side, size // side


def _elementwise(lib: SimpleNamespace, function: Callable[..., Any], size: int) -> Run:
    shape = _square(size)
    x, y = lib.tensor(_random(*shape)), lib.tensor(abs(_random(*shape, seed=1)) + 0.1)
    return lambda: [function(x, y)]


for _name, _function in FUNCTIONS.items():
    for _label, _size in SIZES.items():
        CASES[f"elementwise: {_name}, {_label}"] = lambda lib, function=_function, size=_size: (
            _elementwise(lib, function, size)
        )


# -- reductions, softmax, losses -------------------------------------------------------------------

REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum of all": lambda x: x.sum(),
    "sum of rows": lambda x: x.sum(1),
    "sum of columns": lambda x: x.sum(0),
    "mean of rows": lambda x: x.mean(1),
    "max of all": lambda x: x.max(),
    "max of rows": lambda x: x.amax(1),
    "argmax of rows": lambda x: x.argmax(1),
}


def _reduction(lib: SimpleNamespace, function: Callable[[Any], Any], size: int) -> Run:
    x = lib.tensor(_random(*_square(size)))
    return lambda: [function(x)]


for _name, _reduce in REDUCTIONS.items():
    for _label, _size in SIZES.items():
        CASES[f"reduction: {_name}, {_label}"] = lambda lib, function=_reduce, size=_size: (
            _reduction(lib, function, size)
        )


#: Bytes that a GPU has to move in cases that do little else.
BYTES: dict[str, float] = {}


def gpu_cases() -> dict[str, Callable[[SimpleNamespace], Run]]:
    """The cases of the GPU's table: elementwise and reductions up to sizes that no cache holds,
    with their BYTES, products up to those that fill a GPU, and everything else but `epoch`, which
    is mostly numpy's."""
    found: dict[str, Callable[[SimpleNamespace], Run]] = {}
    for label, size in (*list(SIZES.items())[1:], ("64M", 1 << 26)):
        for name, function in FUNCTIONS.items():
            full = f"elementwise: {name}, {label}"
            found[full] = partial(_elementwise, function=function, size=size)
            BYTES[full] = 4 * size * PASSES.get(name, 3.0)
        for name, reduction in REDUCTIONS.items():
            full = f"reduction: {name}, {label}"
            found[full] = partial(_reduction, function=reduction, size=size)
            BYTES[full] = 4 * size
    for size in (4096, 8192):
        found[f"matmul: {size}x{size}"] = partial(_matmul, a=(size, size), b=(size, size))
    others = ("elementwise", "reduction", "epoch")
    return {
        **found,
        **{name: build for name, build in CASES.items() if not name.startswith(others)},
    }


def _both_ways(
    lib: SimpleNamespace, function: Callable[..., Any], out: tuple[int, ...], *inputs: Any
) -> Run:
    """A function of tensors that require gradients, and the gradients along a fixed direction."""
    tensors = [lib.tensor(x, grad=True) for x in inputs]
    direction = lib.tensor(_random(*out, seed=9)) if out else None

    def run() -> list[Any]:
        for x in tensors:
            x.grad = None
        result = function(*tensors)
        result.backward() if direction is None else result.backward(direction)
        return [result, *[x.grad for x in tensors]]

    return run


def _softmax(lib: SimpleNamespace, rows: int, classes: int) -> Run:
    shape = rows, classes
    return _both_ways(lib, lambda x: lib.F.softmax(x, 1), shape, _random(*shape))


def _cross_entropy(lib: SimpleNamespace, rows: int, classes: int) -> Run:
    labels = lib.tensor(_source(7).integers(0, classes, rows))
    return _both_ways(lib, lambda x: lib.F.cross_entropy(x, labels), (), _random(rows, classes))


for _rows, _classes in ((64, 10), (1024, 1000), (8192, 512)):
    CASES[f"softmax: {_rows}x{_classes}, both ways"] = lambda lib, shape=(_rows, _classes): (
        _softmax(lib, *shape)
    )
    CASES[f"cross entropy: {_rows}x{_classes}, both ways"] = lambda lib, shape=(_rows, _classes): (
        _cross_entropy(lib, *shape)
    )


# -- products, convolution, pooling ----------------------------------------------------------------


def _matmul(lib: SimpleNamespace, a: tuple[int, ...], b: tuple[int, ...]) -> Run:
    x, y = lib.tensor(_random(*a)), lib.tensor(_random(*b, seed=1))
    return lambda: [x @ y]


for _size in (256, 512, 1024, 2048):
    CASES[f"matmul: {_size}x{_size}"] = lambda lib, n=_size: _matmul(lib, (n, n), (n, n))
for _m, _k, _n in ((64, 784, 128), (12800, 100, 512), (512, 12800, 128)):
    CASES[f"matmul: {_m}x{_k} by {_k}x{_n}"] = lambda lib, m=_m, k=_k, n=_n: _matmul(
        lib, (m, k), (k, n)
    )
CASES["matmul: 128 of 64x64"] = lambda lib: _matmul(lib, (128, 64, 64), (128, 64, 64))


def _weight(o: int, c: int, *kernel: int) -> Any:
    return _random(o, c, *kernel, seed=1) / np.float32(np.sqrt(c * np.prod(kernel)))


def _conv2d_forward(lib: SimpleNamespace, n: int, c: int, o: int, size: int) -> Run:
    x, weight = lib.tensor(_random(n, c, size, size)), lib.tensor(_weight(o, c, 3, 3))
    return lambda: [lib.F.conv2d(x, weight, padding=1)]


def _conv2d(lib: SimpleNamespace, n: int, c: int, o: int, size: int) -> Run:
    def function(x: Any, weight: Any) -> Any:
        return lib.F.conv2d(x, weight, padding=1)

    inputs = _random(n, c, size, size), _weight(o, c, 3, 3)
    return _both_ways(lib, function, (n, o, size, size), *inputs)


def _conv1d(lib: SimpleNamespace, n: int, c: int, o: int, size: int, kernel: int) -> Run:
    inputs = _random(n, c, size), _weight(o, c, kernel)
    return _both_ways(lib, lib.F.conv1d, (n, o, size - kernel + 1), *inputs)


for _n, _c, _o, _size in ((16, 4, 8, 28), (64, 16, 32, 28), (32, 64, 64, 14)):
    _shape = f"({_n}, {_c} -> {_o}, {_size}x{_size}) 3x3"
    CASES[f"conv2d: {_shape}, forward"] = lambda lib, shape=(_n, _c, _o, _size): _conv2d_forward(
        lib, *shape
    )
    CASES[f"conv2d: {_shape}, both ways"] = lambda lib, shape=(_n, _c, _o, _size): _conv2d(
        lib, *shape
    )
for _kernel in (3, 5):
    CASES[f"conv1d: (32, 100 -> 100, 200) {_kernel}, both ways"] = lambda lib, kernel=_kernel: (
        _conv1d(lib, 32, 100, 100, 200, kernel)
    )


def _pooling(lib: SimpleNamespace, name: str, kernel: int, stride: int) -> Run:
    function = getattr(lib.F, name)
    size = (28 - kernel) // stride + 1
    return _both_ways(
        lib, lambda x: function(x, kernel, stride), (64, 32, size, size), _random(64, 32, 28, 28)
    )


for _pool in ("max_pool2d", "avg_pool2d"):
    for _kernel, _stride in ((2, 2), (3, 2), (4, 4)):
        CASES[f"{_pool}: (64, 32, 28x28), {_kernel} by {_stride}, both ways"] = (
            lambda lib, how=(_pool, _kernel, _stride): _pooling(lib, *how)
        )


# -- optimizers ------------------------------------------------------------------------------------


def _optimizer_step(lib: SimpleNamespace, make: Callable[[Any], Any]) -> Run:
    model = _lenet(lib)
    state = {
        name: _random(*p.shape, seed=i) for i, (name, p) in enumerate(model.named_parameters())
    }
    lib.load(model, state)
    parameters = list(model.parameters())
    for i, p in enumerate(parameters):
        p.grad = lib.tensor(_random(*p.shape, seed=50 + i))
    optimizer = make(parameters)

    def run() -> list[Any]:
        optimizer.step()
        return [parameters[-2]]

    return run


CASES["optimizer: Adam step on LeNet-5"] = lambda lib: _optimizer_step(
    lib, lambda parameters: lib.optim.Adam(parameters, lr=1e-3)
)
CASES["optimizer: SGD step with momentum on LeNet-5"] = lambda lib: _optimizer_step(
    lib, lambda parameters: lib.optim.SGD(parameters, lr=1e-3, momentum=0.9)
)


# -- sequences: embedding, recurrent layers, sentiment models --------------------------------------

WORDS, EMBEDDING, HIDDEN = 30_000, 100, 128

#: (batch, length) of the two sizes.
BATCHES = (32, 200), (64, 400)


def _words(batch: int, length: int) -> Any:
    """Numbers of words, small ones more often, as in a vocabulary ordered by frequency."""
    return (WORDS * _source(3).random((batch, length)) ** 3).astype(np.int64)


def _lengths(batch: int, length: int) -> Any:
    return _source(4).integers(length // 4, length + 1, batch)


def _load_random(lib: SimpleNamespace, module: Any, scale: float = 0.1) -> Any:
    state = {
        name: (scale * _random(*p.shape, seed=i)).astype(np.float32)
        for i, (name, p) in enumerate(module.named_parameters())
    }
    lib.load(module, state)
    return module


def _embedding(lib: SimpleNamespace, batch: int, length: int, backward: bool) -> Run:
    layer = _load_random(lib, lib.nn.Embedding(WORDS, EMBEDDING))
    words = lib.tensor(_words(batch, length))
    direction = lib.tensor(_random(batch, length, EMBEDDING, seed=9))

    def run() -> list[Any]:
        layer.weight.grad = None
        out = layer(words)
        if not backward:
            return [out]
        out.backward(direction)
        return [out, layer.weight.grad]

    return run


def _sequence(lib: SimpleNamespace, name: str, batch: int, length: int, padded: bool) -> Run:
    layer = _load_random(lib, getattr(lib.nn, name)(EMBEDDING, HIDDEN, batch_first=True))
    x = lib.tensor(_random(batch, length, EMBEDDING, seed=8), grad=True)
    direction = lib.tensor(_random(batch, length, HIDDEN, seed=9))
    lengths = lib.tensor(_lengths(batch, length)) if padded else None

    def run() -> list[Any]:
        x.grad = None
        for parameter in layer.parameters():
            parameter.grad = None
        out = lib.recurrent(layer, x, lengths)
        out.backward(direction)
        return [out, x.grad, layer.weight_ih_l0.grad, layer.weight_hh_l0.grad]

    return run


for _batch, _length in BATCHES:
    for _backward in (False, True):
        _way = "both ways" if _backward else "forward"
        CASES[f"embedding: ({_batch}, {_length}) of {WORDS}x{EMBEDDING}, {_way}"] = (
            lambda lib, how=(_batch, _length, _backward): _embedding(lib, *how)
        )
    for _name in ("RNN", "LSTM", "GRU"):
        for _padded in (False, True):
            _label = f"{_name}, batch {_batch}, length {_length}"
            _label += f" down to {_length // 4}" if _padded else ""
            CASES[f"sequence: {_label}, both ways"] = (
                lambda lib, how=(_name, _batch, _length, _padded): _sequence(lib, *how)
            )


def _sentiment(lib: SimpleNamespace, name: str, batch: int, length: int) -> Run:
    """A training step: embedding, recurrence, the largest and the mean over time, two classes."""
    nn = lib.nn

    class Sentiment(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(WORDS, EMBEDDING)
            self.recurrent = getattr(nn, name)(EMBEDDING, HIDDEN, batch_first=True)
            self.output = nn.Linear(2 * HIDDEN, 2)

        def forward(self, words: Any) -> Any:
            out = self.recurrent(self.embedding(words))[0]
            return self.output(lib.cat([out.amax(1), out.mean(1)], 1))

    model = _load_random(lib, Sentiment())
    optimizer = lib.optim.Adam(model.parameters(), lr=1e-3)
    words = lib.tensor(_words(batch, length))
    labels = lib.tensor(_source(7).integers(0, 2, batch))

    def run() -> list[Any]:
        optimizer.zero_grad()
        loss = lib.F.cross_entropy(model(words), labels)
        loss.backward()
        optimizer.step()
        return [loss]

    return run


for _batch, _length in BATCHES:
    for _name in ("RNN", "LSTM", "GRU"):
        CASES[f"step: sentiment {_name}, batch {_batch}, length {_length}"] = (
            lambda lib, how=(_name, _batch, _length): _sentiment(lib, *how)
        )


# -- transformers: nanoGPT's layers at its sizes ---------------------------------------------------


def _gpt(lib: SimpleNamespace, vocabulary: int, context: int, layers: int, width: int) -> Any:
    """nanoGPT's model without dropout, with heads of 32."""
    nn, F = lib.nn, lib.F

    class Block(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.ln_1 = nn.LayerNorm(width)
            self.c_attn = nn.Linear(width, 3 * width)
            self.c_proj = nn.Linear(width, width)
            self.ln_2 = nn.LayerNorm(width)
            self.c_fc = nn.Linear(width, 4 * width)
            self.mlp_proj = nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            x = x + self.c_proj(lib.self_attention(self.c_attn(self.ln_1(x)), HEADS))
            return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x))))

    class GPT(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.wte = nn.Embedding(vocabulary, width)
            self.wpe = nn.Embedding(context, width)
            self.h = nn.ModuleList([Block() for _ in range(layers)])
            self.ln_f = nn.LayerNorm(width)

        def forward(self, ids: Any, last: bool = False) -> Any:
            x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
            for block in self.h:
                x = block(x)
            x = self.ln_f(x)
            return F.linear(x[:, -1:] if last else x, self.wte.weight)

    return GPT()


#: Heads of attention.
HEADS = 4


def _gpt_step(lib: SimpleNamespace, layers: int, width: int, length: int, batch: int) -> Run:
    """A training step of a language model on characters, as nanoGPT makes it."""
    vocabulary = 65
    model = _load_random(lib, _gpt(lib, vocabulary, length, layers, width))
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = lib.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))
    text = _source(5).integers(0, vocabulary, (batch, length + 1))
    ids, targets = lib.tensor(text[:, :-1].copy()), lib.tensor(text[:, 1:].copy())

    def run() -> list[Any]:
        optimizer.zero_grad()
        loss = lib.F.cross_entropy(model(ids).flatten(0, 1), targets.flatten())
        loss.backward()
        lib.nn.utils.clip_grad_norm_([*matrices, *others], 1.0)
        optimizer.step()
        return [loss]

    return run


CASES["step: GPT, 4 layers, 128 wide, batch 12, length 64"] = partial(
    _gpt_step, layers=4, width=128, length=64, batch=12
)
CASES["step: GPT, 6 layers, 256 wide, batch 8, length 256"] = partial(
    _gpt_step, layers=6, width=256, length=256, batch=8
)


@case("sample: GPT, 4 layers, 128 wide, 500 characters beyond a context of 64")
def sampling(lib: SimpleNamespace) -> Run:
    """nanoGPT's `generate`, which reads the context again for every character, beside the app's,
    which keeps keys and values. Each draws as its library does, so there is nothing to compare."""
    if lib.name == "minitorch":
        import minitorch_tensor as mt
        from minitorch_gpt.models import GPT, Config

        writer = GPT(Config(65, 64, 4, HEADS, 128)).eval()
        return lambda: [writer.generate(mt.zeros(1, 1, dtype=mt.int64), 500)][:0]
    import torch

    model = _gpt(lib, 65, 64, 4, 128).eval()

    def run() -> list[Any]:
        ids = torch.zeros(1, 1, dtype=torch.int64)
        with torch.no_grad():
            for _ in range(500):
                shares = torch.softmax(model(ids[:, -64:], last=True)[:, -1], -1)
                ids = torch.cat([ids, torch.multinomial(shares, 1)], 1)
        return []

    return run


def _attention(lib: SimpleNamespace, length: int, batch: int) -> Run:
    shape = batch, 8, length, 64
    inputs = [_random(*shape, seed=seed) for seed in range(3)]

    def attend(q: Any, k: Any, v: Any) -> Any:
        return lib.F.scaled_dot_product_attention(q, k, v, is_causal=True)

    return _both_ways(lib, attend, shape, *inputs)


for _length, _batch in ((64, 8), (256, 4), (1024, 1)):
    CASES[f"attention: causal, batch {_batch}, 8 heads of 64, length {_length}, both ways"] = (
        partial(_attention, length=_length, batch=_batch)
    )


def _layer_norm(lib: SimpleNamespace, rows: int, width: int) -> Run:
    inputs = _random(rows, width), 1 + _random(width, seed=1), _random(width, seed=2)
    return _both_ways(
        lib, lambda x, w, b: lib.F.layer_norm(x, (width,), w, b), (rows, width), *inputs
    )


def _gelu(lib: SimpleNamespace, rows: int, width: int) -> Run:
    return _both_ways(lib, lambda x: lib.F.gelu(x), (rows, width), _random(rows, width))


def _characters(lib: SimpleNamespace, batch: int, length: int, width: int) -> Run:
    ids = lib.tensor(_source(5).integers(0, 65, (batch, length)))
    return _both_ways(
        lib, lambda w: lib.F.embedding(ids, w), (batch, length, width), _random(65, width)
    )


for _batch, _length, _width in ((12, 64, 128), (8, 256, 256)):
    _rows = _batch * _length
    CASES[f"layer norm: {_rows}x{_width}, both ways"] = partial(
        _layer_norm, rows=_rows, width=_width
    )
    CASES[f"GELU: {_rows}x{4 * _width}, both ways"] = partial(_gelu, rows=_rows, width=4 * _width)
    CASES[f"embedding: ({_batch}, {_length}) of 65x{_width}, both ways"] = partial(
        _characters, batch=_batch, length=_length, width=_width
    )


# -- epochs ----------------------------------------------------------------------------------------


def _epoch(lib: SimpleNamespace, model: Any, batch: int, images: int) -> Run:
    """All that a trainer does with its images once: shuffle, take batches, train, and add up."""
    step = _training_step(lib, model, batch, images)
    order = _source(3)

    def run() -> list[Any]:
        places = order.permutation(images)
        for start in range(0, images, batch):
            loss = step(places[start : start + batch])[0]
        return [loss]

    return run


CASES["epoch: LeNet-5, batch 64, 2048 images"] = lambda lib: _epoch(lib, _lenet(lib), 64, 2048)
CASES["epoch: course network, batch 16, 2048 images"] = lambda lib: _epoch(
    lib, _course(lib), 16, 2048
)
