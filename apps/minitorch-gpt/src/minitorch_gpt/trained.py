"""Trained networks and their tokens, in one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import minitorch_cli as cli
from minitorch_gpt.models import GPT, Config
from minitorch_gpt.tokens import Tokens, read_tokens
from minitorch_nn import Module
from minitorch_nn.checkpoint import Checkpoint, CheckpointError

PROGRAM = "minitorch-gpt"

#: The default data, whose tokens are digits.
ADDITION = "addition"
DIGITS = "digits"

#: Networks up to this size are always built, so that an error can name missing values.
FEW = 1 << 20

SIZES = ("vocabulary", "context", "layers", "heads", "width")


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        model: the network, in evaluation mode.
        data: the name of what it was trained on.
        tokens: of its texts; None for sums.
    """

    model: GPT
    data: str
    tokens: Tokens | None


def described(config: Config, data: str, tokens: Tokens | None) -> dict[str, Any]:
    """What is saved beside a network, for `load` to build it again."""
    return {
        "data": data,
        **{size: getattr(config, size) for size in SIZES},
        "bias": config.bias,
        "tokens": DIGITS if tokens is None else tokens.kind,
        "characters": "" if tokens is None else tokens.saved(),
    }


def load(path: str) -> Trained:
    """Read a network that `train` saved, from its file or the folder of its run.

    Raises: CheckpointError if the file is missing, damaged or another program's, or its tokens are
        not the network's.
    """
    found: list[Trained] = []

    def build_again(checkpoint: Checkpoint) -> Module:
        metadata = checkpoint.metadata
        try:
            sizes = [metadata[size] for size in SIZES]
            if not all(type(size) is int and size < 1 << 31 for size in sizes):
                raise ValueError(f"sizes {str(sizes)[:200]}, wanted whole numbers")
            config = Config(**dict(zip(SIZES, sizes)), bias=bool(metadata["bias"]))
            kind = metadata["tokens"]
            tokens = None if kind == DIGITS else read_tokens(kind, metadata["characters"])
            data = str(metadata["data"])
        except KeyError as error:
            raise CheckpointError(
                f"{path} lacks {error}, which {PROGRAM} saves. Train again."
            ) from None
        except (TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path}: what it says of its network is wrong: {error} Train again."
            ) from None
        wanted = 10 if tokens is None else len(tokens)
        if config.vocabulary != wanted:
            raise CheckpointError(
                f"{path}: the network has {config.vocabulary:,} tokens, and the vocabulary "
                f"{wanted:,}. Train again."
            )
        held = sum(array.size for array in checkpoint.state_dict.values())
        if config.parameters > max(held, FEW):  # before it is built: the file may say anything
            raise CheckpointError(
                f"{path}: what it says of its network makes {config.parameters:,} values, but it "
                f"holds {held:,}. Train again."
            )
        model = GPT(config)
        found.append(Trained(model, data, tokens))
        return model

    cli.load_model(path, PROGRAM, build_again)
    return found[0]
