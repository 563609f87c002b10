"""The readers of files: each with files that it reads, and the errors that it may answer with.

A reader passes if it reads a damaged file or refuses it: by an error of its own, in one line, in a
few seconds, and without taking memory that is not there. Damage goes under the envelope too:
what is packed is damaged first and packed then, with checksums that are right.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

import minitorch_tensor as mt
from minitorch_backends import kept
from minitorch_cli import UserError
from minitorch_datasets import (
    DatasetError,
    load_imdb,
    load_sst2,
    read_cifar,
    read_cifar_names,
    read_idx,
    unpack_cifar,
    write_idx,
)
from minitorch_gpt import trained as gpt_trained
from minitorch_gpt.models import GPT, Config
from minitorch_gpt.tokens import Characters
from minitorch_mnist import cli as mnist
from minitorch_mnist.images import FORMATS, read_images
from minitorch_mnist.models import RECIPES
from minitorch_nn.checkpoint import CheckpointError, pack_checkpoint
from minitorch_sentiment import models, trained
from minitorch_tensor.serialization import FileError

ERRORS = (DatasetError, CheckpointError, UserError, FileError)
SECONDS = 20.0  # on a machine that does other things as well


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        name: the file's name, in a folder of its own.
        seeds: contents that it reads.
        read: reads the file.
        pack: makes the file's content of a damaged one.
        weight: how often it is tried, beside the others.
    """

    name: str
    seeds: list[bytes]
    read: Callable[[Path], object]
    pack: Callable[[bytes], bytes] = field(default=bytes)
    weight: int = 1

    def check(self, content: bytes, folder: Path) -> str:
        """Read a file of that content; "read", or the error's text. AssertionError if the reader
        does anything else."""
        path = folder / self.name
        path.write_bytes(self.pack(content))
        begun = time.monotonic()
        try:
            self.read(path)
            told = "read"
        except ERRORS as error:
            told = str(error)
            assert "\n" not in told, f"an error of several lines: {told!r}"
        taken = time.monotonic() - begun
        assert taken < SECONDS, f"it took {taken:.1f} s"
        return told


def idx() -> list[bytes]:
    """Arrays of several types and shapes."""
    buffers = []
    for array in (
        np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        np.arange(5, dtype=np.float64),
        np.zeros((0, 28, 28), np.int16),
    ):
        path = Path("idx")
        write_idx(path, array)
        buffers.append(path.read_bytes())
        path.unlink()
    return buffers


def tar() -> list[bytes]:
    """Archives of IMDB's layout, in the three formats of tar."""
    contents = []
    for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=format) as archive:
            for split in ("train", "test"):
                for label in ("neg", "pos"):
                    for number in range(2):
                        name = f"aclImdb/{split}/{label}/{number}_9.txt"
                        if format != tarfile.USTAR_FORMAT:
                            name = "x" * 90 + f"/{number}/" + name
                        info = tarfile.TarInfo(name)
                        text = f"a {label} film, caf\u00e9".encode() * (1 + 40 * number)
                        info.size = len(text)
                        archive.addfile(info, io.BytesIO(text))
        contents.append(file.getvalue())
    return contents


def cifar() -> list[bytes]:
    """Batches of CIFAR, by every protocol of pickle."""
    images = np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072)
    batch = {"data": images, "fine_labels": [3, 99], "coarse_labels": [0, 1], "n": (None, -1, 2.5)}
    contents = [pickle.dumps(batch, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [*contents, pickle.dumps({b"data": np.asfortranarray(images), b"labels": [1, 2]}, 2)]


def cifar_names() -> list[bytes]:
    """Names of CIFAR's classes."""
    names = {"label_names": ["cat", "caf\u00e9"], b"num_vis": 3072}
    return [pickle.dumps(names, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]


def cifar_archive() -> list[bytes]:
    """An archive of CIFAR's layout, without gzip."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in ("cifar-10-batches-py/test_batch", "cifar-10-batches-py/batches.meta", "other"):
            info = tarfile.TarInfo(name)
            info.size = 600
            archive.addfile(info, io.BytesIO(bytes(600)))
    return [file.getvalue()]


TREES = [
    b"(3 (2 It) (4 (2 's) (4 (3 -LRB-) (2 a\\/b))))\n(1 (2 8\xc2\xa01\\/2) (1 bad))\n",
    b"(0 (1 Awful) (2 !))\n",
]
TSV = [b"sentence\tlabel\na fine film\t1\r\nno film , 'd say\t0\n", "d\u00e9cent\t1\n".encode()]


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def treebank(trees: bytes) -> bytes:
    """SST-2's archive, of these trees and others."""
    return zipped(
        {"trees/train.txt": trees, "trees/dev.txt": TREES[0], "trees/test.txt": TREES[1]},
        zipfile.ZIP_DEFLATED,
    )


def sentiment() -> list[bytes]:
    """Checkpoints of the sentiment program."""
    contents = []
    for name in ("gru", "cnn"):
        model = models.build(name, 4, embedding=3, hidden=2)
        metadata = {
            "program": trained.PROGRAM,
            "version": "0",
            "model": name,
            "data": "synthetic",
            "embedding": 3,
            "hidden": 2,
            "length": 8,
            "vocabulary": ["good", "caf\u00e9"],
        }
        contents.append(pack_checkpoint(model.state_dict(), metadata))
    return contents


def gpt() -> list[bytes]:
    """Checkpoints of the program that writes."""
    contents = []
    for tokens in (None, Characters("ab\u00e9")):
        config = Config(10 if tokens is None else 3, 9, 1, 1, 2)
        metadata = {
            "program": gpt_trained.PROGRAM,
            "version": "0",
            **gpt_trained.described(config, "x", tokens),
        }
        contents.append(pack_checkpoint(GPT(config).state_dict(), metadata))
    return contents


def described(content: bytes) -> bytes:
    """A checkpoint whose metadata is this text, or these bytes as far as they are text."""
    with zipfile.ZipFile(io.BytesIO(sentiment()[0])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    file = io.BytesIO()
    np.save(file, np.array(content.decode("utf-8", "replace")))
    return zipped({**members, "__metadata__.npy": file.getvalue()})


def with_weight(content: bytes) -> bytes:
    """A checkpoint of which one weight is stored as this."""
    with zipfile.ZipFile(io.BytesIO(sentiment()[0])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**members, "output.weight.npy": content})


def weights() -> list[bytes]:
    """One weight, as a checkpoint stores it."""
    with zipfile.ZipFile(io.BytesIO(sentiment()[0])) as archive:
        return [archive.read("output.weight.npy")]


def metadata() -> list[bytes]:
    """What a checkpoint says of itself."""
    words = ["good", "caf\u00e9"]
    sizes = {"embedding": 3, "hidden": 2, "length": 8, "vocabulary": words}
    return [json.dumps({"program": trained.PROGRAM, "model": "gru", "data": "x", **sizes}).encode()]


def digits() -> list[bytes]:
    """A checkpoint of the digits program."""
    state = RECIPES["course"].build().state_dict()
    return [pack_checkpoint(state, {"program": mnist.PROGRAM, "model": "course", "version": "0"})]


def pictures() -> list[bytes]:
    """Pictures of every format that is read, and of several modes."""
    ramp = np.add.outer(np.arange(40), np.arange(30)).astype(np.uint8) * 3
    contents = []
    for format in FORMATS:
        for mode in ("L", "RGB", "RGBA", "1", "P"):
            file = io.BytesIO()
            picture = Image.fromarray(ramp).convert(mode)
            exif = Image.Exif()
            exif[0x0112] = 6
            options = {"exif": exif} if format in ("JPEG", "PNG", "WEBP", "TIFF") else {}
            try:
                picture.save(file, format, **options)
            except OSError:  # a mode that the format lacks
                continue
            contents.append(file.getvalue())
    return contents


def png_with_checksums(content: bytes) -> bytes:
    """A PNG in which every chunk has the checksum of what it holds now."""
    out, place = content[:8], 8
    while place + 12 <= len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        body = content[place + 4 : place + 8 + length]
        out += content[place : place + 4] + body + struct.pack(">I", zlib.crc32(body))
        place += 12 + length
    return out + content[place:]


KERNEL = b"compiled code" * 20


def read_kernel(path: Path) -> None:
    """What is kept of a kernel is found whole, or not at all."""
    kept.config.CACHE_DIR = str(path.parent)
    folder = path.parent / "minitorch-fast"
    folder.mkdir(exist_ok=True, mode=0o755)
    path.replace(folder / path.name)
    assert kept.load("fast", path.name) in (KERNEL, None)


def kernel() -> list[bytes]:
    """A kept kernel."""
    kept.config.CACHE_DIR = str(Path.cwd())
    kept.keep("fast", "kernel.nbc", KERNEL)
    return [Path("minitorch-fast/kernel.nbc").read_bytes()]


#: A pickle as PyTorch writes it, of one tensor in a dictionary.
PICKLE = (
    b"\x80\x02}q\x00X\x06\x00\x00\x00weightq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02"
    b"((X\x07\x00\x00\x00storageq\x03ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x000q\x05"
    b"X\x03\x00\x00\x00cpuq\x06K\x06tq\x07QK\x00K\x02K\x03\x86q\x08K\x03K\x01\x86q\t\x89"
    b"ccollections\nOrderedDict\nq\n)Rq\x0btq\x0cRq\rs."
)


def pytorchs(content: bytes) -> bytes:
    """A file of PyTorch's with this pickle."""
    elements = np.arange(6, dtype="<f4").tobytes()
    return zipped({"a/data.pkl": content, "a/byteorder": b"little", "a/data/0": elements})


def saved() -> list[bytes]:
    """What `save` writes of nested values."""
    contents = []
    for value in (
        {"weight": mt.ones(2, 3), "step": 3, "more": [mt.tensor(True), (None, "caf\u00e9")]},
        {0: {"x": mt.arange(3)}, "y": float("inf")},
    ):
        file = io.BytesIO()
        mt.save(value, file)
        contents.append(file.getvalue())
    return contents


def with_header(content: bytes) -> bytes:
    """A file as `save` writes it, with this header, whose length is right."""
    whole = saved()[0]
    elements = whole[8 + len(header()) :]
    return len(content).to_bytes(8, "little") + content + elements


def header() -> bytes:
    """The header of such a file."""
    whole = saved()[0]
    return whole[8 : 8 + int.from_bytes(whole[:8], "little")]


def packed(content: bytes) -> bytes:
    """Gzip around it."""
    return gzip.compress(content, compresslevel=1, mtime=0)


def targets() -> dict[str, Target]:
    """All readers, by name. Makes files in the working directory, on the backend numpy."""
    mt.use_backend("numpy")

    def imdb(path: Path) -> object:
        return load_imdb(path, verify=False)

    def sst2(path: Path) -> object:
        return load_sst2(path, verify=False)

    def sst2_folder(path: Path) -> object:
        for split in ("train", "test"):
            (path.parent / f"{split}.tsv").write_bytes(TSV[0])
        return load_sst2(path.parent, verify=False)

    def unpacked(path: Path) -> object:
        target = path.parent / "unpacked"
        unpack_cifar(path, target)
        strange = {p.name for p in target.iterdir()} - {"cifar-10-batches-py", "cifar-100-python"}
        assert not strange, f"it wrote {strange}"
        return target

    def sentiment_model(path: Path) -> object:
        return trained.load(str(path))

    def gpt_model(path: Path) -> object:
        return gpt_trained.load(str(path))

    def digits_model(path: Path) -> object:
        return mnist._load_model(str(path))  # noqa: SLF001 - what its commands read with

    def picture(path: Path) -> object:
        return read_images(str(path))

    every = idx()
    pngs = [content for content in pictures() if content.startswith(b"\x89PNG")]
    return {
        "idx": Target("idx", every, read_idx, weight=4),
        "idx in gzip": Target("idx.gz", every, read_idx, packed, weight=2),
        "gzip": Target("idx.gz", [packed(content) for content in every], read_idx, weight=2),
        "imdb in gzip": Target("imdb.tar.gz", tar(), imdb, packed, weight=4),
        "imdb": Target("imdb.tar.gz", [packed(content) for content in tar()], imdb, weight=2),
        "cifar": Target("batch", cifar(), read_cifar, weight=4),
        "cifar names": Target("meta", cifar_names(), read_cifar_names, weight=3),
        "cifar archive": Target("cifar.tar.gz", cifar_archive(), unpacked, packed, weight=2),
        "sst-2 trees": Target("trees.zip", TREES, sst2, treebank, weight=4),
        "sst-2 archive": Target("trees.zip", [treebank(TREES[0])], sst2, weight=2),
        "sst-2 tsv": Target("dev.tsv", TSV, sst2_folder, weight=3),
        "vocabulary": Target("m.npz", metadata(), sentiment_model, described, weight=4),
        "weight": Target("m.npz", weights(), sentiment_model, with_weight, weight=4),
        "sentiment checkpoint": Target("m.npz", sentiment(), sentiment_model, weight=3),
        "gpt checkpoint": Target("m.npz", gpt(), gpt_model, weight=2),
        "digits checkpoint": Target("m.npz", digits(), digits_model),
        "picture": Target("picture", pictures(), picture, weight=6),
        "png": Target("picture.png", pngs, picture, png_with_checksums, weight=3),
        "pickle": Target("m.pt", [PICKLE], mt.load, pytorchs, weight=4),
        "pytorch file": Target("m.pt", [pytorchs(PICKLE)], mt.load, weight=3),
        "saved": Target("m.st", saved(), mt.load, weight=2),
        "saved header": Target("m.st", [header()], mt.load, with_header, weight=3),
        "kernel": Target("kernel.nbc", kernel(), read_kernel, weight=3),
    }
