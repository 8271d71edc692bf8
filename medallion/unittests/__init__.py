"""Unit tests of models: rows given by hand, the rows that must come out, and a DuckDB without files to run them in."""
