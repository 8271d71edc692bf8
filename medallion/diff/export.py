"""Write every row that differs to a Parquet file."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from medallion.engines.rows.differing import TABLE
from medallion.engines.sql import identifier, literal
from medallion.errors import Location, MedallionError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    import duckdb

    from medallion.engines.rows.pair import Pair

__all__ = ["new_file", "write_rows"]


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path``, which takes its place when all went well; ``MedallionError`` if that exists."""
    if path.exists():
        raise MedallionError("the file is there already", location=Location(str(path)), hint="name a new one")
    if not path.parent.is_dir():
        raise MedallionError("there is no such folder", location=Location(str(path.parent)))
    temporary = path.resolve().with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        if temporary.exists():
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_rows(
    cursor: duckdb.DuckDBPyConnection, pair: Pair, hidden: Collection[str], path: Path, labels: Mapping[str, str]
) -> None:
    """Write the rows in the table of those that differ, in the order of the key.

    ``_status`` is added, removed or changed, ``_times`` how many such rows there are, ``_changed`` which columns
    changed. A column of the key is ``key.name``, any other ``base.name`` and ``head.name``. Columns in ``hidden``
    (names in lower case) are left out, but for their names in ``_changed``, or what stands for them in ``labels``.
    """
    columns = []
    for i, column in enumerate(pair.columns):
        if column.head.lower() in hidden or column.base.lower() in hidden:
            continue
        if i < pair.keys:
            cast = f"coalesce(n{i}, TRY_CAST(o{i} AS {column.head_type}))"
            columns.append(f"{cast} AS {identifier(f'key.{column.head}')}")
        else:
            columns.append(f"o{i} AS {identifier(f'base.{column.head}')}, n{i} AS {identifier(f'head.{column.head}')}")
    told = [literal(labels.get(column.head.lower(), column.head)) for column in pair.columns]
    changed = ", ".join(
        f"CASE WHEN oh IS NOT NULL AND nh IS NOT NULL AND {pair.differs(i)} THEN {told[i]} END"
        for i in range(pair.keys, len(pair.columns))
    )
    status = "CASE WHEN oh IS NULL THEN 'added' WHEN nh IS NULL THEN 'removed' ELSE 'changed' END"
    keys = range(pair.keys) if pair.keys else range(len(pair.columns))
    order = ", ".join(f"coalesce(n{i}, TRY_CAST(o{i} AS {pair.columns[i].head_type}))" for i in keys)
    listed = ", ".join(
        [
            f"{status} AS _status",
            "times AS _times",
            f"list_filter(CAST([{changed}] AS VARCHAR[]), lambda x: x IS NOT NULL) AS _changed",
            *columns,
        ]
    )
    ordered = f"FROM {TABLE} ORDER BY {order}, oh IS NULL" if pair.columns else f"FROM {TABLE}"
    cursor.execute(f"COPY (SELECT {listed} {ordered}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")
