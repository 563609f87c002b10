"""Damage: what happens to a file on its way, and what somebody with bad intentions makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

#: Numbers that headers are wrong by.
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63)

#: What the formats give a meaning to, or text that terminals and parsers do.
WORDS = (
    # archives
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x1f\x8b\x08", b"ustar", b"././@LongLink",
    b"GNU.sparse.map=0,0\n", b"train/pos/1_1.txt", b"77777777777", b"\x80" + bytes(11),
    # arrays and settings
    b"\x93NUMPY\x01\x00", b"'shape': (", b"1000000000, ", b"'|O'", b"-1", b"NaN", b"Infinity",
    b"1e999", b"99999999999", b"[[[[[[[[", b'{"a":',
    # text
    b"\x00", b"\n", b"\t1\n", b"(2 ", b")", b"\x1b[2J", b"\xe2\x98\x83", b"\xc2\x85", b"\xc2\xa0",
    b"\xed\xa0\x80",
    # pictures
    b"IHDR", b"IDAT", b"Exif\x00\x00", b"\xff\xd8\xff", b"\xff\xff\xff\xff",
)  # fmt: skip

KINDS = ("flip", "byte", "number", "word", "insert", "cut", "repeat", "truncate", "splice")


class Edit(NamedTuple):
    """One damage: its kind, where (a share of the length), and what with."""

    kind: str
    place: float
    value: int


EDITS = st.lists(
    st.builds(Edit, st.sampled_from(KINDS), st.floats(0, 1), st.integers(0, 2**16)),
    min_size=1,
    max_size=6,
)


def damaged(content: bytes, edits: Sequence[Edit], other: bytes = b"") -> bytes:
    """The content after some edits; `other` is what is spliced in."""
    for edit in edits:
        content = _damaged(content, edit, other)
    return content[: 1 << 22]


def _damaged(content: bytes, edit: Edit, other: bytes) -> bytes:
    place = min(int(edit.place * len(content)), max(0, len(content) - 1))
    before, after = content[:place], content[place:]
    value = edit.value
    if edit.kind == "flip":
        return before + bytes([b ^ 1 << value % 8 for b in after[:1]]) + after[1:]
    if edit.kind == "byte":
        return before + bytes([value % 256]) + after[1:]
    if edit.kind == "number":
        width = (2, 4, 8)[value % 3]
        number = NUMBERS[value // 3 % len(NUMBERS)] % 256**width
        return before + number.to_bytes(width, ("little", "big")[value % 2]) + after[width:]
    if edit.kind == "word":
        word = WORDS[value % len(WORDS)]
        return before + word + after[len(word) :]
    if edit.kind == "insert":
        return before + WORDS[value % len(WORDS)] * (1 + value % 5) + after
    if edit.kind == "cut":
        return before + after[1 + value % 64 :]
    if edit.kind == "repeat":
        return before + after[: 1 + value % 512] * (2 + value % 40) + after
    if edit.kind == "truncate":
        return before
    return before + other[value % (len(other) + 1) :]
