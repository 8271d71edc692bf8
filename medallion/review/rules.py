"""What fails a review unless it is told otherwise. It stands alone, since every start of the program asks for it."""

from __future__ import annotations

__all__ = ["DEFAULT_FAIL_ON"]

DEFAULT_FAIL_ON = "stale, failed-check"
