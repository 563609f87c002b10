"""MNIST, and data sets of its form."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

import minitorch_tensor as mt
from minitorch_datasets import CATALOG, download_files, read_idx
from minitorch_tensor import Tensor
from minitorch_torch.missing import lacking
from minitorch_torch.vision.datasets.vision import Root, Transform, VisionDataset


class MNIST(VisionDataset):
    """60,000 training and 10,000 test pictures of handwritten digits, 28 x 28 and grey.

    Args:
        root: the folder with `MNIST/raw`, which holds the four files, gzipped or not.
        train: the training set, or the test set.
        transform, target_transform: of a picture of Pillow's, and of its class.
        download: download the files that are missing.
    Attributes:
        data: (N, 28, 28) uint8.
        targets: (N,) int64.
    Raises: RuntimeError if the files are missing and `download` is false; DatasetError if they are
        damaged, or cannot be downloaded.
    """

    #: Its name among minitorch_datasets' published files.
    published: ClassVar[str] = "mnist"
    classes = [  # noqa: RUF012 - torchvision's attribute, which programs change for their own
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

    def __init__(
        self,
        root: Root,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        missing = [file.name for file in CATALOG[self.published].files if not self._find(file.name)]
        if missing:
            raise RuntimeError(
                f"{type(self).__name__}: {self.raw_folder} lacks {', '.join(missing)}, wanted with "
                "or without .gz. Pass download=True, or copy the files there."
            )
        self.data, self.targets = self._load_data()

    def _find(self, name: str) -> Path | None:
        """One of the files, unpacked or not; None if it is missing."""
        packed = Path(self.raw_folder) / name
        return next((p for p in (packed.with_suffix(""), packed) if p.is_file()), None)

    def _load_data(self) -> tuple[Tensor, Tensor]:
        files = CATALOG[self.published].files[:: 1 if self.train else -1]
        paths = sorted(str(self._find(file.name)) for file in files[:2])
        images, labels = (read_idx(path) for path in paths)
        if images.ndim != 3 or labels.shape != images.shape[:1] or images.dtype != np.uint8:
            raise RuntimeError(
                f"{type(self).__name__}: {paths[0]} holds {images.dtype} values of shape "
                f"{images.shape}, and {paths[1]} labels of shape {labels.shape}; wanted uint8 "
                "(N, H, W) and (N,). Are the files swapped, or of different data sets?"
            )
        return mt.from_numpy(images), mt.from_numpy(labels.astype(np.int64))

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = Image.fromarray(self.data.numpy()[index])
        return self.transformed(picture, int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)

    @property
    def raw_folder(self) -> str:
        """The folder of the files."""
        return str(Path(self.root or ".") / type(self).__name__ / "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class, by its name."""
        return {name: number for number, name in enumerate(self.classes)}

    def download(self) -> None:
        """Download the files that `raw_folder` lacks; UnavailableError if that fails."""
        if not all(self._find(file.name) for file in CATALOG[self.published].files):
            download_files(self.published, self.raw_folder)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(MNIST):
    """Pictures of clothes, in MNIST's form. The files are in `FashionMNIST/raw`.

    Source: Xiao, Rasul and Vollgraf 2017, "Fashion-MNIST: a novel image dataset".
    """

    published = "fashion-mnist"
    classes = [  # noqa: RUF012
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """Cursive Japanese characters, in MNIST's form. The files are in `KMNIST/raw`.

    Source: Clanuwat et al. 2018, "Deep learning for classical Japanese literature".
    """

    published = "kmnist"
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]  # noqa: RUF012


__getattr__ = lacking(__name__)
