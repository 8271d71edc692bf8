"""Lineage as a tree, as edges, and as a mermaid diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.console import err, out, print_line
from medallion.cli.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medallion.trace import Node, Trace

__all__ = ["lineage_document", "lineage_mermaid", "print_lineage"]


def print_lineage(trace: Trace) -> None:
    """What it comes from, then what it feeds."""
    rows = [*_lines(trace.upstream, "", "", "")]
    down = [*_lines(trace.downstream, "", "", "")][1:]
    width = max(len(prefix + node.label) for prefix, node in [*rows, *down])

    def line(prefix: str, node: Node) -> Text:
        text = Text(prefix, style="dim").append(f"{node.label:<{width - len(prefix)}}", style="default")
        kinds = ", ".join(node.kinds)
        text.append(f"  {kinds}" if kinds else "", style="cyan")
        text.append(f"  {node.detail}" if node.detail else "", style="dim")
        text.append("  (its own inputs are above)" if node.again else "", style="dim")
        return text

    for prefix, node in rows:
        print_line(out(), line(prefix, node))
    if down:
        out().print()
        out().print("feeds")
        for prefix, node in down:
            print_line(out(), line(prefix, node))
    for note in trace.notes:
        err().print(f"all columns are counted in, because {note}", style="yellow")


def _lines(node: Node, lead: str, mark: str, below: str) -> Iterator[tuple[str, Node]]:
    yield lead + mark, node
    for i, child in enumerate(node.children):
        last = i == len(node.children) - 1
        yield from _lines(child, lead + below, "└─ " if last else "├─ ", "   " if last else "│  ")


def lineage_document(trace: Trace) -> dict[str, object]:
    """The edges as JSON."""
    return {
        "target": trace.target,
        "edges": [{"from": e.source, "to": e.target, "kind": e.kind} for e in trace.edges()],
        "notes": list(trace.notes),
    }


def lineage_mermaid(trace: Trace) -> str:
    """A flowchart from left to right; one arrow for all kinds between two nodes."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for edge in trace.edges():
        arrows.setdefault((edge.source, edge.target), []).append(edge.kind)
    names = sorted({trace.target, *(name for pair in arrows for name in pair)})
    numbers = {name: f"n{i}" for i, name in enumerate(names)}
    lines = ["flowchart LR"]
    lines += [f'    {numbers[name]}["{_escaped(name)}"]' for name in names]
    for (source, target), kinds in arrows.items():
        label = "" if kinds == ["reads"] else f"|{', '.join(kinds)}|"
        lines.append(f"    {numbers[source]} -->{label} {numbers[target]}")
    lines.append(f"    style {numbers[trace.target]} stroke-width:3px")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
