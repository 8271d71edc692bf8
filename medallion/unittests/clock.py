"""A fixed time: macros that stand in for every function that asks the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

__all__ = ["stop_the_clock"]

_MOMENTS = ("now", "current_timestamp", "get_current_timestamp", "transaction_timestamp")
_DATES = ("today", "current_date")
_LOCAL_MOMENTS = ("localtimestamp", "current_localtimestamp")
_LOCAL_TIMES = ("localtime", "current_localtime")
_TIMES = ("current_time", "get_current_time")


def stop_the_clock(now: datetime, *texts: str) -> str:
    """Statements that create the macros which ``texts`` of SQL could call; empty for none.

    A macro of a database comes before a function of DuckDB's own. ``now`` is UTC, as the time zone of the database
    is. ``age`` and ``ago`` ask the clock by themselves.
    """
    sql = " ".join(texts).lower()
    return "; ".join(macro for name, macro in _macros(now.replace(tzinfo=None).isoformat(" ")) if name in sql)


def _macros(text: str) -> Iterator[tuple[str, str]]:
    values = {
        **dict.fromkeys(_MOMENTS, f"CAST(TIMESTAMP '{text}' AS TIMESTAMPTZ)"),
        **dict.fromkeys(_DATES, f"CAST(TIMESTAMP '{text}' AS DATE)"),
        **dict.fromkeys(_LOCAL_MOMENTS, f"TIMESTAMP '{text}'"),
        **dict.fromkeys(_LOCAL_TIMES, f"CAST(TIMESTAMP '{text}' AS TIME)"),
        **dict.fromkeys(_TIMES, f"CAST(CAST(TIMESTAMP '{text}' AS TIME) AS TIMETZ)"),
    }
    for name, value in values.items():
        yield name, f'CREATE MACRO "{name}"() AS {value}'
    yield (
        "age",
        (
            f"CREATE MACRO age(x) AS system.main.age(CAST(CAST(TIMESTAMP '{text}' AS DATE) AS TIMESTAMP), x), "
            "(x, y) AS system.main.age(x, y)"
        ),
    )
    yield "ago", f"CREATE MACRO ago(i) AS CAST(TIMESTAMP '{text}' AS TIMESTAMPTZ) - CAST(i AS INTERVAL)"
