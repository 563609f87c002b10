"""The file: tensors by name in the safetensors format, the rest as JSON in its metadata.

https://github.com/huggingface/safetensors describes the format: a length, a header in JSON, and the
elements. The library checks every claim of the header against the file.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.backend import Backend
from minitorch_tensor.serialization.errors import FileError, NotPlain
from minitorch_tensor.serialization.structure import describe, rebuild
from minitorch_tensor.sharing import place_of
from minitorch_tensor.tensor import Tensor

#: The version of this format, raised when older programs would misread the file.
FORMAT = 1

#: The key of the metadata that holds the description, and that of the format's number.
STRUCTURE = "minitorch"
NUMBER = "minitorch_format"

#: The element types of the format: of which numpy dtype the bytes are, and what they become.
ELEMENTS = {
    "BOOL": ("?", "?"),
    "U8": ("u1", "u1"),
    "I8": ("i1", "i4"),
    "I16": ("<i2", "i4"),
    "I32": ("<i4", "i4"),
    "I64": ("<i8", "i8"),
    "F16": ("<f2", "f4"),
    "BF16": ("<u2", "f4"),
    "F32": ("<f4", "f4"),
    "F64": ("<f8", "f8"),
}


def pack(obj: Any) -> bytes:
    """The file's content.

    Raises: NotPlain for what cannot be saved.
    """
    from safetensors.numpy import save  # on first use: most programs save nothing

    arrays: dict[str, npt.NDArray[Any]] = {}
    names: dict[Any, str] = {}
    aliases: dict[str, str] = {}

    def keep(value: Any, path: tuple[Any, ...]) -> str:
        name = _free(".".join(str(key) for key in path) or "tensor", arrays)
        if isinstance(value, Tensor):
            array = value.detach().numpy()
            data = value.tensor_data
            identity: Any = id(data.owner), place_of(data), value.requires_grad
        else:
            array, identity = value, id(value)
        if array.dtype.str.lstrip("<|=") not in ("b1", "u1", "i4", "i8", "f4", "f8"):
            raise NotPlain(
                f"save: {name} is an array of {array.dtype}, and tensors have bool, uint8, int32, "
                "int64, float32 or float64. Convert it first."
            )
        first = names.setdefault(identity, name)
        if first != name:
            aliases[name] = first
        arrays[name] = array
        return name

    described = describe(obj, keep)
    text = json.dumps({"object": described, "same": aliases}, ensure_ascii=True)
    rows = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    return bytes(save(rows, {NUMBER: str(FORMAT), STRUCTURE: text}))


def _free(name: str, taken: dict[str, Any]) -> str:
    """The name, or with a number behind it if it is taken or not to be had."""
    name = name if name != "__metadata__" else "tensor.__metadata__"
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    return free


def unpack(name: str, content: bytes, backend: Backend) -> Any:
    """What a file holds: the saved object, or for another library's file its tensors by name.

    Raises: FileError.
    """
    from safetensors import SafetensorError, deserialize

    try:
        found = deserialize(content)  # type: ignore[no-untyped-call]
        metadata = _metadata(content)
    except (SafetensorError, ValueError, RecursionError, TypeError) as error:
        raise FileError(
            name, f"it is neither a safetensors file nor PyTorch's, or is damaged: {error}."
        ) from None
    tensors: dict[str, Tensor] = {}
    for key, entry in found:
        tensors[key] = _tensor(name, key, entry, backend)
    if STRUCTURE not in metadata:
        return tensors
    if metadata.get(NUMBER) != str(FORMAT):
        raise FileError(
            name,
            f"it has format {metadata.get(NUMBER)}, and this minitorch-tensor reads {FORMAT}. "
            "Upgrade it: pip install --upgrade minitorch-tensor.",
        )
    try:
        description = json.loads(metadata[STRUCTURE])
        for alias, first in description["same"].items():
            if _alike(tensors[alias], tensors[first]):
                tensors[alias] = tensors[first]
        return rebuild(description["object"], tensors.__getitem__)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        # RuntimeError: nested too deeply, or integers that should have a gradient
        raise FileError(name, f"its description is damaged: {error!r:.200}.") from None


def _alike(one: Tensor, other: Tensor) -> bool:
    same = one.shape == other.shape and one.dtype is other.dtype
    return same and one.numpy().tobytes() == other.numpy().tobytes()


def _metadata(content: bytes) -> dict[str, str]:
    """The metadata in the header, which `deserialize` has checked and does not give."""
    length = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + length])
    return header.get("__metadata__") or {}


def _tensor(name: str, key: str, entry: dict[str, Any], backend: Backend) -> Tensor:
    if entry["dtype"] not in ELEMENTS:
        raise FileError(
            name,
            f"its tensor {key!r} has elements of type {entry['dtype']}, which MiniTorch has not. "
            f"It reads {', '.join(ELEMENTS)}.",
        )
    held, wanted = ELEMENTS[entry["dtype"]]
    array = np.frombuffer(entry["data"], held)
    if len(array) != math.prod(entry["shape"]):
        raise FileError(name, f"its tensor {key!r} has not as many elements as it claims.")
    if entry["dtype"] == "BF16":
        array = from_bfloat16(array)
    return Tensor(backend.from_numpy(array.reshape(entry["shape"]).astype(wanted)), backend)


def from_bfloat16(bits: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """float32 of bfloat16, which is its upper half."""
    return (bits.astype("<u4") << 16).view("<f4")
