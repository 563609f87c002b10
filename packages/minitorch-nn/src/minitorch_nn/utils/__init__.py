"""Training helpers: gradient clipping, and sequence padding (in `utils.rnn`)."""

from minitorch_nn.utils import rnn
from minitorch_nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_

__all__ = ["clip_grad_norm_", "clip_grad_value_", "rnn"]
