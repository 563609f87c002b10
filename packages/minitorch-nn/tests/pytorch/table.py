"""The calls compared with PyTorch: of functions, layers, optimizers and schedules, as data.

The numbers of a row are drawn from how it reads, so that a new row changes no other. Nothing here
imports either library.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class In:
    """A tensor that goes in: a shape to fill with numbers between low and high, or its values."""

    shape: tuple[int, ...] = ()
    low: float = -2.0
    high: float = 2.0
    values: Any = None

    def __repr__(self) -> str:
        if self.values is not None:
            return f"v({self.values})"
        interval = "" if (self.low, self.high) == (-2.0, 2.0) else f", {self.low} to {self.high}"
        return f"x({', '.join(map(str, self.shape))}{interval})"


def x(*shape: int, low: float = -2.0, high: float = 2.0) -> In:
    """A tensor of drawn numbers."""
    return In(shape, low, high)


def v(values: Any) -> In:
    """A tensor of these numbers: float64, or int64 where all are whole by type."""
    return In(values=values)


class Draw:
    """The numbers of one row."""

    def __init__(self, row: Any) -> None:
        self.random = np.random.default_rng(zlib.crc32(repr(row).encode()))

    def __call__(self, *shape: int, low: float = -2.0, high: float = 2.0) -> Any:
        """Uniform numbers, rounded to three decimals."""
        return np.round(self.random.uniform(low, high, shape), 3)

    def array(self, given: In) -> Any:
        """The elements of a tensor that goes in."""
        if given.values is not None:
            return np.array(given.values)
        return self(*given.shape, low=given.low, high=given.high)


# -- functions, and losses as modules: name, inputs, options ---------------------------------------

X4 = (2, 4, 5, 6)  # an image batch
FUNCTIONS: list[tuple[str, list[In], dict[str, Any]]] = [
    ("linear", [x(3, 4), x(2, 4), x(2)], {}),
    ("linear", [x(2, 3, 4), x(5, 4)], {}),
    ("conv2d", [x(2, 3, 5, 6), x(4, 3, 3, 2), x(4)], {}),
    ("conv2d", [x(2, 3, 6, 5), x(2, 3, 3, 3), x(2)], {"padding": 1}),
    ("conv2d", [x(1, 2, 7, 8), x(3, 2, 3, 2)], {"stride": [2, 3], "padding": [1, 0]}),
    ("conv2d", [x(1, 2, 7, 8), x(2, 2, 2, 3), x(2)], {"dilation": [3, 2], "padding": 2}),
    ("conv2d", [x(2, 4, 5, 5), x(6, 2, 2, 2), x(6)], {"groups": 2}),
    ("conv2d", [x(1, 3, 5, 5), x(6, 1, 3, 3)], {"groups": 3, "stride": 2, "padding": 1}),
    ("conv1d", [x(2, 3, 9), x(4, 3, 3), x(4)], {}),
    (
        "conv1d",
        [x(1, 4, 9), x(2, 2, 3)],
        {"stride": 2, "padding": 2, "dilation": 2, "groups": 2},
    ),
    ("max_pool2d", [x(*X4)], {"kernel_size": 2}),
    ("max_pool2d", [x(*X4)], {"kernel_size": [3, 2], "stride": [1, 2], "padding": [1, 0]}),
    ("max_pool2d", [x(1, 2, 7, 7)], {"kernel_size": 2, "stride": 2, "dilation": 3}),
    ("max_pool2d", [v(np.ones((1, 1, 4, 4)).tolist())], {"kernel_size": 2, "stride": 1}),
    ("avg_pool2d", [x(*X4)], {"kernel_size": 2}),
    ("avg_pool2d", [x(*X4)], {"kernel_size": [3, 2], "stride": [1, 2], "padding": [1, 1]}),
    ("max_pool1d", [x(2, 3, 9)], {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("avg_pool1d", [x(2, 3, 9)], {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("adaptive_avg_pool2d", [x(*X4)], {"output_size": [3, 4]}),
    ("adaptive_avg_pool2d", [x(1, 2, 6, 6)], {"output_size": 3}),
    ("adaptive_avg_pool2d", [x(1, 2, 4, 6)], {"output_size": [None, 4]}),
    ("adaptive_avg_pool2d", [x(1, 1, 3, 2)], {"output_size": [5, 3]}),
    ("adaptive_max_pool2d", [x(*X4)], {"output_size": [3, 4]}),
    ("adaptive_max_pool2d", [x(1, 2, 6, 6)], {"output_size": 1}),
    ("adaptive_avg_pool1d", [x(2, 3, 7)], {"output_size": 3}),
    ("adaptive_max_pool1d", [x(2, 3, 7)], {"output_size": 3}),
    ("relu", [v([-1.5, 0.0, 2.0])], {}),
    ("leaky_relu", [v([-1.5, 0.0, 2.0])], {}),
    ("leaky_relu", [x(3, 4)], {"negative_slope": 0.2}),
    ("gelu", [x(3, 4, low=-4, high=4)], {}),
    ("gelu", [x(3, 4, low=-4, high=4)], {"approximate": "tanh"}),
    ("silu", [x(3, 4, low=-4, high=4)], {}),
    ("softplus", [v([-800.0, -3.0, 0.0, 2.0, 15.0, 800.0])], {}),
    ("sigmoid", [v([-800.0, -3.0, 0.0, 2.0, 800.0])], {}),
    ("tanh", [x(3, 4)], {}),
    ("softmax", [x(3, 4)], {"dim": 0}),
    ("log_softmax", [x(3, 4)], {"dim": 1}),
    ("embedding", [v([[0, 2], [2, 4]]), x(5, 3)], {}),
    ("embedding", [v([[0, 2], [2, 4]]), x(5, 3)], {"padding_idx": 2}),
    ("embedding", [v([0, 4, 4]), x(5, 2)], {"padding_idx": -1}),
    ("layer_norm", [x(3, 4), x(4), x(4)], {"normalized_shape": [4]}),
    ("layer_norm", [x(2, 3, 4)], {"normalized_shape": [3, 4], "eps": 0.1}),
    ("nll_loss", [x(4, 3), v([0, 2, 1, 2])], {}),
    ("nll_loss", [x(4, 3), v([0, 2, 1, 2]), x(3, low=0.2)], {}),
    ("cross_entropy", [x(4, 3), v([0, 2, 1, 2])], {}),
    ("cross_entropy", [x(4, 3), v([0, 2, 1, 2])], {"reduction": "sum"}),
    ("cross_entropy", [x(4, 3), v([0, 2, 1, 2])], {"reduction": "none"}),
    ("cross_entropy", [x(4, 3), v([0, 2, 1, 2]), x(3, low=0.2)], {}),
    ("cross_entropy", [x(4, 3), v([0, 2, 1, 2]), x(3, low=0.2)], {"reduction": "none"}),
    ("cross_entropy", [x(5, 3), v([0, -100, 1, 2, -100])], {}),
    ("cross_entropy", [x(5, 3), v([0, 1, 1, 2, 1])], {"ignore_index": 1}),
    ("cross_entropy", [x(5, 3), v([0, 1, 1, 2, 1])], {"ignore_index": 1, "reduction": "none"}),
    ("cross_entropy", [x(4, 3), v([0, 2, 1, 2])], {"label_smoothing": 0.1}),
    (
        "cross_entropy",
        [x(4, 3), v([0, 2, 1, 2]), x(3, low=0.2)],
        {"label_smoothing": 0.3, "ignore_index": 2},
    ),
    (
        "cross_entropy",
        [x(4, 3), v([0, 2, 1, 2]), x(3, low=0.2)],
        {"label_smoothing": 0.3, "reduction": "none"},
    ),
    ("cross_entropy", [x(2, 3, 2, 2), v([[[0, 1], [2, 1]], [[1, 1], [0, 2]]])], {}),
    (
        "cross_entropy",
        [x(2, 3, 2, 2), v([[[0, 1], [2, 1]], [[1, 1], [0, 2]]]), x(3, low=0.2)],
        {"label_smoothing": 0.2, "ignore_index": 0},
    ),
    ("cross_entropy", [x(2, 3), v([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])], {}),
    (
        "cross_entropy",
        [x(2, 3), v([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]), x(3, low=0.2)],
        {"label_smoothing": 0.2},
    ),
    (
        "cross_entropy",
        [v([[1000.0, 0.0], [0.0, -1000.0], [-1e4, 1e4]]), v([0, 0, 0])],
        {"reduction": "none"},
    ),
    ("binary_cross_entropy_with_logits", [x(3, 2), x(3, 2, low=0.0, high=1.0)], {}),
    (
        "binary_cross_entropy_with_logits",
        [
            v([-900.0, 0.0, 900.0, 900.0]),
            v([0.0, 1.0, 1.0, 0.0]),
        ],
        {"reduction": "none"},
    ),
    (
        "binary_cross_entropy_with_logits",
        [x(3, 2), x(3, 2, low=0.0, high=1.0), x(3, 2, low=0.2)],
        {"pos_weight": [0.5, 3.0], "reduction": "sum"},
    ),
    ("mse_loss", [x(3, 2), x(3, 2)], {}),
    ("mse_loss", [x(3, 2), x(3, 2)], {"reduction": "none"}),
    ("l1_loss", [x(3, 2), x(3, 2)], {}),
    (
        "l1_loss",
        [v([1.0, 2.0]), v([1.0, 3.0])],
        {"reduction": "sum"},
    ),
    ("nll_loss", [x(4, 3), v([0, 2, 1, 2])], {"ignore_index": 2}),
    ("nll_loss", [x(4, 3), v([0, 2, 1, 2]), x(3, low=0.2)], {"reduction": "none"}),
    # Losses as modules.
    ("CrossEntropyLoss", [x(4, 3), v([0, 2, 1, 2])], {}),
    (
        "CrossEntropyLoss",
        [x(4, 3), v([0, 2, 1, 2])],
        {"weight": [0.5, 1.0, 2.0], "ignore_index": 1, "label_smoothing": 0.1},
    ),
    ("NLLLoss", [x(4, 3), v([0, 2, 1, 2])], {"ignore_index": 1, "reduction": "sum"}),
    ("NLLLoss", [x(3, 2), v([0, 1, 1])], {}),
    ("BCEWithLogitsLoss", [x(3, 2), x(3, 2, low=0.0, high=1.0)], {"pos_weight": [0.5, 3.0]}),
    ("BCEWithLogitsLoss", [x(3, 2), x(3, 2, low=0.0, high=1.0)], {}),
    ("MSELoss", [x(3, 2), x(3, 2)], {"reduction": "sum"}),
    ("MSELoss", [x(3, 2), x(3, 2)], {}),
    ("L1Loss", [x(3, 2), x(3, 2)], {}),
]

# -- modules: name, arguments, options, inputs of training steps and of an evaluation --------------

MODULES: list[tuple[str, list[Any], dict[str, Any], list[In], In]] = [
    ("Linear", [4, 3], {}, [x(2, 4)], x(5, 4)),
    ("Linear", [4, 3], {"bias": False}, [x(2, 4)], x(5, 4)),
    ("Conv2d", [2, 4, 3], {"padding": 1, "groups": 2}, [x(2, 2, 4, 4)], x(1, 2, 5, 5)),
    (
        "Conv2d",
        [2, 2, [2, 1]],
        {"stride": [1, 2], "padding": [1, 0]},
        [x(1, 2, 3, 4)],
        x(1, 2, 3, 3),
    ),
    (
        "Conv2d",
        [2, 2, 2],
        {"dilation": 2, "groups": 2, "bias": False},
        [x(1, 2, 3, 4)],
        x(1, 2, 3, 3),
    ),
    ("Conv1d", [2, 3, 3], {"stride": 2}, [x(2, 2, 7)], x(1, 2, 6)),
    (
        "Conv1d",
        [2, 4, 2],
        {"stride": 2, "padding": 1, "dilation": 2, "groups": 2},
        [x(2, 2, 6)],
        x(1, 2, 6),
    ),
    ("Embedding", [5, 3], {"padding_idx": 1}, [v([0, 1, 4])], v([1, 2])),
    ("Embedding", [4, 2], {}, [v([[0, 2], [2, 3]])], v([1, 2])),
    ("BatchNorm1d", [3], {}, [x(4, 3), x(5, 3)], x(2, 3)),
    ("BatchNorm1d", [3], {"momentum": None}, [x(2, 3, 4), x(2, 3, 4)], x(2, 3, 4)),
    ("BatchNorm1d", [3], {"track_running_stats": False}, [x(4, 3)], x(2, 3)),
    ("BatchNorm2d", [2], {"eps": 0.01, "momentum": 0.3}, [x(2, 2, 3, 2)] * 2, x(1, 2, 2, 2)),
    ("BatchNorm2d", [2], {"affine": False}, [x(2, 2, 3, 2)], x(1, 2, 2, 2)),
    ("LayerNorm", [[3, 2]], {}, [x(2, 3, 2)], x(1, 3, 2)),
    ("LayerNorm", [4], {"bias": False}, [x(2, 4)], x(1, 4)),
    ("MaxPool1d", [2], {"padding": 1}, [x(2, 2, 7)], x(1, 2, 6)),
    ("MaxPool2d", [2], {"stride": 1}, [x(*X4)], x(1, 2, 5, 5)),
    ("AvgPool1d", [3], {"stride": 2, "padding": 1}, [x(2, 2, 7)], x(1, 2, 6)),
    ("AvgPool2d", [2], {}, [x(*X4)], x(1, 2, 5, 5)),
    ("AvgPool2d", [2], {"stride": 1}, [x(*X4)], x(1, 2, 3, 3)),
    ("AdaptiveAvgPool1d", [3], {}, [x(2, 2, 7)], x(1, 2, 6)),
    ("AdaptiveAvgPool2d", [[3, 2]], {}, [x(*X4)], x(1, 2, 5, 5)),
    ("AdaptiveMaxPool1d", [3], {}, [x(2, 2, 7)], x(1, 2, 6)),
    ("AdaptiveMaxPool2d", [2], {}, [x(*X4)], x(1, 2, 5, 5)),
    ("ReLU", [], {}, [x(3, 4)], x(2, 2)),
    ("LeakyReLU", [0.2], {}, [x(3, 4)], x(2, 2)),
    ("GELU", [], {}, [x(3, 4)], x(2, 2)),
    ("GELU", [], {"approximate": "tanh"}, [x(3, 4)], x(2, 2)),
    ("SiLU", [], {}, [x(3, 4)], x(2, 2)),
    ("Softplus", [], {}, [x(3, 4)], x(2, 2)),
    ("Sigmoid", [], {}, [x(3, 4)], x(2, 2)),
    ("Tanh", [], {}, [x(3, 4)], x(2, 2)),
    ("Softmax", [0], {}, [x(3, 4)], x(2, 2)),
    ("Softmax", [1], {}, [x(2, 3)], x(2, 2)),
    ("LogSoftmax", [], {"dim": -1}, [x(3, 4)], x(2, 2)),
    ("Flatten", [], {}, [x(2, 2, 3)], x(1, 2, 2)),
    ("Flatten", [], {"start_dim": 0, "end_dim": 1}, [x(2, 2, 3)], x(1, 2, 2)),
    ("Identity", [], {}, [x(2, 3)], x(2, 2)),
    # What is dropped is drawn at random, but for all, nothing, and in evaluation.
    ("Dropout", [1.0], {}, [x(2, 3)], x(2, 2)),
    ("Dropout", [0.0], {}, [x(2, 3)], x(2, 2)),
    ("Dropout", [0.5], {}, [], x(2, 2)),
]

# -- optimizers: name, options ---------------------------------------------------------------------

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

# -- warm-ups: first factor and length of the line, length of the cosine, number of steps ----------

WARM_UPS: list[tuple[float, int, int, int]] = [(0.25, 4, 6, 10)]

# -- gradient clipping: largest norm and its kind; largest value -----------------------------------

CLIPPING: list[tuple[float, float]] = [(1.0, 2.0), (100.0, 2.0), (0.5, 1.0), (0.5, float("inf"))]

CLIP_VALUES: list[float] = [0.5, 3.0]

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


#: The sections of expectations.json, in its order.
SECTIONS: dict[str, list[Any]] = {
    "functions": FUNCTIONS,
    "modules": MODULES,
    "optimizers": OPTIMIZERS,
    "schedulers": SCHEDULERS,
    "warm_up": WARM_UPS,
    "clipping": CLIPPING,
    "clip_values": CLIP_VALUES,
    "recurrent": RECURRENT,
}
