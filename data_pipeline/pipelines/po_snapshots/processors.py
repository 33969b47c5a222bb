"""Accepted lines -> the same lines, each with its stage in the life cycle.

One numbering and one derived status, for every view: what the sender's status code says is used for Declined alone.
Source: domain page "PO snapshots", section 4.
"""

from dataclasses import dataclass

import polars as pl

from data_pipeline.model.findings import Finding
from data_pipeline.model.processing import Knowledge, Processed


@dataclass(frozen=True)
class Stage:
    """A step of the life cycle; its place in STAGES is its number."""

    status: str
    code: int
    """As the sender numbers it; he has no number of its own for a draft."""
    entered: str | None
    """Column of the moment in which a line came there; None: at no known moment."""


# In life-cycle order. A declined line was approved or declined last, so it entered at `approved_at`, if at all.
STAGES = (
    Stage("Draft", 0, None),
    Stage("Released", 0, "released_at"),
    Stage("Sent", 4, "sent_at"),
    Stage("Approved", 1, "approved_at"),
    Stage("Declined", 2, "approved_at"),
    Stage("Arrived", 5, "arrived_at"),
    Stage("Received", 3, "received_at"),
)
DECLINED = next(number for number, stage in enumerate(STAGES) if stage.status == "Declined")
TYPES = ("AU", "PO")
LABEL = "life-cycle-1"


def derive_status(rows: pl.DataFrame, knowledge: Knowledge) -> Processed:
    """Adds stage, status, when it was entered, and the kind of order; blank suppliers and names are null.

    Shape: one row per line in, the same out with stage (0 to 6), status, entered_at (null for Draft), po_type.
    """
    stage = find_stage()
    by_number = {number: pl.col(one.entered) for number, one in enumerate(STAGES) if one.entered is not None}
    status = pl.col("stage").replace_strict(dict(enumerate(one.status for one in STAGES)), return_dtype=pl.String)
    derived = rows.with_columns(stage.alias("stage")).with_columns(
        status.alias("status"),
        choose(by_number).alias("entered_at"),
        find_type().alias("po_type"),
        pl.col("supplier", "product_name").replace("", None),
    )
    return Processed(derived, tuple(compare_codes(derived)), LABEL)


def find_stage() -> pl.Expr:
    """The number of the furthest stage whose moment is known; Declined where the sender says so."""
    is_declined = pl.col("status_code") == STAGES[DECLINED].code
    reached = [
        pl.when(pl.col(one.entered).is_not_null()).then(pl.lit(number, pl.Int64))
        for number, one in enumerate(STAGES)
        if one.entered is not None and number != DECLINED
    ]
    declined = pl.when(is_declined).then(pl.lit(DECLINED, pl.Int64))
    return pl.coalesce(declined, *reversed(reached), pl.lit(0, pl.Int64))


def choose(by_number: dict[int, pl.Expr]) -> pl.Expr:
    """The moment of each line's own stage."""
    return pl.coalesce(pl.when(pl.col("stage") == number).then(moment) for number, moment in by_number.items())


def find_type() -> pl.Expr:
    """What an order's number begins with, in any case; OTHERS where it is neither."""
    start = pl.col("po_number").str.head(2).str.to_uppercase()
    return pl.when(start.is_in(TYPES)).then(start).otherwise(pl.lit("OTHERS"))


def compare_codes(rows: pl.DataFrame) -> list[Finding]:
    """Lines whose code says another stage than their moments; the moments count."""
    codes = {number: one.code for number, one in enumerate(STAGES)}
    expected = pl.col("stage").replace_strict(codes, return_dtype=pl.Int64)
    odd = rows.filter(expected != pl.col("status_code"))
    if not odd.height:
        return []
    first = odd.row(0, named=True)
    message = (
        f"{first['source_file']}: the status code of {odd.height} lines contradicts their moments, which count. First: "
        f"row {first['source_row']}, {first['po_number']} {first['sku']}: code {first['status_code']}, "
        f"but {first['status']}"
    )
    return [Finding(code="STATUS_CONTRADICTED", message=message, rows=odd.height)]
