"""Draw a graph as a self-contained SVG image or HTML page."""

from __future__ import annotations

import html
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from minitorch_autodiff import _layout
from minitorch_autodiff.graph import text_lines

if TYPE_CHECKING:
    from minitorch_autodiff.graph import Graph, GraphNode

Point: TypeAlias = "tuple[float, float]"

MARGIN = 24.0
LINE_HEIGHT = 17.0
PADDING = 9.0
LONGEST_LINE = 32

#: class -> CSS properties -> (light, dark). Plain values, since some viewers do not support CSS
#: variables.
COLOURS: dict[str, dict[str, tuple[str, str]]] = {
    ".page": {"fill": ("#ffffff", "#14181d")},
    ".edge": {"stroke": ("#97a3b2", "#66758a")},
    ".tip": {"fill": ("#97a3b2", "#66758a")},
    ".function rect": {"fill": ("#eaf1ff", "#1a2a49"), "stroke": ("#4a7ddb", "#6d9bf1")},
    ".leaf rect": {"fill": ("#fff3dc", "#3a2c10"), "stroke": ("#d48a0b", "#dfa53d")},
    ".constant rect": {"fill": ("#f4f5f7", "#20262d"), "stroke": ("#b3bcc7", "#56626f")},
    ".output rect": {"fill": ("#e2f6ea", "#123322"), "stroke": ("#2b9a5f", "#4cc38a")},
    ".label": {"fill": ("#1d2733", "#e8edf3")},
    ".value": {"fill": ("#42505f", "#b6c2cf")},
    ".gradient": {"fill": ("#b93a0c", "#ff9d66")},
    ".constant text": {"fill": ("#66717e", "#97a4b2")},
}

FIXED_STYLE = """\
  text { text-anchor: middle; font-family: ui-monospace, "SF Mono", Menlo, Consolas, \
"DejaVu Sans Mono", monospace; font-size: 12px; }
  .label { font-family: system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, \
"DejaVu Sans", sans-serif; font-size: 13.5px; font-weight: 600; }
  .edge { fill: none; stroke-width: 1.5; }
  rect { stroke-width: 1.5; }
  .constant rect { stroke-dasharray: 4 3; }
  .output rect { stroke-width: 2.5; }
"""

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  html, body {{ height: 100%; margin: 0; background: #ffffff; }}
  svg {{ width: 100%; height: 100%; cursor: grab; }}
  svg .faded {{ opacity: 0.15; }}
  @media (prefers-color-scheme: dark) {{ html, body {{ background: #14181d; }} }}
</style>
</head>
<body>
{svg}
<script>
const svg = document.querySelector("svg"), box = svg.viewBox.baseVal;
const scale = () => Math.max(box.width / svg.clientWidth, box.height / svg.clientHeight);
svg.addEventListener("wheel", event => {{
  event.preventDefault();
  const at = new DOMPoint(event.clientX, event.clientY)
    .matrixTransform(svg.getScreenCTM().inverse());
  const by = Math.exp(event.deltaY * 0.0015);
  box.x = at.x - (at.x - box.x) * by;
  box.y = at.y - (at.y - box.y) * by;
  box.width *= by;
  box.height *= by;
}}, {{ passive: false }});
svg.addEventListener("pointermove", event => {{
  if (event.buttons & 1) {{
    const by = scale();
    box.x -= event.movementX * by;
    box.y -= event.movementY * by;
  }}
}});
// A node under the pointer: fade all edges but its own.
svg.querySelectorAll("g.node").forEach(node => {{
  const fade = on => svg.querySelectorAll("path.edge").forEach(edge => edge.classList.toggle(
    "faded", on && ![edge.dataset.from, ...edge.dataset.to.split(" ")].includes(node.id)));
  node.addEventListener("pointerenter", () => fade(true));
  node.addEventListener("pointerleave", () => fade(false));
}});
</script>
</body>
</html>
"""


def to_svg(graph: Graph) -> str:
    """The SVG document."""
    lines = [[(role, _shortened(text)) for role, text in text_lines(n)] for n in graph.nodes]
    sizes = [_size(node, texts) for node, texts in zip(graph.nodes, lines)]
    links = [_layout.Link(e.source, e.target, e.position, e.output) for e in graph.edges]
    placed = _layout.place(sizes, links)
    width, height = placed.width + 2 * MARGIN, placed.height + 2 * MARGIN
    body = _paths(graph, placed.routes)
    for index, (node, texts) in enumerate(zip(graph.nodes, lines)):
        body.append(_box(f"n{index}", node, texts, placed.centres[index], sizes[index]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="computation graph of '
        f'{len(graph.nodes)} nodes">\n'
        f"<style>\n{FIXED_STYLE}{_colours(0, '  ')}  @media (prefers-color-scheme: dark) {{\n"
        f"{_colours(1, '    ')}  }}\n</style>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7.2" refY="4" markerWidth="8" '
        'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        '<path class="tip" d="M0 0.8 L7.6 4 L0 7.2 Z"/></marker></defs>\n'
        f'<rect class="page" width="100%" height="100%"/>\n'
        f'<g transform="translate({MARGIN:.0f} {MARGIN:.0f})">\n' + "\n".join(body) + "\n</g>\n"
        "</svg>\n"
    )


def to_html(graph: Graph, title: str) -> str:
    """The page, with the drawing inside."""
    return PAGE.format(title=_escaped(title), svg=to_svg(graph))


def _colours(scheme: int, indent: str) -> str:
    return "".join(
        f"{indent}{selector} {{ "
        + " ".join(f"{name}: {pair[scheme]};" for name, pair in properties.items())
        + " }\n"
        for selector, properties in COLOURS.items()
    )


def _size(node: GraphNode, texts: list[tuple[str, str]]) -> tuple[float, float]:
    """Width and height of a node's box, from an estimate of how wide its text will be."""
    widest = max(len(text) * (7.9 if role == "label" else 7.25) for role, text in texts)
    sides = 2 * PADDING + (10.0 if node.kind == "leaf" else 4.0)
    return max(widest + sides, 44.0), len(texts) * LINE_HEIGHT + PADDING


def _box(
    identity: str,
    node: GraphNode,
    texts: list[tuple[str, str]],
    centre: Point,
    size: tuple[float, float],
) -> str:
    (x, y), (width, height) = centre, size
    radius = 6.0 if node.kind == "function" else min(height / 2, 16.0)
    top = y - len(texts) * LINE_HEIGHT / 2
    rows = "".join(
        f'<text class="{role}" x="{x:.1f}" y="{top + LINE_HEIGHT * (row + 0.74):.1f}">'
        f"{_escaped(text)}</text>"
        for row, (role, text) in enumerate(texts)
    )
    kind = f"{node.kind} output" if node.is_output else node.kind
    return (
        f'<g class="node {kind}" id="{identity}"><title>{_escaped(_tooltip(node))}</title>'
        f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{radius:.1f}"/>{rows}</g>'
    )


def _tooltip(node: GraphNode) -> str:
    words = [f"{node.kind} {node.label}" if node.kind == "function" else node.kind]
    words += [f"name: {node.name}"] if node.name else []
    words += [f"value: {node.value}"] if node.value else []
    words += [f"gradient: {node.gradient}"] if node.gradient else []
    return "\n".join(words)


def _paths(graph: Graph, routes: list[list[Point]]) -> list[str]:
    """The edges as SVG paths. An initial part that several edges share is drawn once."""
    users: dict[tuple[int, Point, Point], list[int]] = {}
    for edge, route in zip(graph.edges, routes):
        for start, end in pairwise(route):
            users.setdefault((edge.source, start, end), []).append(edge.target)
    paths = []

    def draw(source: int, points: list[Point], targets: list[int], tip: str) -> None:
        names = " ".join([f"n{target}" for target in dict.fromkeys(targets)])
        paths.append(
            f'<path class="edge" data-from="n{source}" data-to="{names}" '
            f'd="{_curve(points)}"{tip}/>'
        )

    for edge, route in zip(graph.edges, routes):
        points, targets = route[:1], [edge.target]
        for start, end in pairwise(route):
            shared_by = users.pop((edge.source, start, end), None)
            if shared_by is None:  # drawn already
                points = [end]
                continue
            if len(points) > 1 and shared_by != targets:
                draw(edge.source, points, targets, "")
                points = [start]
            targets = shared_by
            points.append(end)
        draw(edge.source, points, targets, ' marker-end="url(#tip)"')
    return paths


def _curve(route: list[Point]) -> str:
    """A smooth path through the points, vertical at each of them."""
    (x, y), *rest = route
    path = [f"M{x:.1f} {y:.1f}"]
    for next_x, next_y in rest:
        if 0.05 <= abs(next_x - x) < 5:  # an S this slight looks like a slip of the pen
            path.append(f"L{next_x:.1f} {next_y:.1f}")
        elif abs(next_x - x) >= 5:
            middle = (y + next_y) / 2
            bend = f"{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f}"
            path.append(f"C{bend} {next_x:.1f} {next_y:.1f}")
        elif path[-1][0] == "V":  # further along the same line
            path[-1] = f"V{next_y:.1f}"
        else:
            path.append(f"V{next_y:.1f}")
        x, y = next_x, next_y
    return "".join(path)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"


def _escaped(text: str) -> str:
    """Text escaped for XML, without the control characters that XML forbids."""
    return html.escape("".join(c if c.isprintable() or c == "\n" else "�" for c in text))
