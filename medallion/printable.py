"""Texts of the data's own, with nothing left in them that a terminal obeys or does not show."""

from __future__ import annotations

__all__ = ["printable"]


def printable(text: str) -> str:
    """Controls, line ends, marks of direction, spaces that are none of ours: each as Python's escape of it.

    Reports write other signs for them, such that no two texts look alike: ``medallion.review.escape``.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
