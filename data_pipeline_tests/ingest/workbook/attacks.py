"""Every attack on the reader of XLSX, and how one is read in a reader process.

Files are made when they are asked for, with their damage in a few lines of Python each; none holds more than 40 MB.
"""

from pathlib import Path

from data_pipeline.ingest.workbook.xlsx import read_xlsx
from data_pipeline_tests.ingest.workbook.archive_attacks import ARCHIVE_ATTACKS
from data_pipeline_tests.ingest.workbook.attack import Attack, Table
from data_pipeline_tests.ingest.workbook.content_attacks import CONTENT_ATTACKS
from data_pipeline_tests.ingest.workbook.part_attacks import PART_ATTACKS
from data_pipeline_tests.ingest.workbook.sheet_attacks import SHEET_ATTACKS

ATTACKS: tuple[Attack, ...] = (*ARCHIVE_ATTACKS, *SHEET_ATTACKS, *PART_ATTACKS, *CONTENT_ATTACKS)


def read_attack(path: Path) -> tuple[Table, frozenset[str]]:
    """The table that is read from a file, and the codes of what is said of it."""
    raw = read_xlsx(path, path.name)
    return tuple(raw.cells.fill_null("").rows()), frozenset(finding.code for finding in raw.findings)
