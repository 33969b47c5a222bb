"""Ten typical rules over a million rows, against the same asked by hand in one Polars pass.

    python -m bench.rules [--rows 1000000] [--rounds 5]

Both strip and read the cells, ask ten rules, keep every reason of a rejected row and split off the accepted rows. By
hand there are no words for the sender, no places, no row as it was delivered.
"""

from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from bench.clock import Line, compare
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.tables import RawRows, RawTable
from data_pipeline.validate.judge import judge

UNITS = ("pieces", "boxes", "bags")
SPEC = PipelineSpec.model_validate({
    "name": "lines", "title": "Lines", "description": "Of orders.", "grain": ["number"],
    "process": {"processor": "none:none"},
    "columns": [
        {"name": name, "header": name, "type": kind, "nullable": name != "sku"}
        for name, kind in {"number": "text", "sku": "text", "mail": "text", "qty": "integer", "price": "number",
                           "unit": "text", "day": "date", "note": "text"}.items()
    ],
    "rules": [
        {"kind": "required", "name": "has_mail", "column": "mail", "where": "qty > 500"},
        {"kind": "range", "name": "qty_possible", "column": "qty", "minimum": 0, "maximum": 990},
        {"kind": "range", "name": "price_possible", "column": "price", "minimum": 0.5},
        {"kind": "date_range", "name": "this_year", "column": "day", "first": "2026-01-01", "last": "2026-12-31"},
        {"kind": "pattern", "name": "sku_form", "column": "sku", "pattern": "[A-Z]{2}-[0-9]{6,8}"},
        {"kind": "enum", "name": "known_unit", "column": "unit", "values": UNITS},
        {"kind": "length", "name": "short_note", "column": "note", "maximum": 20},
        {"kind": "email", "name": "mail_form", "column": "mail"},
        {"kind": "condition", "name": "not_for_free", "condition": "qty * price > 1 or unit = 'bags'"},
        {"kind": "unique", "name": "once", "columns": ["number"]},
    ],
})  # fmt: skip
EMAIL = r"^[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}$"


def write_cells(rows: int) -> pl.DataFrame:
    """Order lines as text; about one row in a hundred breaks a rule."""
    number = pl.int_range(rows)
    host = pl.when(number % 1200 == 5).then(pl.lit("")).otherwise(pl.lit("toko.co.id"))
    return pl.select(
        number=number.cast(pl.String),
        sku=pl.format("{}-{}", pl.when(number % 1000 == 7).then(pl.lit("x")).otherwise(pl.lit("AB")), 100_000 + number),
        mail=pl.format("user{}@{}", number % 5000, host),
        qty=((number * 7) % 1000).cast(pl.String),
        price=((number * 13) % 100_000 / 100 + 1).cast(pl.String),
        unit=pl.when(number % 1500 == 3).then(pl.lit("bag")).otherwise(pl.lit("boxes")),
        day=pl.when(number % 2000 == 9).then(pl.lit("2025-12-31")).otherwise(pl.lit("2026-01-05")),
        note=pl.lit("by truck"),
    )  # fmt: skip


def by_hand(cells: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accepted rows, and rejected ones with their reasons, by one expression a rule."""
    rows = (
        cells.lazy()
        .with_columns(pl.all().fill_null("").str.strip_chars())
        .with_columns(
            pl.col("qty").cast(pl.Int64, strict=False),
            pl.col("price").cast(pl.Float64, strict=False),
            pl.col("day").str.to_date("%Y-%m-%d", strict=False),
        )
    )
    qty, price, day = pl.col("qty"), pl.col("price"), pl.col("day")
    broken = {
        "has_mail": (pl.col("mail") == "") & (qty > 500),
        "qty_possible": ~qty.is_between(0, 990),
        "price_possible": price < 0.5,
        "this_year": ~day.is_between(pl.date(2026, 1, 1), pl.date(2026, 12, 31)),
        "sku_form": ~pl.col("sku").str.contains("^[A-Z]{2}-[0-9]{6,8}$"),
        "known_unit": ~pl.col("unit").is_in(UNITS),
        "short_note": pl.col("note").str.len_chars() > 20,
        "mail_form": ~pl.col("mail").str.contains(EMAIL) & (pl.col("mail") != ""),
        "not_for_free": ~((qty * price > 1) | (pl.col("unit") == "bags")),
        "once": ~pl.col("number").is_first_distinct(),
        "unreadable": qty.is_null() | price.is_null() | day.is_null(),
    }
    answers = rows.with_columns(
        is_broken.fill_null(value=False).alias(f"?{name}") for name, is_broken in broken.items()
    )
    asked = answers.with_columns(pl.any_horizontal(f"?{name}" for name in broken).alias("?bad")).collect()
    bad = asked.filter("?bad")
    reasons = [pl.when(f"?{name}").then(pl.lit(name)) for name in broken]
    return asked.filter(~pl.col("?bad")).select(cells.columns), bad.select(
        *cells.columns, pl.concat_list(reasons).list.drop_nulls().alias("reasons")
    )


def measure_rules(rows: int, *, rounds: int) -> Line:
    """The judge's time and that by hand, after both were seen to say the same."""
    cells = write_cells(rows)
    numbers = pl.Series("row_number", range(2, rows + 2), pl.Int64)
    table = RawTable(cells, numbers, RawRows(cells=cells, row_numbers=[], sheet="", decimal_mark="."))
    judged, (accepted, rejected) = judge(table, SPEC, name="lines.csv"), by_hand(cells)
    if (judged.accepted.height, judged.rejects.height) != (accepted.height, rejected["reasons"].list.len().sum()):
        raise RuntimeError(f"{judged.accepted.height} rows accepted, by hand {accepted.height}")
    what = f"ten rules, {rows:,} rows"
    return compare(what, lambda: judge(table, SPEC, name="lines.csv"), lambda: by_hand(cells), "by hand", rounds)


def main(rows: Annotated[int, typer.Option()] = 1_000_000, rounds: Annotated[int, typer.Option()] = 5) -> None:
    """Prints both times."""
    shown = Table("what", "seconds", "floor", "ratio", "floor is")
    shown.add_row(*measure_rules(rows, rounds=rounds))
    Console(width=110).print(shown)


if __name__ == "__main__":
    typer.run(main)
