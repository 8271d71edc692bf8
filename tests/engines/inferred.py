"""A file, what inference finds in it, and the rows that the model written from it reads."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings

from medallion.engines.infer import Inferred, infer
from medallion.errors import SourceError
from medallion.models.scaffold import model_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PROPERTY", "compressed", "described", "refusal", "run", "types"]


PROPERTY = settings(
    derandomize=True,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def run(inferred: Inferred, root: Path, relative: str) -> list[tuple[Any, ...]]:
    """The model's rows: its text verbatim, with paths relative to ``root``."""
    with duckdb.connect(config={"file_search_path": str(root)}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows: list[tuple[Any, ...]] = connection.execute(
            model_text(relative, inferred.columns, inferred.format)
        ).fetchall()
    return rows


def described(root: Path, name: str, content: bytes | str, encoding: str = "") -> Inferred:
    """Write a file and infer it; its model must run and give as many rows as inference counted."""
    path = root / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    inferred = infer(path, name, encoding=encoding)
    if not any(column.type == "TIMESTAMPTZ" for column in inferred.columns):  # Python needs pytz to fetch those.
        assert len(run(inferred, root, name)) == inferred.rows
    return inferred


def types(inferred: Inferred) -> dict[str, str]:
    return {column.alias: column.type for column in inferred.columns}


def refusal(root: Path, name: str, content: bytes | str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        described(root, name, content)
    assert caught.value.location is not None
    assert caught.value.location.path == name
    assert str(root) not in str(caught.value)
    return caught.value


def compressed(content: bytes, suffix: str) -> bytes:
    if suffix == ".gz":
        return gzip.compress(content)
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())
