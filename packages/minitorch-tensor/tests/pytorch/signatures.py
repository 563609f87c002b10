"""The parameters of every public function and method, ours and PyTorch's, by name.

A signature is a list of names: those that may go by position, in order, then "*", then those that
go by keyword only. PyTorch's come from its operators' schemas, where it has one, or from Python, or
from the first line of the documentation. It is imported where it is first asked for.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

import minitorch_tensor as mt

STORED = Path(__file__).parent / "signatures.json"

Signature = list[str]

#: What we leave out wherever PyTorch has it.
LEFT_OUT_EVERYWHERE = {
    "out": "results are new; copy_ writes into a tensor",
    "layout": "there is one, strided",
    "pin_memory": "memory of a device is its backend's affair",
    "memory_format": "tensors that are made are row-major",
}

_DTYPE_OUT = "there are no dtypes to choose between: products keep theirs"
_INT32 = "indices are int64"
_NUMPYS = "numpy's word; ours is `dim`"

#: What we leave out of one function.
LEFT_OUT = {
    **{(name, "out_dtype"): _DTYPE_OUT for name in ("mm", "bmm", "addmm", "baddbmm")},
    **{(name, "out_int32"): _INT32 for name in ("searchsorted", "bucketize")},
    ("save", "_disable_byteorder_record"): "PyTorch's own affair",
    ("searchsorted", "sorter"): "sort first",
    ("repeat_interleave", "output_size"): "it spares a device a round trip",
    ("cdist", "compute_mode"): "there is one way",
    ("gather", "sparse_grad"): "there are no sparse tensors",
    **{(name, "reduce"): "scatter_add adds" for name in ("scatter", ".scatter_")},
    ("isin", "assume_unique"): "it changes nothing but speed",
    ("isin", "element"): "a number goes by the same name as a tensor",
    ("isin", "test_element"): "a number goes by the same name as a tensor",
    (".expand", "implicit"): "autograd's own affair",
    (".type", "**kwargs"): "there are no options",
    **{
        (name, word): "one sweep for each element is all there is"
        for name in ("jacobian", "hessian")
        for word in ("vectorize", "strategy", "outer_jacobian_strategy")
        if (name, word) not in (("jacobian", "outer_jacobian_strategy"), ("hessian", "strategy"))
    },
    ("grad", "only_inputs"): "PyTorch itself takes no other value than the default",
    ("grad", "is_grads_batched"): "one sweep at a time",
    ("grad", "materialize_grads"): "None says that there is no dependence",
    **{(name, "func"): "`function`, by position in both" for name in ("jvp", "vjp")},
    **{(name, "has_aux"): "a function gives what is differentiated" for name in ("jvp", "vjp")},
    ("jvp", "strict"): "zeros stand where nothing depends",
    ("tensor_split", "indices"): "one name for both forms, the documented one",
    ("tensor_split", "sections"): "one name for both forms, the documented one",
    ("tensor_split", "tensor_indices_or_sections"): "one name for both forms, the documented one",
    (".fill_diagonal_", "wrap"): "a tall matrix has one diagonal",
    (".copy_", "other"): "a form of TorchScript's; the documented word is src",
    **{
        (".set_", name): "the source may be a view of any layout"
        for name in ("storage_offset", "size", "stride")
    },
    (".view", "dtype"): "elements are not read as another type; to() converts",
    (".to", "other"): "by position only, as in PyTorch's parser",
    ("from_dlpack", "copy"): "clone() copies",
    ("swapaxes", "axis0"): _NUMPYS,
    ("swapaxes", "axis1"): _NUMPYS,
    ("vdot", "other"): "another name for dot, with its word",
}

#: What PyTorch also takes by position.
KEYWORD_ONLY = {
    **{
        (name, "alpha"): "documented as keyword only"
        for name in ("add", "sub", "subtract", ".add_", ".sub_", ".subtract_")
    },
    ("max", "other"): "there it goes by the name dim",
    ("min", "other"): "there it goes by the name dim",
    ("scatter", "value"): "there it goes by the name src",
    (".scatter_", "value"): "there it goes by the name src",
}

#: What we have wherever it makes sense.
ADDED_EVERYWHERE = {
    "requires_grad": "PyTorch's Python functions take it, which its schemas do not say",
}

#: What one function has beyond PyTorch's.
ADDED = {
    **{
        (name, "rounding_mode"): "another name for div" for name in ("true_divide", ".true_divide_")
    },
    ("swapaxes", "dim0"): "another name for transpose",
    ("swapaxes", "dim1"): "another name for transpose",
    ("vdot", "tensor"): "another name for dot",
    ("nonzero", "as_tuple"): "documented, but not in the schema",
    ("tensor_split", "indices_or_sections"): "documented, but not in the schema",
    **{(name, "function"): "PyTorch's func" for name in ("jvp", "vjp")},
    ("from_numpy", "device"): "a backend may copy",
    (".cuda", "device"): "documented, but not in the schema",
    (".cuda", "non_blocking"): "documented, but not in the schema",
}

#: Functions and methods that PyTorch has not, or not as these.
NOT_PYTORCH = {
    "elementwise": "our own",
    "is_close": "the course's own",
    "promote": "PyTorch's name is promote_types",
    ".tobytes": "numpy's; PyTorch has none",
    ".to_device": "of the array API standard; PyTorch's name is to",
    **dict.fromkeys(
        ("backend_names", "get_backend", "register_backend", "refresh", ".wrap"),
        "PyTorch has no backends of this kind",
    ),
}


def ours(name: str) -> Signature:
    """The signature of a function, or of the method `.name`."""
    thing = getattr(mt.Tensor, name[1:]) if name[0] == "." else getattr(mt, name)
    names = _of_python(inspect.signature(thing))
    more = [n for n in names if n != "*more"]  # f(2, 3) for f(size=(2, 3))
    return more[1:] if name[0] == "." else more


def _of_python(signature: inspect.Signature) -> Signature:
    names: Signature = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names.append(f"*{parameter.name}")
        elif parameter.kind is parameter.KEYWORD_ONLY and "*" not in names:
            names += ["*", parameter.name]
        elif parameter.kind is not parameter.VAR_KEYWORD:
            names.append(parameter.name)
    return names


def theirs(name: str, torch: Any) -> list[Signature]:
    """PyTorch's signatures of a function or method, of which there may be several."""
    plain = name.lstrip(".")
    thing = _find(name, torch)
    found = _of_schemas(plain, torch)
    python: Signature = []
    if not inspect.isbuiltin(thing):  # of which Python 3.13 says "object"
        with contextlib.suppress(TypeError, ValueError):  # written in C++, too
            python = _of_python(inspect.signature(thing))
    if python and "*args" not in python:
        found = [python]
    if not found or "*args" in python:
        found = [_of_documentation(plain, thing.__doc__)]
    return [_as_ours(signature, name[0] == ".") for signature in found]


def _find(name: str, torch: Any) -> Any:
    if name[0] == ".":
        return getattr(torch.Tensor, name[1:])
    functional = torch.autograd.functional
    homes: list[Any] = [torch, torch.nn.functional]
    if name in ("grad", "jacobian", "hessian", "jvp", "vjp"):
        homes = [torch.autograd if name == "grad" else functional]
    if name in ("jvp", "vjp"):
        homes = [torch.func]
    for home in homes:
        if hasattr(home, name):
            return getattr(home, name)
    raise LookupError(f"{name}: PyTorch has none; say so in NOT_PYTORCH")


def _of_schemas(name: str, torch: Any) -> list[Signature]:
    signatures = []
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
        arguments = schema.arguments
        returns = "".join([str(r.type) for r in schema.returns])
        writes = any(a.kwarg_only and a.alias_info and a.alias_info.is_write for a in arguments)
        # Not the forms for named dimensions, for writing into `out`, and of TorchScript's numbers.
        if writes or "Tensor" not in returns or "name" in schema.overload_name.lower():
            continue
        if arguments and arguments[0].name == "t":
            continue
        names: Signature = []
        for argument in arguments:
            if argument.kwarg_only and "*" not in names:
                names.append("*")
            names.append(argument.name)
        signatures.append(names)
    return signatures


def _of_documentation(name: str, documentation: str) -> Signature:
    """From a line like `add(input, other, *, alpha=1, out=None) -> Tensor`."""
    match = re.search(rf"^\s*(?:\w+\.)?{name}\((.*?)\)(?: ->|:|$)", documentation, re.MULTILINE)
    if match is None:
        return []
    parts = [part.strip() for part in re.split(r",(?![^\[]*\])", match[1])]
    return [re.split("[=:]", part)[0].strip(" \\") for part in parts if part]


def _as_ours(signature: Signature, method: bool) -> Signature:
    """The schema's names as Python spells them; for a method, without the tensor itself."""
    if method:
        signature = [n for n in signature if n != "self"]
    spelled = {"self": "input", "from": "from_", "*size": "size", "*repeats": "repeats"}
    return [spelled.get(n, n) for n in signature]


def complaint(name: str, signatures: list[Signature]) -> str:
    """The differences from PyTorch's signature that the tables above do not explain; "" if none."""
    mine = ours(name)
    lines = []
    known = {n for signature in signatures for n in signature} - {"*"}
    missing = known - set(mine) - set(LEFT_OUT_EVERYWHERE)
    missing -= {n for n in missing if (name, n) in LEFT_OUT}
    extra = set(mine) - known - set(ADDED_EVERYWHERE) - {"*"}
    extra -= {n for n in extra if (name, n) in ADDED}
    if missing:
        lines.append(f"lacks {sorted(missing)} of PyTorch's {signatures}")
    if extra:
        lines.append(f"has {sorted(extra)} beyond PyTorch's {signatures}")
    by_position = mine[: mine.index("*")] if "*" in mine else mine
    for signature in signatures:
        end = signature.index("*") if "*" in signature else len(signature)
        order = [n for n in signature[:end] if n in mine and (name, n) not in KEYWORD_ONLY]
        if order != [n for n in by_position if n in order]:
            lines.append(f"takes {by_position} by position, PyTorch {signature}")
    return "\n".join(lines)


def write(torch: Any, names: list[str]) -> None:
    """Store PyTorch's signatures, a line for each name."""
    rows = [f"{json.dumps(name)}: {json.dumps(theirs(name, torch))}" for name in sorted(names)]
    STORED.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


def read() -> dict[str, list[Signature]]:
    """The signatures that `write` stored."""
    stored: dict[str, list[Signature]] = json.loads(STORED.read_text("utf-8"))
    return stored
