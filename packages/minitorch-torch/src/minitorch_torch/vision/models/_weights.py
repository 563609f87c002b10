"""The arguments of models that ask for trained weights, of which there are none here."""

from __future__ import annotations

from typing import Any


def refuse_weights(name: str, weights: Any, options: dict[str, Any]) -> None:
    """Raise ValueError if trained weights are asked for, by `weights` or the older `pretrained`,
    which is taken out of the options."""
    if weights is not None or options.pop("pretrained", None):
        raise ValueError(
            f"{name}: there are no trained weights to download here. Pass weights=None; if you "
            "have torchvision's file of them, model.load_state_dict(torch.load(path)) reads it."
        )
