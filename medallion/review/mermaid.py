"""The lineage of what changed as a mermaid picture, within what forges draw. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.review.escape import mermaid_label
from medallion.review.figures import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from medallion.review.value import LineageEdge

__all__ = ["lineage_picture", "most_telling"]

# Beyond these, GitHub and GitLab draw nothing.
_MOST_EDGES = 500
_MOST_CHARACTERS = 50_000


def most_telling(edges: Sequence[LineageEdge], changed: Collection[str], most: int) -> tuple[LineageEdge, ...]:
    """At most so many edges: those between two changed datasets first, then those that touch one; in their order."""
    ranked = sorted(range(len(edges)), key=lambda i: -((edges[i].source in changed) + (edges[i].target in changed)))
    return tuple(edges[i] for i in sorted(ranked[:most]))


def lineage_picture(edges: Sequence[LineageEdge], changed: Collection[str]) -> str:
    """The picture as a fenced block, with ``changed`` datasets marked, and a line where not all edges are in it."""
    if not edges:
        return ""
    most = min(_MOST_EDGES, len(edges))
    text = _drawn(most_telling(edges, changed, most), changed)
    while len(text) > _MOST_CHARACTERS:
        most = most * 3 // 4
        text = _drawn(most_telling(edges, changed, most), changed)
    left = len(edges) - most
    return text + (f"\n\n{counted(left, 'edge')} further away not drawn." if left else "")


def _drawn(edges: Sequence[LineageEdge], changed: Collection[str]) -> str:
    names = list(dict.fromkeys(name for edge in edges for name in (edge.source, edge.target)))
    ids = {name: f"n{place}" for place, name in enumerate(names)}
    lines = ["```mermaid", "flowchart LR"]
    for name in names:
        marked = ":::changed" if name in changed else ""
        lines.append(f'    {ids[name]}["{mermaid_label(name)}"]{marked}')
    lines += [f"    {ids[edge.source]} --> {ids[edge.target]}" for edge in edges]
    lines.append("    classDef changed stroke:#bf8700,stroke-width:3px")
    return "\n".join([*lines, "```"])
