"""Beginning of a text file -> how all of it is to be read."""

import codecs
from pathlib import Path

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.dialect import detect_dialect, strip_separator_line
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
    with path.open("rb") as stream:
        head = stream.read(SAMPLE_BYTES)
        is_whole = not stream.read(1)
    encoding = detect_encoding(head, is_whole=is_whole, declared=declared.encoding, name=name)
    text = decode_sample(head, encoding)
    text, stated = strip_separator_line(text)
    if stated is not None and declared.delimiter is None:
        declared = declared.model_copy(update={"delimiter": stated})
    dialect = detect_dialect(text, is_whole=is_whole, declared=declared, known_headers=known_headers, name=name)
    if dialect.width > limits.columns:
        raise FileRejected(
            "TOO_MANY_COLUMNS",
            f"{name}: expected at most {limits.columns} columns, found {dialect.width}. Split the list.",
        )
    return TextOrigin(encoding, dialect, skipped_lines=0 if stated is None else 1)


def decode_sample(head: bytes, encoding: Encoding) -> str:
    """The beginning's text; a character that the sample cuts in two is left out."""
    return codecs.getincrementaldecoder(encoding.codec)().decode(head[encoding.mark_bytes :])


def note_open_end(path: Path, *, name: str) -> list[Finding]:
    """What is told of a file whose last line has no end: an upload that broke off looks so, though not it alone."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL_BYTES))
        tail = stream.read().rstrip(b"\0\x1a")  # half of a wide character; the end mark of old DOS files
    if tail.endswith((b"\n", b"\r")):
        return []
    message = f"{name}: the last line has no end; if the upload broke off, what followed is missing"
    return [Finding(code="OPEN_END", message=message)]
