"""Pictures without content."""

from __future__ import annotations

from typing import Any

import minitorch_tensor as mt
from minitorch_tensor import Generator
from minitorch_torch.missing import lacking
from minitorch_torch.vision.datasets.vision import Transform, VisionDataset
from minitorch_torch.vision.transforms.functional import to_pil_image


class FakeData(VisionDataset):
    """Random pictures of random classes, to try a program with. An index always gives the same
    one.

    Args:
        size: how many.
        image_size: (channels, height, width).
        num_classes: how many classes.
        transform, target_transform: of a picture of Pillow's, and of its class.
        random_offset: the first picture's seed.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"FakeData: index {index} of {len(self)} pictures.")
        generator = Generator(index + self.random_offset)
        picture = to_pil_image(mt.randn(*self.image_size, generator=generator))
        target = int(mt.randint(0, self.num_classes, (1,), generator=generator))
        return self.transformed(picture, target)

    def __len__(self) -> int:
        return self.size


__getattr__ = lacking(__name__)
