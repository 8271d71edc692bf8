"""Where each dataset stands, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.console import count, err, out, print_error, print_line
from medallion.cli.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.status import ChangedFile, DatasetStatus
    from medallion.workspace import Workspace

__all__ = ["print_status", "status_document"]

# The first that fits is what to do first.
_ADVICE = (
    ({"modified", "failed"}, "the errors above say what to do"),
    ({"new", "stale", "missing", "unchecked"}, "`medallion run` brings them up to date"),
    ({"uncommitted"}, "`medallion commit -m MSG`"),
)
# Untracked sources can be thousands, and the datasets above must stay in sight.
_MOST_FILES = 20
_FILE_STYLE = {"new": "green", "changed": "yellow", "deleted": "red", "conflicted": "red"}
_STYLE = {"uncommitted": "yellow", "unfetched": "dim", "new": "green"}


def print_status(workspace: Workspace, statuses: Sequence[DatasetStatus], files: Sequence[ChangedFile]) -> None:
    """Only what needs attention, and a last line that sums up."""
    noteworthy = [s for s in statuses if s.states]
    listed = files if len(files) <= _MOST_FILES else files[: _MOST_FILES - 1]
    width = max((len(name) for name in (*(str(s.name) for s in noteworthy), *(f.path for f in listed))), default=0)
    for status in noteworthy:
        line = Text(f"{status.name!s:<{width}}  ")
        for i, state in enumerate(status.states):
            line.append(", " if i else "")
            line.append(str(state), style=_STYLE.get(state, "red"))
        if status.reason and status.reason not in status.states:
            line.append(f"  {status.reason}", style="dim")
        print_line(out(), line)
    for file in listed:
        print_line(out(), Text(f"{file.path:<{width}}  ").append(file.state, style=_FILE_STYLE[file.state]))
    if len(listed) < len(files):
        err().print(f"… {len(files) - len(listed):,} more files; --json lists all", style="dim")
    for error in dict.fromkeys([*workspace.misnamed, *(s.error for s in statuses if s.error)]):  # One may be of many.
        print_error(error)
    for path in workspace.strays:
        err().print(f"{path} is the record of no dataset", style="yellow")
    fresh = len(statuses) - len(noteworthy)
    if not noteworthy and not files:
        err().print(f"everything is up to date and committed ({count(fresh, 'dataset')})")
        return
    counts: dict[str, int] = {}
    for status in noteworthy:
        for state in status.states:
            counts[str(state)] = counts.get(str(state), 0) + 1
    parts = [f"{state} {n}" for state, n in counts.items()] + ([f"fine {fresh}"] if fresh else [])
    parts += [f"{count(len(files), 'other file')} uncommitted"] if files else []
    found = {*counts, *(["uncommitted"] if files else [])}
    advice = next((text for states, text in _ADVICE if states & found), "")
    err().print(", ".join(parts) + (f": {advice}" if advice else ""))


def status_document(
    workspace: Workspace, statuses: Sequence[DatasetStatus], files: Sequence[ChangedFile]
) -> dict[str, object]:
    """The same as JSON."""
    return {
        "datasets": [
            {
                "name": str(s.name),
                "states": [str(state) for state in s.states],
                "reason": s.reason,
                "rows": s.rows,
                "bytes": s.size,
                "error": str(s.error) if s.error else None,
            }
            for s in statuses
        ],
        "files": [{"path": f.path, "kind": f.kind, "state": f.state} for f in files],
        "errors": [str(error) for error in workspace.misnamed],
        "strays": list(workspace.strays),
    }
