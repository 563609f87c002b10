"""PyTorch's own files: an archive with a pickle and the elements of each storage beside it.

Pickles are programs. This one is read by an unpickler that knows a short list of names and makes of
each a description; no name leads to code, and the tensors are built afterwards, from descriptions
that have been compared with the storages in the archive.
"""

from __future__ import annotations

import math
import pickle
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import IO, Any, ClassVar

import numpy as np
import numpy.typing as npt

from minitorch_tensor import dtypes
from minitorch_tensor.backend import Backend
from minitorch_tensor.registry import device
from minitorch_tensor.serialization.container import from_bfloat16
from minitorch_tensor.serialization.errors import FileError
from minitorch_tensor.tensor import Tensor

#: How an archive begins, and how a file from before PyTorch 1.6, with a number in a pickle.
ZIP = b"PK\x03\x04"
LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."

#: The types of storages: of which numpy dtype the bytes are, and what they become.
STORAGES = {
    "FloatStorage": ("f4", "f4"),
    "DoubleStorage": ("f8", "f8"),
    "HalfStorage": ("f2", "f4"),
    "BFloat16Storage": ("u2", "f4"),
    "LongStorage": ("i8", "i8"),
    "IntStorage": ("i4", "i4"),
    "ShortStorage": ("i2", "i4"),
    "CharStorage": ("i1", "i4"),
    "ByteStorage": ("u1", "u1"),
    "BoolStorage": ("?", "?"),
}

#: Element types by PyTorch's names, and what becomes of those that MiniTorch lacks.
DTYPES = {
    **{dtype.name: dtype for dtype in dtypes.ALL},
    "float16": dtypes.float32,
    "bfloat16": dtypes.float32,
    "int8": dtypes.int32,
    "int16": dtypes.int32,
}

#: An expanded tensor of more elements than its storage is only built up to this many.
EXPANDED = 1 << 20

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    pickle.UnpicklingError,
    struct.error,
    AssertionError,  # of the unpickler
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    RuntimeError,
    MemoryError,
)


class _Storage:
    """A storage, by its file in the archive."""

    __slots__ = ("held", "key", "kind")

    def __init__(self, kind: str, key: str) -> None:
        self.kind, self.key = kind, key


class _Described:
    """A tensor, as the pickle describes it."""

    __slots__ = ("offset", "requires_grad", "shape", "storage", "strides")

    def __init__(
        self,
        storage: _Storage,
        offset: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        requires_grad: bool = False,
        *rest: Any,
    ) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides
        self.requires_grad = requires_grad


class _Name:
    """A type of storage or of elements."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def _parameter(data: Any, requires_grad: bool = True, *rest: Any) -> Any:
    if not isinstance(data, _Described):
        raise pickle.UnpicklingError("a parameter is no tensor")
    data.requires_grad = requires_grad
    return data


def _size(sizes: Any = ()) -> tuple[Any, ...]:
    return tuple(sizes)


def _device(kind: str, index: int | None = None) -> device:
    return device(kind, index)


def _scalar(dtype: Any, raw: Any) -> Any:
    """A number of numpy's, as PyTorch's files have it."""
    if not isinstance(dtype, _NumpyDType) or not isinstance(raw, bytes):
        raise pickle.UnpicklingError("a number of numpy's is damaged")
    return np.frombuffer(raw, dtype.dtype, 1)[0]


class _NumpyDType:
    """A dtype of numpy's, for one number."""

    __slots__ = ("dtype",)

    def __init__(self, name: str, *options: Any) -> None:
        if name not in ("f4", "f8", "i4", "i8", "u1", "b1"):
            raise pickle.UnpicklingError(f"a number of numpy's of type {name!r}")
        self.dtype = np.dtype(name)


def _encoded(text: Any, encoding: Any) -> bytes:
    """Bytes, which protocol 2 writes as text."""
    if encoding != "latin1" or not isinstance(text, str):
        raise pickle.UnpicklingError("bytes are damaged")
    return text.encode("latin1")


#: What each name in a pickle means here.
ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _Described,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): _size,
    ("torch", "device"): _device,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy", "dtype"): _NumpyDType,
    ("builtins", "set"): set,
    ("_codecs", "encode"): _encoded,
}


class _Unpickler(pickle._Unpickler):
    """Reads descriptions. It is Python's own in Python, in which one step can be replaced: the one
    that sets attributes, by which a file could change objects that are not its own."""

    stack: list[Any]
    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def load_build(self) -> None:
        """Leave out what PyTorch adds to a state_dict, and the byte order of a number's dtype."""
        self.stack.pop()
        if not isinstance(self.stack[-1], (OrderedDict, _NumpyDType)):
            raise pickle.UnpicklingError("attributes of something that has none")

    dispatch[pickle.BUILD[0]] = load_build

    def find_class(self, module: str, name: str) -> Any:
        found = ALLOWED.get((module, name))
        if found is not None:
            return found
        if module in ("torch", "torch.storage") and name in STORAGES:
            return _Name(name)
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        if module in ("torch", "torch.storage") and name.endswith("Storage"):
            kind = name.removesuffix("Storage")
            raise pickle.UnpicklingError(f"it has elements of type {kind}, which MiniTorch has not")
        raise _Forbidden(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, of, key, *_ = pid
        if kind != "storage" or not isinstance(of, _Name) or not isinstance(key, str):
            raise pickle.UnpicklingError(f"a reference to {kind!r}")
        return _Storage(of.name, key)


class _Forbidden(pickle.UnpicklingError):
    """A pickle names something that is no data."""


def read_pytorch(name: str, file: IO[bytes], backend: Backend) -> Any:
    """What a `.pt` file holds.

    Raises: FileError.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return _Archive(archive, backend).read()
    except _Forbidden as error:
        raise FileError(
            name,
            f"it names {error}, which is not data, so it may hold a program. Load it with PyTorch "
            "where you trust it, and save a state_dict.",
        ) from None
    except FileError:
        raise
    except _DAMAGE as error:
        told = f"{error or type(error).__name__}"
        raise FileError(name, f"it cannot be read, or is damaged: {told:.200}.") from None


class _Archive:
    """One file: storages are read when a tensor wants them, each once."""

    def __init__(self, archive: zipfile.ZipFile, backend: Backend) -> None:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("a member is compressed, which PyTorch does not do")
        if len({member.filename for member in members}) < len(members):
            raise ValueError("two members have one name")
        pickles = [m.filename for m in members if m.filename.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError("it has no data.pkl")
        self.archive = archive
        self.folder = pickles[0].removesuffix("data.pkl")
        self.names = {member.filename for member in members}
        self.backend = backend
        self.big_endian = (
            f"{self.folder}byteorder" in self.names
            and archive.read(f"{self.folder}byteorder") == b"big"
        )
        self.storages: dict[tuple[str, str], npt.NDArray[Any]] = {}
        self.built: dict[Any, Tensor] = {}
        self.inside: set[int] = set()

    def read(self) -> Any:
        with self.archive.open(f"{self.folder}data.pkl") as file:
            return self.value(_Unpickler(file).load())

    def value(self, found: Any) -> Any:
        """A value of the pickle, with tensors built."""
        if isinstance(found, _Described):
            return self.tensor(found)
        if isinstance(found, (dict, list, tuple, set)):
            if id(found) in self.inside:
                raise ValueError("a container holds itself")
            self.inside.add(id(found))
            try:
                if isinstance(found, dict):
                    pairs = [(self.value(k), self.value(v)) for k, v in found.items()]
                    return type(found)(pairs)
                return type(found)([self.value(item) for item in found])
            finally:
                self.inside.discard(id(found))
        if isinstance(found, (_Storage, _Name, _NumpyDType)) or callable(found):
            raise ValueError("a part of a tensor stands by itself")
        return found

    def storage(self, wanted: _Storage) -> npt.NDArray[Any]:
        key = wanted.kind, wanted.key
        if key not in self.storages:
            held, becomes = STORAGES[wanted.kind]
            raw = self.archive.read(f"{self.folder}data/{wanted.key}")
            array = np.frombuffer(raw, np.dtype(held).newbyteorder(">" if self.big_endian else "<"))
            if wanted.kind == "BFloat16Storage":
                array = from_bfloat16(array.astype("u2"))
            self.storages[key] = array.astype(becomes)
        return self.storages[key]

    def tensor(self, described: _Described) -> Tensor:
        numbers = (described.offset, *described.shape, *described.strides)
        if len(described.shape) != len(described.strides) or not all(
            isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in numbers
        ):
            raise ValueError("a tensor has a damaged shape")
        if not isinstance(described.storage, _Storage):
            raise ValueError("a tensor has no storage")
        flat = self.storage(described.storage)
        place = (
            described.storage.kind,
            described.storage.key,
            described.offset,
            described.shape,
            described.strides,
        )
        if place in self.built:
            return self.built[place]
        size = math.prod(described.shape)
        last = described.offset + sum(
            (n - 1) * step for n, step in zip(described.shape, described.strides)
        )
        if size and last >= len(flat):
            raise ValueError("a tensor is larger than its storage")
        if size > max(len(flat), EXPANDED):
            raise ValueError("an expanded tensor is too large to be built")
        view = np.lib.stride_tricks.as_strided(
            flat[described.offset :],
            described.shape,
            [step * flat.itemsize for step in described.strides],
        )
        result = Tensor(self.backend.from_numpy(view.copy()), self.backend)
        if described.requires_grad is True:
            result.requires_grad_()
        self.built[place] = result
        return result
