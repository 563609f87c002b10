"""Compare the public interface of every layer with the api.txt committed beside it.

The sources are read, never run, so the result is the same on any machine. A name is public without
a leading underscore, in a module whose path has none; in a module with `__all__`, if that lists it.
`required` marks members that an implementer of a protocol or abstract class must supply: a new one
breaks every existing implementation.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).resolve().parent.parent

HEADER = """\
# The public interface of {package}: names, signatures, required members.
# Written by `tox -e api -- --update` and compared in every run of tox.
"""


def is_hidden(path: str) -> bool:
    """True if any part of a dotted path is private, as `_this` but not as `__this__`."""
    return any(part.startswith("_") and not part.endswith("__") for part in path.split("."))


def public_names(module: griffe.Module) -> list[str]:
    """The names that `from module import *` gives, without submodules."""
    if module.exports is not None:
        names = [str(name) for name in module.exports]
    else:
        names = [
            name
            for name, member in module.members.items()
            if not name.startswith("_") and not member.is_alias
        ]
    return sorted(name for name in names if name not in module.modules)


def is_public(item: griffe.Class) -> bool:
    """True if api.txt lists a class where it is defined."""
    module = item.module
    return not is_hidden(module.path) and item.name in public_names(module)


def members_of(item: griffe.Class) -> dict[str, griffe.Object | griffe.Alias]:
    """The members of a class, including those of bases that api.txt does not list."""
    members: dict[str, griffe.Object | griffe.Alias] = {}
    for base in reversed(item.mro()):
        if base.package == item.package and not is_public(base):
            members |= base.members
    return members | item.members


def callable_behind(attribute: griffe.Attribute) -> griffe.Function | griffe.Expr | None:
    """The function behind an attribute (`add = add`, `pow_ = in_place(pow)`), or
    the type of what a call returns; None for anything else.

    Names are looked up in the module, which defines the functions that a class uses as methods.
    """
    value = attribute.value
    if isinstance(value, griffe.ExprCall):
        maker = defined(attribute, value.function)
        if not isinstance(maker, griffe.Function) or not isinstance(maker.returns, griffe.Expr):
            return None
        if len(value.arguments) == 1 and str(maker.parameters[0].annotation) == str(maker.returns):
            return defined(attribute, value.arguments[0])  # as it was, by its type
        return maker.returns if str(maker.returns).startswith("Callable[") else None
    return defined(attribute, value)


def is_callable(member: griffe.Object | griffe.Alias) -> bool:
    """True if a member of a class is a function, or an attribute that refers to one."""
    if isinstance(member, griffe.Attribute):
        return callable_behind(member) is not None
    return member.is_function


def defined(
    beside: griffe.Attribute, name: str | griffe.Expr | None
) -> griffe.Function | griffe.Expr | None:
    """`callable_behind` a name in the module of an attribute."""
    member = beside.module.members.get(str(name))
    if isinstance(member, griffe.Alias):
        inside = member.target_path.startswith(f"{beside.package.path}.")
        member = member.final_target if inside else None
    if isinstance(member, griffe.Attribute) and member is not beside:
        return callable_behind(member)
    return member if isinstance(member, griffe.Function) else None


def as_method(function: griffe.Function) -> griffe.Function:
    """A function without its first parameter, which is a method's `self`."""
    _, *others = function.parameters
    return griffe.Function(
        function.name, parameters=griffe.Parameters(*others), returns=function.returns
    )


def value_of(attribute: griffe.Attribute) -> str:
    """` = value` if the value is part of the interface: constants, other names, types."""
    if attribute.value is None or "instance-attribute" in attribute.labels:
        return ""
    value = str(attribute.value)
    is_promise = isinstance(ast.parse(value, mode="eval").body, (ast.Constant, ast.Name))
    is_type = "TypeAlias" in str(attribute.annotation)
    return f" = {value}" if is_promise or is_type else ""


def describe(name: str, item: griffe.Object | griffe.Alias, required: bool) -> Iterator[str]:
    """The lines of one name: its signature, and for a class those of its members, indented."""
    words = ["required"] if required or "abstractmethod" in item.labels else []
    if isinstance(item, griffe.Class):
        bases = [str(base) for base in item.bases]
        yield " ".join([*words, f"class {name}({', '.join(bases)})" if bases else f"class {name}"])
        is_protocol = any(base.split("[")[0].split(".")[-1] == "Protocol" for base in bases)
        for member_name, member in sorted(members_of(item).items()):
            if is_hidden(member_name) or (member_name.endswith("__") and not is_callable(member)):
                continue
            yield from (f"    {line}" for line in describe(member_name, member, is_protocol))
    elif isinstance(item, griffe.Function):
        words += [word for word in ("async", "classmethod", "staticmethod") if word in item.labels]
        for signature in item.overloads or [item]:
            yield " ".join([*words, f"def {signature.signature(name=name)}"])
    elif isinstance(item, griffe.Attribute):
        if "property" in item.labels:
            words.append("property" if item.setter is None else "writable property")
        found = None if item.annotation is not None else callable_behind(item)
        if isinstance(found, griffe.Function) and item.parent and item.parent.is_class:
            yield " ".join([*words, f"def {as_method(found).signature(name=name)}"])
            return
        kind = item.annotation if item.annotation is not None else found
        annotation = "" if kind is None or isinstance(kind, griffe.Function) else f": {kind}"
        yield " ".join([*words, f"{name}{annotation}{value_of(item)}"])
    else:
        yield " ".join([*words, f"{name} = {item.path}"])


def sections(module: griffe.Module) -> Iterator[str]:
    """One section for a module that has public names, and for each module inside it."""
    if is_hidden(module.path):
        return
    lines = []
    for name in public_names(module):
        member = module.members[name]
        if isinstance(member, griffe.Alias):
            in_this_package = member.target_path.split(".")[0] == module.package.name
            if not (in_this_package and is_hidden(member.target_path)):
                lines.append(f"    {name} = {member.target_path}")
                continue
            member = member.final_target  # not listed elsewhere
        lines += [f"    {line}" for line in describe(name, member, required=False)]
    if lines:
        yield "\n".join([module.path, *lines])
    for _, submodule in sorted(module.modules.items()):
        if isinstance(submodule, griffe.Module):
            yield from sections(submodule)


def interface(package: str, source: Path) -> str:
    """The text of api.txt for the package in the folder `source`."""
    module = griffe.load(package, search_paths=[source], allow_inspection=False)
    if not isinstance(module, griffe.Module):
        raise TypeError(f"{package} is not a package in {source}")
    return "\n\n".join([HEADER.format(package=package).rstrip(), *sections(module)]) + "\n"


def main() -> int:
    """Compare, or with --update rewrite; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="rewrite every api.txt")
    update = parser.parse_args().update
    differs = False
    for layer in sorted(ROOT.glob("packages/*/")):
        committed = layer / "api.txt"
        before = committed.read_text(encoding="utf-8") if committed.exists() else ""
        now = interface(layer.name.replace("-", "_"), layer / "src")
        if before == now:
            continue
        differs = True
        name = committed.relative_to(ROOT).as_posix()
        if update:
            committed.write_text(now, encoding="utf-8")
            print(f"rewrote {name}")
        else:
            lines = difflib.unified_diff(
                before.splitlines(), now.splitlines(), name, "the sources", lineterm=""
            )
            print(*lines, sep="\n")
    if differs and not update:
        print(
            "\nThe public interface is not what api.txt says. If that is meant, run\n"
            "    tox -e api -- --update\n"
            "and commit the new api.txt with a line in the layer's CHANGELOG.md."
        )
    return int(differs and not update)


if __name__ == "__main__":
    sys.exit(main())
