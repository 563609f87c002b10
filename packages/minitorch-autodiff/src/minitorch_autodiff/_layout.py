"""Place the nodes and edges of a directed acyclic graph for drawing.

The layered method of Sugiyama, Tagawa and Toda (1981): give every node a layer, order each layer
so that few edges cross, then choose coordinates that keep edges straight. The module deals in boxes
and edges only and knows nothing of differentiation.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

#: Sizes and distances in pixels.
SPACING = 26.0
LAYER_GAP = 40.0
#: A layer moves further away where edges would run flatter than this slope.
FLATTEST = 0.10
MOST_GAP = 110.0

ORDER_SWEEPS = 16
PLACE_SWEEPS = 16
BALANCE_SWEEPS = 8
#: Weight of straightening a long edge, relative to centring a box.
STRAIGHTNESS = 6.0
#: Weight with which a vertex without a pull keeps its place.
FIRMNESS = 20.0

#: A pull on a vertex: (the other vertex, the wanted offset to its right, the weight).
_Pull: TypeAlias = "tuple[int, float, float]"


class Link(NamedTuple):
    """An edge: from output `output` of box `source` to input `position` of box `target`."""

    source: int
    target: int
    position: int
    output: int


class Placement(NamedTuple):
    """Centres of the boxes, a polyline for each edge, and the size of the whole."""

    centres: list[tuple[float, float]]
    routes: list[list[tuple[float, float]]]
    width: float
    height: float


class _Vertex(NamedTuple):
    """A box, or a bend where a long edge crosses a layer."""

    layer: int
    width: float
    is_bend: bool


class _Piece(NamedTuple):
    """The part of an edge between neighbouring layers; offsets of its ends are from a vertex's
    centre.
    """

    upper: int
    lower: int
    upper_offset: float
    lower_offset: float


def place(sizes: Sequence[tuple[float, float]], links: Sequence[Link]) -> Placement:
    """Lay out boxes of the given (width, height), numbered so that sources come before targets."""
    vertices, pieces, paths = _cut(sizes, links)
    layers = _order(vertices, pieces, _first_order(vertices, pieces))
    xs = _coordinates(vertices, pieces, layers)
    left = min((xs[v] - vertices[v].width / 2 for v in range(len(vertices))), default=0.0)
    xs = [x - left for x in xs]
    width = max((xs[v] + vertices[v].width / 2 for v in range(len(vertices))), default=0.0)

    tallest = [0.0] * len(layers)
    for index, (_, height) in enumerate(sizes):
        layer = vertices[index].layer
        tallest[layer] = max(tallest[layer], height)
    spread = [0.0] * len(layers)
    for piece in pieces:
        run = abs(xs[piece.upper] + piece.upper_offset - xs[piece.lower] - piece.lower_offset)
        layer = vertices[piece.upper].layer
        spread[layer] = max(spread[layer], run)
    middles, top = [], 0.0
    for layer, tall in enumerate(tallest):
        middles.append(top + tall / 2)
        top += tall + min(max(LAYER_GAP, spread[layer] * FLATTEST), MOST_GAP)
    height = middles[-1] + tallest[-1] / 2 if middles else 0.0

    centres = [(xs[index], middles[vertices[index].layer]) for index in range(len(sizes))]
    routes = []
    for link, path in zip(links, paths):
        first, last = pieces[path[0]], pieces[path[-1]]
        start_y = middles[vertices[link.source].layer] + sizes[link.source][1] / 2
        end_y = middles[vertices[link.target].layer] - sizes[link.target][1] / 2
        route = [(xs[first.upper] + first.upper_offset, start_y)]
        for index in path[1:]:
            bend = pieces[index].upper
            layer = vertices[bend].layer
            # Straight through the layer, so that the edge does not bend into a tall box.
            route.append((xs[bend], middles[layer] - tallest[layer] / 2))
            route.append((xs[bend], middles[layer] + tallest[layer] / 2))
        route.append((xs[last.lower] + last.lower_offset, end_y))
        routes.append(route)
    return Placement(centres, routes, width, height)


def _cut(
    sizes: Sequence[tuple[float, float]], links: Sequence[Link]
) -> tuple[list[_Vertex], list[_Piece], list[list[int]]]:
    """Boxes and bends with their layers, the pieces of all edges, and each edge's pieces."""
    above_the_end = [0] * len(sizes)  # the longest path from a box to a box without uses
    for link in sorted(links, key=lambda link: link.source, reverse=True):
        above_the_end[link.source] = max(above_the_end[link.source], above_the_end[link.target] + 1)
    last = max(above_the_end, default=0)
    vertices = [
        _Vertex(last - above, width, False) for above, (width, _) in zip(above_the_end, sizes)
    ]
    n_inputs, n_outputs = [1] * len(sizes), [1] * len(sizes)
    for link in links:
        n_inputs[link.target] = max(n_inputs[link.target], link.position + 1)
        n_outputs[link.source] = max(n_outputs[link.source], link.output + 1)

    def offset(box: int, index: int, count: int) -> float:
        return ((index + 0.5) / count - 0.5) * sizes[box][0] * 0.8

    pieces: list[_Piece] = []
    paths: list[list[int]] = []
    bends: dict[tuple[int, int, int], int] = {}  # edges from one output share their bends
    trunks: dict[tuple[int, int], int] = {}
    for link in links:
        at = link.source
        at_offset = offset(at, link.output, n_outputs[at])
        path = []
        for layer in range(vertices[at].layer + 1, vertices[link.target].layer):
            key = (link.source, link.output, layer)
            bend = bends.get(key)
            if bend is None:
                bend = bends[key] = len(vertices)
                vertices.append(_Vertex(layer, 1.0, True))
            if (at, bend) not in trunks:
                trunks[at, bend] = len(pieces)
                pieces.append(_Piece(at, bend, at_offset, 0.0))
            path.append(trunks[at, bend])
            at, at_offset = bend, 0.0
        path.append(len(pieces))
        end_offset = offset(link.target, link.position, n_inputs[link.target])
        pieces.append(_Piece(at, link.target, at_offset, end_offset))
        paths.append(path)
    return vertices, pieces, paths


def _first_order(vertices: Sequence[_Vertex], pieces: Sequence[_Piece]) -> list[list[int]]:
    """An initial order for each layer: that of a depth-first walk from the outputs to the
    inputs."""
    into: list[list[_Piece]] = [[] for _ in vertices]
    has_target = [False] * len(vertices)
    for piece in pieces:
        into[piece.lower].append(piece)
        has_target[piece.upper] = True
    layers: list[list[int]] = [[] for _ in range(max((v.layer + 1 for v in vertices), default=0))]
    seen = [False] * len(vertices)
    stack = [index for index in range(len(vertices) - 1, -1, -1) if not has_target[index]]
    while stack:
        index = stack.pop()
        if seen[index]:
            continue
        seen[index] = True
        layers[vertices[index].layer].append(index)
        # The leftmost input is taken next: it goes on the stack last.
        stack += [p.upper for p in sorted(into[index], key=lambda p: -p.lower_offset)]
    return layers


def _order(
    vertices: Sequence[_Vertex], pieces: Sequence[_Piece], layers: list[list[int]]
) -> list[list[int]]:
    """Reorder every layer by the mean place of its neighbours, until the number of crossings stops
    falling."""
    above: list[list[_Piece]] = [[] for _ in vertices]
    below: list[list[_Piece]] = [[] for _ in vertices]
    for piece in pieces:
        above[piece.lower].append(piece)
        below[piece.upper].append(piece)
    place = [0.0] * len(vertices)

    def number(layer: list[int]) -> None:
        for position, index in enumerate(layer):
            place[index] = float(position)

    def port(index: int, offset: float) -> float:
        return place[index] + (offset / vertices[index].width if offset else 0.0)

    def crossings() -> int:
        """Pairs of edges in the wrong order, found by insertion into a sorted list."""
        total = 0
        for layer in layers[1:]:
            ends = [
                (port(p.upper, p.upper_offset), port(i, p.lower_offset))
                for i in layer
                for p in above[i]
            ]
            passed: list[float] = []
            for _, end in sorted(ends):
                total += len(passed) - bisect_right(passed, end)
                insort(passed, end)
        return total

    for layer in layers:
        number(layer)
    best, fewest = [list(layer) for layer in layers], crossings()
    for sweep in range(ORDER_SWEEPS):
        if fewest == 0:
            break
        downwards = sweep % 2 == 0
        for layer in layers[1:] if downwards else layers[-2::-1]:
            mean: dict[int, float] = {}
            for index in layer:
                ends = (
                    [port(p.upper, p.upper_offset) for p in above[index]]
                    if downwards
                    else [port(p.lower, p.lower_offset) for p in below[index]]
                )
                mean[index] = sum(ends) / len(ends) if ends else place[index]
            layer.sort(key=mean.__getitem__)
            number(layer)
        count = crossings()
        if count < fewest:
            best, fewest = [list(layer) for layer in layers], count
    return best


def _coordinates(
    vertices: Sequence[_Vertex], pieces: Sequence[_Piece], layers: Sequence[Sequence[int]]
) -> list[float]:
    """Pull every vertex towards its neighbours, layer by layer and back, keeping the order."""
    xs = [0.0] * len(vertices)
    above: list[list[_Pull]] = [[] for _ in vertices]
    below: list[list[_Pull]] = [[] for _ in vertices]
    for upper, lower, upper_offset, lower_offset in pieces:
        shift = upper_offset - lower_offset
        strength = STRAIGHTNESS if vertices[upper].is_bend and vertices[lower].is_bend else 1.0
        above[lower].append((upper, shift, strength))
        below[upper].append((lower, -shift, strength))
    for layer in layers:
        x = 0.0
        for index in layer:
            xs[index] = x + vertices[index].width / 2
            x += vertices[index].width + SPACING

    def settle(layer: Sequence[int], choose: Callable[[int], list[_Pull]]) -> None:
        """Move a layer to where `choose` pulls each of its vertices; without a pull it stays."""
        wanted, weights = [], []
        for index in layer:
            pulls = choose(index)
            weight = sum(strength for _, _, strength in pulls)
            total = sum(strength * (xs[other] + shift) for other, shift, strength in pulls)
            wanted.append(total / weight if weight else xs[index])
            weights.append(weight or FIRMNESS)
        for index, x in zip(layer, _spaced(layer, vertices, wanted, weights)):
            xs[index] = x

    for sweep in range(PLACE_SWEEPS):
        if sweep % 2 == 0:
            for layer in layers:
                settle(layer, lambda index: above[index] or below[index])
        else:
            for layer in reversed(layers):
                settle(layer, lambda index: below[index] or above[index])
    for _ in range(BALANCE_SWEEPS):
        for layer in (*layers, *reversed(layers)):
            settle(layer, lambda index: above[index] + below[index])
    for layer in layers:  # centred under its inputs, so that a chain hangs down straight;
        settle(layer, lambda index: above[index])
    for layer in reversed(layers):  # a vertex without inputs goes straight above its use
        settle(layer, lambda index: [] if above[index] else below[index])
    return xs


def _spaced(
    layer: Sequence[int],
    vertices: Sequence[_Vertex],
    wanted: Sequence[float],
    weights: Sequence[float],
) -> list[float]:
    """The places nearest to the wanted ones (least squares) that keep the order and the spacing.

    Subtract from each place the room that earlier vertices need, and the result need only be
    increasing: isotonic regression, solved by pooling neighbours that are in the wrong order.
    """
    room, x = [], 0.0
    for i, index in enumerate(layer):
        if i:
            before = vertices[layer[i - 1]]
            gap = SPACING if not (before.is_bend and vertices[index].is_bend) else SPACING / 2
            x += (before.width + vertices[index].width) / 2 + gap
        room.append(x)
    pools: list[tuple[float, float, int]] = []  # (mean, weight, count)
    for target, weight, needed in zip(wanted, weights, room):
        mean, total, count = target - needed, weight, 1
        while pools and pools[-1][0] > mean:
            other_mean, other_total, other_count = pools.pop()
            mean = (mean * total + other_mean * other_total) / (total + other_total)
            total += other_total
            count += other_count
        pools.append((mean, total, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + needed for mean, needed in zip(means, room)]
