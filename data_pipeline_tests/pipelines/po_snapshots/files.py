"""PO files drawn as text: a line per order line, the columns that are not drawn as in PLAIN_LINE."""

from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase

from data_pipeline.ingest.stream import read_table
from data_pipeline.pipelines.catalog import find_pipeline
from data_pipeline.validate.judge import Judged, judge
from data_pipeline_tests.ingest.workbook.workbooks import MAIN, row, write_workbook
from data_pipeline_tests.tables import table

PIPELINE = find_pipeline("po_snapshots")
HEADERS = {column.name: column.header for column in PIPELINE.spec.columns}
PLAIN_LINE = {
    "po_number": "PO-1",
    "sku": "0101",
    "product_name": "Soap",
    "brand": "A",
    "store": "Padang",
    "supplier": "PT Pemasok",
    "qty": "1",
    "price": "1000",
    "amount": "1000",
    "status_code": "0",
}
MOMENT_STYLE = 1
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><cellStyleXfs><xf numFmtId="0"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>'
)


def list_cells(drawing: str) -> list[list[str]]:
    """Rows of a file, the header first."""
    drawn = table(drawing)
    unknown = {*drawn.columns} - {*HEADERS}
    assert not unknown
    lines = [{**PLAIN_LINE, **line} for line in drawn.to_dicts()]
    return [list(HEADERS.values()), *([line.get(name) or "" for name in HEADERS] for line in lines)]


def write_csv(path: Path, drawing: str, *, delimiter: str = ",") -> Path:
    """A text file; a cell that holds the delimiter is quoted."""
    return write_rows(path, list_cells(drawing), delimiter=delimiter)


def write_rows(path: Path, rows: Sequence[Sequence[str]], *, delimiter: str = ",") -> Path:
    """A text file of these rows."""
    quoted = [[f'"{cell}"' if delimiter in cell else cell for cell in one] for one in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(delimiter.join(one) + "\n" for one in quoted), encoding="utf-8")
    return path


def write_xlsx(path: Path, drawing: str) -> Path:
    """A workbook: moments drawn as serial numbers become date cells, other columns of numbers numeric cells."""
    rows = [
        row(number, *(write_cell(*cell, number) for cell in enumerate(cells) if cell[1]))
        for number, cells in enumerate(list_cells(drawing), start=1)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_workbook(path, "".join(rows), parts={"xl/styles.xml": STYLES})


def write_cell(position: int, text: str, row_number: int) -> str:
    """A cell element."""
    column, place = PIPELINE.spec.columns[position], f"{ascii_uppercase[position]}{row_number}"
    is_number = text.replace(".", "", 1).isdigit() and column.type != "text"
    if is_number:
        style = f' s="{MOMENT_STYLE}"' if column.type == "datetime" else ""
        return f'<c r="{place}"{style}><v>{text}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def judge_file(path: Path) -> Judged:
    """What the pipeline's rules make of a file, of which any part may be wrong."""
    source = PIPELINE.spec.source.model_copy(update={"reject_file_over_percent": 100})
    spec = PIPELINE.spec.model_copy(update={"source": source})
    return judge(read_table(path, name=path.name), spec, name=path.name)


def list_reasons(judged: Judged) -> list[tuple[int, str, str, str | None]]:
    """Row, code, column and text of everything that was rejected."""
    return judged.rejects.select("row_number", "error_code", "column_name", "raw_text").rows()
