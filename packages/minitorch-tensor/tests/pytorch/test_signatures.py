"""Every public function and method takes what PyTorch's takes, under the same names."""

from __future__ import annotations

from types import ModuleType

import pytest

WRITE = "Run `tox -e pytorch -- --write` and look at what changes."


def test_parameters_have_pytorchs_names_and_order(signatures: ModuleType) -> None:
    complaints = {
        name: complaint
        for name, theirs in signatures.read().items()
        if (complaint := signatures.complaint(name, theirs))
    }
    assert not complaints, "\n".join(f"{name} {text}" for name, text in complaints.items())


def test_every_public_function_has_its_signature_stored_or_says_why_not(
    signatures: ModuleType, runner: ModuleType
) -> None:
    public = runner.public_functions() | runner.public_methods()
    assert set(signatures.read()) == public - set(signatures.NOT_PYTORCH), WRITE
    assert set(signatures.NOT_PYTORCH) <= public


def test_no_exception_is_stale(signatures: ModuleType) -> None:
    stored = signatures.read()
    for exceptions, is_ours in (
        (signatures.LEFT_OUT, False),
        (signatures.ADDED, True),
        (signatures.KEYWORD_ONLY, True),
    ):
        for (name, parameter), reason in exceptions.items():
            theirs = {n for signature in stored[name] for n in signature}
            assert reason
            assert (parameter in signatures.ours(name)) == is_ours, (name, parameter)
            assert (parameter in theirs) != (exceptions is signatures.ADDED), (name, parameter)
    everywhere = {n for theirs in stored.values() for signature in theirs for n in signature}
    assert set(signatures.LEFT_OUT_EVERYWHERE) <= everywhere


@pytest.mark.parametrize(
    ("theirs", "complaint"),
    [
        (["input", "other", "*", "alpha", "out"], None),
        (["input", "others", "*", "alpha"], "beyond"),
        (["input", "other", "*", "alpha", "beta"], "lacks"),
        (["other", "input", "*", "alpha"], "by position"),
    ],
)
def test_another_name_or_order_is_seen(
    theirs: list[str], complaint: str | None, signatures: ModuleType
) -> None:
    found = signatures.complaint("add", [theirs])
    assert complaint in found if complaint else not found
