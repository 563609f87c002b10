"""GPT, a transformer that predicts the next token from all before it.

Sizes: B texts, T tokens of each, C the width, H heads, D = C / H, V the vocabulary.

Source: Radford et al. 2019, "Language models are unsupervised multitask learners"; the names of
layers and weights, and how these are initialised, are those of Karpathy's nanoGPT.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_gpt.reading import Reader
from minitorch_gpt.sampling import beginning, choose
from minitorch_nn import Module, init, optim
from minitorch_tensor import Generator, Tensor


@dataclass(frozen=True)
class Config:
    """The sizes of a GPT.

    Attributes:
        vocabulary: the number of different tokens.
        context: the most tokens that it looks back on.
        layers, heads: blocks one after the other, heads of attention in each.
        width: of a token's vector; divisible by heads.
        dropout: of the embeddings, of the attention's weights, and after each part of a block.
        bias: false for linear layers and layer norms without one.
    """

    vocabulary: int
    context: int
    layers: int
    heads: int
    width: int
    dropout: float = 0.0
    bias: bool = True

    def __post_init__(self) -> None:
        sizes = (self.vocabulary, self.context, self.layers, self.heads, self.width)
        if min(sizes) < 1 or self.width % self.heads:
            raise ValueError(
                f"GPT: width {self.width} with {self.heads} heads, {self.layers} layers, context "
                f"{self.context} and vocabulary {self.vocabulary}: wanted at least 1 of each, and "
                "a width that the number of heads divides."
            )

    @property
    def parameters(self) -> int:
        """How many numbers a GPT of these sizes learns, without building it."""
        width, bias = self.width, int(self.bias)
        norm = width * (1 + bias)
        block = 2 * norm + 12 * width * width + 9 * width * bias
        return (self.vocabulary + self.context) * width + self.layers * block + norm


class CausalSelfAttention(Module):
    """Each token takes from those up to itself what answers its queries.

    Shapes: (B, T, C) -> (B, T, C)
    """

    def __init__(self, config: Config) -> None:
        self.heads, self.dropout = config.heads, config.dropout
        self.c_attn = nn.Linear(config.width, 3 * config.width, bias=config.bias)
        self.c_proj = nn.Linear(config.width, config.width, bias=config.bias)
        self.resid_dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        texts, length, width = x.shape
        qkv = self.c_attn(x)
        if self.training and self.dropout:
            shape = texts, length, self.heads, width // self.heads
            q, k, v = (part.view(*shape).transpose(1, 2) for part in qkv.split(width, 2))
            y = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout, is_causal=True)
            y = y.transpose(1, 2).reshape(texts, length, width)
        else:
            y = F.self_attention(qkv, self.heads, is_causal=True)
        out: Tensor = self.resid_dropout(self.c_proj(y))
        return out


class MLP(Module):
    """Two linear layers, four times as wide between them. Shapes: (..., C) -> (..., C)"""

    def __init__(self, config: Config) -> None:
        self.c_fc = nn.Linear(config.width, 4 * config.width, bias=config.bias)
        self.gelu = nn.GELU()
        self.c_proj = nn.Linear(4 * config.width, config.width, bias=config.bias)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.dropout(self.c_proj(self.gelu(self.c_fc(x))))
        return out


class Block(Module):
    """Attention and MLP, each of the normalised sum so far and added to it.

    Shapes: (B, T, C) -> (B, T, C)
    """

    def __init__(self, config: Config) -> None:
        self.ln_1 = nn.LayerNorm(config.width, bias=config.bias)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.width, bias=config.bias)
        self.mlp = MLP(config)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        out: Tensor = x + self.mlp(self.ln_2(x))
        return out


class Transformer(Module):
    """Embeddings of tokens and of places, the blocks, and a last layer norm.

    Shapes: ids (B, T) -> (B, T, C)
    """

    def __init__(self, config: Config) -> None:
        self.wte = nn.Embedding(config.vocabulary, config.width)
        self.wpe = nn.Embedding(config.context, config.width)
        self.drop = nn.Dropout(config.dropout)
        self.h = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.ln_f = nn.LayerNorm(config.width, bias=config.bias)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.drop(self.wte(ids) + self.wpe.weight[: ids.shape[1]])
        for block in self.h:
            x = block(x)
        out: Tensor = self.ln_f(x)
        return out


class GPT(Module):
    """The next token's logits, at every place of a text.

    The matrix that turns tokens into vectors also turns vectors into logits (Press and Wolf 2017,
    "Using the output embedding to improve language models").

    Shapes: ids (B, T), T at most the context -> logits (B, T, V)
    Raises: ValueError for more tokens than the context has.
    """

    STD = 0.02

    def __init__(self, config: Config) -> None:
        self.config = config
        self.transformer = Transformer(config)
        self.lm_head = nn.Linear(config.width, config.vocabulary, bias=False)
        self.transformer.wte.weight = self.lm_head.weight
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                init.zeros_(p)
            elif p.ndim == 2:
                # What every block adds to the sum is scaled down by how many do.
                added = name.endswith("c_proj.weight")
                init.normal_(p, std=self.STD / math.sqrt(2 * config.layers) if added else self.STD)

    def forward(self, ids: Tensor) -> Tensor:
        out: Tensor = self.lm_head(self.read(ids))
        return out

    def read(self, ids: Tensor) -> Tensor:
        """The vectors (B, T, C) of which `lm_head` makes logits."""
        if ids.shape[1] > self.config.context:
            raise ValueError(
                f"GPT: {ids.shape[1]} tokens, and the context has {self.config.context}. Leave out "
                "the first ones."
            )
        out: Tensor = self.transformer(ids)
        return out

    def reader(self) -> Reader:
        """One that reads with the weights that the model has now, and remembers what it reads."""
        weights = {name: value.numpy() for name, value in self.state_dict().items()}
        config = self.config
        return Reader(
            weights, config.layers, config.heads, config.context, self.transformer.ln_f.eps
        )

    def stream(
        self,
        ids: Tensor,
        count: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        generator: Generator | None = None,
        cache: bool = True,
    ) -> Iterator[Tensor]:
        """Go on with texts, token by token; call `eval` before.

        When a text outgrows the context, its older half is forgotten at once: places are learned
        from the context's beginning, so that every key would change if the context moved by one.

        Args:
            ids: the texts so far, at least one token of each.
            count: how many tokens to add.
            temperature, top_k, top_p, generator: as for `choose`.
            cache: false to read the whole context again for every token: slower, the same text.

        Shapes: ids (B, T) -> the next token of each text (B), int64, `count` times
        """
        reader = self.reader() if cache else None
        texts, start = ids.numpy(), -1
        for _ in range(count):
            begin = beginning(texts.shape[1], self.config.context)
            if reader is None:
                with mt.no_grad():
                    read = self.read(mt.from_numpy(texts[:, begin:].copy()).to(ids.backend))
                    logits = self.lm_head(read[:, -1]).numpy()
            else:
                if begin != start:
                    reader.forget()
                logits = reader.read(texts[:, -1:] if begin == start else texts[:, begin:])
                start = begin
            drawn = choose(logits, temperature, top_k, top_p, generator)
            texts = np.concatenate([texts, drawn[:, None]], 1)
            yield mt.from_numpy(drawn).to(ids.backend)

    def generate(self, ids: Tensor, count: int, **how: object) -> Tensor:
        """The texts with `count` more tokens each; arguments as for `stream`.

        Shapes: ids (B, T) -> (B, T + count)
        """
        new = [token.unsqueeze(1) for token in self.stream(ids, count, **how)]  # type: ignore[arg-type]
        return mt.cat([ids, *new], 1)

    def optimizer(
        self, lr: float, weight_decay: float = 0.1, betas: tuple[float, float] = (0.9, 0.99)
    ) -> optim.AdamW:
        """AdamW that shrinks matrices and embeddings, but neither biases nor the factors of layer
        norms."""
        parameters = [p for p in self.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        return optim.AdamW(groups, lr=lr, betas=betas)


def learning_rate(step: int, steps: int, warmup: int, least: float = 0.1) -> float:
    """The learning rate at a step, as a share of the highest: a line up to it, then half a cosine
    down to `least`.

    Source: Loshchilov and Hutter 2017, "SGDR: stochastic gradient descent with warm restarts",
    without restarts; the line is nanoGPT's.
    """
    if step < warmup:
        return (step + 1) / (warmup + 1)
    share = min(1.0, (step - warmup) / max(1, steps - warmup))
    return least + (1.0 - least) * 0.5 * (1.0 + math.cos(math.pi * share))
