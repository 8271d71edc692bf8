"""No credential is left in a text, and all else is."""

from __future__ import annotations

import pytest

from medallion.errors import Location, MedallionError
from medallion.redaction import redact

SECRET = "s3cr3tT0kenValue"

HIDDEN = [
    f"https://ada:{SECRET}@example.com/x.csv",
    f"https://{SECRET}@example.com/x.git",
    f"postgres://ada:{SECRET}@host:5432/db",
    f"http://ada:p@{SECRET}@host/x",
    f"http://ada:p/{SECRET}@host/x",
    f"https://host/x?token={SECRET}",
    f"https://host/x?a=1&access_token={SECRET}&b=2",
    f"https://host/x?sig={SECRET}&sv=2024-01-01",
    f"https://host/x?X-Amz-Signature={SECRET}&X-Amz-Credential={SECRET}%2F2026",
    f"https://host/x?X-Goog-Signature={SECRET}",
    f"https://host/x?AWSAccessKeyId={SECRET}&Signature={SECRET}&Expires=1",
    f"https://host/x?api_key={SECRET}",
    f"https://host/x?apikey={SECRET}",
    f"https://host/x?key={SECRET}",
    f"https://host/x?PASSWORD={SECRET}",
    f"https://host/x#access_token={SECRET}",
    f"fatal: could not read from 'https://x-access-token:{SECRET}@github.com/a/b.git/'",
    f"host=db user=ada password={SECRET} dbname=x",
    f"password='{SECRET}'",
    f"Authorization: Bearer {SECRET}",
    f"CREATE SECRET s (TYPE s3, KEY_ID '{SECRET}', SECRET '{SECRET}')",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_a_credential_is_taken_out(text: str) -> None:
    assert SECRET not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize("text", HIDDEN)
def test_places_in_a_line_stay_where_they_are(text: str) -> None:
    kept = redact(text, keep_width=True)
    assert SECRET not in kept
    assert len(kept) == len(text)
    assert all(new in ("*", old) for old, new in zip(text, kept, strict=True))


@pytest.mark.parametrize(
    "text",
    ["AKIA" + "ABCDEFGHIJKLMNOP", "ghp_" + "a" * 36, "github_pat_" + "a" * 40, "glpat-" + "a" * 20, "xoxb-" + "1" * 12,
     "AIza" + "a" * 35],
)  # fmt: skip
def test_a_token_that_tells_by_its_form_is_taken_out_wherever_it_stands(text: str) -> None:
    assert redact(f"it says {text}.") == "it says ***."


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com:8080/path/orders.csv?year=2026&page=2",
        "http://host:80/a@b",
        "ssh://git@github.com/a/b.git",
        "git@github.com:a/b.git",
        "SELECT key, token, secret FROM bronze.orders WHERE password = 'x' AND key=1",
        "-- Mail to ada@example.com.",
        "sources/orders.csv: the row has 3 values, the table 2 columns",
        "s3://bucket/folder/x.parquet",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert redact(text) == text


def test_host_path_and_other_parameters_stay_legible() -> None:
    assert (
        redact(f"https://ada:{SECRET}@host.org/a/b.csv?page=2&token={SECRET}")
        == "https://***@host.org/a/b.csv?page=2&token=***"
    )


def test_an_error_holds_no_credential_in_any_of_its_parts() -> None:
    line = f"FROM read_csv('https://ada:{SECRET}@host/x.csv') -- here"
    error = MedallionError(
        f"cannot open https://host/?token={SECRET}",
        location=Location.at("sql/x.sql", line, line.index("-- here"), 2),
        hint=f"look at https://host/?sig={SECRET}",
    )
    for text in (str(error), error.message, error.hint, error.args[0], error.location.text if error.location else ""):
        assert SECRET not in text
    printed = str(error).splitlines()
    assert printed[3].index("^") - printed[2].index("--") == 0


def test_a_large_text_without_credentials_is_given_back_as_it_is() -> None:
    text = "SELECT a, b FROM bronze.orders\n" * 10_000
    assert redact(text) is text
