"""A file's header beside the declared columns: which stands where, and what becomes of those that nobody declared."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.model.contradictions import PROVENANCE, RESCUED
from data_pipeline.model.findings import Finding
from data_pipeline.model.spec import ColumnSpec, PipelineSpec

NO_NAME = re.compile("[^a-z0-9]+")


@dataclass(frozen=True)
class Matched:
    """What a file's header says."""

    headers: Mapping[str, str]
    """Declared column -> the header that carries it in this file."""
    added: Mapping[str, str] = field(default_factory=dict)
    """New column -> undeclared header that becomes it."""
    rescued: Sequence[str] = ()
    """Undeclared headers whose cells are kept together."""
    keeps_rescued: bool = False
    """Whether rows have a column for them, filled or not."""
    findings: Sequence[Finding] = ()


def match_headers(present: Sequence[str], spec: PipelineSpec, *, name: str) -> Matched:
    """Raises: FileRejected when required columns are missing, or unknown ones are there and refused."""
    headers = spec.find_headers(present)
    missing = [column for column in spec.columns if column.name not in headers and column.published]
    if missing:
        raise FileRejected("MISSING_COLUMNS", describe_missing(missing, present, spec, name=name), spec.name)
    known = {*headers.values(), *spec.source.ignored_headers}
    unknown = [header for header in present if header not in known]
    evolution = spec.source.evolution
    if unknown and evolution == "reject":
        raise FileRejected(
            "UNEXPECTED_COLUMNS",
            f"{name}: the header has {', '.join(map(repr, unknown))}, which pipeline {spec.name!r} does not expect. "
            "Send it without them, or declare them.",
            spec.name,
        )
    added = name_added(unknown, spec) if evolution == "add" else {}
    rescued = [header for header in unknown if header not in added.values()] if evolution in ("add", "rescue") else []
    message = f"{name}: columns that pipeline {spec.name!r} does not know: {', '.join(map(repr, unknown))}"
    findings = [Finding(code="UNKNOWN_COLUMNS", message=message, details={"columns": unknown})] if unknown else []
    return Matched(headers, added, rescued, evolution in ("add", "rescue"), findings)


def name_added(unknown: Sequence[str], spec: PipelineSpec) -> dict[str, str]:
    """Names for new columns; a header that gives none, or one that is taken, gets none."""
    taken = {*(column.name for column in spec.columns), *PROVENANCE, *RESERVED, RESCUED}
    names: dict[str, str] = {}
    for header in unknown:
        column = NO_NAME.sub("_", header.lower()).strip("_")
        if re.fullmatch("[a-z][a-z0-9_]*", column) and column not in taken and column not in names:
            names[column] = header
    return names


# Columns that a snapshot has besides those of its rows.
RESERVED = ("store", "source_file", "source_version", "business_date", "snapshot_id", "snapshot_version", "position")


def describe_missing(missing: list[ColumnSpec], present: Sequence[str], spec: PipelineSpec, *, name: str) -> str:
    """Which columns are not there, and what may have been meant; what was found may be the first record's cells."""
    parts = []
    for column in missing:
        near = get_close_matches(column.header, present, n=1)
        parts.append(f"{column.header!r}" + (f" (is {near[0]!r} meant?)" if near else ""))
    found = f"{len(present)} names, not shown here" if spec.sensitive_columns else ", ".join(present)
    return f"{name}: the header lacks {', '.join(parts)}. Found: {found}. Send it with these columns."


def keep_undeclared(matched: Matched, places: Mapping[str, str]) -> list[pl.Expr]:
    """What stands in undeclared columns, over the cells by their places: new columns, and the rest as JSON."""
    kept = [blank_as_null(places[header]).alias(column) for column, header in matched.added.items()]
    if not matched.keeps_rescued:
        return kept
    if not matched.rescued:
        return [*kept, pl.lit(None, pl.String).alias(RESCUED)]
    cells = [blank_as_null(places[header]).alias(header) for header in matched.rescued]
    is_filled = pl.any_horizontal(cell.is_not_null() for cell in cells)
    return [*kept, pl.when(is_filled).then(pl.struct(cells).struct.json_encode()).alias(RESCUED)]


def blank_as_null(place: str) -> pl.Expr:
    """A cell's text without blanks around it, null when nothing is left."""
    text = pl.col(place).str.strip_chars()
    return pl.when(text != "").then(text)
