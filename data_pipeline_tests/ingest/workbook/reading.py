"""Reading a file as its content says; light to import, since each new reader process imports it."""

from pathlib import Path

from data_pipeline.ingest.formats import detect_format
from data_pipeline.ingest.workbook.calamine import read_workbook
from data_pipeline.ingest.workbook.xls import read_xls
from data_pipeline.model.tables import RawRows


def read(path: Path, sheet: str | int | None = None) -> RawRows:
    """A workbook's sheet."""
    kind = detect_format(path, name=path.name)
    if kind == "xls":
        return read_xls(path, path.name, sheet=sheet)
    return read_workbook(path, path.name, format=kind, sheet=sheet)


def read_shape(path: Path) -> tuple[str, int, int]:
    """Format, rows and columns of a file; of a text, nothing is counted."""
    kind = detect_format(path, name=path.name)
    if kind == "text":
        return kind, 0, 0
    rows = read(path)
    return kind, rows.cells.height, rows.cells.width
