"""A text file -> its cells, as the standard library's csv reads it under a delimiter and encoding that are stated."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from data_pipeline_tests.public_files.cells import mark_ragged

WORDS = {"tab": "\t", "space": " "}
MOST_BYTES = 1 << 26


def read_text_cells(path: Path, dialect: str) -> dict[tuple[int, int], str]:
    """The cells under a dialect such as `csv ; cp1252` or `csv tab`; `lines` takes every line for one field.

    Records of another number of fields than most are marked as such, as nobody can put their fields into columns.
    """
    csv.field_size_limit(MOST_BYTES)
    kind, delimiter, encoding, quote = (*dialect.split(), "", "", "")[:4] if " " in dialect else (dialect, "", "", "")
    text = path.read_bytes().decode(encoding or "utf-8-sig")
    lines = list(split_lines(text))
    if kind == "lines":
        records = [(number, [line.rstrip("\r\n")]) for number, line in enumerate(lines, 1)]
    else:
        records = list(number_records(lines, WORDS.get(delimiter, delimiter), quote or '"'))
    counts = Counter(len(fields) for _, fields in records if fields)
    width = max(counts, key=lambda each: (counts[each], each), default=0)
    return {(line, column): text for line, fields in records for column, text in enumerate(mark(fields, width)) if text}


def split_lines(text: str) -> Iterator[str]:
    """Lines with their ends, which are LF or CR LF, or CR where there is no LF."""
    end = "\n" if "\n" in text else "\r"
    *lines, rest = text.split(end)
    yield from (line + end for line in lines)
    if rest:
        yield rest


def number_records(lines: list[str], delimiter: str, quote: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with the line on which it begins."""
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    begin = 1
    for record in reader:
        yield begin, record
        begin = reader.line_num + 1


def mark(fields: list[str], width: int) -> list[str]:
    """The fields of a record, or what stands for them if there are too few or too many."""
    is_ragged = any(field.strip() for field in fields) and (len(fields) < width or any(fields[width:]))
    return [mark_ragged(len(fields))] if is_ragged else fields
