"""Rows of a snapshot, or rejected rows -> the rows and headers that one destination declares."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from data_pipeline.errors import DestinationError
from data_pipeline.model.contradictions import SNAPSHOT_COLUMNS
from data_pipeline.model.destinations import REJECT_COLUMNS, BaseDestination
from data_pipeline.model.rows import Rows
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.parsing.expressions import parse_expression

OWN_COLUMNS = {*SNAPSHOT_COLUMNS, "position"}
# What `of: rejects` gets after the delivered fields when it names no columns.
DEFAULT_REJECT_COLUMNS = ("error_code", "error_message", "source_file", "source_sheet", "source_row")


@dataclass(frozen=True)
class Formed:
    """Rows as they go out.

    Shape: `rows` has the declared headers; `sources` the columns of the table, for each row the one that it was.
    """

    rows: Rows
    sources: Rows
    literals: frozenset[str]


def form_rows(table: Rows, destination: BaseDestination, spec: PipelineSpec, *, published_at: dt.datetime) -> Formed:
    """Filters, selects and names.

    Raises: DestinationError when the declaration names columns that the table does not have.
    Shape: a snapshot's rows, or rejected rows with every declared column as text and REJECT_COLUMNS.
    """
    columns = destination.columns or list_columns(table, destination, spec)
    unknown = sorted({*columns.values()} - {*table.columns})
    if unknown:
        raise DestinationError(
            "DESTINATION_REFUSES",
            f"destination {destination.name!r} names columns that the rows do not have: {', '.join(unknown)}; "
            f"known: {', '.join(table.columns)}.",
        )
    sources = table
    if destination.where is not None:
        condition = parse_expression(destination.where)
        sources = table.map(lambda chunk: chunk.filter(condition.is_true(chunk)), drops=True)
    fixed: dict[str, pl.Expr] = {header: pl.lit(value) for header, value in destination.constants.items()}
    if destination.stamp is not None:
        fixed[destination.stamp] = pl.lit(write_moment(published_at))
    wanted = {header: pl.col(column) for header, column in columns.items()} | fixed
    # With a column of the table in front: constants alone make one row of none.
    chosen = [pl.nth(0).alias("@first"), *(expression.alias(header) for header, expression in wanted.items())]
    rows = sources.map(lambda chunk: chunk.select(chosen).drop("@first"))
    return Formed(rows, sources, find_literals(columns, fixed, destination, spec))


def list_columns(table: Rows, destination: BaseDestination, spec: PipelineSpec) -> dict[str, str]:
    """All columns of the pipeline; of a rejected row also what is wrong with it, and where it stands."""
    if destination.of == "rows":
        return {name: name for name in table.columns if name not in OWN_COLUMNS}
    fields = [name for name in table.columns if name not in REJECT_COLUMNS]
    status = ["error_status"] if destination.status_by_code else []
    return {name: name for name in (*fields, *status, *DEFAULT_REJECT_COLUMNS)}


def find_literals(
    columns: dict[str, str], fixed: dict[str, pl.Expr], destination: BaseDestination, spec: PipelineSpec
) -> frozenset[str]:
    """Headers of delivered texts that their column declares to be no texts."""
    if destination.of == "rows":
        return frozenset()
    kinds = {column.name: column.type for column in spec.columns}
    return frozenset(
        header
        for header, column in columns.items()
        if header not in fixed and kinds.get(column) in ("integer", "number", "boolean")
    )


def write_moment(moment: dt.datetime) -> str:
    """RFC 3339 in UTC.

    >>> write_moment(dt.datetime(2026, 1, 5, 2, 30, tzinfo=dt.UTC))
    '2026-01-05T02:30:00Z'
    """
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"


def as_plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Days and moments as ISO texts, as JSON, CSV and workbooks take them; numbers that are none as null."""
    return rows.with_columns(
        pl.col(pl.Date).dt.to_string("iso"),
        pl.col(pl.Datetime).dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"),
        pl.when(pl.col(pl.Float64).is_finite()).then(pl.col(pl.Float64)),
    )
