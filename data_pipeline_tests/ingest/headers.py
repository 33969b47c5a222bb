"""Headers of rows that are drawn with bars between their cells."""

import polars as pl

from data_pipeline.ingest.header import Header, find_header
from data_pipeline.model.reading import ReadingSpec


def frame(lines: list[str]) -> pl.DataFrame:
    """Rows drawn with bars between their cells."""
    cells = [line.split("|") for line in lines]
    width = max(map(len, cells))
    padded = [row + [""] * (width - len(row)) for row in cells]
    return pl.DataFrame(padded, schema={str(at): pl.String for at in range(width)}, orient="row")


def find(
    lines: list[str], *, known: str = "", declared: ReadingSpec | None = None, numbers: list[int] | None = None
) -> Header:
    """The header of rows that are drawn, known headers drawn likewise."""
    return find_header(
        frame(lines),
        numbers or [*range(1, len(lines) + 1)],
        known_headers=frozenset(filter(None, known.split("|"))),
        declared=declared or ReadingSpec(),
        name="a.csv",
    )
