"""CSV file -> RawRows: `;` with decimal comma, or `,` with decimal point, decided by the header line."""

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.model.tables import RawRows

if TYPE_CHECKING:
    import _csv  # where the type of csv.reader() has its name

DECIMAL_MARKS = {";": ",", ",": ".", "\t": "."}
MAX_FIELD_CHARACTERS = 1 << 20


def read_delimited(path: Path, name: str) -> RawRows:
    """Reads the whole file; numbers of rows are line numbers.

    Raises: FileRejected when it is no text or breaks off inside a quoted field.
    """
    text = decode(path, name)
    delimiter = choose_delimiter(text.lstrip().partition("\n")[0])
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    # newline="": line ends inside quoted fields belong to the field
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        numbered = list(number_records(reader))
    except csv.Error as error:
        raise FileRejected(
            "UNREADABLE_FILE",
            f"{name}, line {reader.line_num}: {error}. Check the quotes of that line and send the file again.",
        ) from error
    width = len(numbered[0][1]) if numbered else 0
    columns = itertools.zip_longest(*(record for _, record in numbered))
    return RawRows(
        cells=pl.DataFrame({str(index): pl.Series(column, dtype=pl.String) for index, column in enumerate(columns)}),
        row_numbers=[line for line, _ in numbered],
        sheet="",
        decimal_mark=DECIMAL_MARKS[delimiter],
        ragged_rows=frozenset(line for line, record in numbered if len(record) != width),
    )


def number_records(reader: "_csv.Reader") -> Iterator[tuple[int, list[str]]]:
    """Every record that is no blank line, with the line on which it begins."""
    begin = 1
    for record in reader:
        if record:
            yield begin, record
        begin = reader.line_num + 1


def decode(path: Path, name: str) -> str:
    """The text of a UTF-8 file, with or without byte order mark."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRejected(
            "WRONG_ENCODING",
            f"{name}: expected UTF-8 text, found byte 0x{content[error.start]:02x} at position {error.start}. "
            "Save it as 'CSV UTF-8'.",
        ) from error
    if "\0" in text:
        raise FileRejected(
            "UNREADABLE_FILE", f"{name}: expected text, found a NUL byte. Export it again as CSV or XLSX."
        )
    return text


def choose_delimiter(header: str) -> str:
    """The delimiter that occurs most often in the header line; a single column needs none."""
    return max(DECIMAL_MARKS, key=header.count)
