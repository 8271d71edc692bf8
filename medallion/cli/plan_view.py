"""A plan as a tree: what builds, and below it what that may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.console import count, err, out, print_error, print_line, seconds, size
from medallion.cli.text import Text
from medallion.plan import Action, Step
from medallion.reasons import UP_TO_DATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from medallion.models.changes import ModelChange
    from medallion.names import TableName
    from medallion.schemas import SchemaChange
    from medallion.workspace import Workspace

__all__ = ["plan_document", "print_plan"]

_WORD = {
    Action.BUILD: ("build", "green"),
    Action.REUSE: ("reuse", "green"),
    Action.MAYBE: ("build", "yellow"),
    Action.CHECK: ("check", "green"),
    Action.UNCHANGED: ("unchanged", "dim"),
    Action.ERROR: ("error", "red"),
    Action.SKIP: ("skip", "yellow"),
}


def print_plan(
    workspace: Workspace, steps: Sequence[Step], durations: Mapping[TableName, float], *, everything: bool
) -> None:
    """Print what would happen.

    What is unchanged is counted, and listed where asked for or where the reason is worth a line. ``durations`` are how
    many seconds each dataset took in past runs.
    """
    idle = all(s.action is Action.UNCHANGED for s in steps)
    shown = [s for s in steps if everything or s.action is not Action.UNCHANGED or not (idle or s.reason == UP_TO_DATE)]
    lines = list(_tree(shown))
    width = max((len(prefix) + len(str(step.name)) for prefix, step in lines), default=0)
    for prefix, step in lines:
        word, style = _WORD[step.action]
        text = Text(prefix, style="dim")
        text.append(f"{step.name!s:<{width - len(prefix)}}", style="default")
        text.append(f"  {word:<9}", style=style)
        text.append(f"  {step.reason}", style="dim")
        print_line(out(), text)
    for error in dict.fromkeys([*workspace.misnamed, *(s.error for s in steps if s.error)]):  # One may stop many.
        print_error(error)
    unchanged = sum(s.action is Action.UNCHANGED for s in steps)
    if unchanged == len(steps):
        err().print(f"everything is up to date ({count(unchanged, 'dataset')})")
        return
    counts = {action: sum(s.action is action for s in steps) for action in Action}
    parts = [f"to build: {counts[Action.BUILD]}"] if counts[Action.BUILD] or not counts[Action.CHECK] else []
    named = {
        Action.MAYBE: "perhaps",
        Action.REUSE: "to reuse",
        Action.CHECK: "to check",
        Action.ERROR: "error",
        Action.SKIP: "skip",
    }
    parts += [f"{word}: {counts[action]}" for action, word in named.items() if counts[action]]
    parts.append(f"unchanged: {unchanged}")
    err().print(", ".join(parts) + _expected(workspace, steps, durations))


def _expected(workspace: Workspace, steps: Sequence[Step], durations: Mapping[TableName, float]) -> str:
    """How long it takes and how much it writes, at most, as far as past runs tell."""
    building = [s.name for s in steps if s.action in (Action.BUILD, Action.MAYBE)]
    known = [name for name in building if name in durations]
    if not known:
        return ""
    written = sum(r.size for name in building if (r := workspace.observed.records.get(name)))
    unknown = len(building) - len(known)
    of = f" and {count(unknown, 'dataset')} never built" if unknown else ""
    return f"; at most about {seconds(sum(durations[name] for name in known))}, {size(written)}{of} (from past runs)"


def _tree(steps: Sequence[Step]) -> Iterator[tuple[str, Step]]:
    """Each step with the lines before its name; it stands under the first step that causes it."""
    names = {step.name for step in steps}
    children: dict[object, list[Step]] = {}
    for step in steps:
        parent = next((cause for cause in step.causes if cause in names), None)
        children.setdefault(parent, []).append(step)

    def walk(step: Step, lead: str, mark: str, below: str) -> Iterator[tuple[str, Step]]:
        yield lead + mark, step
        listed = children.get(step.name, [])
        for i, child in enumerate(listed):
            last = i == len(listed) - 1
            yield from walk(child, lead + below, "└─ " if last else "├─ ", "   " if last else "│  ")

    for root in children.get(None, []):
        yield from walk(root, "", "", "")


def plan_document(
    workspace: Workspace, steps: Sequence[Step], durations: Mapping[TableName, float]
) -> dict[str, object]:
    """The plan as JSON: a stable format, see docs/reference/json.md."""
    records = workspace.observed.records
    return {
        "steps": [
            {
                "dataset": str(step.name),
                "action": str(step.action),
                "reason": step.reason,
                "causes": [str(cause) for cause in step.causes],
                "change": _change_document(step.change) if step.change else None,
                "columns": _columns_document(step.columns) if step.columns is not None else None,
                "rows": records[step.name].rows if step.name in records else None,
                "bytes": records[step.name].size if step.name in records else None,
                "seconds": durations.get(step.name),
                "error": str(step.error) if step.error else None,
            }
            for step in steps
        ],
        "errors": [str(error) for error in workspace.misnamed],
    }


def _change_document(change: ModelChange) -> dict[str, object]:
    return {
        "known": change.known,
        "breaking": change.breaking,
        "added": list(change.added),
        "removed": list(change.removed),
        "changed": list(change.changed),
        "rows": change.rows,
    }


def _columns_document(columns: SchemaChange) -> dict[str, object]:
    return {
        "added": list(columns.added),
        "removed": list(columns.removed),
        "retyped": [{"name": name, "from": before, "to": after} for name, before, after in columns.retyped],
        "moved": list(columns.moved),
    }
