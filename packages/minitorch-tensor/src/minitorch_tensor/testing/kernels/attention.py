"""Attention and its backward pass."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.derived import Attention
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import Array, Draw, Sample, sample


def _weights(q: Array, k: Array, mask: Array | None, attention: Attention) -> tuple[Array, Array]:
    """The weights (N, H, L, S), query by query, and the logarithms of their sums."""
    n, heads, length, _ = q.shape
    count = k.shape[2]
    weights = np.zeros((n, heads, length, count), q.dtype)
    sums = np.full((n, heads, length), -np.inf, q.dtype)
    for b, h, i in np.ndindex(n, heads, length):
        scores = attention.scale * (k[b, h * k.shape[1] // heads] @ q[b, h, i])
        if mask is not None:
            row = mask[b, h, i]
            scores = np.where(row, scores, -np.inf) if row.dtype == bool else scores + row
        if attention.causal:
            scores[i + 1 :] = -np.inf
        if count and scores.max() > -np.inf:
            e = np.exp(scores - scores.max())
            weights[b, h, i] = e / e.sum()
            sums[b, h, i] = scores.max() + np.log(e.sum())
    return weights, sums


def _repeated(x: Array, heads: int) -> Array:
    return np.repeat(x, heads // x.shape[1], 1)


def _attention(
    q: Array, k: Array, v: Array, mask: Array | None, attention: Attention
) -> tuple[Array, Array]:
    weights, sums = _weights(q, k, mask, attention)
    return weights @ _repeated(v, q.shape[1]), sums


def _attention_backward(
    d: Array,
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None,
    out: Array,
    sums: Array,
    attention: Attention,
) -> tuple[Array, Array, Array]:
    weights, _ = _weights(q, k, mask, attention)
    heads = q.shape[1]
    moved = d @ _repeated(v, heads).swapaxes(2, 3)
    moved = moved - (weights * moved).sum(3, keepdims=True)
    to_scores = attention.scale * weights * moved
    to_k = to_scores.swapaxes(2, 3) @ q
    to_v = weights.swapaxes(2, 3) @ d

    def shared(x: Array, like: Array) -> Array:
        n, groups, count, size = like.shape
        return np.asarray(x.reshape(n, groups, heads // groups, count, size).sum(2))

    return to_scores @ _repeated(k, heads), shared(to_k, k), shared(to_v, v)


def _samples(draw: Draw) -> list[Sample]:
    seen = draw.mask(2, 4, 3, 5)
    seen[0, 1, 2] = False  # a query that sees nothing
    added = draw(2, 4, 3, 5)
    added[1, 2, :, 3] = -np.inf
    return [
        sample(draw(2, 3, 4, 5), draw(2, 3, 4, 5), draw(2, 3, 4, 5), None, Attention(0.5, True)),
        sample(draw(2, 4, 3, 2), draw(2, 2, 5, 2), draw(2, 2, 5, 3), seen, Attention(0.7)),
        sample(draw(2, 4, 3, 2), draw(2, 1, 5, 2), draw(2, 1, 5, 1), added, Attention(0.1)),
        sample(draw(1, 2, 5, 3), draw(1, 2, 3, 3), draw(1, 2, 3, 4), None, Attention(1.0, True)),
        sample(draw(1, 1, 140, 2), draw(1, 1, 150, 2), draw(1, 1, 150, 2), None, Attention(0.3)),
        sample(draw(1, 2, 2, 3), draw(1, 2, 0, 3), draw(1, 2, 0, 2), None, Attention(1.0)),
        sample(draw(1, 2, 0, 3), draw(1, 2, 2, 3), draw(1, 2, 2, 2), None, Attention(1.0, True)),
    ]


def _samples_of_backward(draw: Draw) -> list[Sample]:
    samples = []
    for one in _samples(draw):
        q, k, v, mask, attention = one.args
        out, sums = _attention(q, k, v, mask, attention)
        samples.append(sample(draw(*out.shape), q, k, v, mask, out, sums, attention))
    return samples


ROWS: tuple[Kernel, ...] = (
    kernel("attention", _attention, _samples),
    kernel("attention_backward", _attention_backward, _samples_of_backward),
)
