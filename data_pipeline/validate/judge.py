"""RawTable -> accepted rows and rejected rows with every reason, in one pass."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.model.findings import Finding
from data_pipeline.model.spec import ColumnSpec, PipelineSpec, RangeRule, RuleSeverity, UniqueRule
from data_pipeline.model.tables import RawTable
from data_pipeline.validate.parse import describe_type, explain_unreadable, parse_column

REJECTS_SCHEMA = pl.Schema(
    {
        "record_index": pl.Int64,
        "row_number": pl.Int64,
        "error_code": pl.String,
        "error_message": pl.String,
        "column_name": pl.String,
        "raw_text": pl.String,
        "record_data": pl.String,
    }
)


@dataclass(frozen=True)
class Judged:
    """A file after judging.

    Shape: `accepted` has the declared columns, typed, then source_sheet and source_row; `rejects` has one row per
    reason (REJECTS_SCHEMA); `values` has every declared column of every record, typed, unreadable cells null.
    """

    accepted: pl.DataFrame
    rejects: pl.DataFrame
    values: pl.DataFrame
    findings: tuple[Finding, ...]

    @property
    def rejected_rows(self) -> int:
        """Records with at least one reason."""
        return self.rejects["record_index"].n_unique()


# Raw text of a cell -> code and words.
Explain = Callable[[str], tuple[str, str]]


@dataclass(frozen=True)
class Check:
    """One question to every record; the answer becomes a Boolean column of that name."""

    name: str
    header: str | None
    is_broken: pl.Expr
    explain: Explain
    severity: RuleSeverity = "reject_row"


def judge(table: RawTable, spec: PipelineSpec, *, name: str) -> Judged:
    """Judges every record of a file once.

    Raises: FileRejected when required columns are missing or more rows are rejected than the pipeline allows.
    """
    headers, findings = match_headers(table, spec, name=name)
    columns = [column for column in spec.columns if column.name in headers]
    # A file's headers may be anything, also what Polars takes for a pattern.
    places = {header: f"cell {position}" for position, header in enumerate(table.cells.columns)}
    parsed = {
        column.name: parse_column(column, places[headers[column.name]], decimal_mark=table.origin.decimal_mark)
        for column in columns
    }
    checks = build_checks(table, columns, headers) + build_range_checks(spec, headers)
    records = table.cells.rename(places).with_columns(table.row_numbers.alias("@row")).with_row_index("@index")
    # Texts are parsed once; the checks look at what came of it.
    values = [expressions.value.alias(f"@{column}") for column, expressions in parsed.items()]
    blanks = [expressions.is_blank.alias(f"?blank {column}") for column, expressions in parsed.items()]
    answers = [check.is_broken.fill_null(value=False).alias(check.name) for check in checks]
    frame = records.with_columns(values + blanks).with_columns(answers)
    for rule in spec.rules:
        if isinstance(rule, UniqueRule):
            frame = mark_repeats(frame, rule, checks)
            checks = [*checks, build_unique_check(rule, headers)]
    is_bad = frame.select(any_broken(checks)).to_series()
    judged = Judged(
        accepted=take_accepted(frame.filter(~is_bad), spec, sheet=table.origin.sheet),
        rejects=collect_reasons(frame.filter(is_bad), checks, places),
        values=frame.select(pl.col(f"@{column.name}").alias(column.name) for column in columns),
        findings=(*table.findings, *findings, *warn(frame, checks, name=name)),
    )
    refuse_if_too_many(judged, spec, name=name)
    return judged


def match_headers(table: RawTable, spec: PipelineSpec, *, name: str) -> tuple[dict[str, str], list[Finding]]:
    """Column name -> the header that carries it in this file."""
    present = table.cells.columns
    headers = {
        column.name: spelling for column in spec.columns for spelling in reversed(column.headers) if spelling in present
    }
    missing = [column for column in spec.columns if column.name not in headers and column.published]
    if missing:
        raise FileRejected("MISSING_COLUMNS", describe_missing(missing, present, name=name))
    known = {*headers.values(), *spec.source.ignored_headers}
    unknown = [header for header in present if header not in known]
    message = f"{name}: columns that pipeline {spec.name!r} does not know: {', '.join(map(repr, unknown))}"
    return headers, [Finding(code="UNKNOWN_COLUMNS", message=message, details={"columns": unknown})] if unknown else []


def describe_missing(missing: list[ColumnSpec], present: list[str], *, name: str) -> str:
    """Which columns are not there, and what may have been meant."""
    parts = []
    for column in missing:
        near = get_close_matches(column.header, present, n=1)
        parts.append(f"{column.header!r}" + (f" (is {near[0]!r} meant?)" if near else ""))
    return f"{name}: the header lacks {', '.join(parts)}. Found: {', '.join(present)}. Send it with these columns."


def build_checks(table: RawTable, columns: list[ColumnSpec], headers: dict[str, str]) -> list[Check]:
    """The questions every cell answers on its own: is it there, can it be read."""
    checks = []
    if table.origin.ragged_rows:
        words = f"expected {table.cells.width} fields as in the header. Quote fields that hold the delimiter."
        is_ragged = pl.col("@row").is_in(sorted(table.origin.ragged_rows))
        checks.append(Check("?ragged", None, is_ragged, say("RAGGED_ROW", words)))
    for column in columns:
        header, is_blank = headers[column.name], pl.col(f"?blank {column.name}")
        is_unreadable = pl.col(f"@{column.name}").is_null() & ~is_blank
        checks.append(Check(f"?unreadable {column.name}", header, is_unreadable, explain_with(column)))
        if not column.nullable:
            remedy = "Fill it in." if column.type == "text" else "Fill it in; write 0 if it is zero."
            words = f"expected {describe_type(column)}, found nothing. {remedy}"
            checks.append(Check(f"?missing {column.name}", header, is_blank, say("MISSING_VALUE", words)))
    return checks


def explain_with(column: ColumnSpec) -> Explain:
    """Explains the unreadable cells of one column."""
    return lambda text: explain_unreadable(column, text)


def say(code: str, words: str) -> Explain:
    """The same words whatever the cell holds."""
    return lambda _: (code, words)


def build_range_checks(spec: PipelineSpec, headers: dict[str, str]) -> list[Check]:
    """Values outside their bounds; a missing or unreadable value is another check's matter."""
    checks = []
    for rule in spec.rules:
        if not isinstance(rule, RangeRule):
            continue
        value = pl.col(f"@{rule.column}")
        below = pl.lit(value=False) if rule.minimum is None else value < rule.minimum
        above = pl.lit(value=False) if rule.maximum is None else value > rule.maximum
        bounds = " to ".join("any" if bound is None else f"{bound:.15g}" for bound in (rule.minimum, rule.maximum))
        explain = explain_range(rule, bounds)
        checks.append(Check(f"?{rule.name}", headers[rule.column], below | above, explain, rule.severity))
    return checks


def explain_range(rule: RangeRule, bounds: str) -> Explain:
    """Says which bounds a value broke."""
    return lambda text: ("OUT_OF_RANGE", f"rule {rule.name!r}: expected {bounds}, found {text!r}. Correct it.")


def mark_repeats(frame: pl.DataFrame, rule: UniqueRule, checks: list[Check]) -> pl.DataFrame:
    """Marks later rows with the same key among the rows that no other check rejects."""
    key = pl.struct(f"@{column}" for column in rule.columns)
    sound = frame.filter(~any_broken(checks))
    repeats = sound.filter(~key.is_first_distinct())["@index"]
    return frame.with_columns(pl.col("@index").is_in(repeats.implode()).alias(f"?{rule.name}"))


def build_unique_check(rule: UniqueRule, headers: dict[str, str]) -> Check:
    """The key of a row occurs further up in the same file."""
    columns = ", ".join(repr(headers[column]) for column in rule.columns)
    explain: Explain = lambda text: (  # noqa: E731 - a named function would only repeat the name of this one
        "DUPLICATE_KEY",
        f"{columns} must be unique; {text!r} stands further up already, and that row is used. Remove one of them.",
    )
    return Check(f"?{rule.name}", headers[rule.columns[0]], pl.col(f"?{rule.name}"), explain)


def any_broken(checks: list[Check]) -> pl.Expr:
    """True for rows that at least one rejecting check is broken by."""
    return pl.any_horizontal(pl.lit(value=False), *(check.name for check in checks if check.severity == "reject_row"))


def take_accepted(rows: pl.DataFrame, spec: PipelineSpec, *, sheet: str) -> pl.DataFrame:
    """Typed columns of the rows that passed, with their place in the file."""
    return rows.select(
        *(pl.col(f"@{column.name}").alias(column.name) for column in spec.columns if column.published),
        pl.lit(sheet).alias("source_sheet"),
        pl.col("@row").alias("source_row"),
    )


def collect_reasons(bad: pl.DataFrame, checks: list[Check], places: dict[str, str]) -> pl.DataFrame:
    """One row per rejected row and reason. Built for the bad rows only: for all rows it costs six times as much."""
    if bad.height == 0:
        return REJECTS_SCHEMA.to_frame()
    as_delivered = pl.struct(pl.col(place).alias(header) for header, place in places.items())
    bad = bad.with_columns(as_delivered.struct.json_encode().alias("@data"))
    reasons = []
    for check in checks:
        if check.severity != "reject_row":
            continue
        raw = pl.lit(None, dtype=pl.String) if check.header is None else pl.col(places[check.header])
        for index, row, text, data in (
            bad.filter(pl.col(check.name)).select("@index", "@row", raw.alias("@raw"), "@data").rows()
        ):
            code, words = check.explain((text or "").strip())
            reasons.append((index, row, code, words, check.header, text, data))
    return pl.DataFrame(reasons, schema=REJECTS_SCHEMA, orient="row").sort("record_index", maintain_order=True)


def warn(frame: pl.DataFrame, checks: list[Check], *, name: str) -> list[Finding]:
    """Broken rules that only warn, with the first rows that break them."""
    findings = []
    for check in checks:
        if check.severity == "warn" and frame[check.name].any():
            rows = frame.filter(pl.col(check.name))["@row"]
            code, _ = check.explain("")
            message = (
                f"{name}, column {check.header!r}: {len(rows)} rows break rule {check.name[1:]!r}; first: row {rows[0]}"
            )
            findings.append(Finding(code=code, message=message, rows=len(rows), details={"rows": rows[:20].to_list()}))
    return findings


def refuse_if_too_many(judged: Judged, spec: PipelineSpec, *, name: str) -> None:
    """A file that is mostly wrong is wrong as a whole."""
    records = judged.values.height
    limit = spec.source.reject_file_over_percent
    if judged.rejected_rows * 100 <= records * limit:
        return
    first = judged.rejects.row(0, named=True)
    place = f"row {first['row_number']}" + (f", column {first['column_name']!r}" if first["column_name"] else "")
    raise FileRejected(
        "TOO_MANY_REJECTED",
        f"{name}: {judged.rejected_rows} of {records} rows are unusable, {limit:g} % are allowed. "
        f"First: {place}: {first['error_message']} Mend the file and send it again.",
    )
