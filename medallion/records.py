"""The record: the text file beside a dataset's Parquet that says what it is and what it was built from.

Nothing in a record depends on time, machine, thread count or path of the checkout: the same inputs give the
same bytes. The format is documented in docs/reference/record.md.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from medallion.errors import Location, ModelError, RecordError
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "AFTER_MERGE",
    "FORMAT",
    "Built",
    "Checked",
    "Column",
    "DataFile",
    "Input",
    "InputKind",
    "Record",
    "content_id",
    "record_path",
]

FORMAT = 1


class InputKind(StrEnum):
    """What a dataset was built from."""

    DATASET = "dataset"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its DuckDB type, whether it holds NULLs, and the hash of its values in row order (hex, 64 digits)."""

    name: str
    type: str
    nullable: bool
    hash: str


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file of the dataset; ``path`` is relative to the layer's folder, ``size`` in bytes, ``oid`` a sha256.

    ``key_range`` is the smallest and largest value of the first key column as text, or None without a key.
    """

    path: str
    oid: str
    size: int
    rows: int
    key_range: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """What was read: a dataset (its content id and the columns read) or a source.

    ``identity`` is that of what was read of it: for a dataset :meth:`Record.seen`, for a source its content id. A
    source's ``name`` is the path as the model writes it. Its content id is the file's sha256; for a pattern,
    the sha256 of what ``sha256sum`` prints for the matching files, sorted by path. ``files`` counts them.
    """

    name: str
    kind: InputKind
    content_id: str
    columns: tuple[str, ...] = ()
    files: int = 0
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Built:
    """How the data came to be.

    ``model`` is the SQL file's path in the project, ``sql`` the digest of what it means, ``text`` that of its tokens.
    ``macros`` (name and digest) and ``variables`` (name and value) are those that the SQL uses.
    """

    fingerprint: str
    model: str
    engine: str
    engine_version: str
    inputs: tuple[Input, ...]
    sql: str = ""
    macros: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the data has passed. ``inputs`` are the content ids of the other datasets that its checks looked at.

    ``digest`` is over the checks, the data and those inputs together: Git merges lines, and two that are each true of
    one side must not come out as a claim that nobody has tried.
    """

    digest: str
    inputs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, checks: str, content_id: str, inputs: Mapping[str, str]) -> Checked:
        """That data with this content id has passed the ``checks`` of this digest, which looked at ``inputs``."""
        claim = json.dumps([checks, content_id, sorted(inputs.items())], separators=(",", ":"))
        return cls(hashlib.sha256(claim.encode()).hexdigest(), inputs)


@dataclass(frozen=True)
class Record:
    """One dataset at one moment. ``key`` is empty where the model declares none.

    ``checked`` is None where there was nothing to check.
    """

    dataset: TableName
    rows: int
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    files: tuple[DataFile, ...]
    built: Built
    checked: Checked | None = None

    @cached_property
    def content_id(self) -> str:
        """The identity of the data, derived from the oids of its files."""
        return content_id(file.oid for file in self.files)

    def seen(self, columns: Collection[str], names: Collection[str] | None) -> str:
        """The identity (sha256, hex) of what a model sees of this dataset that reads these ``columns`` of it.

        ``names`` are all names, in lower case, by which its SQL could reach a column; None where it may reach any. It
        covers the number of rows, names and types of the columns that can be reached, and the values of those that
        are read.
        """
        reached = [[c.name, c.type] for c in self.columns if names is None or c.name.lower() in names]
        read = sorted([c.name, c.hash] for c in self.columns if c.name in columns)
        seen = [self.rows, reached if names is None else sorted(reached), read]
        return hashlib.sha256(json.dumps(seen, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def encode(self) -> bytes:
        """The record as canonical JSON: sorted keys, two-space indent, final newline."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        document: dict[str, object] = {
            "format": FORMAT,
            "dataset": str(self.dataset),
            "rows": self.rows,
            "columns": [{"name": c.name, "type": c.type, "nullable": c.nullable, "hash": c.hash} for c in self.columns],
            "key": list(self.key),
            "files": [_encode_file(file) for file in self.files],
            "built": {
                "fingerprint": self.built.fingerprint,
                "model": self.built.model,
                "engine": {"name": self.built.engine, "version": self.built.engine_version},
                "inputs": [_encode_input(i) for i in self.built.inputs],
                "sql": self.built.sql,
                "text": self.built.text,
                "macros": dict(self.built.macros),
                "variables": dict(self.built.variables),
            },
        }
        if self.checked:
            document["checked"] = {"digest": self.checked.digest, "inputs": dict(self.checked.inputs)}
        return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()

    @classmethod
    def decode(cls, data: bytes, path: str) -> Record:
        """Read a record; ``RecordError`` names ``path`` and says what is wrong and how to mend it."""
        document = _parse(data, path)
        try:
            return _decode(document)
        except (LookupError, TypeError, ValueError, OverflowError, AttributeError, ModelError) as error:
            detail = f"missing {error}" if isinstance(error, KeyError) else str(error)
            raise RecordError(f"the record is incomplete: {detail}", location=Location(path), hint=_REBUILD) from error


#: Data need not be merged by hand: it can be built. Taking one side of single files would not do: Git may have merged
#: a record and left its data in conflict, and then there is no side of the record to take.
AFTER_MERGE = (
    "once sql/ and sources/ are resolved, `git checkout HEAD -- data` takes your side of all data, `medallion run` "
    "builds what the merge changed, and `medallion commit` concludes it"
)
_REBUILD = "take it back with `git checkout -- <the file>`, or delete it and run `medallion run` to build it again"


def content_id(oids: Any) -> str:
    """The content id of files with these oids, in order: one file's oid itself, else a sha256 over all of them."""
    listed = list(oids)
    if len(listed) == 1:
        return str(listed[0])
    return hashlib.sha256("".join(f"{oid}\n" for oid in listed).encode()).hexdigest()


def record_path(name: TableName) -> str:
    """Where a dataset's record lies, relative to the project's root."""
    return str(PurePosixPath("data", name.layer, f"{name.name}.json"))


def _encode_file(file: DataFile) -> dict[str, object]:
    encoded: dict[str, object] = {"path": file.path, "oid": file.oid, "size": file.size, "rows": file.rows}
    if file.key_range:
        encoded["key_range"] = list(file.key_range)
    return encoded


def _encode_input(read: Input) -> dict[str, object]:
    encoded: dict[str, object] = {"name": read.name, "kind": str(read.kind), "content_id": read.content_id}
    if read.kind is InputKind.DATASET:
        encoded["columns"] = list(read.columns)
        encoded["identity"] = read.identity
    else:
        encoded["files"] = read.files
    return encoded


def _parse(data: bytes, path: str) -> Mapping[str, Any]:
    try:
        text = data.decode()
        document = json.loads(text)
    except UnicodeDecodeError as error:
        raise RecordError("the record is not UTF-8", location=Location(path), hint=_REBUILD) from error
    except RecursionError as error:
        raise RecordError("the record is nested too deeply", location=Location(path), hint=_REBUILD) from error
    except json.JSONDecodeError as error:
        if "<<<<<<< " in text and ">>>>>>> " in text:
            raise RecordError(
                "the record holds merge conflict markers",
                location=Location.at(path, text, text.index("<<<<<<< ")),
                hint=AFTER_MERGE,
            ) from error
        raise RecordError(
            f"the record is not JSON: {error.msg}", location=Location.at(path, text, error.pos), hint=_REBUILD
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise RecordError("the record has no format number", location=Location(path), hint=_REBUILD)
    if document["format"] > FORMAT:
        raise RecordError(
            f"the record has format {document['format']}; this medallion reads up to {FORMAT}",
            location=Location(path),
            hint="a newer medallion wrote it: upgrade this one",
        )
    if document["format"] != FORMAT:
        raise RecordError(f"format {document['format']} has never existed", location=Location(path), hint=_REBUILD)
    return document


def _decode(document: Mapping[str, Any]) -> Record:
    built = document["built"]
    if not document["files"]:
        raise ValueError("no files")
    return Record(
        dataset=_dataset(document["dataset"]),
        rows=_number(document["rows"]),
        columns=tuple(
            Column(_text(c["name"]), _text(c["type"]), bool(c["nullable"]), _text(c["hash"]))
            for c in document["columns"]
        ),
        key=tuple(map(_text, document["key"])),
        files=tuple(
            DataFile(
                _safe_path(f["path"]),
                _oid(f["oid"]),
                _number(f["size"]),
                _number(f["rows"]),
                (_text(f["key_range"][0]), _text(f["key_range"][1])) if "key_range" in f else None,
            )
            for f in document["files"]
        ),
        built=Built(
            fingerprint=_text(built["fingerprint"]),
            model=_text(built["model"]),
            engine=_text(built["engine"]["name"]),
            engine_version=_text(built["engine"]["version"]),
            inputs=tuple(
                Input(
                    _text(i["name"]),
                    _input_kind(i["kind"]),
                    _text(i["content_id"]),
                    tuple(map(_text, i.get("columns", ()))),
                    _number(i.get("files", 0)),
                    _text(i.get("identity", i["content_id"])),
                )
                for i in built["inputs"]
            ),
            sql=_text(built.get("sql", "")),
            text=_text(built.get("text", "")),
            macros=dict(built.get("macros", {})),
            variables=dict(built.get("variables", {})),
        ),
        checked=_decode_checked(document.get("checked")),
    )


def _decode_checked(checked: Any) -> Checked | None:
    if checked is None:
        return None
    return Checked(_text(checked["digest"]), {_text(name): _text(read) for name, read in checked["inputs"].items()})


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{_kind(value)} stands where a text should")
    return value


def _dataset(name: object) -> TableName:
    try:
        return TableName.parse(_text(name))
    except ModelError as error:
        raise ValueError("it is of no dataset: a name is layer.name") from error


def _input_kind(kind: str) -> InputKind:
    if kind not in set(InputKind):
        raise ValueError("an input is neither a dataset nor a source")
    return InputKind(kind)


def _safe_path(path: str) -> str:
    """A record comes from whoever wrote the commit: its paths stay inside the layer's folder."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path or not path.endswith(".parquet"):
        raise ValueError("what stands there is no path of a data file")
    return path


def _oid(oid: str) -> str:
    if len(oid) != 64 or set(oid) - set("0123456789abcdef"):
        raise ValueError("an oid is no sha256")
    return oid


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{_kind(value)} stands where a whole number should")
    return int(value)


def _kind(value: object) -> str:
    """What JSON has there. No message quotes it: the smallest and largest key are values of the data."""
    kinds = {str: "a text", bool: "true or false", dict: "an object", list: "a list", type(None): "null"}
    return kinds.get(type(value), "a number")
