"""What the README shows is what happens."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from textwrap import dedent

import pytest

from minitorch_tensor import functions

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.skipif(not README.exists(), reason="runs from a checkout, where the README is")
def test_the_examples_of_the_readme_run_and_print_what_they_say():
    blocks = re.findall(
        r"^( *)```python\n(.*?)^ *```", README.read_text(), re.DOTALL | re.MULTILINE
    )
    assert len(blocks) > 8
    scope: dict[str, object] = {}
    for _, block in blocks:
        code = dedent(block)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, scope)
        said = [line[2:] for line in code.splitlines() if line.startswith("# ")]
        # Remarks behind code are not output, and empty lines are not shown.
        assert [line for line in printed.getvalue().splitlines() if line] == said


@pytest.mark.skipif(not README.exists(), reason="runs from a checkout, where the README is")
def test_the_readme_links_every_family_of_functions():
    text = README.read_text()
    for family in Path(functions.__path__[0]).glob("*.py"):
        if "\n__all__ = [" in family.read_text():
            assert f"](src/minitorch_tensor/functions/{family.name})" in text, family.name
