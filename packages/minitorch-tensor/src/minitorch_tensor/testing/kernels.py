"""The operations that only a backend has, with sample inputs and their meaning written as loops."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import operators as ops
from minitorch_tensor.backend import Backend
from minitorch_tensor.derived import Window
from minitorch_tensor.dtypes import ALL, DType, bool_
from minitorch_tensor.layout import Shape
from minitorch_tensor.testing.operations import FLOATS, NUMBERS, Draw, Sample, sample

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Kernel:
    """A backend's operation, and how to try it.

    Attributes:
        name: of the method, and after a dot which form of it.
        call: runs it, given a backend and arguments in which tensor data stands for arrays;
            returns the tensor data of its results (for one that writes, what it wrote).
        reference: the results as arrays, from the same arguments as arrays.
        samples: arguments to try, from a source of random arrays.
        dtypes: those that it takes.
        writes: whether it changes arguments, whose elements then must not share places.
        views: whether its results may be views of its arguments.
    """

    name: str
    call: Callable[..., Any]
    reference: Callable[..., Any]
    samples: Callable[[Draw], list[Sample]]
    dtypes: tuple[DType, ...] = FLOATS
    writes: bool = False
    views: bool = False

    def __str__(self) -> str:
        return self.name


KERNELS: list[Kernel] = []


def _add(
    name: str,
    reference: Callable[..., Any],
    samples: Callable[[Draw], list[Sample]],
    dtypes: tuple[DType, ...] = FLOATS,
    call: Callable[..., Any] | None = None,
    writes: bool = False,
    views: bool = False,
) -> None:
    method = name.split(".")[0]

    def by_name(backend: Backend, *args: Any, **kwargs: Any) -> Any:
        return getattr(backend, method)(*args, **kwargs)

    KERNELS.append(Kernel(name, call or by_name, reference, samples, dtypes, writes, views))


# -- the core: any scalar function ------------------------------------------------------------


def _polynomial(x: float) -> float:
    """A function that no backend knows by name."""
    return 3 * x * x - x + 2


def _mixture(x: float, y: float) -> float:
    """A function that no backend knows by name."""
    return x * y + 2 * x - y


def _largest_magnitude(x: float, y: float) -> float:
    """A fold that no backend knows by name."""
    return ops.max(ops.abs(x), ops.abs(y))


_add(
    "map.unknown",
    lambda x: (3 * x * x - x + 2).astype(x.dtype),
    lambda draw: [sample(draw(3, 4)), sample(draw()), sample(draw(0, 2))],
    NUMBERS,
    lambda backend, x: backend.map(_polynomial, x, x.dtype),
)
_add(
    "zip.unknown",
    lambda x, y: (x * y + 2 * x - y).astype(x.dtype),
    lambda draw: [
        sample(draw(3, 4), draw(3, 4)),
        sample(draw(3, 1), draw(2, 1, 4)),
        sample(draw(2, 3), draw()),
    ],
    NUMBERS,
    lambda backend, x, y: backend.zip(_mixture, x, y, x.dtype),
)
_add(
    "map.id",
    lambda x: x,
    lambda draw: [sample(draw(3, 4)), sample(draw())],
    ALL,
    lambda backend, x: backend.map(ops.id, x, x.dtype),
)
_add(
    "map.relu",
    lambda x: np.maximum(x, 0),
    lambda draw: [sample(draw(3, 4)), sample(draw())],
    NUMBERS,
    lambda backend, x: backend.map(ops.relu, x, x.dtype),
)
_add(
    "zip.add",
    np.add,
    lambda draw: [sample(draw(3, 4), draw(3, 4)), sample(draw(3, 1), draw(2, 1, 4))],
    NUMBERS,
    lambda backend, x, y: backend.zip(ops.add, x, y, x.dtype),
)
_add(
    "map.to_bool",
    np.isnan,
    lambda draw: [sample(draw(3, 4))],
    ALL,
    lambda backend, x: backend.map(ops.isnan, x, bool_),
)
_add(
    "reduce.unknown",
    lambda x, dim: np.abs(x).max(axis=dim, keepdims=True, initial=0).astype(x.dtype),
    lambda draw: [sample(draw(2, 3, 4), dim) for dim in range(3)] + [sample(draw(2, 0), 1)],
    NUMBERS,
    lambda backend, x, dim: backend.reduce(_largest_magnitude, x, dim, 0, x.dtype),
)
_add(
    "reduce.add",
    lambda x, dim: x.sum(axis=dim, keepdims=True, dtype=x.dtype),
    lambda draw: [sample(draw(2, 3, 4), dim) for dim in range(3)] + [sample(draw(2, 0), 1)],
    NUMBERS,
    lambda backend, x, dim: backend.reduce(ops.add, x, dim, 0, x.dtype),
)
_add(
    "matmul",
    np.matmul,
    lambda draw: [
        sample(draw(2, 3), draw(3, 4)),
        sample(draw(2, 2, 3), draw(2, 3, 1)),
        sample(draw(2, 0), draw(0, 2)),
    ],
    NUMBERS,
)


def _copied(backend: Backend, out: Any, x: Any) -> Any:
    backend.copy_(out, x)
    return out


_add(
    "copy_",
    lambda out, x: x.astype(out.dtype),
    lambda draw: [
        sample(draw(3, 4), draw(3, 4)),
        sample(draw(3, 4), draw(3, 4, low=0).astype(np.float64)),
        sample(draw(2, 0), draw(2, 0)),
    ],
    NUMBERS,
    _copied,
    writes=True,
)
_add(
    "full",
    lambda x, value: np.full(x.shape, value, x.dtype),
    lambda draw: [sample(draw(2, 3), 1), sample(draw(), 0), sample(draw(0), 1)],
    ALL,
    lambda backend, x, value: backend.full(x.shape, value, x.dtype),
)
_add(
    "cast",
    lambda x, dtype: x.astype(dtype.numpy),
    lambda draw: [sample(draw(3, 4, low=0), dtype) for dtype in ALL],
    ALL,
)
_add("contiguous", lambda x: x, lambda draw: [sample(draw(2, 3, 4)), sample(draw())], ALL)

# -- indexing ---------------------------------------------------------------------------------


def _index_add(x: Array, dim: int, index: Array, source: Array) -> Array:
    result = np.moveaxis(x.copy(), dim, 0)
    for i, row in zip(index, np.moveaxis(source, dim, 0)):
        result[i] += row
    return np.moveaxis(result, 0, dim)


_add(
    "index_add",
    _index_add,
    lambda draw: [
        sample(draw(3, 4), 0, draw.index(5, size=3), draw(5, 4)),
        sample(draw(2, 3, 4), 2, draw.index(5, size=4), draw(2, 3, 5)),
    ],
    NUMBERS,
)


def _index_put(x: Array, key: tuple[Any, ...], values: Array, accumulate: bool) -> Array:
    result = x.copy()
    places = np.arange(x.size).reshape(x.shape)[key]
    flat = result.reshape(-1)
    for place, value in zip(places.ravel(), np.broadcast_to(values, places.shape).ravel()):
        flat[place] = flat[place] + value if accumulate else value
    return result


_add(
    "index_put",
    _index_put,
    lambda draw: [
        sample(draw(3, 4), (np.array([0, 2, 2]).tolist(),), draw(3, 4), True),
        sample(draw(3, 4), (slice(None), np.array([0, 2, 2]).tolist()), draw(3, 3), True),
        sample(draw(3, 4), ([0, 2], [1, 1]), draw(2), False),
    ],
    NUMBERS,
    lambda backend, x, key, values, accumulate: backend.index_put(
        x, tuple([np.array(k) if isinstance(k, list) else k for k in key]), values, accumulate
    ),
)

# -- softmax ----------------------------------------------------------------------------------


def _softmax(x: Array, dim: int) -> Array:
    shifted = np.exp(x - x.max(axis=dim, keepdims=True, initial=-np.inf))
    return np.asarray(shifted / shifted.sum(axis=dim, keepdims=True))


for _name, _reference in [
    ("softmax", _softmax),
    ("log_softmax", lambda x, dim: np.log(_softmax(x, dim))),
]:
    _add(
        _name,
        _reference,
        lambda draw: [
            sample(draw(3, 4), 1),
            sample(draw(3, 4), 0),
            sample(draw(2, 3, 4), 1),
            sample(draw(2, 3) + 300, 1),
            sample(draw(2, 0), 0),
        ],
    )


def _softmax_backward(y: Array, d: Array, dim: int) -> Array:
    return np.asarray(y * (d - (d * y).sum(dim, keepdims=True)))


def _log_softmax_backward(y: Array, d: Array, dim: int) -> Array:
    return np.asarray(d - np.exp(y) * d.sum(dim, keepdims=True))


for _name, _backward in [
    ("softmax_backward", _softmax_backward),
    ("log_softmax_backward", _log_softmax_backward),
]:
    _add(
        _name,
        _backward,
        lambda draw: [
            sample(draw(3, 4), draw(3, 4), 1),
            sample(draw(3, 4), draw(3, 4), 0),
            sample(draw(2, 3, 4), draw(2, 3, 4), 1),
            sample(draw(2, 0), draw(2, 0), 1),
        ],
    )


def _cross_entropy(x: Array, target: Array) -> tuple[Array, Array]:
    y = np.log(_softmax(x, 1))
    return np.array([-y[i, j] for i, j in enumerate(target)], x.dtype), y


def _cross_entropy_backward(y: Array, target: Array, d: Array) -> Array:
    one_hot = (np.arange(y.shape[1]) == target[:, None]).astype(y.dtype)
    result: Array = d[:, None] * (np.exp(y) - one_hot)
    return result


_add(
    "cross_entropy",
    _cross_entropy,
    lambda draw: [
        sample(draw(4, 3), np.array([0, 2, 1, 2])),
        sample(draw(1, 5) + 300, np.array([4])),
        sample(draw(0, 3), np.zeros(0, np.int64)),
    ],
)
_add(
    "cross_entropy_backward",
    _cross_entropy_backward,
    lambda draw: [
        sample(draw(4, 3), np.array([0, 2, 1, 2]), draw(4)),
        sample(draw(1, 5), np.array([4]), draw(1)),
        sample(draw(0, 3), np.zeros(0, np.int64), draw(0)),
    ],
)

# -- windows ----------------------------------------------------------------------------------

WINDOWS = [
    Window((2, 3), (1, 1), (0, 0), (1, 1)),
    Window((3, 2), (2, 1), (1, 0), (1, 1)),
    Window((3, 3), (1, 2), (1, 1), (1, 1)),
    Window((2, 2), (1, 1), (1, 1), (2, 3)),
    Window((1, 1), (2, 3), (0, 0), (1, 1)),
    Window((3, 3), (3, 3), (1, 1), (1, 2)),
]


def _places(window: Window, size: tuple[int, ...]) -> Iterator[tuple[int, int, int, int, int, int]]:
    """(i, j, k, l, h, w): output (i, j) sees input (h, w) through kernel element (k, l)."""
    oh, ow = window.output_size(size)
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = window
    for i, j, k, m in itertools.product(range(oh), range(ow), range(kh), range(kw)):
        h, w = i * sh + k * dh - ph, j * sw + m * dw - pw
        if 0 <= h < size[0] and 0 <= w < size[1]:
            yield i, j, k, m, h, w


def _conv2d(x: Array, weight: Array, window: Window, groups: int) -> Array:
    outputs, per_group = weight.shape[:2]
    out = np.zeros((x.shape[0], outputs, *window.output_size(x.shape[2:])), x.dtype)
    for i, j, k, m, h, w in _places(window, x.shape[2:]):
        for o, c in itertools.product(range(outputs), range(per_group)):
            channel = o // (outputs // groups) * per_group + c
            out[:, o, i, j] += weight[o, c, k, m] * x[:, channel, h, w]
    return out


def _conv2d_input_grad(d: Array, weight: Array, shape: Shape, window: Window, groups: int) -> Array:
    outputs, per_group = weight.shape[:2]
    out = np.zeros(shape, d.dtype)
    for i, j, k, m, h, w in _places(window, shape[2:]):
        for o, c in itertools.product(range(outputs), range(per_group)):
            channel = o // (outputs // groups) * per_group + c
            out[:, channel, h, w] += weight[o, c, k, m] * d[:, o, i, j]
    return out


def _conv2d_weight_grad(d: Array, x: Array, shape: Shape, window: Window, groups: int) -> Array:
    outputs, per_group = shape[:2]
    out = np.zeros(shape, d.dtype)
    for i, j, k, m, h, w in _places(window, x.shape[2:]):
        for o, c in itertools.product(range(outputs), range(per_group)):
            channel = o // (outputs // groups) * per_group + c
            out[o, c, k, m] += (d[:, o, i, j] * x[:, channel, h, w]).sum()
    return out


#: (channels, outputs, groups): one group, several, one for each channel.
_GROUPS = [(2, 3, 1), (4, 6, 2), (3, 3, 3)]


def _convolutions(draw: Draw) -> Iterator[tuple[Array, Array, Window, int, Array]]:
    for n, (window, (channels, outputs, groups)) in enumerate(itertools.product(WINDOWS, _GROUPS)):
        x = draw(1 + n % 2, channels, 5, 6)
        weight = draw(outputs, channels // groups, *window.kernel)
        yield x, weight, window, groups, draw(len(x), outputs, *window.output_size((5, 6)))


_add(
    "conv2d",
    _conv2d,
    lambda draw: [sample(x, weight, win, g) for x, weight, win, g, _ in _convolutions(draw)],
)
_add(
    "conv2d_input_grad",
    _conv2d_input_grad,
    lambda draw: [
        sample(d, weight, x.shape, win, g) for x, weight, win, g, d in _convolutions(draw)
    ],
)
_add(
    "conv2d_weight_grad",
    _conv2d_weight_grad,
    lambda draw: [
        sample(d, x, weight.shape, win, g) for x, weight, win, g, d in _convolutions(draw)
    ],
)


def _max_pool2d(x: Array, window: Window) -> tuple[Array, Array]:
    shape = (*x.shape[:2], *window.output_size(x.shape[2:]))
    values, indices = np.full(shape, -np.inf, x.dtype), np.full(shape, -1)
    for i, j, _, _, h, w in _places(window, x.shape[2:]):
        for n, c in np.ndindex(*shape[:2]):
            value = x[n, c, h, w]
            if indices[n, c, i, j] < 0 or value > values[n, c, i, j] or value != value:
                values[n, c, i, j], indices[n, c, i, j] = value, h * x.shape[3] + w
    return values, indices


def _max_pool2d_backward(d: Array, indices: Array, shape: Shape, window: Window) -> Array:
    out = np.zeros(shape, d.dtype)
    for n, c, i, j in np.ndindex(*d.shape):
        out[n, c].reshape(-1)[indices[n, c, i, j]] += d[n, c, i, j]
    return out


def _avg_pool2d(x: Array, window: Window) -> Array:
    out = np.zeros((*x.shape[:2], *window.output_size(x.shape[2:])), x.dtype)
    for i, j, _, _, h, w in _places(window, x.shape[2:]):
        out[:, :, i, j] += x[:, :, h, w] / math.prod(window.kernel)
    return out


def _avg_pool2d_backward(d: Array, shape: Shape, window: Window) -> Array:
    out = np.zeros(shape, d.dtype)
    for i, j, _, _, h, w in _places(window, shape[2:]):
        out[:, :, h, w] += d[:, :, i, j] / math.prod(window.kernel)
    return out


#: Those whose windows never lie in the padding alone.
_POOLS = [w for w in WINDOWS if all(2 * p <= k for p, k in zip(w.padding, w.kernel))]


def _pooled(draw: Draw, window: Window) -> Array:
    return draw(2, 3, *window.output_size((5, 6)))


def _ties(draw: Draw) -> Array:
    """Few different values, an infinity and a NaN: windows with ties, and with a NaN."""
    x = np.round(draw(2, 3, 5, 6))
    x[0, 0] = -np.inf
    x[1, 2, 3, 3] = np.nan
    return x


_add(
    "max_pool2d",
    _max_pool2d,
    lambda draw: [sample(x, window) for window in _POOLS for x in (draw(2, 3, 5, 6), _ties(draw))],
)
_add(
    "max_pool2d_backward",
    _max_pool2d_backward,
    lambda draw: [
        sample(_pooled(draw, window), _max_pool2d(x, window)[1], x.shape, window)
        for window in _POOLS
        for x in [draw(2, 3, 5, 6)]
    ],
)
_add("avg_pool2d", _avg_pool2d, lambda draw: [sample(draw(2, 3, 5, 6), w) for w in WINDOWS])
_add(
    "avg_pool2d_backward",
    _avg_pool2d_backward,
    lambda draw: [sample(_pooled(draw, w), (2, 3, 5, 6), w) for w in WINDOWS],
)


def _unfold2d(x: Array, window: Window) -> Array:
    shape = (*x.shape[:2], *window.kernel, *window.output_size(x.shape[2:]))
    out = np.zeros(shape, x.dtype)
    for i, j, k, m, h, w in _places(window, x.shape[2:]):
        out[:, :, k, m, i, j] = x[:, :, h, w]
    return out


def _fold2d(windows: Array, size: tuple[int, int], window: Window) -> Array:
    out = np.zeros((*windows.shape[:2], *size), windows.dtype)
    for i, j, k, m, h, w in _places(window, size):
        out[:, :, h, w] += windows[:, :, k, m, i, j]
    return out


_add(
    "unfold2d",
    _unfold2d,
    lambda draw: [sample(draw(2, 3, 5, 6), w._replace(padding=(0, 0))) for w in WINDOWS],
    views=True,
)
_add(
    "fold2d",
    _fold2d,
    lambda draw: [
        sample(draw(2, 3, *w.kernel, *w.output_size((5, 6))), (5, 6), w) for w in WINDOWS
    ],
)
_add(
    "pad2d",
    lambda x, padding, value: np.pad(
        x,
        [(0, 0)] * (x.ndim - 2) + [(p, p) for p in padding],
        constant_values=value,
    ),
    lambda draw: [
        sample(draw(2, 3, 4), (1, 2), 1.5),
        sample(draw(2, 3), (0, 2), 0.0),
        sample(draw(2, 3), (0, 0), 0.0),
    ],
    views=True,
)

# -- embedding --------------------------------------------------------------------------------

_add(
    "embedding",
    lambda weight, index: weight[index],
    lambda draw: [
        sample(draw(5, 3), draw.index(4, size=5)),
        sample(draw(5, 3), draw.index(2, 3, size=5)),
        sample(draw(5, 1), draw.index(size=5)),
        sample(draw(5, 3), draw.index(0, 2, size=5)),
    ],
    NUMBERS,
)


def _embedding_backward(d: Array, index: Array, rows: int, padding_idx: int | None) -> Array:
    out = np.zeros((rows, d.shape[-1]), d.dtype)
    for place in np.ndindex(*index.shape):
        if index[place] != padding_idx:
            out[index[place]] += d[place]
    return out


_add(
    "embedding_backward",
    _embedding_backward,
    lambda draw: [
        sample(draw(6, 3), draw.index(6, size=5), 5, None),
        sample(draw(3, 4, 2), draw.index(3, 4, size=5), 5, 1),
        sample(draw(2, 2, 2, 1), draw.index(2, 2, 2, size=3), 3, 0),
        sample(draw(0, 2, 3), draw.index(0, 2, size=5), 5, 2),
    ],
)

# -- sequences --------------------------------------------------------------------------------

#: For each cell its gates and the parts of its state.
_RECURRENT = {"rnn_tanh": (1, 1), "rnn_relu": (1, 1), "lstm": (4, 2), "gru": (3, 1)}


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _next(cell: str, x: Array, h: Array, state: list[Array]) -> list[Array]:
    """The state of one row after a step, from the gates (G, H) as the input and the state make
    them."""
    if cell == "lstm":
        i, f, g, o = x + h
        c = _sigmoid(f) * state[1] + _sigmoid(i) * np.tanh(g)
        return [_sigmoid(o) * np.tanh(c), c]
    if cell == "gru":
        r, z = _sigmoid(x[0] + h[0]), _sigmoid(x[1] + h[1])
        return [(1 - z) * np.tanh(x[2] + r * h[2]) + z * state[0]]
    (y,) = x + h
    return [np.tanh(y) if cell == "rnn_tanh" else np.where(y.real > 0, y, 0)]


def _recurrent(
    cell: str,
    x: Array,
    state: list[Array],
    weights: list[Array],
    lengths: tuple[int, ...] | None,
    reverse: bool,
    batch_first: bool,
) -> list[Array]:
    """Every row by itself, as a sequence of its own length."""
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    if batch_first:
        x = x.swapaxes(0, 1)
    steps, batch, _ = x.shape
    hidden = weight_hh.shape[1]
    gates = (_RECURRENT[cell][0], hidden)
    out = np.zeros((steps, batch, hidden), x.dtype)
    last = [part.copy() for part in state]
    for b in range(batch):
        now = [part[b] for part in state]
        length = steps if lengths is None else lengths[b]
        for t in range(length)[:: -1 if reverse else 1]:
            from_x = (weight_ih @ x[t, b] + bias_ih).reshape(gates)
            from_h = (weight_hh @ now[0] + bias_hh).reshape(gates)
            now = _next(cell, from_x, from_h, now)
            out[t, b] = now[0]
        for part, value in zip(last, now):
            part[b] = value
    return [out.swapaxes(0, 1) if batch_first else out, *last]


def _recurrent_backward(
    cell: str,
    d_out: Array,
    d_state: list[Array],
    x: Array,
    state: list[Array],
    weights: list[Array],
    *how: Any,
) -> list[Array]:
    """By complex steps: the derivative of f is the imaginary part of f(x + ih) / h, exact for a
    small h because nothing is subtracted (Squire and Trapp 1998)."""
    step = 1e-30
    inputs = [a.astype(np.complex128) for a in (x, *state, *weights)]
    directions = [a.astype(np.float64) for a in (d_out, *d_state)]
    gradients = [np.zeros(a.shape) for a in inputs]
    parts = 1 + len(state)
    for a, gradient in zip(inputs, gradients):
        for place in np.ndindex(*a.shape):
            a[place] += 1j * step
            results = _recurrent(cell, inputs[0], inputs[1:parts], inputs[parts:], *how)
            a[place] -= 1j * step
            moved = [(r.imag * d).sum() for r, d in zip(results, directions)]
            gradient[place] = sum(moved) / step
    return [gradient.astype(x.dtype) for gradient in gradients]


def _run_recurrent(backend: Backend, cell: str, x: Any, *rest: Any) -> list[Any]:
    state, weights, lengths, reverse, batch_first = rest
    given = cell, x, state, weights, lengths, reverse, batch_first
    out, last, _ = backend.recurrent_sequence(*given)
    unkept, last_unkept, _ = backend.recurrent_sequence(*given, keep=False)
    for kept, other in zip([out, *last], [unkept, *last_unkept]):
        np.testing.assert_array_equal(
            backend.to_numpy(kept), backend.to_numpy(other), "without what backward needs"
        )
    return [out, *last]


def _run_recurrent_backward(
    backend: Backend,
    cell: str,
    d_out: Any,
    d_state: list[Any],
    x: Any,
    state: list[Any],
    weights: list[Any],
    *how: Any,
) -> list[Any]:
    out, _, saved = backend.recurrent_sequence(cell, x, state, weights, *how)
    d_x, d_first, d_weights = backend.recurrent_sequence_backward(
        cell, d_out, d_state, x, state, weights, out, saved, *how
    )
    return [d_x, *d_first, *d_weights]


def _sequences(draw: Draw, cell: str, backward: bool) -> list[Sample]:
    """Both directions and layouts; rows of one length and of different ones, whose padding is
    NaN."""
    gates, parts = _RECURRENT[cell]
    samples = []
    for steps, batch, lengths, reverse, batch_first in [
        (4, 2, None, False, False),
        (3, 2, None, True, True),
        (4, 3, (2, 4, 1), False, True),
        (4, 3, (3, 1, 3), True, False),
        (1, 1, None, False, False),
    ]:
        features, hidden = 3, 2
        x = draw(steps, batch, features)
        for b, length in enumerate(lengths or ()):
            x[length:, b] = np.nan
        weights = [
            draw(gates * hidden, features, low=-1, high=1),
            draw(gates * hidden, hidden, low=-1, high=1),
            draw(gates * hidden, low=-1, high=1),
            draw(gates * hidden, low=-1, high=1),
        ]
        d_out = draw(steps, batch, hidden)
        if batch_first:
            x, d_out = x.swapaxes(0, 1).copy(), d_out.swapaxes(0, 1).copy()
        d_state, state = ([draw(batch, hidden) for _ in range(parts)] for _ in range(2))
        given = [x, state, weights, lengths, reverse, batch_first]
        samples.append(sample(cell, *([d_out, d_state] if backward else []), *given))
    return samples


for _cell in _RECURRENT:
    _add(
        f"recurrent_sequence.{_cell}",
        _recurrent,
        partial(_sequences, cell=_cell, backward=False),
        call=_run_recurrent,
    )
    _add(
        f"recurrent_sequence_backward.{_cell}",
        _recurrent_backward,
        partial(_sequences, cell=_cell, backward=True),
        call=_run_recurrent_backward,
    )

# -- optimizer steps --------------------------------------------------------------------------


def _sgd(
    parameter: Array,
    gradient: Array,
    velocity: Array | None,
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
) -> list[Array]:
    p, g = parameter.astype(np.float64), gradient.astype(np.float64)
    g = g + weight_decay * p
    if velocity is None:
        return [(p - lr * g).astype(parameter.dtype)]
    v = momentum * velocity + (1 - dampening) * g
    step = g + momentum * v if nesterov else v
    return [(p - lr * step).astype(parameter.dtype), v.astype(parameter.dtype)]


def _run_sgd(backend: Backend, parameter: Any, gradient: Any, velocity: Any, **how: Any) -> Any:
    backend.sgd_step_(parameter, gradient, velocity, **how)
    return [parameter] if velocity is None else [parameter, velocity]


_add(
    "sgd_step_",
    _sgd,
    lambda draw: [
        sample(
            draw(3, 4),
            draw(3, 4),
            draw(3, 4) if momentum else None,
            lr=0.1,
            momentum=momentum,
            dampening=dampening,
            weight_decay=decay,
            nesterov=nesterov,
        )
        for momentum, dampening, decay, nesterov in [
            (0.0, 0.0, 0.0, False),
            (0.0, 0.0, 0.3, False),
            (0.9, 0.0, 0.0, False),
            (0.9, 0.2, 0.3, False),
            (0.9, 0.0, 0.3, True),
        ]
    ],
    FLOATS,
    _run_sgd,
    writes=True,
)


def _adam(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    *,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
) -> list[Array]:
    p, g, m, s = [x.astype(np.float64) for x in (parameter, gradient, mean, square)]
    if decoupled:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g * g
    root = np.sqrt(s / (1 - beta2**step))
    p = p - lr * (m / (1 - beta1**step)) / (root + eps)
    return [x.astype(parameter.dtype) for x in (p, m, s)]


def _run_adam(backend: Backend, *data: Any, **how: Any) -> Any:
    backend.adam_step_(*data, **how)
    parameter, _, mean, square = data
    return [parameter, mean, square]


_add(
    "adam_step_",
    _adam,
    lambda draw: [
        sample(
            draw(3, 4),
            draw(3, 4),
            draw(3, 4),
            draw(3, 4, low=0.1),
            step=step,
            lr=0.1,
            beta1=0.9,
            beta2=0.99,
            eps=1e-3,
            weight_decay=decay,
            decoupled=decoupled,
        )
        for step, decay, decoupled in [(1, 0.0, False), (7, 0.3, False), (7, 0.3, True)]
    ],
    FLOATS,
    _run_adam,
    writes=True,
)
