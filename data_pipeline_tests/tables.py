"""Small tables drawn as text.

table('''
    store  | sku   | stock:integer
    Padang | '01 ' | 3
''')

Cells are text unless the header names another type of pipeline.yaml. An empty cell is null, '' is the empty text, and
quotes keep blanks.
"""

import polars as pl

from data_pipeline.model.reading import DecimalMark, RaggedRow
from data_pipeline.model.rows import Rows
from data_pipeline.model.tables import RawRows, RawTable, ReferenceTable

READ = {
    "text": lambda text: text,
    "integer": lambda text: text.cast(pl.Int64),
    "number": lambda text: text.cast(pl.Float64),
    "date": lambda text: text.str.to_date("%Y-%m-%d"),
    "flag": lambda text: text == "true",
}


def table(drawing: str) -> pl.DataFrame:
    """The frame that is drawn: a line for the header, a line for each row."""
    header, *records = [[read_cell(cell.strip()) for cell in line.split("|")] for line in drawing.strip().split("\n")]
    columns = zip(*records, strict=True) if records else ([] for _ in header)
    typed = {}
    for title, cells in zip(header, columns, strict=True):
        name, _, kind = (title or "").partition(":")
        typed[name] = READ[kind or "text"](pl.Series(name, list(cells), dtype=pl.String))
    return pl.DataFrame(typed)


def in_chunks(rows: pl.DataFrame, size: int = 2) -> Rows:
    """The same rows, read chunk by chunk, which do not say beforehand how many they are."""
    return Rows(lambda: rows.iter_slices(size), rows.schema)


def read_cell(text: str) -> str | None:
    """A drawn cell without its quotes."""
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1]
    return text or None


def raw_rows(rows: list[tuple[str | None, ...]]) -> RawRows:
    """Rows as a reader gives them, the header among them; numbered from 1."""
    columns = {str(index): pl.Series(cells, dtype=pl.String) for index, cells in enumerate(zip(*rows, strict=True))}
    return RawRows(
        cells=pl.DataFrame(columns), row_numbers=list(range(1, len(rows) + 1)), sheet="Sheet 1", decimal_mark="."
    )


def raw_table(
    drawing: str | pl.DataFrame, *, decimal_mark: DecimalMark = ".", ragged_rows: tuple[int, ...] = ()
) -> RawTable:
    """Records under a header, the first of them in row 2."""
    cells = drawing if isinstance(drawing, pl.DataFrame) else table(drawing)
    origin = RawRows(cells=cells, row_numbers=[], sheet="Sheet 1", decimal_mark=decimal_mark)
    return RawTable(
        cells=cells,
        row_numbers=pl.Series("row_number", range(2, cells.height + 2), pl.Int64),
        origin=origin,
        ragged_rows={row: RaggedRow(1, f"text of row {row}") for row in ragged_rows},
    )


def reference_table(name: str, drawing: str) -> ReferenceTable:
    """A reference file with its header in row 1."""
    cells = table(drawing)
    return ReferenceTable(name=name, sha256=f"hash of {name}", rows=raw_rows([tuple(cells.columns), *cells.rows()]))
