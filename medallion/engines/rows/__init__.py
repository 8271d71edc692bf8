"""Two versions of a dataset held against each other in DuckDB: which rows, and which cells, are not the same."""
