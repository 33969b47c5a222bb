"""Bytes that are no text -> a refusal that names what they are."""

import re

from data_pipeline.errors import FileRejected

SIGNATURES = {
    b"PK\x03\x04": "a ZIP archive, as XLSX and ODS files are",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office file, such as XLS",
    b"\x1f\x8b": "a gzip archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\x04\x22\x4d\x18": "an LZ4 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"%PDF-": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"\x7fELF": "a Linux program",
    b"\x89PNG\r\n\x1a\n": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"II*\x00": "a TIFF picture",
    b"MM\x00*": "a TIFF picture",
    b"SQLite format 3\x00": "an SQLite database",
    b"ARROW1\x00\x00": "an Arrow file",
    b"Obj\x01": "an Avro file",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\x00\x01\x00\x00Standard ": "an Access database",
    b"\x80\x02}": "a Python pickle",
}
# Those whose signature is letters that a header may begin with; the rest of the pattern is what no text holds.
PATTERNS = {
    re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"): "a bzip2 archive",
    re.compile(rb"MZ[^\r\n]{0,62}[\x00-\x08]"): "a Windows program",
    re.compile(rb"PAR1[\x00-\x1f]"): "a Parquet file",
    re.compile(rb"ORC[\x00-\x08]"): "an ORC file",
    re.compile(rb"GIF8[79]a[\s\S]{0,10}[\x00-\x08]"): "a GIF picture",
    re.compile(rb"BM[\s\S]{4}\x00{4}"): "a BMP picture",
    re.compile(rb"RIFF[\s\S]{4}(WEBP|WAVE|AVI )"): "a media file",
    re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|head|table)[\s>]", re.IGNORECASE): "a web page",
    re.compile(rb"(\xef\xbb\xbf)?\s*<\?xml\s", re.IGNORECASE): "an XML document",
}
TAR_MARK, TAR_POSITION = b"ustar", 257
CONTROL = bytes(code for code in range(1, 32) if code not in b"\t\n\v\f\r\x1a\x1b")  # 0x1A ends old DOS files
MOST_CONTROL = 8  # characters; more, and more than the share, are no slip of a program
CONTROL_SHARE = 0.005


def refuse_binary(sample: bytes, *, name: str) -> None:
    """Raises FileRejected when a sample begins as a file of another kind does."""
    kind = name_kind(sample)
    if kind is not None:
        raise FileRejected(
            "WRONG_CONTENT", f"{name}: expected a text file, found {kind}. Export the list as CSV, and send that."
        )


def name_kind(sample: bytes) -> str | None:
    """What a sample is by its first bytes; None: perhaps text."""
    for signature, kind in SIGNATURES.items():
        if sample.startswith(signature):
            return kind
    if sample.startswith(TAR_MARK, TAR_POSITION):
        return "a tar archive"
    return next((kind for pattern, kind in PATTERNS.items() if pattern.match(sample)), None)


def has_control(sample: bytes) -> bool:
    """Whether so many control characters stand in a sample that it is no text of one byte each."""
    count = count_control(sample)
    return count > MOST_CONTROL and count > CONTROL_SHARE * len(sample)


def count_control(sample: bytes) -> int:
    """How many control characters stand in a sample, NUL left out."""
    return len(sample) - len(sample.translate(None, CONTROL))


def refuse_control(sample: bytes, *, name: str) -> None:
    """Raises FileRejected when so many control characters stand in a sample that it is no text."""
    if has_control(sample):
        raise FileRejected(
            "WRONG_CONTENT",
            f"{name}: expected a text file, found {count_control(sample)} control characters in its first "
            f"{len(sample)} bytes. Export the list as CSV, and send that.",
        )
