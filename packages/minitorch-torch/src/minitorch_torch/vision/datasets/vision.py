"""What data sets of pictures have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from minitorch_data import Dataset
from minitorch_torch.missing import lacking

Root = str | Path
Transform = Callable[[Any], Any]


class VisionDataset(Dataset[Any]):
    """A data set of samples (picture, target), each transformed as it is taken.

    Args:
        root: its folder; `~` stands for the home folder.
        transforms: takes and returns picture and target; not together with the two others.
        transform: takes and returns a picture.
        target_transform: takes and returns a target.
    Raises: ValueError for `transforms` beside one of the others.
    """

    _repr_indent = 4

    def __init__(
        self,
        root: Root | None = None,
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError(
                f"{type(self).__name__}: give transforms, or transform and target_transform, but "
                "not both."
            )
        self.root = str(Path(root).expanduser()) if isinstance(root, str) else root
        self.transform = transform
        self.target_transform = target_transform
        self.transforms: Any = (
            StandardTransform(transform, target_transform) if separate else transforms
        )

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__.")

    def transformed(self, picture: Any, target: Any) -> tuple[Any, Any]:
        """A sample, after `transform` and `target_transform`."""
        if self.transform is not None:
            picture = self.transform(picture)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return picture, target

    def extra_repr(self) -> str:
        """Further lines of the representation."""
        return ""

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        indented = [" " * self._repr_indent + line for line in body]
        return "\n".join([f"Dataset {type(self).__name__}", *indented])


class StandardTransform:
    """A transform of the picture and one of the target, as one of both."""

    def __init__(
        self, transform: Transform | None = None, target_transform: Transform | None = None
    ) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, transform in (
            ("Transform: ", self.transform),
            ("Target transform: ", self.target_transform),
        ):
            if transform is not None:
                first, *others = repr(transform).splitlines()
                lines += [head + first, *[" " * len(head) + line for line in others]]
        return "\n".join(lines)


__getattr__ = lacking(__name__)
