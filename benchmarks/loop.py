"""The floor, as a program: a bare loop over SQL statements in one DuckDB. It imports nothing but DuckDB.

``python loop.py STATEMENTS.json``, where the file holds a list of statements.
"""

import json
import sys
from pathlib import Path

import duckdb

if __name__ == "__main__":
    con = duckdb.connect()
    for statement in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        con.execute(statement).fetchall()
