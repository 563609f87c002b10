"""Training helpers: gradient clipping, and sequence padding (in `utils.rnn`)."""

from typing import TYPE_CHECKING

from minitorch_autodiff.hints import lacking
from minitorch_nn.utils import rnn
from minitorch_nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_
from minitorch_nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "parameters_to_vector",
    "rnn",
    "vector_to_parameters",
]

if not TYPE_CHECKING:  # type checkers know every name
    __getattr__ = lacking(__name__)
