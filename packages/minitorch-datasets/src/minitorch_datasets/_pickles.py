"""Pickled dictionaries of plain values and arrays of bytes, read without running what they say.

A pickle is a program for a machine with a stack, and Python's runs any function that it names. This
machine knows numbers, text, bytes, lists, tuples and dictionaries, and arrays of bytes as numpy
pickles them. It calls nothing, and takes no more memory than the file.
Source: the comments of Python's pickletools, which also decodes the instructions here.
"""

from __future__ import annotations

import math
import pickletools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_datasets._files import StrPath
from minitorch_datasets.errors import DatasetError

#: Instructions whose argument is the value.
_VALUES = frozenset(
    (
        *("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"),
        *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    )
)
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Any] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}
_IGNORED = ("PROTO", "FRAME", "READONLY_BUFFER")
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}

#: What pickled arrays name: the functions of numpy's versions, and what Python 3 writes for bytes
#: as Python 2 reads them.
_NAMES = {
    "numpy.core.multiarray _reconstruct": "array",
    "numpy._core.multiarray _reconstruct": "array",
    "numpy.core.numeric _frombuffer": "buffer",
    "numpy._core.numeric _frombuffer": "buffer",
    "numpy ndarray": "ndarray",
    "numpy dtype": "dtype",
    "_codecs encode": "encode",
}


_MAX_DIMS = 32  # no numpy that this package supports has fewer


class _Name(str):
    """One of the values of `_NAMES`, which no text of the file is taken for."""

    __slots__ = ()


class _Bytes:
    """numpy's type of bytes."""


class _Array:
    """An array of bytes, empty until its content comes.

    Attributes:
        values: the array.
    """

    values: NDArray[np.uint8] = np.empty(0, np.uint8)

    def fill(self, shape: Any, dtype: Any, fortran: Any, content: Any) -> None:
        """Take the content, after checking that it is of that shape."""
        if not isinstance(dtype, _Bytes):
            raise ValueError("an array of something else than bytes")
        if not isinstance(shape, tuple) or len(shape) > _MAX_DIMS:
            raise ValueError("an array without a shape")
        if not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError("an array without a shape")
        data = content.encode("latin1") if isinstance(content, str) else content
        if not isinstance(data, (bytes, bytearray)) or len(data) != math.prod(shape):
            raise ValueError(f"an array of another size than its shape {shape}")
        values = np.frombuffer(data, np.uint8)
        self.values = values.reshape(shape, order="F" if fortran else "C")


def read_dictionary(content: bytes, source: StrPath) -> dict[str, Any]:
    """The dictionary that a pickle holds, with text as keys and arrays of bytes as numpy's.

    Raises: DatasetError, naming the source, if it is damaged or holds anything else.
    """
    try:
        found = _Machine().run(content)
        if not isinstance(found, dict):
            raise ValueError(f"holds a {type(found).__name__}, wanted a dictionary")
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        told = " ".join(str(error).split())[:200]
        raise DatasetError(
            f"{source}: no pickle of plain values: {told}", "Is it damaged? Get the file again"
        ) from error
    return {key: v.values if isinstance(v, _Array) else v for key, v in found.items()}


class _Machine:
    """The stack, the places in it that are marked, and what is remembered by number."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self, content: bytes) -> Any:
        """What is on the stack at the end."""
        for opcode, argument, _ in pickletools.genops(content):
            name = opcode.name
            if name in _VALUES:
                self.stack.append(argument)
            elif name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name])
            elif name in _EMPTY:
                self.stack.append(_EMPTY[name]())
            elif name not in _IGNORED:
                self.step(name, argument)
        return self.stack.pop()

    def step(self, name: str, argument: Any) -> None:
        """Carry out an instruction that does more than put a value on the stack."""
        stack = self.stack
        match name:
            case "MARK":
                self.marks.append(len(stack))
            case "MEMOIZE":
                self.memo[len(self.memo)] = stack[-1]
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(self.memo[argument])
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack.append(tuple(self.cut(len(stack) - _TUPLES[name])))
            case "TUPLE":
                stack.append(tuple(self.marked()))
            case "LIST":
                stack.append(self.marked())
            case "DICT":
                items = self.marked()
                stack.append({})
                self.set(items)
            case "APPEND" | "APPENDS":
                items = self.marked() if name == "APPENDS" else self.cut(len(stack) - 1)
                self.top(list).extend(items)
            case "SETITEM" | "SETITEMS":
                self.set(self.marked() if name == "SETITEMS" else self.cut(len(stack) - 2))
            case "GLOBAL" | "STACK_GLOBAL":
                full = argument if name == "GLOBAL" else " ".join(self.cut(len(stack) - 2))
                if full not in _NAMES:
                    raise ValueError(f"names {full.replace(' ', '.')}, which is not read here")
                stack.append(_Name(_NAMES[full]))
            case "REDUCE":
                function, arguments = self.cut(len(stack) - 2)
                stack.append(_made(function, arguments))
            case "BUILD":
                (state,) = self.cut(len(stack) - 1)
                if isinstance(stack[-1], _Array):
                    _, shape, dtype, fortran, content = state
                    stack[-1].fill(shape, dtype, fortran, content)
                elif not isinstance(stack[-1], _Bytes):
                    raise ValueError("a state of something else than an array")
            case "STOP":
                pass
            case _:
                raise ValueError(f"the instruction {name}, which is not read here")

    def cut(self, start: int) -> list[Any]:
        """What is on the stack from there on, taken off it."""
        if start < 0:
            raise IndexError("takes more from its stack than is there")
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def marked(self) -> list[Any]:
        """What is on the stack behind the last mark, taken off it."""
        return self.cut(self.marks.pop())

    def top(self, kind: type) -> Any:
        """The last on the stack, if it is of that type."""
        if type(self.stack[-1]) is not kind:
            raise ValueError(f"a {type(self.stack[-1]).__name__} in the place of a {kind.__name__}")
        return self.stack[-1]

    def set(self, items: list[Any]) -> None:
        """Put keys and values, one after the other, into the dictionary on top."""
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Text alone: a tuple in a tuple a million times would be hashed recursively.
            text = key.decode("latin1") if isinstance(key, bytes) else key
            if type(text) is not str:
                raise ValueError("a dictionary with keys that are not text")
            target[text] = value


def _made(function: Any, arguments: Any) -> Any:
    """What a function that pickled arrays name gives."""
    if not isinstance(function, _Name) or not isinstance(arguments, tuple):
        raise ValueError("a call of something else than numpy's functions")
    match str(function), arguments:
        case "array", _:
            return _Array()
        case "dtype", ("u1" | "|u1", *_):
            return _Bytes()
        case "encode", (str() as text, "latin1"):
            return text.encode("latin1")
        case "buffer", (content, dtype, shape, order):
            array = _Array()
            array.fill(shape, dtype, order == "F", content)
            return array
        case _:
            raise ValueError(f"numpy's {function} of something else than bytes")
