"""Numbers as reports write them: thousands separators, units, and no share that claims more than it is."""

from __future__ import annotations

from math import isfinite

__all__ = ["amount", "bytes_in_words", "change", "counted", "number", "share"]

# Longer numbers are written with an exponent.
_LONGEST = 12


def counted(n: int, one: str, many: str = "") -> str:
    """``1 row``, ``2 rows``: a count with its noun; ``many`` where it is not the noun with an s."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def amount(n: int) -> str:
    """A count in a table: nothing for 0, so that what is there stands out."""
    return f"{n:,}" if n else ""


def share(part: int, whole: int) -> str:
    """``99.5 %``: with as many digits as it takes not to be 0 or 100 unless it is; "" of nothing."""
    if not whole:
        return ""
    if part in (0, whole):
        return "100 %" if part else "0 %"
    percent = 100 * part / whole
    for digits in range(1, 7):
        text = f"{percent:,.{digits}f}"
        if float(text.replace(",", "")) not in (0.0, 100.0):
            return f"{text} %"
    return "almost 100 %" if part * 2 > whole else "almost 0 %"


def change(base: int, head: int) -> str:
    """How much more or less ``head`` is, in per cent of ``base``: ``+0.5 %``, ``−0.003 %``; "" for none, or of 0."""
    if base == head or not base:
        return ""
    percent = 100 * (head - base) / base
    digits = next((d for d in range(1, 7) if round(percent, d)), 7)
    return f"{'+' if percent > 0 else '−'}{abs(percent):,.{digits}f} %"


def number(value: float, other: float | None = None) -> str:
    """A mean, with as many digits as it takes to tell it from the ``other`` one: ``41.2``, ``−1,234,567.1``."""
    if not isfinite(value):
        return str(value)
    before_point = len(f"{abs(value):.0f}")
    least = max(4, before_point + 2) if before_point <= _LONGEST else 6
    for digits in range(least, 18):
        text = f"{value:,.{digits}g}"
        if other is None or other == value or text != f"{other:,.{digits}g}":
            break
    return text.replace("-", "−", 1) if text.startswith("-") else text


def bytes_in_words(size: int) -> str:
    """``4.1 MB``: powers of 1,000, as disks are sold."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.5 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"
