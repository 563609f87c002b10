"""What a notebook shows of a module and of a summary: valid HTML."""

from __future__ import annotations

from xml.etree import ElementTree

import minitorch_nn as nn
import minitorch_tensor as mt


def parsed(html: str) -> ElementTree.Element:
    """HTML without the freedoms that XML does not have."""
    strict = html.replace("<details open>", '<details open="">')
    return ElementTree.fromstring(f"<div>{strict}</div>")


class Odd(nn.Module):
    def __init__(self) -> None:
        self.inner = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        self.last = nn.Linear(3, 1, bias=False)

    def extra_repr(self) -> str:
        return "a < b & c"


def test_a_module_is_a_tree_of_which_the_first_level_is_open() -> None:
    page = parsed(Odd()._repr_html_())
    titles = ["".join(s.itertext()) for s in page.iter("summary")]
    assert titles == ["Odd(a < b & c) 12 parameters", "(inner): Sequential() 9 parameters"]
    assert ["open" in d.attrib for d in page.iter("details")] == [True, False]
    assert ["".join(item.itertext()) for item in page.iter("li")][1:] == [
        "(0): Linear(in_features=2, out_features=3, bias=True) 9 parameters",
        "(1): ReLU()",
        "(last): Linear(in_features=3, out_features=1, bias=False) 3 parameters",
    ]


def test_a_layer_alone_is_its_text() -> None:
    assert nn.ReLU()._repr_html_() == "<code>ReLU()</code>"


def test_a_summary_is_text_and_in_a_notebook_a_table() -> None:
    table = nn.summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), mt.zeros(2, 4))
    assert repr(table) == str(table) == "\n".join(table.splitlines())
    page = parsed(table._repr_html_())
    rows = [[cell.text or "" for cell in row] for row in page.iter("tr")]
    assert rows == [
        ["layer", "type", "output", "parameters"],
        ["(model)", "Sequential", "(2, 3)", ""],
        ["0", "Linear", "(2, 3)", "15"],
        ["1", "ReLU", "(2, 3)", ""],
    ]
    assert page.find("small").text == "15 parameters, 15 of them learned"  # type: ignore[union-attr]
