"""What Git calls for every version of a Parquet file that it shows. It waits, so typer is not loaded for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["convert"]


def convert(path: str) -> None:
    """Print the text that stands for a Parquet file."""
    from medallion.textconv import textconv

    text = textconv(Path(path), Path.cwd(), os.environ)
    sys.stdout.buffer.write(text.encode(errors="backslashreplace"))
    sys.stdout.buffer.flush()
