"""Cells of sensitive columns -> a mark, in everything that is kept or told beside the landed file and the rows.

The mark is the same for every text: a length, or a hash of one of a few possible values, would give many of them away.
File, sheet, row and column stay, by which the sender finds the cell. A blank cell stays blank, since that is its fault.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from data_pipeline.model.batches import FileFault
from data_pipeline.model.contradictions import SNAPSHOT_COLUMNS
from data_pipeline.model.findings import Finding
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.statistics import FieldStatistics
from data_pipeline.model.tables import RawTable
from data_pipeline.transform.registry import compile_steps

MARK = "***"
SHORT = 3  # characters; a text of so few may be a part of any word

# Codes of what is told of a file as a whole -> the words behind which it quotes cells, whichever those are.
QUOTING: Mapping[str, str] = {
    "PREAMBLE_ROWS": "; first: row ",
    "FOOTER_ROWS": "; first: row ",
    "MOJIBAKE": "in the wrong encoding, such as ",
    "ENCODING_ASSUMED": ", such as ",
    "SECOND_READER_DISAGREES": ", column ",
    "NO_HEADER": "found what looks like a record: ",
    "DOUBLED_HEADER": "names these columns twice: ",
    "UNKNOWN_PIPELINE": "Found: ",
    "AMBIGUOUS_DIALECT": "expected one way to read a record, found two: ",
    "AMBIGUOUS_ENCODING": "found a text that may be ",
    "BROKEN_QUOTES": "records hold a field such as ",
    "MALFORMED_XML": "is not written as spreadsheet programs write it: ",
    "OWN_RULE_FAILED": "to give a Boolean series, one value a row: ",
    "INTERNAL_ERROR": ": ",
}
CELLS = ("texts", "places")
"""Details of findings that hold cells."""


def find_tainted(spec: PipelineSpec) -> frozenset[str]:
    """The sensitive columns, and those that steps make of them."""
    tainted = set(spec.sensitive_columns)
    for step in compile_steps(spec.steps) if tainted else ():
        named = {column for columns in step.options.named_columns.values() for column in columns}
        if named & tainted:
            tainted |= set(step.options.new_columns)
    return frozenset(tainted)


def hide_cells(table: RawTable, spec: PipelineSpec) -> pl.DataFrame:
    """The cells of a chunk with a mark in sensitive columns; of a record that is cut wrongly all cells are."""
    hidden = [header for column in spec.columns if column.sensitive for header in column.headers]
    is_ragged = table.row_numbers.is_in(sorted(table.ragged_rows))
    return pl.DataFrame(
        [
            mark(cells, pl.repeat(True, cells.len(), eager=True) if cells.name in hidden else is_ragged)
            for cells in table.cells
        ]
    )


def mark(texts: pl.Series, is_hidden: pl.Series) -> pl.Series:
    """Texts with a mark in the place of the hidden ones that are not blank."""
    is_filled = (texts.str.strip_chars() != "").fill_null(value=False)
    return texts.set(is_hidden & is_filled, MARK)


def hide_reasons(rejects: pl.DataFrame, table: RawTable, spec: PipelineSpec) -> pl.DataFrame:
    """Reasons for rejected rows without the texts of sensitive cells; `record_data` is the caller's.

    Shape: REJECTS_SCHEMA in and out.
    """
    hidden = find_tainted(spec)
    headers = {header for column in spec.columns if column.name in hidden for header in column.headers}
    is_ragged = rejects["row_number"].is_in(sorted(table.ragged_rows))
    is_hidden = rejects["column_name"].is_in(sorted(hidden | headers)).fill_null(value=False)
    return hide_texts(rejects, is_hidden | is_ragged)


def hide_texts(reasons: pl.DataFrame, is_hidden: pl.Series) -> pl.DataFrame:
    """Reasons with a mark for the texts of some, also where the words quote them."""
    pairs = zip(reasons["error_message"], reasons["raw_text"], is_hidden, strict=True)
    words = [hide_quote(message, text) if hides else message for message, text, hides in pairs]
    return reasons.with_columns(
        pl.Series("error_message", words, dtype=pl.String), mark(reasons["raw_text"], is_hidden)
    )


def hide_quote(message: str, text: str | None) -> str:
    """Words without the text that they are about."""
    shown = (text or "").strip()
    for spelled in (text or "", shown):
        message = message.replace(repr(spelled), repr(MARK)) if spelled else message
    return message.replace(shown, MARK) if len(shown) > SHORT else message


def hide_record(record: str, spec: PipelineSpec) -> str:
    """A row as JSON under the names of its columns, with a mark for what is sensitive."""
    return next(hide_records([record], spec)) if spec.sensitive_columns else record


def hide_records(records: Iterable[str], spec: PipelineSpec) -> Iterator[str]:
    """The same for many rows; what a processor made of a row may be made of anything."""
    hidden = find_tainted(spec)
    plain = {column.name for column in spec.columns} | {*SNAPSHOT_COLUMNS, "position", "store"}
    for record in records:
        cells = {
            name: MARK if cell is not None and (name in hidden or (spec.process and name not in plain)) else cell
            for name, cell in json.loads(record).items()
        }
        yield json.dumps(cells, ensure_ascii=False)


def hide_columns(rows: pl.DataFrame, spec: PipelineSpec) -> pl.DataFrame:
    """Rows with a mark in the columns that bear the name of a sensitive one."""
    hidden = find_tainted(spec) & set(rows.columns)
    return rows.with_columns(pl.when(pl.col(name).is_not_null()).then(pl.lit(MARK)).alias(name) for name in hidden)


def hide_date_reasons(rejects: pl.DataFrame, spec: PipelineSpec) -> pl.DataFrame:
    """Reasons for rows that the steps of a date reject, without the texts of sensitive columns.

    Shape: REJECTS_SCHEMA and more, in and out.
    """
    if not spec.sensitive_columns:
        return rejects
    is_hidden = rejects["column_name"].is_in(sorted(find_tainted(spec))).fill_null(value=False)
    records = pl.Series("record_data", list(hide_records(rejects["record_data"], spec)), dtype=pl.String)
    return hide_texts(rejects, is_hidden).with_columns(records)


def hide_summary(summary: dict[str, Any], spec: PipelineSpec) -> dict[str, Any]:
    """What is told of a file without sensitive cells: its `findings` and the `statistics` of its columns."""
    return {
        **summary,
        "findings": hide_findings(summary["findings"], spec),
        "statistics": hide_statistics(summary["statistics"], spec),
    }


def hide_statistics(statistics: Sequence[FieldStatistics], spec: PipelineSpec) -> list[FieldStatistics]:
    """Counts stay; extremes, examples and a mean, which of one cell is the cell, do not."""
    hidden = {header for column in spec.columns if column.sensitive for header in column.headers}
    nothing = {"minimum": None, "maximum": None, "mean": None}
    return [
        one.model_copy(update={**nothing, "examples": (MARK,) if one.examples else ()}) if one.name in hidden else one
        for one in statistics
    ]


def hide_findings(findings: Iterable[Finding], spec: PipelineSpec) -> list[Finding]:
    """What reading found, without the cells that it quotes."""
    return [hide_finding(one) if spec.sensitive_columns else one for one in findings]


def hide_finding(finding: Finding) -> Finding:
    """One finding; a reader does not know which column is sensitive, so none is quoted."""
    details = {key: MARK if key in CELLS else value for key, value in finding.details.items()}
    return finding.model_copy(update={"message": cut_quotes(finding.code, finding.message), "details": details})


def hide_fault(fault: Any, specs: Sequence[PipelineSpec]) -> Any:
    """Why a file is refused, without the cells that it quotes, if any pipeline that it may be for has sensitive ones.

    Anything but a FileFault is given back as it is.
    """
    if not isinstance(fault, FileFault) or not any(spec.sensitive_columns for spec in specs):
        return fault
    return fault.model_copy(update={"message": cut_quotes(fault.code, fault.message)})


def cut_quotes(code: str, message: str) -> str:
    """A message up to where it quotes cells; the remedy of its code is in docs/findings.md."""
    before, words, quoted = message.partition(QUOTING.get(code, "\0"))
    if not quoted:
        return message
    place = re.match(r"\d+", quoted) if words.endswith("row ") else None
    return f"{before}{words}{place[0] + ': ' if place else ''}{MARK}"
