"""The lineage of what changed as an SVG: layers from left to right, each box below the middle of what goes into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.review.figures import counted
from medallion.review.markup import Markup, element, join
from medallion.review.mermaid import most_telling

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from medallion.review.value import LineageEdge

__all__ = ["lineage_svg"]

_MOST_EDGES = 60
_CHARACTER, _PADDING, _BOX, _GAP, _BETWEEN = 7.3, 26, 30, 14, 56
_LONGEST, _TITLE = 32, 200


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float


def lineage_svg(edges: Sequence[LineageEdge], changed: Collection[str], links: Collection[str]) -> Markup | None:
    """The picture, or None without edges. Boxes of ``changed`` are marked; those of ``links`` lead to ``#name``."""
    if not edges:
        return None
    drawn = most_telling(edges, changed, _MOST_EDGES)
    layers = _layers(drawn)
    boxes = _placed(layers)
    width = max(box.x + box.width for box in boxes.values()) + 2
    height = max(box.y for box in boxes.values()) + _BOX + 2
    arrows = [_arrow(boxes[edge.source], boxes[edge.target], edge, changed) for edge in drawn]
    nodes = [_node(name, box, name in changed, linked=name in links) for name, box in boxes.items()]
    svg = element(
        "svg",
        element("title", "Lineage of what changed", id="lineage-title"),
        element("desc", f"{counted(len(boxes), 'box', 'boxes')}; data flows from left to right.", id="lineage-desc"),
        arrows,
        nodes,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="group",
        aria_labelledby="lineage-title lineage-desc",
        class_="lineage",
    )
    left = len(edges) - len(drawn)
    note = element("p", f"{counted(left, 'edge')} further away not drawn.", class_="dim") if left else None
    scroll = element("div", svg, class_="scroll", role="region", aria_label="Lineage", tabindex="0")
    return join(scroll, note)


def _layers(edges: Sequence[LineageEdge]) -> list[list[str]]:
    """Each name in the first layer that is after all that goes into it; what is in a circle goes where it is met."""
    into: dict[str, list[str]] = {}
    for edge in edges:
        into.setdefault(edge.source, [])
        into.setdefault(edge.target, []).append(edge.source)
    depth: dict[str, int] = {}
    waiting = dict(into)
    while waiting:
        ready = [n for n, sources in waiting.items() if all(s in depth or s == n for s in sources)] or [
            next(iter(waiting))
        ]
        for name in ready:
            del waiting[name]
        depth |= {n: max((depth.get(s, -1) + 1 for s in into[n] if s != n), default=0) for n in ready}
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in _near_their_readers(depth, edges):
        layers[depth[name]].append(name)
    for layer in range(1, len(layers)):
        places = {name: i for previous in layers[:layer] for i, name in enumerate(previous)}
        layers[layer].sort(key=lambda name: _middle([places[s] for s in into[name] if s in places]))
    return [layer for layer in layers if layer]


def _near_their_readers(depth: dict[str, int], edges: Sequence[LineageEdge]) -> list[str]:
    """Move what nothing goes into next to what first reads it; the names, in their order."""
    fed = {edge.target for edge in edges}
    for name in depth:
        if name not in fed:
            readers = [depth[edge.target] for edge in edges if edge.source == name]
            depth[name] = max(0, min(readers) - 1)
    return list(depth)


def _middle(places: Sequence[int]) -> float:
    return sum(places) / len(places) if places else 0.0


def _placed(layers: Sequence[Sequence[str]]) -> Mapping[str, _Box]:
    tallest = max(len(layer) for layer in layers) * (_BOX + _GAP) - _GAP
    boxes: dict[str, _Box] = {}
    x = 2.0
    for layer in layers:
        width = max(min(len(name), _LONGEST + 1) for name in layer) * _CHARACTER + _PADDING
        y = 2 + (tallest - (len(layer) * (_BOX + _GAP) - _GAP)) / 2
        for name in layer:
            boxes[name] = _Box(x, y, width)
            y += _BOX + _GAP
        x += width + _BETWEEN
    return boxes


def _arrow(source: _Box, target: _Box, edge: LineageEdge, changed: Collection[str]) -> Markup:
    x1, y1 = source.x + source.width, source.y + _BOX / 2
    x2, y2 = target.x, target.y + _BOX / 2
    bend = max(24.0, (x2 - x1) / 2)
    path = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    tip = f"M{x2 - 6:.1f} {y2 - 4:.1f}L{x2:.1f} {y2:.1f}L{x2 - 6:.1f} {y2 + 4:.1f}"
    both = edge.source in changed and edge.target in changed
    return element("path", d=path + tip, class_="edge through" if both else "edge")


def _node(name: str, box: _Box, changed: bool, *, linked: bool) -> Markup:  # noqa: FBT001 - beside its box
    parts = (
        element("title", f"{_cut(name, _TITLE)}{', changed' if changed else ''}"),
        element("rect", x=f"{box.x:.1f}", y=f"{box.y:.1f}", width=f"{box.width:.1f}", height=_BOX, rx=6),
        element(
            "text",
            _cut(name, _LONGEST),
            x=f"{box.x + box.width / 2:.1f}",
            y=f"{box.y + _BOX / 2 + 4:.1f}",
            text_anchor="middle",
        ),
        element("circle", cx=f"{box.x + box.width - 1:.1f}", cy=f"{box.y + 1:.1f}", r=4.5) if changed else None,
    )
    kind = "node changed" if changed else "node"
    group = element("g", *parts, class_=kind)
    return element("a", group, href=f"#{name}") if linked else group


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else name[:length] + "…"
