"""Transforms of transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minitorch_nn import Module
from minitorch_torch.vision.transforms import _draws

Transform = Callable[[Any], Any]


def _listed(name: str, lines: Sequence[Any]) -> str:
    """One line for each, indented, as these classes are printed."""
    return "\n".join([f"{name}(", *[f"    {line}" for line in lines], ")"])


class Compose:
    """Transforms, one after the other."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(type(self).__name__, self.transforms)


class Lambda:
    """A function as a transform."""

    def __init__(self, lambd: Transform) -> None:
        if not callable(lambd):
            raise TypeError(f"Lambda: lambd must be a function, got {type(lambd).__name__}.")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomApply(Module):
    """All of the transforms with probability p, or none.

    Args:
        transforms: a sequence of them, or a ModuleList.
    """

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img: Any) -> Any:
        if _draws.happens(self.p):
            for transform in self.transforms:
                img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(type(self).__name__, [f"p={self.p}", *self.transforms])


class RandomTransforms:
    """What `RandomOrder` and `RandomChoice` have in common."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError(
                f"{type(self).__name__}: transforms must be a sequence, got "
                f"{type(transforms).__name__}."
            )
        self.transforms = transforms

    def __repr__(self) -> str:
        return _listed(type(self).__name__, self.transforms)


class RandomOrder(RandomTransforms):
    """All of the transforms, in a random order."""

    def __call__(self, img: Any) -> Any:
        for number in _draws.permutation(len(self.transforms)):
            img = self.transforms[number](img)
        return img


class RandomChoice(RandomTransforms):
    """One of the transforms.

    Args:
        p: weights of the transforms; equal if omitted.
    """

    def __init__(self, transforms: Sequence[Transform], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        if p is not None and (not isinstance(p, Sequence) or len(p) != len(transforms)):
            raise (ValueError if isinstance(p, Sequence) else TypeError)(
                f"RandomChoice: p must be a sequence of {len(transforms)} weights, one for each "
                f"transform, got {p!r}."
            )
        self.p = p

    def __call__(self, *args: Any) -> Any:
        chosen = _draws.choice(list(self.p or [1.0] * len(self.transforms)))
        return self.transforms[chosen](*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"


__all__ = ["Compose", "Lambda", "RandomApply", "RandomChoice", "RandomOrder", "RandomTransforms"]
