"""Probability distributions: samples, log probabilities and entropies, through which gradients of
parameters pass.

Names and arguments are PyTorch's. The batch shape of a distribution is that of its parameters,
broadcast; a sample has the shape asked for, then the batch shape.
"""

from minitorch_nn.distributions.bernoulli import Bernoulli
from minitorch_nn.distributions.categorical import Categorical
from minitorch_nn.distributions.distribution import Distribution
from minitorch_nn.distributions.divergence import kl_divergence
from minitorch_nn.distributions.normal import Normal
from minitorch_nn.distributions.uniform import Uniform

__all__ = [
    "Bernoulli",
    "Categorical",
    "Distribution",
    "Normal",
    "Uniform",
    "kl_divergence",
]
