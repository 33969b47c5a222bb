"""What fuzzing feeds: a file's bytes go through guard and text reader, which may refuse them by name, no more."""

import tempfile
from pathlib import Path

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import detect_format
from data_pipeline.ingest.readers import refuse_too_large
from data_pipeline.ingest.stream import ReadingOptions, open_tables
from data_pipeline.ingest.workbook.guard import check_archive
from data_pipeline.model.reading import Limits

LIMITS = Limits(line_bytes=1 << 16, field_bytes=1 << 12, inflated_bytes=1 << 24)
SUFFIXES = (".csv", ".xlsx")


def read_anything(content: bytes) -> str:
    """Reads a text file to its end and looks at an archive; gives the outcome, a code or how many records there are."""
    with tempfile.NamedTemporaryFile(suffix=".csv", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as file:
        file.write(content)
        file.flush()
        path = Path(file.name)
        try:
            refuse_too_large(path, LIMITS, name="a.csv")
            kind = detect_format(path, name="a.csv")
            if kind == "text":
                return f"{count_records(path)} records"
            if kind != "xls":
                check_archive(path, LIMITS, "a.csv")
        except FileRejected as refusal:
            return refusal.code
    return kind


def count_records(path: Path) -> int:
    """Reads in small chunks; rows come in order, each once, and all of one width."""
    last, records = 0, 0
    for chunk in open_tables(path, name="a.csv", options=ReadingOptions(limits=LIMITS, chunk_bytes=256)):
        rows = chunk.table.row_numbers
        assert rows.len() == chunk.table.cells.height
        assert rows.is_sorted()
        assert rows.len() == 0 or rows[0] > last, "a line is read once"
        last, records = (rows[-1] if rows.len() else last), records + rows.len()
    return records
