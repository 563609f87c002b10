"""Transformers (Vaswani et al. 2017), in PyTorch's form.

Sizes: N examples, S steps of the source, T of the target, E = d_model elements of each. Inputs are
(S, N, E), or (N, S, E) with batch_first, or (S, E) for one example. Masks are those of
`functional.multi_head_attention_forward`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.layers.attention import MultiheadAttention
from minitorch_nn.layers.container import ModuleList
from minitorch_nn.layers.dropout import Dropout
from minitorch_nn.layers.linear import Linear
from minitorch_nn.layers.normalization import LayerNorm
from minitorch_nn.module import Module
from minitorch_tensor import DType, Tensor
from minitorch_tensor.extend import Place

#: "relu", "gelu", or a function of a tensor.
Activation = str | Callable[[Tensor], Tensor]


class _Layer(Module):
    """What both layers share: self-attention and two linear layers."""

    self_attn: MultiheadAttention
    linear1: Linear
    dropout: Dropout
    linear2: Linear
    activation: Callable[[Tensor], Tensor]

    def _linears(
        self,
        d_model: int,
        width: int,
        dropout: float,
        bias: bool,
        activation: Activation,
        made: Any,
    ) -> None:
        self.linear1 = Linear(d_model, width, bias, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(width, d_model, bias, **made)
        known: dict[Any, Callable[[Tensor], Tensor]] = {"relu": F.relu, "gelu": F.gelu}
        if not callable(activation) and activation not in known:
            raise ValueError(
                f"{type(self).__name__}: activation must be 'relu', 'gelu' or a function, got "
                f"{activation!r}."
            )
        self.activation = activation if callable(activation) else known[activation]

    def _wide(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))  # type: ignore[no-any-return]

    def _attend(
        self, x: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool
    ) -> Tensor:
        out, _ = self.self_attn(x, x, x, padding, False, mask, is_causal=is_causal)
        return out  # type: ignore[no-any-return]


class TransformerEncoderLayer(_Layer):
    """Self-attention, then two linear layers with an activation between them; each adds to its
    input, and is normalized.

    Args:
        d_model: E.
        nhead: number of heads.
        dim_feedforward: number of elements between the linear layers.
        dropout: probability of dropping an element, in training.
        activation: "relu", "gelu" or a function.
        layer_norm_eps: added to variances.
        batch_first: true if inputs are (N, S, E), not (S, N, E).
        norm_first: true to normalize what goes in, false what comes out.
        bias: true to add biases.
        device, dtype: of the parameters.

    Called as `layer(src, src_mask=None, src_key_padding_mask=None, is_causal=False)`.

    Shapes: (S, N, E), (N, S, E) or (S, E), unchanged
    Raises: ValueError for another activation, or shapes that do not match.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        made: Any = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, **made
        )
        self._linears(d_model, dim_feedforward, dropout, bias, activation, made)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        masks = (src_mask, src_key_padding_mask, is_causal)
        x = src
        if self.norm_first:
            x = x + self.dropout1(self._attend(self.norm1(x), *masks))
            return x + self.dropout2(self._wide(self.norm2(x)))  # type: ignore[no-any-return]
        x = self.norm1(x + self.dropout1(self._attend(x, *masks)))
        return self.norm2(x + self.dropout2(self._wide(x)))  # type: ignore[no-any-return]


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the encoder's output, then two linear layers; each adds to its
    input, and is normalized.

    Args: as `TransformerEncoderLayer`.

    Called as `layer(tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None,
    memory_key_padding_mask=None, tgt_is_causal=False, memory_is_causal=False)`.

    Shapes: tgt (T, N, E) and memory (S, N, E), or (N, T, E) and (N, S, E), or (T, E) and (S, E)
        -> as tgt
    Raises: ValueError for another activation, or shapes that do not match.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        made: Any = {"device": device, "dtype": dtype}
        attention: Any = {"batch_first": batch_first, **made}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, **attention)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, **attention)
        self._linears(d_model, dim_feedforward, dropout, bias, activation, made)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        own = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)

        def look(x: Tensor) -> Tensor:
            out, _ = self.multihead_attn(
                x,
                memory,
                memory,
                memory_key_padding_mask,
                False,
                memory_mask,
                is_causal=memory_is_causal,
            )
            return self.dropout2(out)  # type: ignore[no-any-return]

        x = tgt
        if self.norm_first:
            x = x + self.dropout1(self._attend(self.norm1(x), *own))
            x = x + look(self.norm2(x))
            return x + self.dropout3(self._wide(self.norm3(x)))  # type: ignore[no-any-return]
        x = self.norm1(x + self.dropout1(self._attend(x, *own)))
        x = self.norm2(x + look(x))
        return self.norm3(x + self.dropout3(self._wide(x)))  # type: ignore[no-any-return]


class TransformerEncoder(Module):
    """Copies of an encoder layer, one after the other.

    Args:
        encoder_layer: the layer, of which there are num_layers copies with equal initial values.
        num_layers: how many.
        norm: a module for the last output; or None.
        enable_nested_tensor, mask_check: taken for PyTorch's sake, without effect.

    Called as `encoder(src, mask=None, src_key_padding_mask=None, is_causal=None)`.
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal=bool(is_causal))
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Copies of a decoder layer, one after the other.

    Args:
        decoder_layer: the layer, of which there are num_layers copies with equal initial values.
        num_layers: how many.
        norm: a module for the last output; or None.

    Called as `decoder(tgt, memory, ...)`, arguments as those of `TransformerDecoderLayer`.
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask,
                memory_mask,
                tgt_key_padding_mask,
                memory_key_padding_mask,
                bool(tgt_is_causal),
                memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder of the source and a decoder of the target, which looks at the encoder's output.

    Args:
        d_model: E.
        nhead: number of heads.
        num_encoder_layers, num_decoder_layers: how many layers.
        dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias: those
            of `TransformerEncoderLayer`.
        custom_encoder, custom_decoder: modules to use instead.
        device, dtype: of the parameters.

    Called as `model(src, tgt, src_mask=None, tgt_mask=None, memory_mask=None,
    src_key_padding_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None,
    src_is_causal=None, tgt_is_causal=None, memory_is_causal=False)`.

    Shapes: src (S, N, E) and tgt (T, N, E), or (N, S, E) and (N, T, E), or (S, E) and (T, E)
        -> as tgt
    Raises: ValueError if shapes do not match.
    Source: Vaswani et al. 2017.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        made: Any = {"device": device, "dtype": dtype}
        settings = (dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first)
        if custom_encoder is None:
            custom_encoder = TransformerEncoder(
                TransformerEncoderLayer(d_model, nhead, *settings, bias, **made),
                num_encoder_layers,
                LayerNorm(d_model, layer_norm_eps, bias=bias, **made),
            )
        if custom_decoder is None:
            custom_decoder = TransformerDecoder(
                TransformerDecoderLayer(d_model, nhead, *settings, bias, **made),
                num_decoder_layers,
                LayerNorm(d_model, layer_norm_eps, bias=bias, **made),
            )
        self.encoder = custom_encoder
        self.decoder = custom_decoder
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        batch = 0 if self.batch_first else 1
        if (
            src.ndim not in (2, 3)
            or src.ndim != tgt.ndim
            or (src.ndim == 3 and src.shape[batch] != tgt.shape[batch])
            or not src.shape[-1] == tgt.shape[-1] == self.d_model
        ):
            layout = "(N, S, E) and (N, T, E)" if self.batch_first else "(S, N, E) and (T, N, E)"
            raise ValueError(
                f"Transformer: wanted src and tgt {layout}, or without N, with E = d_model = "
                f"{self.d_model}, got {src.shape} and {tgt.shape}."
            )
        memory = self.encoder(src, src_mask, src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(  # type: ignore[no-any-return]
            tgt,
            memory,
            tgt_mask,
            memory_mask,
            tgt_key_padding_mask,
            memory_key_padding_mask,
            tgt_is_causal,
            memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(
        sz: int, device: Place | None = None, dtype: DType | None = None
    ) -> Tensor:
        """(sz, sz), to add to scores: 0, and -inf where a key comes after the query."""
        return mt.full((sz, sz), -math.inf, device=device, dtype=dtype).triu(1)


def _copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]
