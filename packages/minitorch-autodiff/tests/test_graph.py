"""The computation graph as data, and its drawings."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_autodiff import Context, Function, Graph, Scalar, draw, grad, no_grad
from minitorch_autodiff._layout import SPACING, Link, place
from minitorch_autodiff.graph import graph

SVG = "{http://www.w3.org/2000/svg}"


def leaf(value: float, name: str = "") -> Scalar:
    return Scalar(value, requires_grad=True, name=name)


def rows(drawn: Graph) -> list[tuple[str, ...]]:
    return [(n.kind, n.label, n.name, n.value, n.gradient) for n in drawn.nodes]


def uses(drawn: Graph) -> set[tuple[str, str, int]]:
    """(source, target, position) by names or labels."""
    words = [node.name or node.label for node in drawn.nodes]
    return {(words[e.source], words[e.target], e.position) for e in drawn.edges}


# -- data ----------------------------------------------------------------------------------------


def test_a_graph_has_the_calls_and_leaves_with_what_is_known_of_them() -> None:
    x, y = leaf(2.0, "x"), leaf(5.0, "y")
    z = x * y + x.exp()
    z.backward()
    drawn = graph(z)
    assert sorted(rows(drawn)) == [
        ("function", "Add", "", "17.39", ""),
        ("function", "Exp", "", "7.389", ""),
        ("function", "Mul", "", "10", ""),
        ("leaf", "Scalar", "x", "2", "12.39"),
        ("leaf", "Scalar", "y", "5", "2"),
    ]
    assert uses(drawn) == {
        ("x", "Mul", 0),
        ("y", "Mul", 1),
        ("x", "Exp", 0),
        ("Mul", "Add", 0),
        ("Exp", "Add", 1),
    }
    assert [node.label for node in drawn.nodes if node.is_output] == ["Add"]


def test_both_uses_of_one_value_are_edges() -> None:
    x = leaf(2.0, "x")
    assert uses(graph(x * x)) == {("x", "Mul", 0), ("x", "Mul", 1)}


def test_constants_appear_at_their_place_once_for_each_value() -> None:
    x, c = leaf(2.0, "x"), Scalar(3.0, name="c")
    drawn = graph((x + c) * c - 1.0)
    assert uses(drawn) == {
        ("x", "Add", 0),
        ("c", "Add", 1),
        ("Add", "Mul", 0),
        ("c", "Mul", 1),
        ("Mul", "Sub", 0),
        ("Scalar", "Sub", 1),
    }
    assert [row for row in rows(drawn) if row[0] == "constant"] == [
        ("constant", "Scalar", "c", "3", ""),
        ("constant", "Scalar", "", "1", ""),
    ]


def test_equal_constants_are_not_the_same_one() -> None:
    drawn = graph(leaf(2.0) * 0.0 + 0.0)
    assert [node.kind for node in drawn.nodes].count("constant") == 2


def test_inner_values_show_the_name_and_gradient_they_kept() -> None:
    x = leaf(2.0)
    h = x * x
    h.name = "h"
    h.retain_grad()
    y = h.exp()
    y.name = "y"
    y.backward()
    names = {node.name: node.gradient for node in graph(y).nodes}
    assert names["h"] == "54.6"
    assert names["y"] == ""


def test_names_can_be_given_to_leaves_inner_values_and_constants() -> None:
    x, c = leaf(2.0, "own"), Scalar(3.0, name="own")
    h = x * c
    drawn = graph(h.sin(), names={"x": x, "c": c, "h": h})
    assert {node.name for node in drawn.nodes} == {"x", "c", "h", ""}


def test_several_outputs_share_one_graph() -> None:
    x = leaf(2.0, "x")
    drawn = graph([x.sin(), x.cos()])
    assert [node.label for node in drawn.nodes if node.is_output] in (
        ["Sin", "Cos"],
        ["Cos", "Sin"],
    )
    assert len(drawn.nodes) == 3


class Split(Function):
    """x, how: two outputs and an argument that is no value."""

    @staticmethod
    def forward(ctx: Context, how: str, x: Scalar) -> tuple[Scalar, Scalar]:
        return Scalar(x.data + 1.0), Scalar(x.data + 2.0)

    @staticmethod
    def backward(ctx: Context, first: Scalar, second: Scalar) -> tuple[None, Scalar]:
        return None, first + second


def test_outputs_of_one_call_are_told_apart_and_arguments_that_are_no_values_left_out() -> None:
    first, second = Split.apply("any", leaf(1.0, "x"))
    first.name = "first"
    drawn = graph(first / second)
    split = next(i for i, node in enumerate(drawn.nodes) if node.label == "Split")
    assert drawn.nodes[split].value == "2, 3"
    assert drawn.nodes[split].name == "first"
    assert [(e.output, e.position) for e in drawn.edges if e.source == split] == [(0, 0), (1, 1)]
    assert [e.position for e in drawn.edges if e.target == split] == [1]


def test_sources_come_before_what_uses_them() -> None:
    x = leaf(0.5)
    (slope,) = grad((x.sin() * x).exp(), x, create_graph=True)
    drawn = graph(slope)
    assert all(edge.source < edge.target for edge in drawn.edges)
    assert len({(edge.target, edge.position) for edge in drawn.edges}) == len(drawn.edges)


def test_a_value_without_history_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^graph: nothing was recorded for Scalar\(2\.0\)"):
        graph(Scalar(2.0))
    with no_grad(), pytest.raises(ValueError, match="no_grad"):
        graph(leaf(2.0) * 3.0)
    with pytest.raises(TypeError, match=r"^graph: expected a value with a history .* got float"):
        graph(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^graph: expected .* got float"):
        graph(leaf(2.0), names={"x": 3.0})  # type: ignore[dict-item]


def test_a_graph_beyond_the_limit_is_refused_with_a_way_out() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(1000):
        y = y.sin()
    with pytest.raises(
        ValueError, match=r"^graph: 1001 nodes, more than the limit of 1000, .* pass limit=1001"
    ):
        graph(y)
    assert len(graph(y, limit=1001).nodes) == len(graph(y, limit=None).nodes) == 1001


# -- DOT -----------------------------------------------------------------------------------------


def test_dot_lists_every_node_and_edge() -> None:
    x, y = leaf(2.0, "x"), leaf(5.0, 'odd "name"\\')
    dot = graph(x * y).to_dot()
    assert dot.startswith("digraph {\n")
    assert dot.endswith("}\n")
    assert 'label="odd \\"name\\"\\\\\\n5", shape=ellipse' in dot
    assert 'label="Mul\\n10", shape=box, peripheries=2' in dot
    assert re.findall(r"  (n\d -> n\d)\n", dot) == ["n0 -> n2", "n1 -> n2"]


# -- drawings ------------------------------------------------------------------------------------


def boxes(svg: str) -> dict[str, tuple[float, float, float, float]]:
    """id -> left, top, right, bottom of each node."""
    found = {}
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        if "node" in group.get("class", ""):
            rect = group.find(f"{SVG}rect")
            assert rect is not None
            x, y, w, h = (float(rect.get(key, "")) for key in ("x", "y", "width", "height"))
            found[group.get("id", "")] = (x, y, x + w, y + h)
    return found


def expression() -> Scalar:
    a, b = leaf(0.5, "a"), leaf(1.5, "b")
    h = a.sin() * b
    result = (h * h + h.exp() * 3.0 - 1.0 / h).tanh()
    result.backward()
    return result


def test_an_svg_is_well_formed_and_stands_alone() -> None:
    svg = graph(expression()).to_svg()
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert "prefers-color-scheme: dark" in svg
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]
    assert "<script" not in svg


def test_an_svg_draws_every_node_with_its_text_and_every_edge() -> None:
    drawn = graph(expression())
    root = ET.fromstring(drawn.to_svg())
    groups = [g for g in root.iter(f"{SVG}g") if "node" in g.get("class", "")]
    assert len(groups) == len(drawn.nodes)
    for node, group in zip(drawn.nodes, groups, strict=True):
        texts = [text.text for text in group.iter(f"{SVG}text")]
        assert {node.value, *([f"grad {node.gradient}"] if node.gradient else [])} <= set(texts)
        assert node.kind in group.get("class", "")
        assert ("output" in group.get("class", "")) == node.is_output
    tips = [p for p in root.iter(f"{SVG}path") if p.get("marker-end")]
    assert sorted((p.get("data-from"), p.get("data-to")) for p in tips) == sorted(
        (f"n{e.source}", f"n{e.target}") for e in drawn.edges
    )


def test_names_that_would_break_markup_are_escaped_and_long_ones_shortened() -> None:
    x = leaf(1.0, "<&>\"'\x00\x1b" + "long " * 20)
    for text in (graph(x.sin()).to_svg(), graph(x.sin()).to_html()):
        assert "<&>" not in text
        assert "\x00" not in text
    labels = [t.text or "" for t in ET.fromstring(graph(x.sin()).to_svg()).iter(f"{SVG}text")]
    assert any(label.startswith("<&>\"'") and label.endswith("…") for label in labels)
    assert all(len(label) <= 32 for label in labels)


def test_a_page_holds_the_drawing_and_loads_nothing() -> None:
    drawn = graph(expression())
    page = drawn.to_html("a <title>")
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>a &lt;title&gt;</title>" in page
    assert drawn.to_svg() in page
    assert "src=" not in page
    assert "href=" not in page


def test_a_notebook_shows_the_drawing() -> None:
    drawn = graph(expression())
    assert drawn._repr_svg_() == drawn.to_svg()


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".svg", "<svg "), (".html", "<!DOCTYPE html>"), (".dot", "digraph {"), (".SVG", "<svg ")],
)
def test_draw_chooses_the_format_by_the_suffix(tmp_path: Path, suffix: str, start: str) -> None:
    path = draw(expression(), tmp_path / f"drawing{suffix}")
    assert path.read_text(encoding="utf-8").startswith(start)
    assert list(tmp_path.iterdir()) == [path]
    assert draw(expression(), str(path)) == path


def test_draw_refuses_other_suffixes_and_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^draw: 'z\.png' ends in '\.png'; wanted \.svg, \.html"):
        draw(expression(), tmp_path / "z.png")
    assert list(tmp_path.iterdir()) == []


def test_draw_leaves_an_old_drawing_where_a_new_one_fails(tmp_path: Path) -> None:
    path = tmp_path / "z.svg"
    path.write_text("old")
    with pytest.raises(ValueError, match="limit of 3"):
        draw(expression(), path, limit=3)
    with pytest.raises(OSError, match="missing"):
        draw(expression(), tmp_path / "missing" / "z.svg")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


# -- layout --------------------------------------------------------------------------------------


@st.composite
def box_graphs(draw: Any) -> tuple[list[tuple[float, float]], list[Link]]:
    count = draw(st.integers(1, 14))
    sizes = [(draw(st.floats(20.0, 200.0)), draw(st.floats(20.0, 80.0))) for _ in range(count)]
    links = []
    for target in range(1, count):
        sources = draw(st.lists(st.integers(0, target - 1), max_size=3))
        links += [Link(source, target, i, 0) for i, source in enumerate(sources)]
    return sizes, links


@settings(max_examples=60)
@given(box_graphs())
def test_boxes_never_overlap_and_edges_lead_down_from_source_to_target(
    drawn: tuple[list[tuple[float, float]], list[Link]],
) -> None:
    sizes, links = drawn
    placed = place(sizes, links)
    corners = [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for (x, y), (w, h) in zip(placed.centres, sizes, strict=True)
    ]
    for i, (left, top, right, bottom) in enumerate(corners):
        assert left >= -1e-6
        assert top >= -1e-6
        assert right <= placed.width + 1e-6
        assert bottom <= placed.height + 1e-6
        for other_left, other_top, other_right, other_bottom in corners[:i]:
            apart = max(left - other_right, other_left - right)
            assert apart >= SPACING / 2 - 1e-6 or bottom < other_top or other_bottom < top
    for link, route in zip(links, placed.routes, strict=True):
        (x0, y0), (x1, y1) = route[0], route[-1]
        left, _, right, bottom = corners[link.source]
        assert left <= x0 <= right
        assert y0 == pytest.approx(bottom)
        left, top, right, _ = corners[link.target]
        assert left <= x1 <= right
        assert y1 == pytest.approx(top)
        assert [y for _, y in route] == sorted(y for _, y in route)


def test_a_chain_hangs_down_straight() -> None:
    placed = place(
        [(50.0 + 10 * i, 30.0) for i in range(5)], [Link(i, i + 1, 0, 0) for i in range(4)]
    )
    assert {round(x, 6) for x, _ in placed.centres} == {45.0}


@settings(max_examples=20)
@given(order=st.permutations(range(24)), widths=st.lists(st.floats(40.0, 120.0), min_size=51))
def test_a_chain_under_a_lopsided_tree_hangs_down_straight(
    order: list[int], widths: list[float]
) -> None:
    heads, links = list(order), []
    for joint in range(24, 47):  # each joins two of the trees there are
        left, right = heads.pop(0), heads.pop(joint % len(heads))
        links += [Link(left, joint, 0, 0), Link(right, joint, 1, 0)]
        heads.append(joint)
    links += [Link(i, i + 1, 0, 0) for i in range(46, 50)]
    centres = place([(width, 30.0) for width in widths[:51]], links).centres
    assert {round(x - centres[46][0], 6) for x, _ in centres[47:]} == {0.0}


def test_edges_that_need_not_cross_do_not() -> None:
    # Two trees side by side, their boxes listed in turn.
    links = [Link(0, 4, 0, 0), Link(1, 5, 0, 0), Link(2, 4, 1, 0), Link(3, 5, 1, 0)]
    placed = place([(40.0, 30.0)] * 6, links)
    left, right = sorted(([0, 2, 4], [1, 3, 5]), key=lambda tree: placed.centres[tree[0]][0])
    assert max(placed.centres[i][0] for i in left) < min(placed.centres[i][0] for i in right)
    assert placed.centres[0][0] < placed.centres[2][0]  # operands from left to right
    assert placed.centres[1][0] < placed.centres[3][0]


def test_boxes_of_a_drawing_do_not_overlap() -> None:
    found = list(boxes(graph(expression()).to_svg()).values())
    for i, (left, top, right, bottom) in enumerate(found):
        for other in found[:i]:
            assert right < other[0] or other[2] < left or bottom < other[1] or other[3] < top
