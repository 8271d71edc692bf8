"""A long history of a project, made by ``git fast-import``: real records, LFS pointers for data that nobody has.

Twenty datasets: five bronze ones that read a source, ten silver ones that read a bronze one each, five gold ones that
read two silver ones each. Every content id of an input is that of the dataset in the same commit.
"""

from __future__ import annotations

import hashlib
from typing import IO, TYPE_CHECKING

from medallion.git.lfs import Pointer
from medallion.names import TableName
from medallion.records import Built, Column, DataFile, Input, InputKind, Record, record_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.bench import Bench

__all__ = ["DATASETS", "import_commits", "write_models"]

_BEGIN = 1_700_000_000
_COLUMNS = (("id", "BIGINT"), ("day", "DATE"), ("status", "VARCHAR"), ("total", "DECIMAL(12,2)"))


def _inputs() -> Mapping[TableName, Sequence[TableName]]:
    bronze = [TableName("bronze", f"raw_{n}") for n in range(5)]
    silver = [TableName("silver", f"clean_{n}") for n in range(10)]
    gold = [TableName("gold", f"report_{n}") for n in range(5)]
    return {
        **dict.fromkeys(bronze, ()),
        **{name: (bronze[n // 2],) for n, name in enumerate(silver)},
        **{name: (silver[2 * n], silver[2 * n + 1]) for n, name in enumerate(gold)},
    }


_INPUTS = _inputs()
DATASETS = tuple(_INPUTS)
"""The datasets, inputs first."""


def write_models(project: Path) -> None:
    """The models that these datasets would come from."""
    listed = ", ".join(name for name, _ in _COLUMNS)
    for name, inputs in _INPUTS.items():
        file = project / "sql" / name.layer / f"{name.name}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        read = " UNION ALL BY NAME ".join(f"SELECT {listed} FROM {one.sql}" for one in inputs)
        file.write_text((read or f"SELECT {listed} FROM 'sources/{name.name}.parquet'") + "\n", encoding="utf-8")


def import_commits(bench: Bench, repository: Path, first: int, commits: int, *, changed: int) -> None:
    """Add commits ``first`` to ``first + commits - 1`` to main; each changes ``changed`` datasets, in turn.

    The work tree is brought to the new head, with pointers in place of data.
    """
    stream = bench.root / "history.fast-import"
    with stream.open("wb") as out:
        states = dict.fromkeys(DATASETS, 0)
        for number in range(first, first + commits):
            start = number * changed
            chosen = [DATASETS[(start + n) % len(DATASETS)] for n in range(changed)]
            states.update(dict.fromkeys(chosen, number + 1))
            _write_commit(out, number, sorted(chosen, key=DATASETS.index), states, follows=number == first)
    bench.run(["git", "fast-import", "--quiet"], repository, stdin=stream)
    stream.unlink()
    bench.run(["git", "reset", "--quiet", "--hard"], repository, env={"GIT_LFS_SKIP_SMUDGE": "1"})


def _write_commit(
    out: IO[bytes], number: int, chosen: Iterable[TableName], states: Mapping[TableName, int], *, follows: bool
) -> None:
    message = f"Orders of day {number}".encode()
    out.write(b"commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\n" % (_BEGIN + 60 * number))
    out.write(b"data %d\n%s\n" % (len(message), message))
    if follows:
        out.write(b"from refs/heads/main^0\n")
    for name in chosen:
        record = _record(name, states)
        pointer = Pointer(record.files[0].oid, record.files[0].size)
        for path, data in (
            (record_path(name), record.encode()),
            (f"data/{name.layer}/{name.name}.parquet", pointer.encode()),
        ):
            out.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    out.write(b"\n")


def _record(name: TableName, states: Mapping[TableName, int]) -> Record:
    state = states[name]
    rows = 20_000 + state
    return Record(
        dataset=name,
        rows=rows,
        columns=tuple(
            Column(column, kind, nullable=False, hash=_digest(name, state, column)) for column, kind in _COLUMNS
        ),
        key=("id",),
        files=(DataFile(f"{name.name}.parquet", _digest(name, state), 30 * rows, rows, ("1", str(rows))),),
        built=Built(
            fingerprint=_digest(name, state, "fingerprint"),
            model=f"sql/{name.layer}/{name.name}.sql",
            engine="duckdb",
            engine_version="2.0.0",
            inputs=_read(name, states),
            sql=_digest(name, 0, "sql"),
        ),
    )


def _read(name: TableName, states: Mapping[TableName, int]) -> tuple[Input, ...]:
    if not _INPUTS[name]:
        source = f"sources/{name.name}.parquet"
        return (Input(source, InputKind.SOURCE, _digest(name, states[name], source), files=1),)
    columns = tuple(column for column, _ in _COLUMNS)
    return tuple(Input(str(one), InputKind.DATASET, _digest(one, states[one]), columns) for one in _INPUTS[name])


def _digest(name: TableName, state: int, what: str = "") -> str:
    return hashlib.sha256(f"{name} {state} {what}".encode()).hexdigest()
