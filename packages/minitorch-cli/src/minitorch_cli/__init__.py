"""The command line that MiniTorch's programs share: commands, options, errors and saved models."""

from importlib.metadata import version

from minitorch_cli.models import load_model, named_network, save_model
from minitorch_cli.options import (
    add_batch_size,
    add_checkpoint_option,
    add_training_options,
    positive_float,
    positive_int,
    seed,
)
from minitorch_cli.program import USER_ERRORS, Command, UserError, main

__version__ = version("minitorch-cli")

__all__ = [
    "USER_ERRORS",
    "Command",
    "UserError",
    "__version__",
    "add_batch_size",
    "add_checkpoint_option",
    "add_training_options",
    "load_model",
    "main",
    "named_network",
    "positive_float",
    "positive_int",
    "save_model",
    "seed",
]
