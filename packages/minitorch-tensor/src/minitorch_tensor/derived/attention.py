"""Attention: values weighed by how well keys answer queries.

Sizes: N examples, H heads of queries, G heads of keys and values (H / G successive heads of queries
share one), L queries, S keys and values, E and V elements of each.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.cells import Arithmetic
from minitorch_tensor.derived.elementwise import ElementwiseOperations
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData


class Attention(NamedTuple):
    """The settings of an attention.

    Attributes:
        scale: the factor of the scores.
        causal: true if query i sees the keys up to i alone.
    """

    scale: float
    causal: bool = False


class AttentionOperations(ElementwiseOperations):
    """Scaled dot-product attention, and its gradients."""

    def attention(
        self,
        q: TensorData,
        k: TensorData,
        v: TensorData,
        mask: TensorData | None,
        attention: Attention,
    ) -> tuple[TensorData, TensorData]:
        """out[i] = sum over j of p[i, j] v[j], with p[i] the softmax of scale q[i] . k[j] +
        mask[i, j] over the keys j that query i sees.

        A key is not seen where the mask is false, or -inf: what it and its value hold does not
        matter then, even NaN. A query that sees no key gives 0.

        Args:
            q, k, v: (N, H, L, E), (N, G, S, E) and (N, G, S, V), of any strides.
            mask: (N, H, L, S), bool or of q's dtype, possibly with strides of 0; or None.

        Returns: out (N, H, L, V), and for the backward pass the logarithms of the sums of
            exponentials (N, H, L), -inf for a query that sees no key. Override it to do without
            the (L, S) scores in memory.
        Source: Vaswani et al. 2017, section 3.2.1.
        """
        do = Arithmetic(self, q.dtype)
        keys, values = (_for_each_head(self, x, q.shape[1]) for x in (k, v))
        scores, seen = _scores(self, q, keys, mask, attention)
        top = self.reduce(ops.max, scores, 3, -math.inf, q.dtype)
        low = self.constant(-math.inf, q.dtype)
        blind = self.zip(ops.eq, top, low, bool_)
        top = self.where(blind, self.constant(0.0, q.dtype), top)
        e = do.unary(ops.exp, do.sub(scores, top))
        total = self.reduce(ops.add, e, 3, 0.0, q.dtype)
        one = self.constant(1.0, q.dtype)
        weights = do.binary(ops.div, e, self.where(blind, one, total))
        sums = do.add(top, do.unary(ops.log, self.where(blind, one, total)))
        sums = self.where(blind, low, sums)
        return _product(self, weights, values, seen), sums.owned(q.shape[:3])

    def attention_backward(
        self,
        d: TensorData,
        q: TensorData,
        k: TensorData,
        v: TensorData,
        mask: TensorData | None,
        out: TensorData,
        sums: TensorData,
        attention: Attention,
    ) -> tuple[TensorData, TensorData, TensorData]:
        """The gradients of q, k and v from that of `attention`'s output, d (N, H, L, V); out and
        sums are its results."""
        do = Arithmetic(self, q.dtype)
        heads = q.shape[1]
        keys, values = (_for_each_head(self, x, heads) for x in (k, v))
        scores, seen = _scores(self, q, keys, mask, attention)
        zero = self.constant(0.0, q.dtype)
        beside = self.reshape(sums, (*q.shape[:3], 1))
        blind = self.zip(ops.eq, beside, self.constant(-math.inf, q.dtype), bool_)
        weights = do.unary(ops.exp, do.sub(scores, self.where(blind, zero, beside)))
        mean = self.reduce(ops.add, do.mul(d, out), 3, 0.0, q.dtype)
        moved = do.sub(self.matmul(d, values.transpose()), mean)
        if seen is not None:
            moved = self.where(seen, moved, zero)
        to_scores = do.mul(do.mul(weights, moved), self.constant(attention.scale, q.dtype))
        beneath = None if seen is None else seen.transpose()
        to_q = _product(self, to_scores, keys, seen)
        to_k = _product(self, to_scores.transpose(), q, beneath)
        to_v = _product(self, weights.transpose(), d, beneath)
        return to_q, _of_shared(self, to_k, k.shape), _of_shared(self, to_v, v.shape)


def _for_each_head(backend: ElementwiseOperations, x: TensorData, heads: int) -> TensorData:
    """(N, G, S, E) with each head as often as queries share it: (N, H, S, E)."""
    n, shared, count, size = x.shape
    if shared == heads:
        return x
    apart = backend.reshape(x, (n, shared, 1, count, size))
    apart = apart.expand((n, shared, heads // shared, count, size))
    return backend.reshape(apart, (n, heads, count, size))


def _of_shared(backend: ElementwiseOperations, x: TensorData, shape: Shape) -> TensorData:
    """The adjoint of `_for_each_head`."""
    n, shared, count, size = shape
    if x.shape == shape:
        return x
    apart = backend.reshape(x, (n, shared, x.shape[1] // shared, count, size))
    return backend.reduce(ops.add, apart, 2, 0.0, x.dtype).owned(shape)


def _scores(
    backend: ElementwiseOperations,
    q: TensorData,
    k: TensorData,
    mask: TensorData | None,
    attention: Attention,
) -> tuple[TensorData, TensorData | None]:
    """The scores (N, H, L, S), -inf where nothing is seen; and where something is, None for
    everywhere."""
    do = Arithmetic(backend, q.dtype)
    scores = do.mul(backend.matmul(q, k.transpose()), backend.constant(attention.scale, q.dtype))
    low = backend.constant(-math.inf, q.dtype)
    seen = None
    if mask is not None:
        seen = mask
        if mask.dtype is not bool_:
            scores, seen = do.add(scores, mask), backend.zip(ops.ne, mask, low, bool_)
    if attention.causal:
        sides = q.shape[2], k.shape[2]
        before = backend.from_numpy(np.tri(*sides, dtype=np.bool_)).expand(scores.shape)
        seen = before if seen is None else backend.zip(ops.logical_and, seen, before, bool_)
    if seen is None:
        return scores, None
    return backend.where(seen, scores, low), seen


def _product(
    backend: ElementwiseOperations, weights: TensorData, x: TensorData, seen: TensorData | None
) -> TensorData:
    """weights @ x, without what is not seen: 0 times NaN or infinity would be NaN there."""
    if seen is None or np.isfinite(backend.to_numpy(x)).all():
        return backend.matmul(weights, x)
    do = Arithmetic(backend, x.dtype)
    each = do.mul(
        backend.reshape(weights, (*weights.shape, 1)),
        backend.reshape(x, (*x.shape[:2], 1, *x.shape[2:])),
    )
    seen = backend.reshape(backend.contiguous(seen), (*seen.shape, 1))
    each = backend.where(seen, each, backend.constant(0.0, x.dtype))
    total = backend.reduce(ops.add, each, 3, 0.0, x.dtype)
    return total.owned((*weights.shape[:3], x.shape[3]))
