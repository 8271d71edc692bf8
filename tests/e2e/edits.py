"""What people do to a project: they write other SQL, annotations, rows of a source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

__all__ = ["NEW_ROW", "add_row", "annotate", "document", "edit"]

NEW_ROW = "5,Barbara,placed,1.00,2026-03-01 00:00:00,2026-03-01 23:00:00\n"


def edit(project: Project, path: str, old: str, new: str) -> None:
    text = project.read(path).decode()
    assert old in text
    project.write(path, text.replace(old, new))


def annotate(project: Project, *annotations: str, model: str = "silver/orders") -> None:
    """Put annotations at the top of a model."""
    path = f"sql/{model}.sql"
    head = "".join(f"-- {annotation}\n" for annotation in annotations)
    project.write(path, head + project.read(path).decode())


def add_row(project: Project, row: str = NEW_ROW) -> None:
    project.write("sources/orders.csv", project.read("sources/orders.csv").decode() + row)


def document(project: Project, *args: str) -> dict[str, Any]:
    return dict(json.loads(project.run(*args, "--json").stdout))
