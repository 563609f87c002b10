"""What a notebook shows of a tensor: valid HTML, of the tensor's own size in no case."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

import minitorch_tensor as mt


class Reader(HTMLParser):
    """The rows of a table, and the text outside of it; refuses tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] in ("th", "td"):
            self.rows[-1][-1] += data
        else:
            self.text += data


def shown(x: mt.Tensor) -> Reader:
    return Reader(x._repr_html_())


def test_a_matrix_is_a_table_with_numbered_rows_and_columns() -> None:
    page = shown(mt.tensor([[1.0, 2.5], [3.0, -4.0]]))
    assert page.rows == [
        ["", "0", "1"],
        ["0", "1.0000", "2.5000"],
        ["1", "3.0000", "-4.0000"],
    ]
    assert page.text == "Tensor, shape (2, 2), float32"


def test_a_vector_is_a_table_of_one_row() -> None:
    assert shown(mt.tensor([True, False])).rows == [["0", "1"], ["True", "False"]]


def test_long_tensors_are_shortened_whatever_their_size() -> None:
    page = shown(mt.arange(100 * 1000).reshape(100, 1000))
    numbers = ["0", "1", "2", "3", "4", "…"]
    assert page.rows[0] == ["", *numbers, "995", "996", "997", "998", "999"]
    assert [row[0] for row in page.rows[1:]] == [*numbers, "95", "96", "97", "98", "99"]
    assert page.rows[6] == ["…"] * 12
    assert page.rows[-1][-1] == "99999"
    assert len(shown(mt.zeros(12, 12)).rows) == 13
    assert len(mt.zeros(10**6)._repr_html_()) < 1000
    assert len(mt.zeros(100, 100, 100)._repr_html_()) < 3000


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (2, 2, 2)])
def test_other_shapes_are_shown_as_their_text(shape: tuple[int, ...]) -> None:
    x = mt.ones(shape)
    page = shown(x)
    assert not page.rows
    assert page.text == f"{x!r}Tensor, shape {shape}, float32"


def test_place_and_history_are_named_and_escaped() -> None:
    x = mt.tensor(np.ones((2, 2)), device="simple", requires_grad=True)
    assert shown(x).text == "Tensor, shape (2, 2), float64, device='simple', requires_grad=True"
    html = (x * 2)._repr_html_()
    assert "grad_fn=&lt;Mul backward&gt;" in html
    assert "grad_fn=<Mul backward>" in Reader(html).text
