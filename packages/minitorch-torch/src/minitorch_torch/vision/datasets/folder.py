"""Pictures, or other files, in a folder for each class."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from minitorch_torch.missing import lacking
from minitorch_torch.vision.datasets.vision import Root, Transform, VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

#: Formats that Pillow decodes itself, by their content: for others it may start programs.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")

Extensions = str | tuple[str, ...]


def has_file_allowed_extension(filename: str, extensions: Extensions) -> bool:
    """True if the name ends in one of these, in whatever case."""
    return filename.lower().endswith(extensions)


def is_image_file(filename: str) -> bool:
    """True for a name that ends as pictures' names do."""
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory: Root) -> tuple[list[str], dict[str, int]]:
    """The names of the folders in a folder, sorted, and the number of each.

    Raises: FileNotFoundError if there are none.
    """
    classes = sorted(path.name for path in Path(directory).iterdir() if path.is_dir())
    if not classes:
        raise FileNotFoundError(
            f"{directory} holds no folders, wanted one for each class, with its files in it."
        )
    return classes, {name: number for number, name in enumerate(classes)}


def make_dataset(
    directory: Root,
    class_to_idx: dict[str, int] | None = None,
    extensions: Extensions | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """The files of every class, and below it, with the class's number; sorted.

    Args:
        directory: holds a folder for each class.
        class_to_idx: the classes; those of `find_classes` if omitted.
        extensions: how names must end; or else
        is_valid_file: tells from a path whether the file counts.
        allow_empty: accept classes without files.
    Raises: ValueError for both or none of the two conditions, or no classes; FileNotFoundError for
        a class without files.
    """
    root = Path(directory).expanduser()
    if class_to_idx is None:
        _, class_to_idx = find_classes(root)
    elif not class_to_idx:
        raise ValueError("make_dataset: class_to_idx is empty, wanted at least one class.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError("make_dataset: give extensions or is_valid_file, one of them.")

    def counts(path: str) -> bool:
        if is_valid_file is not None:
            return is_valid_file(path)
        return has_file_allowed_extension(path, extensions or ())

    samples, empty = [], []
    for name, number in sorted(class_to_idx.items()):
        found = [
            os.path.join(folder, file)  # noqa: PTH118 - text, as torchvision's samples are
            for folder, _, files in sorted(os.walk(root / name, followlinks=True))
            for file in sorted(files)
        ]
        kept = [(path, number) for path in found if counts(path)]
        samples += kept
        if not kept:
            empty.append(name)
    if empty and not allow_empty:
        wanted = "" if extensions is None else f" with names that end in {extensions}"
        raise FileNotFoundError(
            f"{root} holds no files{wanted} of the classes {', '.join(empty)}. allow_empty=True "
            "accepts that."
        )
    return samples


class DatasetFolder(VisionDataset):
    """Files in a folder for each class, `root/CLASS/.../FILE`.

    Args:
        root: the folder.
        loader: reads a file of a path.
        extensions, is_valid_file, allow_empty: as of `make_dataset`.
        transform, target_transform: of what the loader gives, and of the class's number.
    Attributes:
        classes, class_to_idx: names of the classes, sorted; their numbers, by name.
        samples: (path, number of the class) of every file.
        targets: the numbers alone.
    Raises: as `find_classes` and `make_dataset`.
    """

    def __init__(
        self,
        root: Root,
        loader: Callable[[str], Any],
        extensions: Extensions | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.loader = loader
        self.extensions = extensions
        self.classes, self.class_to_idx = self.find_classes(self.root or ".")
        self.samples = self.make_dataset(
            self.root or ".", self.class_to_idx, extensions, is_valid_file, allow_empty
        )
        self.targets = [number for _, number in self.samples]

    @staticmethod
    def make_dataset(
        directory: Root,
        class_to_idx: dict[str, int],
        extensions: Extensions | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """The samples; a subclass may find them elsewhere."""
        return make_dataset(directory, class_to_idx, extensions, is_valid_file, allow_empty)

    def find_classes(self, directory: Root) -> tuple[list[str], dict[str, int]]:
        """The classes; a subclass may find others."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self.transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


def pil_loader(path: Root) -> Image.Image:
    """The picture in a file, in red, green and blue.

    Raises: PIL.UnidentifiedImageError if it is of none of `FORMATS`, or damaged; OSError if it
        cannot be read.
    """
    with Path(path).open("rb") as file:
        return Image.open(file, formats=FORMATS).convert("RGB")


def default_loader(path: Root) -> Image.Image:
    """`pil_loader`: Pillow is what reads pictures."""
    return pil_loader(path)


class ImageFolder(DatasetFolder):
    """Pictures in a folder for each class, `root/CLASS/.../PICTURE`.

    Args, attributes and errors as of `DatasetFolder`; files count whose names end in one of
    `IMG_EXTENSIONS`.
    """

    def __init__(
        self,
        root: Root,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(
            root, loader, extensions, transform, target_transform, is_valid_file, allow_empty
        )
        self.imgs = self.samples


__getattr__ = lacking(__name__)
