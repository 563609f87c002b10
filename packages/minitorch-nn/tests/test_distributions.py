"""Probability distributions, with PyTorch 2.13's numbers, and the laws of what they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minitorch_nn.distributions as D
import minitorch_tensor as mt
from minitorch_tensor.testing import gradcheck

T = mt.tensor

#: Distribution, values, and PyTorch's mean, variance, entropy and log probabilities.
KNOWN = {
    "normal": (
        D.Normal(T([0.0, 1.5]), T([1.0, 0.3])),
        T([[0.5, 1.0], [2.0, -1.0]]),
        [0.0, 1.5],
        [1.0, 0.09],
        [1.4189385175704956, 0.21496570110321045],
        [[-1.0439385175704956, -1.1038545370101929], [-2.918938636779785, -34.43718719482422]],
    ),
    "uniform": (
        D.Uniform(T([0.0, -1.0]), 2.0),
        T([[0.5, 1.0], [2.0, -1.0]]),
        [1.0, 0.5],
        [1 / 3, 0.75],
        [0.6931471824645996, 1.0986123085021973],
        [[-0.6931471824645996, -1.0986123085021973], [-math.inf, -1.0986123085021973]],
    ),
    "bernoulli": (
        D.Bernoulli(T([0.0, 0.25, 1.0])),
        T([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]),
        [0.0, 0.25, 1.0],
        [0.0, 0.1875, 0.0],
        [0.0, 0.5623351335525513, 0.0],
        [[0.0, -1.3862943649291992, 0.0], [0.0, -0.28768205642700195, 0.0]],
    ),
    "bernoulli of logits": (
        D.Bernoulli(logits=T([-2.0, 0.25])),
        T([[0.0, 1.0], [1.0, 0.0]]),
        [0.11920291930437088, 0.562176525592804],
        [0.10499358177185059, 0.24613407254219055],
        [0.3653339147567749, 0.6853953003883362],
        [[-0.12692809104919434, -0.575939416885376], [-2.1269280910491943, -0.825939416885376]],
    ),
    "categorical": (
        D.Categorical(T([[1.0, 2.0, 1.0], [0.0, 0.0, 3.0]])),
        T([[0, 2], [1, 2], [2, 2]]),
        None,
        None,
        [1.0397207736968994, 0.0],
        [[-1.3862943649291992, 0.0], [-0.6931471824645996, 0.0], [-1.3862943649291992, 0.0]],
    ),
    "categorical of logits": (
        D.Categorical(logits=T([0.5, -1.0, 2.0])),
        T([0, 2, 1]),
        None,
        None,
        0.6215846538543701,
        [-1.7413113117218018, -0.24131131172180176, -3.2413113117218018],
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_numbers_are_pytorchs(name):
    distribution, values, mean, variance, entropy, log_prob = KNOWN[name]
    if mean is not None:
        np.testing.assert_allclose(distribution.mean.numpy(), mean, 1e-6)
        np.testing.assert_allclose(distribution.variance.numpy(), variance, 1e-6)
        np.testing.assert_allclose(distribution.stddev.numpy(), np.sqrt(variance), 1e-6)
    np.testing.assert_allclose(distribution.entropy().numpy(), entropy, 1e-5, 1e-6)
    np.testing.assert_allclose(distribution.log_prob(values).numpy(), log_prob, 1e-5, 1e-6)


@pytest.mark.parametrize("name", KNOWN)
def test_samples_have_the_shape_asked_for_and_the_moments_promised(name):
    distribution = KNOWN[name][0]
    mt.manual_seed(3)
    drawn = distribution.sample((4000, 5))
    assert drawn.shape == (4000, 5, *distribution.batch_shape)
    assert distribution.sample().shape == distribution.batch_shape
    assert not drawn.requires_grad
    if isinstance(distribution, D.Categorical):
        for k in range(distribution.param_shape[-1]):
            share = (drawn == k).double().mean((0, 1))
            np.testing.assert_allclose(share.numpy(), distribution.probs[..., k].numpy(), atol=0.02)
    else:
        flat = drawn.double().numpy().reshape(-1, *distribution.batch_shape)
        np.testing.assert_allclose(flat.mean(0), distribution.mean.numpy(), atol=0.03)
        np.testing.assert_allclose(flat.var(0), distribution.variance.numpy(), atol=0.03)
    assert np.isfinite(distribution.log_prob(drawn).numpy()).all()


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        (
            D.Normal(0.0, 1.0),
            D.Normal(T([1.0, 0.0]), T([2.0, 0.5])),
            [0.4431471824645996, 0.8068528175354004],
        ),
        (
            D.Uniform(0.0, 1.0),
            D.Uniform(T([-1.0, 0.5]), T([2.0, 2.0])),
            [1.0986123085021973, math.inf],
        ),
        (
            D.Bernoulli(T([0.2, 0.7])),
            D.Bernoulli(T([0.5, 0.6])),
            [0.19274474680423737, 0.021600835025310516],
        ),
        (D.Categorical(T([0.2, 0.8])), D.Categorical(T([0.5, 0.5])), 0.19274477660655975),
        (D.Categorical(T([0.2, 0.8])), D.Categorical(T([0.0, 0.5])), math.inf),
        (D.Categorical(T([0.0, 1.0])), D.Categorical(T([0.5, 0.5])), math.log(2)),
    ],
)
def test_divergences_are_pytorchs_and_zero_from_itself(p, q, expected):
    np.testing.assert_allclose(D.kl_divergence(p, q).numpy(), expected, 1e-5, 1e-6)
    np.testing.assert_allclose(D.kl_divergence(p, p).numpy(), 0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (lambda a, b: D.Normal(a, b.exp()), [0.5, -1.0]),
        (lambda a, b: D.Bernoulli(logits=a * b), [1.0, 0.0]),
        (lambda a, b: D.Bernoulli((a * b).sigmoid()), [1.0, 0.0]),
        (lambda a, b: D.Categorical(logits=mt.stack([a, b])), [1, 0]),
        (lambda a, b: D.Categorical(mt.stack([a, b]).exp()), [1, 0]),
        (lambda a, b: D.Uniform(a - 3, b.exp() + 3), [0.5, -1.0]),
    ],
)
def test_gradients_of_log_probabilities_entropies_and_divergences_are_right(make, value):
    a = T([0.3, -0.8], dtype="float64", requires_grad=True)
    b = T([0.5, 1.2], dtype="float64", requires_grad=True)
    x = T(value) if isinstance(value[0], int) else T(value, dtype="float64")
    assert gradcheck(lambda a, b: make(a, b).log_prob(x), (a, b))
    assert gradcheck(lambda a, b: make(a, b).entropy(), (a, b))
    other = make(a.detach() - 0.5, b.detach() + 0.5)
    assert gradcheck(lambda a, b: D.kl_divergence(make(a, b), other), (a, b))


@pytest.mark.parametrize("kind", [D.Normal, D.Uniform])
def test_a_reparameterized_sample_passes_gradients_to_the_parameters(kind):
    a, b = T([0.0, 1.0], requires_grad=True), T([2.0, 3.0], requires_grad=True)
    drawn = kind(a, b).rsample((3,))
    drawn.sum().backward()
    assert kind.has_rsample
    for x in (a, b):
        assert x.grad.shape == (2,) and float(x.grad.abs().sum()) > 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: D.Normal(0.0, 0.0), ValueError, "Normal: scale must be above 0, got 0"),
        (lambda: D.Normal(0.0, math.nan), ValueError, "Normal: scale must be above 0"),
        (
            lambda: D.Normal("a", 1.0),
            TypeError,
            "Normal: loc must be a number or a tensor, got str",
        ),
        (lambda: D.Uniform(1.0, 1.0), ValueError, "Uniform: low must be below high"),
        (lambda: D.Bernoulli(1.5), ValueError, "Bernoulli: probs must be from 0 to 1"),
        (lambda: D.Bernoulli(), ValueError, "give either probs or logits"),
        (lambda: D.Bernoulli(0.5, 0.0), ValueError, "give either probs or logits"),
        (lambda: D.Categorical(), ValueError, "give either probs or logits"),
        (lambda: D.Categorical(T(0.5)), ValueError, "with a dimension of classes, got"),
        (lambda: D.Categorical(T([0.0, 0.0])), ValueError, "at least 0, and not all 0"),
        (lambda: D.Categorical(T([-1.0, 2.0])), ValueError, "at least 0, and not all 0"),
        (lambda: D.Bernoulli(0.5).rsample(), NotImplementedError, "Use sample"),
        (
            lambda: D.kl_divergence(D.Normal(0.0, 1.0), D.Uniform(0.0, 1.0)),
            NotImplementedError,
            "got Normal and Uniform",
        ),
    ],
)
def test_what_is_no_distribution_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_distribution_prints_its_parameters():
    assert repr(D.Normal(0.0, T(2.0))) == "Normal(loc: 0.0, scale: 2.0)"
    assert repr(D.Uniform(0.0, T([1.0, 2.0]))).startswith("Uniform(low: tensor of shape (2,)")
