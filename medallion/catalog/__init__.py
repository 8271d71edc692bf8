"""The catalog: a DuckDB file with the lineage of every version of every dataset, an index over Git history.

Git is the truth; the file can be deleted at any time. :func:`update` brings it up to date. Any DuckDB client can open
it, while it is being updated too: it is published by rename. The tables are documented in docs/reference/catalog.md.
"""

from medallion.catalog.read import Log, VersionRow, open_catalog, read_versions
from medallion.catalog.update import update, update_history

__all__ = ["Log", "VersionRow", "open_catalog", "read_versions", "update", "update_history"]
