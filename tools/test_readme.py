"""README.md is short and true, its reading path has the stated length, and all links work."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: The text of a link and its target, pictures included.
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")


def section(title: str) -> str:
    """The part of README.md below a heading, up to the next."""
    found = re.search(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE
    )
    assert found, f"README.md has no section {title!r}"
    return found[1]


def markdown_files() -> list[str]:
    """Every Markdown file that git knows or would add."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).exists()]


def prose(file: Path) -> str:
    """A Markdown file without its code, which may contain brackets."""
    text = re.sub(r"^( *)```.*?^\1```", "", file.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "`code`", text)


def anchors(file: Path) -> set[str]:
    """The anchors that GitHub makes of a file's headings."""
    text = re.sub(r"^( *)```.*?^\1```", "", file.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_first_page_has_at_most_600_words() -> None:
    assert len(README.split()) <= 600


def test_the_examples_print_what_they_say() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 2
    scope: dict[str, object] = {}
    for block in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(block, scope)
        said = [line[2:] for line in block.splitlines() if line.startswith("# ")]
        assert [line for line in printed.getvalue().splitlines() if line] == said


@pytest.mark.parametrize("name", ["train", "test"])
def test_a_command_that_ci_runs_stands_below_its_mark(name: str) -> None:
    assert f"<!-- command: {name} -->\n```sh\n" in README


def test_the_weekend_path_is_as_long_as_it_says() -> None:
    path = section("A weekend path")
    files = [ROOT / target for _, target in LINK.findall(path) if target.endswith(".py")]
    assert len(files) == len(set(files)) >= 10
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)
    said = re.search(r"([\d,]+) lines", path)
    assert said
    assert int(said[1].replace(",", "")) == pytest.approx(lines, rel=0.1)


@pytest.mark.parametrize("name", markdown_files())
def test_links_lead_to_files_and_headings_that_exist(name: str) -> None:
    here = ROOT / name
    missing = []
    for _, link in LINK.findall(prose(here)):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = here.parent / target if target else here
        if not file.exists() or (anchor and anchor not in anchors(file)):
            missing.append(link)
    assert missing == []
