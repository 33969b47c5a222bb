"""File -> rows of text, by the file's suffix."""

from collections.abc import Callable
from pathlib import Path

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.delimited import read_delimited
from data_pipeline.ingest.table import build_table
from data_pipeline.ingest.xlsx import read_xlsx
from data_pipeline.model.tables import RawRows, RawTable

READERS: dict[str, Callable[[Path, str], RawRows]] = {".xlsx": read_xlsx, ".csv": read_delimited}


def read_rows(path: Path, *, name: str) -> RawRows:
    """Reads a file of any known format; `name` is what its sender calls it.

    Raises: FileRejected when the format is unknown or the content is not what the suffix says.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise FileRejected("UNKNOWN_FORMAT", f"{name}: expected one of {known}. Save it in one of these formats.")
    return reader(path, name)


def read_table(path: Path, *, name: str) -> RawTable:
    """Reads a file whose first row is a header."""
    return build_table(read_rows(path, name=name), name=name)
