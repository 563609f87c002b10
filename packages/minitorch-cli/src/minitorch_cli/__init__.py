"""The command line that MiniTorch's programs share: commands, options, errors and saved models."""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minitorch_cli.errors import UserError
    from minitorch_cli.models import (
        check_room,
        load_model,
        named_network,
        probabilities,
        read_model,
        save_model,
    )
    from minitorch_cli.options import (
        add_batch_size,
        add_checkpoint_option,
        add_config_options,
        add_training_options,
        positive_float,
        positive_int,
        seed,
    )
    from minitorch_cli.plots import Picture, confusion, images, most_confused
    from minitorch_cli.process import start
    from minitorch_cli.program import USER_ERRORS, Command, main
    from minitorch_cli.reports import (
        add_compare_options,
        add_report_options,
        answers,
        chosen_run,
        compare,
        report,
    )
    from minitorch_cli.runs import Run, default_model, training_run
    from minitorch_cli.streams import printable

    __version__: str

__all__ = [
    "USER_ERRORS",
    "Command",
    "Picture",
    "Run",
    "UserError",
    "__version__",
    "add_batch_size",
    "add_checkpoint_option",
    "add_compare_options",
    "add_config_options",
    "add_report_options",
    "add_training_options",
    "answers",
    "check_room",
    "chosen_run",
    "compare",
    "confusion",
    "default_model",
    "images",
    "load_model",
    "main",
    "most_confused",
    "named_network",
    "positive_float",
    "positive_int",
    "printable",
    "probabilities",
    "read_model",
    "report",
    "save_model",
    "seed",
    "start",
    "training_run",
]

_HOMES = {
    "start": "process",
    "printable": "streams",
    "UserError": "errors",
    **dict.fromkeys(("USER_ERRORS", "Command", "main"), "program"),
    **dict.fromkeys(("Picture", "confusion", "images", "most_confused"), "plots"),
    **dict.fromkeys(
        (
            "add_compare_options",
            "add_report_options",
            "answers",
            "chosen_run",
            "compare",
            "report",
        ),
        "reports",
    ),
    **dict.fromkeys(("Run", "default_model", "training_run"), "runs"),
    **dict.fromkeys(
        ("check_room", "load_model", "named_network", "probabilities", "read_model", "save_model"),
        "models",
    ),
}


def __getattr__(name: str) -> Any:
    """Import names lazily, so that a program responds to Ctrl-C soon after its start."""
    if name == "__version__":
        from importlib.metadata import version

        return version("minitorch-cli")
    if name not in __all__:
        raise AttributeError(f"module 'minitorch_cli' has no attribute {name!r}")
    home = importlib.import_module(f"minitorch_cli.{_HOMES.get(name, 'options')}")
    return getattr(home, name)
