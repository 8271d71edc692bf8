"""What a function in a model's SQL can reach: files, other tables by name, or nothing but its arguments."""

from __future__ import annotations

__all__ = ["CLOCK", "FILE_READERS", "HIDDEN_READERS", "PURE_TABLE_FUNCTIONS", "VOLATILE", "VOLATILE_WORDS"]

#: Of those below, the ones that ask the clock. A check may: it is judged when it is run.
CLOCK = frozenset(
    {
        *("now", "today", "ago", "age", "get_current_timestamp", "get_current_time", "transaction_timestamp"),
        *("current_localtime", "current_localtimestamp", "current_date", "current_time", "current_timestamp"),
        *("localtime", "localtimestamp"),
    }
)

#: Table functions that read the files named by their first argument.
FILE_READERS = frozenset(
    [
        "read_csv",
        "read_csv_auto",
        "read_json",
        "read_json_auto",
        "read_json_objects",
        "read_json_objects_auto",
        "read_ndjson",
        "read_ndjson_auto",
        "read_ndjson_objects",
        "read_parquet",
        "parquet_scan",
        "read_text",
        "read_blob",
        "glob",
        "sniff_csv",
        "parquet_metadata",
        "parquet_schema",
        "parquet_file_metadata",
        "parquet_kv_metadata",
        "parquet_full_metadata",
    ]
)

#: Table functions that read nothing but their arguments. Any other one is refused: what it reads cannot be seen.
PURE_TABLE_FUNCTIONS = frozenset(
    [
        "range",
        "generate_series",
        "unnest",
        "repeat",
        "repeat_row",
        "json_each",
        "json_tree",
        "regexp_split_to_table",
        "generate_subscripts",
    ]
)

#: Functions that reach files, other tables, SQL or the machine through a text, wherever they stand.
HIDDEN_READERS = frozenset(
    [
        "query",
        "query_table",
        "getenv",
        "current_setting",
        "current_query",
        "pg_get_viewdef",
        "write_log",
        "json_deserialize_sql",
        "json_execute_serialized_sql",
        "json_serialize_plan",
        "parquet_bloom_probe",
        "read_duckdb",
        "read_single_csv_file",
        "read_single_json_file",
        "read_single_parquet_file",
        "which_secret",
        "duckdb_secrets",
        "seq_scan",
        "arrow_scan",
        "arrow_scan_dumb",
        "python_arrow_scan",
        "python_map_function",
        "pandas_scan",
    ]
)

#: Scalar functions whose result is not decided by their arguments: those that ``duckdb_functions()`` calls anything
#: but CONSISTENT (DuckDB 2.0), and what is built on them. ``getvariable`` is known from the configuration instead,
#: and ``error`` returns nothing. tests/engines/test_functions.py holds the list against the installed DuckDB.
VOLATILE = frozenset(
    [
        "random",
        "setseed",
        "uuid",
        "uuidv4",
        "uuidv7",
        "gen_random_uuid",
        "now",
        "today",
        "ago",
        "get_current_timestamp",
        "get_current_time",
        "transaction_timestamp",
        "current_localtime",
        "current_localtimestamp",
        "nextval",
        "currval",
        "setval",
        "txid_current",
        "current_connection_id",
        "current_transaction_id",
        "current_query_id",
        "current_query",
        "current_setting",
        "current_database",
        "current_catalog",
        "current_schema",
        "current_schemas",
        "in_search_path",
        "user",
        "sleep_ms",
        "pg_sleep",
        "write_log",
        "stats",
        "vector_type",
        "pg_conf_load_time",
        "pg_postmaster_start_time",
    ]
)

#: The ones of them that SQL writes without parentheses, and the words that draw a sample.
VOLATILE_WORDS = frozenset(
    [
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "current_user",
        "current_role",
        "session_user",
        "tablesample",
    ]
)
