"""GPT, a transformer that predicts the next token from all before it.

Sizes: B texts, T tokens of each, C the width, H heads, D = C / H, V the vocabulary.

Source: Radford et al. 2019, "Language models are unsupervised multitask learners"; the names of
layers and weights, and how these are initialised, are those of Karpathy's nanoGPT.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
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


class Remembered:
    """The keys and values of the tokens that a GPT has read, so that it need not read them again.

    Attributes:
        length: how many tokens those are.
        layers: keys and values (B, H, context, D) of each block, the first `length` of them filled.
    """

    def __init__(self, config: Config, texts: int, like: Tensor) -> None:
        size = texts, config.heads, config.context, config.width // config.heads

        def empty() -> Tensor:
            return mt.zeros(*size, dtype=like.dtype, device=like.backend)

        self.length = 0
        self.layers = [(empty(), empty()) for _ in range(config.layers)]


class CausalSelfAttention(Module):
    """Each token takes from those up to itself what answers its queries.

    Shapes: (B, T, C) -> (B, T, C)
    """

    def __init__(self, config: Config) -> None:
        self.heads, self.dropout = config.heads, config.dropout
        self.c_attn = nn.Linear(config.width, 3 * config.width, bias=config.bias)
        self.c_proj = nn.Linear(config.width, config.width, bias=config.bias)
        self.resid_dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Tensor, past: tuple[Tensor, Tensor] | None = None, before: int = 0
    ) -> Tensor:
        """Args:
        past: the block's keys and values of `before` tokens, to which those of x are added.
        """
        if past is None and not (self.training and self.dropout):
            out: Tensor = self.c_proj(F.self_attention(self.c_attn(x), self.heads, is_causal=True))
            return self.resid_dropout(out) if self.dropout else out
        texts, length, width = x.shape
        shape = texts, length, self.heads, width // self.heads
        q, k, v = (part.view(*shape).transpose(1, 2) for part in self.c_attn(x).split(width, 2))
        mask = None
        if past is not None:
            after = before + length
            for kept, new in zip(past, (k, v)):
                kept[:, :, before:after] = new
            k, v = (kept[:, :, :after] for kept in past)
            if before and length > 1:
                mask = mt.ones(length, after, dtype=mt.bool_, device=x.backend).tril(before)
        y = F.scaled_dot_product_attention(
            q,
            k,
            v,
            mask,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=mask is None and length > 1,
        )
        out = self.c_proj(y.transpose(1, 2).reshape(texts, length, width))
        return self.resid_dropout(out) if self.dropout else out


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

    def forward(
        self, x: Tensor, past: tuple[Tensor, Tensor] | None = None, before: int = 0
    ) -> Tensor:
        x = x + self.attn(self.ln_1(x), past, before)
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

    def forward(self, ids: Tensor, remembered: Remembered | None = None) -> Tensor:
        before = remembered.length if remembered is not None else 0
        after = before + ids.shape[1]
        x = self.drop(self.wte(ids) + self.wpe.weight[before:after])
        for number, block in enumerate(self.h):
            past = None if remembered is None else remembered.layers[number]
            x = block(x, past, before)
        if remembered is not None:
            remembered.length = after
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

    def forward(self, ids: Tensor, remembered: Remembered | None = None) -> Tensor:
        out: Tensor = self.lm_head(self.read(ids, remembered))
        return out

    def read(self, ids: Tensor, remembered: Remembered | None = None) -> Tensor:
        """The vectors (B, T, C) of which `lm_head` makes logits.

        Args:
            remembered: what was read before ids; ids are added to it.
        """
        count = ids.shape[1] + (remembered.length if remembered is not None else 0)
        if count > self.config.context:
            raise ValueError(
                f"GPT: {count} tokens, and the context has {self.config.context}. Leave out the "
                "first ones."
            )
        out: Tensor = self.transformer(ids, remembered)
        return out

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
        kept: Remembered | None = None
        start = -1
        for _ in range(count):
            begin = beginning(ids.shape[1], self.config.context)
            with mt.no_grad():
                if not cache or kept is None or begin != start:
                    kept = Remembered(self.config, ids.shape[0], self.lm_head.weight)
                    start, fresh = begin, ids[:, begin:]
                else:
                    fresh = ids[:, -1:]
                logits = self.lm_head(self.read(fresh, kept if cache else None)[:, -1])
                drawn = choose(logits.numpy(), temperature, top_k, top_p, generator)
                new = mt.from_numpy(drawn).to(ids.backend)
                ids = mt.cat([ids, new.unsqueeze(1)], 1)
            yield new

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
