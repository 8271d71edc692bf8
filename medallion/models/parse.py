"""Read a model file or a file of macros: everything that can be told from the text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError
from medallion.models.check import Check, Severity, check_name, probe_text, query_check
from medallion.models.conditions import CONDITIONS, read_at_most, read_check
from medallion.models.documentation import read_documentation
from medallion.models.functions import CLOCK, FILE_READERS, HIDDEN_READERS, VOLATILE, VOLATILE_WORDS
from medallion.models.model import Call, Macro, Model, Reference, Word
from medallion.models.names_only import names_in
from medallion.models.references import read_macro_references, read_references
from medallion.models.tokens import Lexed, Token, lex
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["parse_check", "parse_macros", "parse_model"]


def parse_model(name: TableName, path: str, text: str, layers: Sequence[str]) -> Model:
    """Read one model file.

    Raises ``ModelError``, with the place, for anything but one SELECT, an unknown annotation, a check that is none, or
    a read that cannot be seen in the text.
    """
    model = _read(name, path, text, layers)
    _ = model.tolerances  # What is wrong with one is told now.
    checks = [read_check(a, path, text) for a in model.annotations if a.word in CONDITIONS]
    for check in checks:
        if check.compares_by_key and not model.key:
            raise ModelError(
                "which rows changed cannot be told without a key",
                location=check.locate(model),
                hint="name it with @key; without one a changed row counts as one removed and one added",
            )
    return replace(model, checks=tuple(_probed(check, model, layers) for check in checks))


def _read(name: TableName, path: str, text: str, layers: Sequence[str]) -> Model:
    """A model, or the SQL of a check, without the checks in its comments."""
    lexed = lex(text, path)
    statements = lexed.statements()
    if not statements:
        raise ModelError("the file holds no SQL", location=Location(path), hint="a model is one SELECT")
    if len(statements) > 1:
        first = statements[1][0]
        raise ModelError(
            "the file holds more than one statement",
            location=Location.at(path, text, first.start, len(first.raw)),
            hint="a model is one SELECT: put each in a file of its own",
        )
    tokens = statements[0]
    _refuse_other_statements(tokens, path, text)
    _refuse_hidden_reads(lexed, tokens, path, text)
    sql = text[tokens[0].start : tokens[-1].end]
    read = read_references(lexed, sql, tokens[0].start, path, layers)
    documentation = read_documentation(lexed, tokens, path)
    model = Model(
        name=name,
        path=path,
        text=text,
        sql=sql,
        sql_offset=tokens[0].start,
        digest=lexed.digest(tokens),
        description=documentation.description,
        columns=documentation.columns,
        annotations=documentation.annotations,
        datasets=read.datasets,
        sources=read.sources,
        table_functions=read.table_functions,
        calls=tuple(Call(called, token.start) for called, token in lexed.calls()),
        variables=_variables(lexed, path),
        volatile_at=_volatile(lexed),
        names=names_in(tokens, sql),
    )
    keys = [a for a in model.annotations if a.word == "key"]
    if len(keys) > 1:
        raise ModelError("@key is written twice", location=model.locate(keys[1].offset, 4), hint="keep one")
    return model


_UNPAIRED = "brackets are not in pairs, or a ; is in it"


def _probed(check: Check, model: Model, layers: Sequence[str]) -> Check:
    """A check with what its SQL reads; ``ModelError``, at the check, where that is no condition."""
    if not check.sql:
        return check
    place = model.locate(check.sql_offset, len(check.sql.split("\n")[0]))
    depth = 0
    try:
        for token in lex(check.sql, model.path).tokens:
            depth += {"(": 1, ")": -1}.get(token.raw, 0)
            if depth < 0 or token.raw == ";":
                raise ModelError("this is no condition in SQL", hint=_UNPAIRED)
        if depth:
            raise ModelError("this is no condition in SQL", hint=_UNPAIRED)
        query, before = probe_text(check, model.name)
        probe = _read(model.name, model.path, query, layers)
    except ModelError as error:
        raise error.at(place) from error
    _refuse_chance(probe, place)
    if probe.sources:
        raise ModelError(
            f'a check reads datasets only, and this reads "{probe.sources[0].path}"',
            location=place,
            hint=f"`medallion add {layers[0]}.NAME {probe.sources[0].path}` makes a dataset of it",
        )
    return replace(check, probe=replace(probe, text=model.text, sql_offset=check.sql_offset - before))


_CHECK_HINT = "write the query alone: it returns the rows that are wrong"


def _refuse_chance(probe: Model, place: Location) -> None:
    """A check that asks chance has another result each time; one that asks the clock is judged when it is run."""
    for word in probe.volatile_at:
        if word.raw.lower() not in CLOCK:
            raise ModelError(
                f"{word.raw} gives another result each time, so the check would say nothing",
                location=place,
                hint="ask for what must always hold",
            )


def parse_check(path: str, text: str, layers: Sequence[str]) -> Check:
    """Read a file of ``sql/checks/``: one SELECT that returns the rows that are wrong.

    ``@warn`` at its top makes it a warning, ``@warn at most 5 rows`` and ``@check at most 5 rows`` say what it
    tolerates. ``ModelError`` as for a model.
    """
    name = check_name(path)
    try:
        model = _read(TableName("checks", name), path, text, layers)
    except ModelError as error:
        error.message = error.message.replace("a model is one SELECT", "a check is one SELECT")
        error.hint = error.hint.replace("write the query alone: medallion stores its result", _CHECK_HINT)
        error.hint = error.hint.replace("a model is one SELECT", "a check is one SELECT")
        raise
    for word in model.volatile_at:
        _refuse_chance(model, model.locate(word.start, len(word.raw)))
    if model.sources:
        raise ModelError(
            f'a check reads datasets only, and this reads "{model.sources[0].path}"',
            location=model.locate(model.sources[0].offset, model.sources[0].length),
            hint=f"`medallion add {layers[0]}.NAME {model.sources[0].path}` makes a dataset of it",
        )
    severity, at_most = Severity.ERROR, None
    for a in model.annotations:
        rest, tolerated = read_at_most(a.argument)
        if a.word not in ("check", "warn", "owner", "tag"):
            raise ModelError(f"@{a.word} speaks of a dataset", location=model.locate(a.offset, 1 + len(a.word)))
        if a.word in ("check", "warn"):
            if rest or (tolerated is None and a.word == "check"):
                raise ModelError(
                    "in a file of its own, a check is the SQL",
                    location=model.locate(a.offset, 1 + len(a.word)),
                    hint="write @warn, @warn at most 5 rows, or @check at most 5 rows",
                )
            severity, at_most = Severity.WARN if a.word == "warn" else severity, tolerated or at_most
    return query_check(path, model, severity, at_most)


def parse_macros(path: str, text: str, layers: Sequence[str]) -> tuple[Macro, ...]:
    """Read a file of ``CREATE MACRO`` statements; ``ModelError`` for any other statement, or one that reads files."""
    lexed = lex(text, path)
    found = []
    for tokens in lexed.statements():
        at = _macro_name(tokens, path, text)
        part = Lexed(text, tokens, ())
        _refuse_hidden_reads(part, tokens, path, text)
        sql = text[tokens[0].start : tokens[-1].end]
        files, functions = read_macro_references(part, sql, tokens[0].start)
        readers = [(called, t.start, len(t.raw)) for called, t in part.calls() if called in FILE_READERS]
        for what, offset, length in [*readers, *((f'"{f.path}"', f.offset, f.length) for f in files)]:
            raise ModelError(
                f"a macro cannot read files: {what}",
                location=Location.at(path, text, offset, length),
                hint="read the file in a bronze model, and the dataset wherever it is needed",
            )
        found.append(
            Macro(
                name=tokens[at].value.lower(),
                path=path,
                text=text,
                sql=sql,
                offset=tokens[0].start,
                digest=part.digest(),
                calls=tuple(Call(called, t.start) for called, t in part.calls()),
                datasets=tuple(
                    Reference(TableName(layer, table), a.start, b.end - a.start)
                    for layer, table, a, b in part.tables(layers)
                ),
                table_functions=functions,
                variables=_variables(part, path),
                volatile_at=_volatile(part),
                names=names_in(tokens, sql),
            )
        )
    return tuple(found)


def _macro_name(tokens: Sequence[Token], path: str, text: str) -> int:
    """Which of the tokens of ``CREATE [OR REPLACE] MACRO name(…)`` is the name."""
    words = [t.raw.upper() for t in tokens[:6]]
    at = next((i + 1 for i, word in enumerate(words) if word in ("MACRO", "FUNCTION")), 0)
    if words[0] != "CREATE" or not at or set(words[1 : at - 1]) - {"OR", "REPLACE"}:
        raise ModelError(
            "this is no CREATE MACRO",
            location=Location.at(path, text, tokens[0].start, len(tokens[0].raw)),
            hint="sql/macros/ holds CREATE MACRO only",
        )
    if at + 1 >= len(tokens) or not tokens[at].is_name or tokens[at + 1].raw != "(":
        raise ModelError(
            "the macro's name must follow, and then its parameters in brackets",
            location=Location.at(path, text, tokens[at - 1].start, len(tokens[at - 1].raw)),
            hint="write CREATE MACRO name(parameters) AS …, without a schema and without IF NOT EXISTS",
        )
    return at


_STARTS = {
    "SELECT",
    "WITH",
    "FROM",
    "PIVOT",
    "UNPIVOT",
    "VALUES",
    "(",
    "SUMMARIZE",
    "TABLE",
    "PIVOT_WIDER",
    "PIVOT_LONGER",
}


def _refuse_other_statements(tokens: Sequence[Token], path: str, text: str) -> None:
    first = tokens[0]
    if first.raw.upper() not in _STARTS:
        raise ModelError(
            f"a model is one SELECT; this begins with {first.raw.upper()}",
            location=Location.at(path, text, first.start, len(first.raw)),
            hint="write the query alone: medallion stores its result",
        )
    depth = 0
    for i, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.raw, 0)
        before = tokens[i - 1].raw if i else ""
        opens = before == "(" or (before == ")" and depth == 0)
        if opens and (_writes(tokens[i : i + 6]) or (token.is_word("COPY") and _copies(tokens[i + 1 :]))):
            raise ModelError(
                f"a model is one SELECT; this writes: {token.raw.upper()}",
                location=Location.at(path, text, token.start, len(token.raw)),
                hint="write the query alone: medallion stores its result",
            )


def _writes(tokens: Sequence[Token]) -> bool:
    """Whether a statement that changes data begins here; the same words may be names of columns."""
    words = [t.raw.upper() for t in tokens]
    begins = words[:2] in (["INSERT", "INTO"], ["INSERT", "OR"], ["DELETE", "FROM"], ["MERGE", "INTO"])
    return begins or (words[:1] == ["UPDATE"] and "SET" in words)


def _copies(tokens: Sequence[Token]) -> bool:
    """Whether what follows the word COPY makes a statement of it: ``(…) TO`` or ``table TO``; it may name a column."""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.raw, 0)
        if depth < 0:
            return False
        if depth == 0 and token.is_word("TO"):
            return True
    return False


def _refuse_hidden_reads(lexed: Lexed, tokens: Sequence[Token], path: str, text: str) -> None:
    within = {t.start for t in tokens}
    for called, token in lexed.calls():
        if token.start in within and called in HIDDEN_READERS:
            raise ModelError(
                f"{called}() is refused: what it reads cannot be seen in the SQL, so lineage would be wrong",
                location=Location.at(path, text, token.start, len(token.raw)),
                hint="name the table or file in the FROM clause",
            )

    for before, token in zip((None, *tokens), tokens, strict=False):
        if token.is_word("SHOW") and (before is None or before.raw != "."):
            raise ModelError(
                "SHOW is refused: what it lists depends on what else is built",
                location=Location.at(path, text, token.start, len(token.raw)),
            )


def _variables(lexed: Lexed, path: str) -> frozenset[str]:
    found = set()
    tokens = lexed.tokens
    for i, token in enumerate(tokens[:-2]):
        if token.is_name and token.value.lower() == "getvariable" and tokens[i + 1].raw == "(":
            name, close = tokens[i + 2], tokens[i + 3] if i + 3 < len(tokens) else None
            if not name.raw.startswith("'") or close is None or close.raw != ")":
                raise ModelError(
                    "getvariable() needs a name in quotes: which variable enters the fingerprint must be seen",
                    location=Location.at(path, lexed.text, name.start, len(name.raw)),
                    hint="write getvariable('since')",
                )
            found.add(name.value)
    return frozenset(found)


def _volatile(lexed: Lexed) -> tuple[Word, ...]:
    found = [token for called, token in lexed.calls() if called in VOLATILE]
    found += [token for called, token in lexed.calls() if called == "age" and not _has_comma(lexed, token)]
    for before, token in zip((None, *lexed.tokens), lexed.tokens, strict=False):
        if token.raw.lower() in VOLATILE_WORDS and (before is None or before.raw != "."):
            found.append(token)
        if token.is_word("SAMPLE") and before is not None and before.is_word("USING"):
            found.append(token)
    return tuple(Word(token.raw, token.start) for token in found)


def _has_comma(lexed: Lexed, function: Token) -> bool:
    """Whether a call has more than one argument: ``age(x)`` counts from today, ``age(x, y)`` does not."""
    depth = 0
    for token in lexed.tokens[lexed.tokens.index(function) + 1 :]:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.raw, 0)
        if depth == 0:
            return False
        if depth == 1 and token.raw == ",":
            return True
    return False
