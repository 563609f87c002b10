"""The calls compared with PyTorch, in the terms that both libraries share.

A row names a function, its arguments, and the dtypes to try; the arguments are drawn from the
row's own name, so that a new row changes no other. Each module holds one family. Nothing here
imports either library.
"""

from __future__ import annotations

from . import (
    arithmetic,
    arranging,
    comparison,
    conversion,
    creation,
    einsum,
    exponentials,
    formulas,
    functional,
    in_place,
    indexing,
    joining,
    linalg,
    operators,
    promotion,
    reductions,
    second_order,
    selection,
    sorting,
    views,
)
from .row import Case

FAMILIES = (
    arithmetic,
    exponentials,
    comparison,
    selection,
    promotion,
    operators,
    reductions,
    sorting,
    views,
    joining,
    arranging,
    indexing,
    linalg,
    einsum,
    creation,
    conversion,
    in_place,
    second_order,
    formulas,
    functional,
)

CASES: list[Case] = [row for family in FAMILIES for row in family.rows()]

#: Public functions and methods that have no rows, and why.
NOT_COMPARED = {
    "backend_names": "PyTorch has no backends of this kind",
    "get_backend": "PyTorch has no backends of this kind",
    "register_backend": "PyTorch has no backends of this kind",
    "refresh": "PyTorch has no backends of this kind",
    "is_close": "the course's own; PyTorch's is isclose",
    ".tobytes": "numpy's; PyTorch has none",
    ".to_device": "of the array API standard; PyTorch's name is to",
    ".wrap": "PyTorch has no backends of this kind",
    ".cpu": "it moves nothing where there is one device",
    **dict.fromkeys(("save", "load"), "tests/test_serialization.py reads PyTorch's files"),
    "set_printoptions": "tests/test_printoptions.py has what PyTorch prints",
    ".cuda": "it needs a GPU; `tox -e cuda` tests it",
}
