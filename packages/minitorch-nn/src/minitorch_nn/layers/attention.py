"""Attention in several heads."""

from __future__ import annotations

from typing import Any

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.layers.linear import Linear
from minitorch_nn.module import Module, Parameter
from minitorch_tensor import DType, Tensor
from minitorch_tensor.extend import Place


class NonDynamicallyQuantizableLinear(Linear):
    """`Linear`, by the name that it prints as in PyTorch's attention."""


class MultiheadAttention(Module):
    """Attention in several heads, each on a projection of queries, keys and values of its own.

    Args:
        embed_dim: E.
        num_heads: H, which divides E.
        dropout: probability of dropping a weight, in training.
        bias: true to add biases to the projections.
        add_bias_kv: true to learn one more key and value.
        add_zero_attn: true for one more key and value of zeros.
        kdim, vdim: sizes of keys and values; E if omitted.
        batch_first: true if inputs and outputs are (N, L, E), not (L, N, E).
        device, dtype: of the parameters.

    Attributes:
        in_proj_weight: (3 E, E), uniform as by `init.xavier_uniform_`, of queries, keys and values;
            or q_proj_weight, k_proj_weight and v_proj_weight, if keys or values have other sizes.
        in_proj_bias: (3 E), starting at 0; or None.
        out_proj: a `Linear` of all heads together.
        bias_k, bias_v: (1, 1, E); or None.

    Called as `layer(query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
    average_attn_weights=True, is_causal=False)`, arguments as in
    `functional.multi_head_attention_forward`. It returns the output and the weights, None for the
    latter without need_weights.

    Shapes: query (L, N, E), or (N, L, E) with batch_first, or (L, E); key and value likewise with S
        -> likewise, and weights (N, L, S), or (N, H, L, S) without average_attn_weights
    Raises: ValueError if H does not divide E, or shapes do not match.
    Source: Vaswani et al. 2017, section 3.2.2.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention: embed_dim must be at least 1 and divisible by num_heads, got "
                f"{embed_dim} and {num_heads}."
            )
        made: Any = {"device": device, "dtype": dtype}
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.dropout = dropout
        self.add_zero_attn = add_zero_attn
        self.batch_first = batch_first
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        together = self.kdim == self.vdim == embed_dim
        self.in_proj_weight = _weight(3 * embed_dim, embed_dim, together, made)
        self.q_proj_weight = _weight(embed_dim, embed_dim, not together, made)
        self.k_proj_weight = _weight(embed_dim, self.kdim, not together, made)
        self.v_proj_weight = _weight(embed_dim, self.vdim, not together, made)
        self.in_proj_bias = Parameter(mt.zeros(3 * embed_dim, **made)) if bias else None
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, **made)
        for name in ("bias_k", "bias_v"):
            more = Parameter(mt.empty(1, 1, embed_dim, **made)) if add_bias_kv else None
            setattr(self, name, more)
        self.reset_parameters()

    bias_k: Parameter | None
    bias_v: Parameter | None

    def reset_parameters(self) -> None:
        """Initialise the parameters again, but for out_proj's weight."""
        for weight in (
            self.in_proj_weight,
            self.q_proj_weight,
            self.k_proj_weight,
            self.v_proj_weight,
        ):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for more in (self.bias_k, self.bias_v):
            if more is not None:
                init.xavier_normal_(more)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        turned = self.batch_first and query.ndim == 3
        if turned:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            self.training,
            key_padding_mask,
            need_weights,
            attn_mask,
            self.in_proj_weight is None,
            self.q_proj_weight,
            self.k_proj_weight,
            self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return out.transpose(0, 1) if turned else out, weights


def _weight(rows: int, columns: int, there: bool, made: Any) -> Parameter | None:
    return Parameter(mt.empty(rows, columns, **made)) if there else None


__all__ = ["MultiheadAttention"]
