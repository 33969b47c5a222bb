"""What an attack on the readers of workbooks is: a file, and what must come of it."""

from collections.abc import Callable, Mapping

from data_pipeline_tests.ingest.siege import Attack as Attack
from data_pipeline_tests.ingest.siege import Table as Table
from data_pipeline_tests.ingest.siege import Write as Write
from data_pipeline_tests.ingest.workbook.archives import Envelope, Member, write_archive
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, build_parts, row, sheet, write_workbook

SOUND: Table = (("SKU", "Stok"), ("1", "7"))
RECORD = row(2, '<c r="A2"><v>1</v></c>', '<c r="B2"><v>7</v></c>')
ROWS = HEADER + RECORD
SHEET, SHARED = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
GIGABYTE = 10**9


def refused(name: str, write: Write, *codes: str) -> Attack:
    """An attack that must end as one of these refusals."""
    return Attack(name, write, codes=frozenset(codes))


def harmless(name: str, write: Write, table: Table = SOUND, *findings: str) -> Attack:
    """A file that only looks odd and must be read right, with these findings and no others."""
    return Attack(name, write, table=table, findings=frozenset(findings))


def with_rows(rows: str, *, strings: tuple[str, ...] = ()) -> Write:
    """A workbook with these rows below the header."""
    return lambda path: write_workbook(path, HEADER + rows, strings=strings)


def with_parts(parts: Mapping[str, str | bytes | None], rows: str = ROWS) -> Write:
    """A workbook in which these parts are others."""
    return lambda path: write_workbook(path, rows, parts=parts)


def with_sheet(change: Callable[[str], str | bytes], rows: str = ROWS) -> Write:
    """A workbook whose sheet is changed as a text."""
    return with_parts({SHEET: change(sheet(rows))})


def with_bytes(content: bytes) -> Write:
    """A file of these bytes."""
    return lambda path: path.write_bytes(content)


def build_members(parts: Mapping[str, str | bytes | None] | None = None, rows: str = ROWS) -> list[Member]:
    """The parts of a workbook, to be written into an archive that lies."""
    contents = build_parts(rows, parts=parts)
    return [Member(name, text.encode() if isinstance(text, str) else text) for name, text in contents.items()]


def with_members(
    *more: Member,
    leave_out: str = "",
    envelope: Envelope = Envelope(),  # noqa: B008 - frozen
) -> Write:
    """A workbook with further parts, or with one of them in the place of one that is left out."""
    members = [member for member in build_members() if member.name != leave_out]
    return lambda path: write_archive(path, [*members, *more], envelope)
