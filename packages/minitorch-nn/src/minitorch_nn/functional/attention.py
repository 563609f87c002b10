"""Attention: values weighed by how well keys answer queries.

Sizes: N examples, H heads, L queries, S keys and values, E elements of each.
"""

from __future__ import annotations

import math

import numpy as np

import minitorch_tensor as mt
from minitorch_nn.functional.dropout import dropout
from minitorch_nn.functional.linear import linear
from minitorch_tensor import Tensor, bool_, softmax, where
from minitorch_tensor.extend import (
    Attention,
    Context,
    Function,
    TensorData,
    check_backends,
    floating,
)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query key^T scale + mask) value.

    Args:
        attn_mask: true where a query may see a key; or numbers that are added to the scores. A
            query that sees nothing gives 0.
        dropout_p: probability of dropping a weight. It is applied whenever above 0.
        is_causal: true if query i sees the keys up to i alone.
        scale: 1 / sqrt(E) if omitted.
        enable_gqa: true if keys and values have fewer heads, each for as many successive heads of
            the queries.

    Shapes: query (*, L, E), key (*, S, E), value (*, S, V), mask that broadcasts with (*, L, S)
        -> (*, L, V)
    Raises: ValueError if shapes do not match, or for a mask with is_causal.
    Source: Vaswani et al. 2017, section 3.2.1.
    """
    operation = "scaled_dot_product_attention"
    if enable_gqa:
        key, value = (_repeated(operation, query, x) for x in (key, value))
    if (
        min(query.ndim, key.ndim, value.ndim) < 2
        or query.shape[-1] != key.shape[-1]
        or key.shape[-2] != value.shape[-2]
    ):
        raise ValueError(
            f"{operation}: wanted query (*, L, E), key (*, S, E) and value (*, S, V), got "
            f"{query.shape}, {key.shape} and {value.shape}."
        )
    if is_causal and attn_mask is not None:
        raise ValueError(f"{operation}: give either attn_mask or is_causal=True.")
    factor = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    tensors = [x for x in (query, key, value, attn_mask) if x is not None]
    check_backends(operation, *tensors)
    settings = Attention(float(factor), is_causal)
    alike = all(x.dtype is query.dtype for x in tensors if x.dtype is not bool_)
    if (
        dropout_p == 0.0
        and alike
        and query.is_floating_point()
        and not (attn_mask is not None and attn_mask.requires_grad)
    ):
        return _at_once(query, key, value, attn_mask, settings)
    weights = _weights(query, key, attn_mask, settings)
    return dropout(weights, dropout_p) @ value


def _at_once(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, settings: Attention
) -> Tensor:
    """Attention without dropout as one operation, whatever the dimensions before the last two."""
    length, count = query.shape[-2], key.shape[-2]
    given = [x.shape[:-2] for x in (query, key, value, mask) if x is not None]
    try:
        before = np.broadcast_shapes(*given)
        if mask is not None:
            mask = mask.detach().expand(*mask.shape[:-2], length, count)
    except ValueError as error:
        shapes = ", ".join(str(x.shape) for x in (query, key, value, mask) if x is not None)
        raise ValueError(
            f"scaled_dot_product_attention: {shapes} do not broadcast: wanted query (*, L, E), "
            "key (*, S, E), value (*, S, V), and a mask for (*, L, S)."
        ) from error
    heads = before[-1] if before else 1
    examples = math.prod(before[:-1])

    def of_four(x: Tensor) -> Tensor:
        return x.expand(*before, *x.shape[-2:]).reshape(examples, heads, *x.shape[-2:])

    whole = len(before) == 2
    q, k, v = (x if whole and x.shape[:-2] == before else of_four(x) for x in (query, key, value))
    if mask is not None:
        mask = of_four(mask)
    out: Tensor = ScaledDotProductAttention.apply(q, k, v, mask, settings)
    return out if whole else out.reshape(*before, length, value.shape[-1])


def _weights(query: Tensor, key: Tensor, mask: Tensor | None, settings: Attention) -> Tensor:
    """softmax(query key^T scale + mask), 0 for a query that sees nothing."""
    scores = query @ key.mT * settings.scale
    if settings.causal:
        mask = mt.ones(*scores.shape[-2:], dtype=bool_, device=query.backend).tril()
    if mask is None:
        return softmax(scores, -1)
    scores = where(mask, scores, -math.inf) if mask.dtype is bool_ else scores + mask
    blind = scores.detach().amax(-1, True) == -math.inf
    return where(blind, 0.0, softmax(where(blind, 0.0, scores), -1))


class ScaledDotProductAttention(Function):
    """out = p v, with the weights p = softmax(scale q k^T + mask).

    Shapes:    q (N, H, L, E), k (N, H, S, E), v (N, H, S, V), mask (N, H, L, S) or None
        -> out (N, H, L, V)
    Gradients: with c = p * (d v^T - the sum of d * out over V), scale c k, scale c^T q and p^T d
    """

    @staticmethod
    def forward(
        ctx: Context, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, settings: Attention
    ) -> Tensor:
        hidden = None if mask is None else mask.tensor_data
        data = (q.tensor_data, k.tensor_data, v.tensor_data)
        out, sums = q.backend.attention(*data, hidden, settings)
        result = q.wrap(out)
        ctx.save_for_backward(q, k, v, mask, result, q.wrap(sums))
        ctx.settings = settings
        return result

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, mask, out, sums = ctx.saved_tensors
        settings = ctx.settings
        if mt.is_grad_enabled():
            return (*_gradients(d, q, k, v, mask, settings), None, None)
        hidden = None if mask is None else mask.tensor_data
        data = [x.tensor_data for x in (d, q, k, v)]
        results = [x.tensor_data for x in (out, sums)]
        gradients = q.backend.attention_backward(*data, hidden, *results, settings)
        return (*[q.wrap(x) for x in gradients], None, None)


def _gradients(
    d: Tensor, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, settings: Attention
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of q, k and v, made of functions that have gradients themselves."""
    weights = _weights(q, k, mask, settings)
    moved = d @ v.mT
    change = weights * (moved - (weights * moved).sum(-1, keepdim=True)) * settings.scale
    return change @ k, change.mT @ q, weights.mT @ d


def self_attention(qkv: Tensor, num_heads: int, is_causal: bool = False) -> Tensor:
    """`scaled_dot_product_attention` of queries, keys and values that lie side by side, as one
    linear layer makes them, in several heads. It is one operation, where splitting, transposing
    and joining are a dozen. (PyTorch has none of this name.)

    Args:
        num_heads: H, which divides E; each head has E / H successive elements.
        is_causal: true if query i sees the keys up to i alone.

    Shapes: qkv (N, L, 3 E) -> (N, L, E)
    Raises: ValueError for another shape, or a width that is not divisible.
    """
    if qkv.ndim != 3 or num_heads < 1 or qkv.shape[2] == 0 or qkv.shape[2] % (3 * num_heads):
        raise ValueError(
            f"self_attention: wanted qkv (N, L, 3 E) with E divisible by num_heads {num_heads}, "
            f"got {qkv.shape}."
        )
    size = qkv.shape[2] // 3 // num_heads
    settings = Attention(1.0 / math.sqrt(size), is_causal)
    out: Tensor = SelfAttention.apply(floating(qkv), num_heads, settings)
    return out


class SelfAttention(Function):
    """`ScaledDotProductAttention` with the heads' q, k and v side by side in memory.

    Shapes:   qkv (N, L, 3 E) -> out (N, L, E)
    Gradient: those of q, k and v, side by side
    """

    @staticmethod
    def forward(ctx: Context, qkv: Tensor, heads: int, settings: Attention) -> Tensor:
        backend = qkv.backend
        q, k, v = _side_by_side(qkv, heads)
        out, sums = backend.attention(q, k, v, None, settings)
        ctx.save_for_backward(qkv, qkv.wrap(out), qkv.wrap(sums))
        ctx.heads, ctx.settings = heads, settings
        n, length, width = qkv.shape
        return qkv.wrap(backend.reshape(out.permute(0, 2, 1, 3), (n, length, width // 3)))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        qkv, out, sums = ctx.saved_tensors
        heads, settings = ctx.heads, ctx.settings
        n, length, width = d.shape
        of_heads = d.reshape(n, length, heads, width // heads).transpose(1, 2)
        if mt.is_grad_enabled():
            q, k, v = (
                x.reshape(n, length, heads, width // heads).transpose(1, 2) for x in qkv.chunk(3, 2)
            )
            gradients = _gradients(of_heads, q, k, v, None, settings)
        else:
            d_data, *data = (x.tensor_data for x in (of_heads, out, sums))
            one, two, three = _side_by_side(qkv, heads)
            backward = qkv.backend.attention_backward
            found = backward(d_data, one, two, three, None, data[0], data[1], settings)
            gradients = (qkv.wrap(found[0]), qkv.wrap(found[1]), qkv.wrap(found[2]))
        together = [x.transpose(1, 2).reshape(n, length, width) for x in gradients]
        return mt.cat(together, 2), None, None


def _side_by_side(qkv: Tensor, heads: int) -> tuple[TensorData, TensorData, TensorData]:
    """Queries, keys and values (N, H, L, E / H) of qkv (N, L, 3 E)."""
    n, length, width = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
    parts = [qkv.tensor_data.slice(2, i * width, width) for i in range(3)]
    shape = n, length, heads, width // heads
    q, k, v = (qkv.backend.reshape(part, shape).permute(0, 2, 1, 3) for part in parts)
    return q, k, v


def _repeated(operation: str, query: Tensor, x: Tensor) -> Tensor:
    """x with each head as often as there are heads of queries for it."""
    if query.ndim < 3 or x.ndim < 3 or query.shape[-3] % x.shape[-3]:
        raise ValueError(
            f"{operation}: the heads of query {query.shape} are not divisible by those of "
            f"{x.shape}."
        )
    return x.repeat_interleave(query.shape[-3] // x.shape[-3], -3)


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention in several heads, each on a projection of queries, keys and values of its own.

    Args:
        embed_dim_to_check: E.
        num_heads: H, which divides E.
        in_proj_weight, in_proj_bias: (3 E, E) and (3 E), of queries, keys and values; or with
            `use_separate_proj_weight` q_proj_weight (E, E), k_proj_weight and v_proj_weight.
        bias_k, bias_v: (1, 1, E), one more key and value; or None.
        add_zero_attn: true for one more key and value of zeros.
        dropout_p: probability of dropping a weight in training.
        out_proj_weight, out_proj_bias: (E, E) and (E), of all heads together.
        key_padding_mask: true for keys that nothing may see; or numbers to add to the scores.
        need_weights: true to return the weights, too.
        attn_mask: true where a query must not see a key (the opposite of what
            `scaled_dot_product_attention` takes); or numbers to add to the scores.
        static_k, static_v: (N * H, S, E / H), keys and values that need no projection.
        average_attn_weights: true for the mean of the heads' weights.
        is_causal: says that attn_mask hides what comes later; without effect.

    Shapes: query (L, N, E), key and value (S, N, *), or all without N; key_padding_mask (N, S) or
        (S), attn_mask (L, S) or (N H, L, S) -> (L, N, E) and weights (N, L, S) or (N, H, L, S); or
        these without N
    Raises: ValueError if shapes do not match, or is_causal is given without a mask.
    Source: Vaswani et al. 2017, section 3.2.2.
    """
    operation = "multi_head_attention_forward"
    if is_causal and attn_mask is None:
        raise ValueError(
            f"{operation}: is_causal says what attn_mask is, and there is none. Give "
            "Transformer.generate_square_subsequent_mask(L)."
        )
    single = query.ndim == 2
    if single:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    if (
        not query.ndim == key.ndim == value.ndim == 3
        or query.shape[-1] != embed_dim_to_check
        or key.shape[:2] != value.shape[:2]
        or key.shape[1] != query.shape[1]
        or embed_dim_to_check % num_heads
    ):
        raise ValueError(
            f"{operation}: wanted query (L, N, E) with E = {embed_dim_to_check} divisible by "
            f"{num_heads} heads, and key and value (S, N, *), got {query.shape}, {key.shape} and "
            f"{value.shape}."
        )
    length, batch, width = query.shape
    if use_separate_proj_weight:
        weights = [q_proj_weight, k_proj_weight, v_proj_weight]
    else:
        weights = [None] * 3 if in_proj_weight is None else list(in_proj_weight.chunk(3))
    if any(weight is None for weight in weights):
        raise ValueError(
            f"{operation}: wanted in_proj_weight, or use_separate_proj_weight and a weight each."
        )
    biases = [None] * 3 if in_proj_bias is None else list(in_proj_bias.chunk(3))
    q, k, v = (
        linear(x, weight, bias)  # type: ignore[arg-type]
        for x, weight, bias in zip((query, key, value), weights, biases)
    )
    if bias_k is not None and bias_v is not None:
        k, v = (mt.cat([x, b.expand(1, batch, width)]) for x, b in ((k, bias_k), (v, bias_v)))
    sizes = num_heads, width // num_heads
    q, k, v = (x.reshape(x.shape[0], batch, *sizes).permute(1, 2, 0, 3) for x in (q, k, v))
    if static_k is not None:
        k = static_k.reshape(batch, num_heads, -1, sizes[1])
    if static_v is not None:
        v = static_v.reshape(batch, num_heads, -1, sizes[1])
    if add_zero_attn:
        k, v = (mt.cat([x, mt.zeros_like(x[:, :, :1])], 2) for x in (k, v))
    more = k.shape[2] - key.shape[0] if static_k is None else int(add_zero_attn)
    mask = _merged(operation, attn_mask, key_padding_mask, (batch, *sizes[:1], length), k, more)
    p = dropout_p if training else 0.0
    if need_weights:
        shares = dropout(_weights(q, k, mask, Attention(1.0 / math.sqrt(sizes[1]))), p)
        out = shares @ v
    else:
        out, shares = scaled_dot_product_attention(q, k, v, mask, p), None
    out = out.permute(2, 0, 1, 3).reshape(length, batch, width)
    out = linear(out, out_proj_weight, out_proj_bias)
    if shares is not None and average_attn_weights:
        shares = shares.mean(1)
    if single:
        return out.squeeze(1), None if shares is None else shares.squeeze(0)
    return out, shares


def _merged(
    operation: str,
    attn_mask: Tensor | None,
    key_padding_mask: Tensor | None,
    sizes: tuple[int, int, int],
    keys: Tensor,
    more: int,
) -> Tensor | None:
    """Both masks as one, to be added to the scores (N, H, L, S); the last `more` keys are seen."""
    batch, heads, length = sizes
    count = keys.shape[2] - more
    parts = []
    if attn_mask is not None:
        if attn_mask.shape not in ((length, count), (batch * heads, length, count)):
            raise ValueError(
                f"{operation}: attn_mask must have shape ({length}, {count}) or "
                f"({batch * heads}, {length}, {count}), got {attn_mask.shape}."
            )
        added = _added(attn_mask, keys)
        parts.append(added if added.ndim == 2 else added.reshape(batch, heads, length, count))
    if key_padding_mask is not None:
        if key_padding_mask.shape != (batch, count):
            raise ValueError(
                f"{operation}: key_padding_mask must have shape ({batch}, {count}), got "
                f"{key_padding_mask.shape}."
            )
        parts.append(_added(key_padding_mask, keys).reshape(batch, 1, 1, count))
    if not parts:
        return None
    mask = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    return mt.pad(mask, (0, more)) if more else mask


def _added(mask: Tensor, beside: Tensor) -> Tensor:
    """A mask as numbers to add: -inf where it is true."""
    if mask.dtype is not bool_:
        return mask
    zeros = mt.zeros(mask.shape, dtype=beside.dtype, device=beside.backend)
    return where(mask, -math.inf, zeros)


__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention", "self_attention"]
