"""SST-2: sentences of film reviews, positive or negative; 6,920 train, 872 validation, 1,821 test.

Source: Socher, Perelygin, Wu, Chuang, Manning, Ng and Potts 2013, "Recursive deep models for
semantic compositionality over a sentiment treebank", section 5.2: whole sentences, without the
neutral ones.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minitorch_datasets._files import StrPath, read_bytes, reading, unpacked_limit
from minitorch_datasets._published import Published, data_root, load_published
from minitorch_datasets.download import CONNECT_TIMEOUT, RemoteFile
from minitorch_datasets.errors import DatasetError
from minitorch_datasets.text_dataset import TextDataset, decode_utf8

__all__ = ["SST2_MIRRORS", "has_sst2", "load_sst2"]

SST2_MIRRORS = ("https://nlp.stanford.edu/sentiment",)

_ARCHIVE = RemoteFile(
    "trainDevTestTrees_PTB.zip",
    789539,
    "5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc",
)
_SPLITS = ("train", "dev", "test")
_SENTENCES = {"train": 6_920, "dev": 872, "test": 1_821}
_SST2 = Published(
    "load_sst2",
    "SST-2",
    "sst2",
    f"train.tsv, dev.tsv and test.tsv, or {_ARCHIVE.name}, in it or in its sst2",
    _ARCHIVE,
)
_AGAIN = "Get the file again"

#: Exceptions from reading a damaged archive; RuntimeError if the damage looks like encryption.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    ArithmeticError,
    struct.error,
)

#: The tokens of a tree, which is `(LABEL word)` or `(LABEL tree tree)`: a whole leaf, and the two
#: brackets of a branch. Only spaces separate: a word may contain any other white space.
_PART = re.compile(r" *(?:\([0-4] +(?P<leaf>[^() ]+)\)|(?P<opens>\([0-4] +(?=\())|\))")
_ESCAPES = {"-LRB-": "(", "-RRB-": ")", "\\/": "/", "\\*": "*"}
_NEUTRAL = 2  # of the labels 0 to 4


class _Split(NamedTuple):
    texts: list[str]
    labels: list[int]


def load_sst2(
    data_dir: StrPath | None = None,
    *,
    download: bool = True,
    verify: bool = True,
    progress: bool | None = None,
    mirrors: Sequence[str] = SST2_MIRRORS,
    timeout: float = CONNECT_TIMEOUT,
) -> TextDataset:
    """Load SST-2 from three TSV files, or from the official archive of trees.

    A TSV file has a sentence, a tab and the label 0 or 1 in each line, and may begin with the
    header `sentence`, tab, `label`. A download is the treebank's own archive: the sentences are
    the leaves of its trees, and the neutral ones are left out.

    With data_dir, the files are read only from there. Otherwise they are read from the cache, after
    downloading missing or damaged files (0.8 MiB).

    Args:
        data_dir: a folder with `train.tsv`, `dev.tsv` and `test.tsv`, or with the archive, in it or
            in its `sst2`; or the archive itself. None for the cache.
        download: true if the cache may be filled from the network.
        verify: check that there are as many sentences as in SST-2. False also accepts your own data
            in the same layout.
        progress: show a bar on stderr; None shows it if stderr is a terminal.
        mirrors: base URLs to download from, in order of preference.
        timeout: seconds to connect to a mirror.
    Raises: UnavailableError if the cache lacks the files and they cannot be, or may not be,
        downloaded. DatasetError if data_dir lacks a file, or one is damaged, not in UTF-8, or not
        SST-2's.
    """

    def read(path: Path) -> TextDataset:
        splits = _from_trees(path) if path.is_file() else _from_tsv(path)
        if verify:
            _check_numbers(splits, path)
        train, validation, test = (
            (splits[split].texts, np.array(splits[split].labels, dtype=np.uint8))
            for split in _SPLITS
        )
        return TextDataset("sst2" if verify else "sst2 layout", *train, *test, *validation)

    return load_published(
        _SST2,
        data_dir,
        _find,
        read,
        download=download,
        progress=progress,
        mirrors=mirrors,
        timeout=timeout,
    )


def has_sst2(data_dir: StrPath | None = None) -> bool:
    """True if data_dir, by default the cache, holds the TSV files or the archive; opens none."""
    root = data_root(data_dir)
    found = root and _find(root)
    return found is not None and (found.is_dir() or found.suffix == ".zip")


def _find(root: Path) -> Path | None:
    """The folder of the TSV files, or the archive, at or below a path."""
    if root.is_file():
        return root
    for folder in (root, root / _SST2.folder):
        if any((folder / f"{split}.tsv").is_file() for split in _SPLITS):
            return folder
        if (folder / _ARCHIVE.name).is_file():
            return folder / _ARCHIVE.name
    return None


def _check_numbers(splits: dict[str, _Split], path: Path) -> None:
    for split, wanted in _SENTENCES.items():
        found = len(splits[split].texts)
        if found != wanted:
            raise DatasetError(
                f"{path}: holds {found:,} sentences to {split}, wanted SST-2's {wanted:,}",
                "Get it again if it is to be SST-2; load_sst2(data_dir, verify=False) reads other "
                "data of this layout",
            )


def _from_tsv(folder: Path) -> dict[str, _Split]:
    missing = [f"{split}.tsv" for split in _SPLITS if not (folder / f"{split}.tsv").is_file()]
    if missing:
        raise DatasetError(f"load_sst2: {folder} lacks {', '.join(missing)}", "Copy it there")
    return {split: _read_tsv(folder / f"{split}.tsv") for split in _SPLITS}


def _read_tsv(path: Path) -> _Split:
    text = decode_utf8(read_bytes(path), str(path))
    split = _Split([], [])
    for number, line in enumerate(_lines(text), start=1):
        sentence, _, label = line.rpartition("\t")
        if number == 1 and (sentence, label) == ("sentence", "label"):
            continue
        if label not in ("0", "1") or not sentence.strip(" ") or "\t" in sentence:
            raise DatasetError(
                f"{path}: line {number} is {_shortened(line)}, wanted a sentence, a tab and the "
                "label 0 or 1",
                _AGAIN,
            )
        split.texts.append(sentence)
        split.labels.append(int(label))
    return split


def _from_trees(path: Path) -> dict[str, _Split]:
    with reading(path) as file:
        limit = unpacked_limit(file)
        try:
            with zipfile.ZipFile(file) as archive:
                contents = {
                    split: _unzip(archive, f"trees/{split}.txt", limit) for split in _SPLITS
                }
        except KeyError as error:
            raise DatasetError(
                f"{path}: lacks a file ({error.args[0]}), wanted the archive {_ARCHIVE.name}",
                _AGAIN,
            ) from error
        except _DAMAGE as error:
            raise DatasetError(
                f"{path}: is damaged, or not the archive {_ARCHIVE.name} ({error})", _AGAIN
            ) from error
    return {
        split: _read_trees(decode_utf8(content, f"{path}: trees/{split}.txt"), path, split)
        for split, content in contents.items()
    }


def _unzip(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """The content of a member, read only if its claimed size is possible.

    Raises: KeyError if there is none, one of _DAMAGE if there are several or it is not a file.
    """
    members = [member for member in archive.infolist() if member.filename == name]
    if len(members) > 1:
        raise zipfile.BadZipFile(f"holds {name} {len(members)} times")
    member = archive.getinfo(name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"{name} is compressed in an unusual way")
    if member.file_size > limit:
        raise zipfile.BadZipFile(f"{name} claims {member.file_size:,} bytes")
    return archive.read(member)


def _read_trees(text: str, path: Path, name: str) -> _Split:
    split = _Split([], [])
    # Not splitlines, which splits at more characters: a word may contain one of those.
    for number, line in enumerate(_lines(text), start=1):
        leaves = _leaves(line)
        if not leaves:
            raise DatasetError(
                f"{path}: line {number} of trees/{name}.txt is {_shortened(line)}, wanted a tree "
                "in parentheses, its label from 0 to 4 first",
                _AGAIN,
            )
        label = int(line[1])
        if label != _NEUTRAL:
            split.texts.append(" ".join(_unescape(leaf) for leaf in leaves))
            split.labels.append(int(label > _NEUTRAL))
    return split


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def _leaves(line: str) -> list[str]:
    """The words of a tree, from left to right; none if the line is not exactly one tree."""
    leaves: list[str] = []
    depth = place = 0
    while part := _PART.match(line, place):
        place = part.end()
        if part["leaf"]:
            leaves.append(part["leaf"])
        else:
            depth += 1 if part["opens"] else -1
        if depth <= 0:
            break
    return leaves if depth == 0 and not line[place:].strip(" ") and line[:1] == "(" else []


def _unescape(leaf: str) -> str:
    for escape, character in _ESCAPES.items():
        leaf = leaf.replace(escape, character)
    return leaf


def _shortened(line: str) -> str:
    return repr(line if len(line) <= 60 else f"{line[:60]}...")
