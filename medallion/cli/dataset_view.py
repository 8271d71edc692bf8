"""One dataset: what it is and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.console import columns, count, err, out, size
from medallion.cli.text import Text

if TYPE_CHECKING:
    from medallion.models.model import Model
    from medallion.records import Record
    from medallion.status import DatasetStatus

__all__ = ["dataset_document", "print_dataset"]


def print_dataset(name: str, model: Model | None, record: Record | None, status: DatasetStatus | None) -> None:
    """Name, description, figures, columns, and the state last."""
    head = Text(name, style="bold")
    if record:
        head.append(
            f"   {count(record.rows, 'row')}, {size(record.size)}, {count(len(record.columns), 'column')}",
            style="default",
        )
    out().print(head)
    if model and model.description:
        out().print(model.description)
    facts = []
    if model:
        facts.append(("model", model.path))
        if model.key:
            facts.append(("key", ", ".join(model.key)))
    if record:
        facts += [(i.kind.value, i.name) for i in record.built.inputs]
        facts += [("variable", f"{n} = {v}") for n, v in record.built.variables.items()]
        facts.append(("content", record.content_id))
        facts.append(("engine", f"{record.built.engine} {record.built.engine_version}"))
        out().print()
        descriptions = model.columns if model else {}
        rows = [
            (f"  {c.name}", c.type, "NULLs" if c.nullable else "", descriptions.get(c.name, "")) for c in record.columns
        ]
        for line in columns(rows):
            out().print(line)
    out().print()
    for line in columns(facts):
        out().print(line, style="dim")
    states = ", ".join(status.states) if status and status.states else "up to date"
    err().print(f"{states}{f': {status.reason}' if status and status.reason else ''}")


def dataset_document(
    name: str, model: Model | None, record: Record | None, status: DatasetStatus | None
) -> dict[str, object]:
    """The same as JSON."""
    descriptions = model.columns if model else {}
    return {
        "name": name,
        "description": model.description if model else None,
        "model": model.path if model else None,
        "key": list(model.key) if model else [],
        "states": [str(s) for s in status.states] if status else [],
        "rows": record.rows if record else None,
        "bytes": record.size if record else None,
        "content_id": record.content_id if record else None,
        "columns": [
            {"name": c.name, "type": c.type, "nullable": c.nullable, "description": descriptions.get(c.name, "")}
            for c in (record.columns if record else ())
        ],
        "inputs": [
            {"name": i.name, "kind": str(i.kind), "content_id": i.content_id}
            for i in (record.built.inputs if record else ())
        ],
    }
