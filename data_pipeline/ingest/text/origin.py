"""Beginning of a text file -> how all of it is to be read."""

import codecs
import functools
from pathlib import Path
from typing import NoReturn

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.blocks import END_MARK, Reading, read_utf8
from data_pipeline.ingest.text.dialect import SampleTooShort, detect_dialect, strip_separator_line
from data_pipeline.ingest.text.encoding import detect_encoding
from data_pipeline.model.findings import Finding
from data_pipeline.model.reading import Encoding, Limits, ReadingSpec, TextOrigin

SAMPLE_BYTES = 1 << 20
TAIL_BYTES = 8


def inspect_text(
    path: Path, *, name: str, declared: ReadingSpec, known_headers: frozenset[str], limits: Limits
) -> TextOrigin:
    """How a text file is to be read, by the evidence of its beginning.

    Raises: FileRejected when it is no text, or could be read in more than one way.
    """
    head, is_whole = read_head(path, SAMPLE_BYTES)
    encoding = detect_encoding(head, is_whole=is_whole, declared=declared.encoding, name=name)
    text = decode_sample(head, encoding, is_whole=is_whole)
    if not is_whole and not text.strip():
        refuse_blank(path, encoding, name=name)
    text, stated = strip_separator_line(text)
    if stated is not None and declared.delimiter is None:
        declared = declared.model_copy(update={"delimiter": stated})
    detect = functools.partial(detect_dialect, declared=declared, known_headers=known_headers, name=name)
    try:
        dialect = detect(text, is_whole=is_whole)
    except SampleTooShort:
        head, is_whole = read_head(path, SAMPLE_BYTES + limits.line_bytes)
        text, _ = strip_separator_line(decode_sample(head, encoding, is_whole=is_whole))
        dialect = detect(text, is_whole=is_whole, most_open=limits.line_bytes)
    if dialect.width > limits.columns:
        raise FileRejected(
            "TOO_MANY_COLUMNS",
            f"{name}: expected at most {limits.columns} columns, found {dialect.width}. Split the list.",
        )
    return TextOrigin(encoding, dialect, skipped_lines=0 if stated is None else 1)


def read_head(path: Path, size: int) -> tuple[bytes, bool]:
    """The beginning of a file, and whether that is all of it."""
    with path.open("rb") as stream:
        head = stream.read(size)
        return head, not stream.read(1)


def decode_sample(head: bytes, encoding: Encoding, *, is_whole: bool) -> str:
    """The beginning's text; a character that the sample cuts in two is left out, and the mark of the file's end."""
    text = codecs.getincrementaldecoder(encoding.codec)().decode(head[encoding.mark_bytes :])
    return text.rstrip(END_MARK.decode()) if is_whole else text


def refuse_blank(path: Path, encoding: Encoding, *, name: str) -> NoReturn:
    """Refuses a file whose beginning is blank: as empty when all of it is, else because nothing tells what follows."""
    for piece in read_utf8(path, encoding, Reading(), piece_bytes=SAMPLE_BYTES, name=name):
        if piece.strip():
            raise FileRejected(
                "NO_HEADER",
                f"{name}: expected the column names, found nothing but blank lines in the first {SAMPLE_BYTES} bytes. "
                "Remove the blank lines and send the file again.",
            )
    raise FileRejected("EMPTY_FILE", f"{name}: expected a header row and records, found nothing. Export it again.")


def note_open_end(path: Path, *, name: str) -> list[Finding]:
    """What is told of a file whose last line has no end: an upload that broke off looks so, though not it alone."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL_BYTES))
        tail = stream.read().rstrip(b"\0\x1a")  # half of a wide character; the end mark of old DOS files
    if tail.endswith((b"\n", b"\r")):
        return []
    message = f"{name}: the last line has no end; if the upload broke off, what followed is missing"
    return [Finding(code="OPEN_END", message=message)]
