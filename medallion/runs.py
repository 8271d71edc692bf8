"""The log of local runs, ``.medallion/runs.jsonl``: one line a run. The catalog is filled from it."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from medallion.errors import MedallionError
from medallion.events import Outcome
from medallion.names import TableName
from medallion.reasons import UP_TO_DATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from medallion.config import Config
    from medallion.events import CheckResult, StepFinished

__all__ = ["Runs", "check_line"]

# The file is kept below this many bytes: then the older half of it goes.
_MOST = 16_000_000
# How much of its end is looked at for how long a model takes.
_RECENT = 2_000_000


class Runs:
    """The runs of one project."""

    def __init__(self, config: Config) -> None:
        self.file: Path = config.state / "runs.jsonl"

    def log(
        self,
        command: str,
        started: datetime,
        seconds: float,
        steps: Sequence[StepFinished],
        peak_memory: Mapping[TableName, int],
        checks: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """Add a run with each of its steps, but for those that were up to date. ``peak_memory`` is in bytes.

        ``checks`` are those that belong to no step, as :func:`check_line` gives them.
        """
        listed = [s for s in steps if s.outcome is not Outcome.UNCHANGED or s.reason != UP_TO_DATE]
        self.append(
            {
                "id": f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
                "started_at": started.isoformat(),
                "seconds": round(seconds, 3),
                "command": command,
                "steps": [_document(step, peak_memory.get(step.dataset)) for step in listed],
                **({"checks": [*checks]} if checks else {}),
            }
        )

    def append(self, run: Mapping[str, Any]) -> None:
        """Add a run: ``id``, ``started_at``, ``seconds``, ``command`` and ``steps``."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("ab") as log:
            log.write(json.dumps(run, ensure_ascii=False).encode(errors="surrogateescape") + b"\n")
            too_long = log.tell() > _MOST
        if too_long:
            lines = self.file.read_bytes().splitlines(keepends=True)
            shorter = self.file.with_suffix(".tmp")
            shorter.write_bytes(b"".join(lines[len(lines) // 2 :]))
            shorter.replace(self.file)

    def seconds(self) -> Mapping[TableName, float]:
        """How long each dataset took when it was last computed, in seconds of its own."""
        found: dict[TableName, float] = {}
        for run in self._latest():
            steps = run.get("steps")
            for step in steps if isinstance(steps, list) else ():
                with suppress(MedallionError, LookupError, TypeError, ValueError, AttributeError):
                    if step["action"] in (Outcome.BUILT, Outcome.SAME):
                        found.setdefault(TableName.parse(step["dataset"]), float(step["seconds"]))
        return found

    def _latest(self) -> Iterator[dict[str, Any]]:
        try:
            with self.file.open("rb") as log:
                log.seek(max(0, self.file.stat().st_size - _RECENT))
                lines = log.read().splitlines()
        except OSError:
            return
        for line in reversed(lines):
            with suppress(ValueError, RecursionError):
                run = json.loads(line)
                if isinstance(run, dict):
                    yield run


def _document(step: StepFinished, peak_memory: int | None) -> dict[str, object]:
    return {
        "dataset": str(step.dataset),
        "action": str(step.outcome),
        "reason": step.reason,
        "seconds": round(step.seconds, 3),
        "rows": step.rows,
        "bytes": step.size,
        "peak_memory": peak_memory,
        "error": step.error.message if step.error else None,
        **({"checks": [check_line(check) for check in step.checks]} if step.checks else {}),
    }


def check_line(result: CheckResult) -> dict[str, object]:
    """A check as it is logged: no value of the data is in it."""
    return {
        "dataset": str(result.dataset),
        "check": result.check,
        "kind": result.kind,
        "severity": result.severity,
        "status": str(result.status),
        "failures": result.failures,
        "rows": result.rows,
        "failed_rows": result.failed_rows,
        "location": f"{result.location.path}:{result.location.line}",
        "seconds": round(result.seconds, 3),
    }
