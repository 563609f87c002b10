"""CIFAR-10 and CIFAR-100."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from minitorch_datasets import download_files, read_cifar, read_cifar_names, unpack_cifar
from minitorch_torch.missing import lacking
from minitorch_torch.vision.datasets.vision import Root, Transform, VisionDataset


class CIFAR10(VisionDataset):
    """50,000 training and 10,000 test pictures of ten kinds of things, 32 x 32 in colors.

    The files are pickles, and are read without running what they say.

    Args:
        root: the folder with `cifar-10-batches-py`, as the archive unpacks, or with the archive.
        train: the training set, or the test set.
        transform, target_transform: of a picture of Pillow's, and of its class.
        download: download the archive if it is not there, and unpack it.
    Attributes:
        data: an array (N, 32, 32, 3) uint8.
        targets: a list of N numbers.
        classes, class_to_idx: names of the classes; their numbers, by name.
    Raises: RuntimeError if files are missing, or of another content than published;
        DatasetError if the archive is damaged, or cannot be downloaded.
    """

    base_folder: ClassVar[str] = "cifar-10-batches-py"
    filename: ClassVar[str] = "cifar-10-python.tar.gz"
    #: Its name among minitorch_datasets' published files.
    published: ClassVar[str] = "cifar10"
    #: Files and their MD5.
    train_list: ClassVar[list[list[str]]] = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list: ClassVar[list[list[str]]] = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }

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
        fault = self._fault()
        if fault is not None:
            raise RuntimeError(
                f"{type(self).__name__}: {fault}. Pass download=True, or copy {self.base_folder}, "
                "as the archive unpacks, there."
            )
        files = self.train_list if train else self.test_list
        batches = [read_cifar(self._folder / name) for name, _ in files]
        images = np.concatenate([batch.images for batch in batches])
        self.data: Any = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        self.targets: list[int] = [int(x) for batch in batches for x in batch.labels]
        self.classes = read_cifar_names(self._folder / self.meta["filename"])[self.meta["key"]]
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}

    @property
    def _folder(self) -> Path:
        return Path(self.root or ".") / self.base_folder

    def _fault(self) -> str | None:
        """What is wrong with the unpacked files; None if all of them are as published."""
        wanted = [*self.train_list, *self.test_list, [self.meta["filename"], self.meta["md5"]]]
        for name, md5 in wanted:
            path = self._folder / name
            if not path.is_file():
                return f"{self._folder} lacks {name}"
            with path.open("rb") as file:
                found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
            if md5 and found.hexdigest() != md5:
                return f"{path} is not the published file: its MD5 is {found.hexdigest()}"
        return None

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.transformed(Image.fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def download(self) -> None:
        """Download the archive if `root` lacks it, and unpack it; UnavailableError if that
        fails."""
        if self._fault() is not None:
            (archive,) = download_files(self.published, self.root or ".")
            unpack_cifar(archive, self.root or ".")

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """As `CIFAR10`, of a hundred kinds of things. The files are in `cifar-100-python`."""

    base_folder = "cifar-100-python"
    filename = "cifar-100-python.tar.gz"
    published = "cifar100"
    train_list: ClassVar[list[list[str]]] = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list: ClassVar[list[list[str]]] = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
    }


__getattr__ = lacking(__name__)
