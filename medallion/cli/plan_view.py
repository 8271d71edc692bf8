"""A plan as a tree: what builds, and below it what that may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.console import count, err, out, print_error, print_line
from medallion.cli.text import Text
from medallion.plan import Action, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.workspace import Workspace

__all__ = ["plan_document", "print_plan"]

_WORD = {
    Action.BUILD: ("build", "green"),
    Action.MAYBE: ("build", "yellow"),
    Action.UNCHANGED: ("unchanged", "dim"),
    Action.ERROR: ("error", "red"),
    Action.SKIP: ("skip", "yellow"),
}


def print_plan(workspace: Workspace, steps: Sequence[Step], *, everything: bool) -> None:
    """Print what would happen; unchanged datasets are counted, and listed where asked for."""
    shown = [s for s in steps if everything or s.action is not Action.UNCHANGED]
    lines = list(_tree(shown))
    width = max((len(prefix) + len(str(step.name)) for prefix, step in lines), default=0)
    for prefix, step in lines:
        word, style = _WORD[step.action]
        text = Text(prefix, style="dim")
        text.append(f"{step.name!s:<{width - len(prefix)}}", style="default")
        text.append(f"  {word:<9}", style=style)
        text.append(f"  {step.reason}", style="dim")
        print_line(out(), text)
    for error in [*workspace.misnamed, *(s.error for s in steps if s.error)]:
        print_error(error)
    unchanged = sum(s.action is Action.UNCHANGED for s in steps)
    build = sum(s.action is Action.BUILD for s in steps)
    maybe = sum(s.action is Action.MAYBE for s in steps)
    if not lines or (not build and not maybe and unchanged == len(steps)):
        err().print(f"everything is up to date ({count(unchanged, 'dataset')})")
        return
    parts = [f"to build: {build}", f"perhaps: {maybe}" if maybe else "", f"unchanged: {unchanged}"]
    parts += [
        f"{action}: {n}" for action in (Action.ERROR, Action.SKIP) if (n := sum(s.action is action for s in steps))
    ]
    err().print(", ".join(part for part in parts if part))


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


def plan_document(workspace: Workspace, steps: Sequence[Step]) -> dict[str, object]:
    """The plan as JSON: a stable format, see docs/reference/json.md."""
    return {
        "steps": [
            {
                "dataset": str(step.name),
                "action": str(step.action),
                "reason": step.reason,
                "causes": [str(cause) for cause in step.causes],
                "error": str(step.error) if step.error else None,
            }
            for step in steps
        ],
        "errors": [str(error) for error in workspace.misnamed],
    }
