"""Rules of reading OLE files: streams at the top, large and small; damage is an error and never a hang."""

import struct
from pathlib import Path

import pytest
from xlwt.CompoundDoc import XlsDoc

from data_pipeline.ingest.workbook.compound import Compound
from data_pipeline_tests.ingest.workbook.compound_files import write_compound

STREAMS = {"Workbook": bytes(range(256)) * 40, "\5SummaryInformation": b"small" * 30, "Edge": b"e" * 4096, "None": b""}


def test_streams_at_the_top_are_read_whatever_their_size(tmp_path: Path) -> None:
    path = write_compound(tmp_path / "a.xls", STREAMS, nested={"Deeper": b"x" * 5000})

    compound = Compound(path.read_bytes())

    assert compound.names == {name.casefold() for name in STREAMS}
    assert {name: compound.read(name) for name in STREAMS} == STREAMS


def test_a_file_of_many_sectors_is_read(tmp_path: Path) -> None:
    """From 7 MB on, the header cannot name all sectors of the table and a chain names the others."""
    large = bytes(range(251)) * 32_000
    XlsDoc().save(str(tmp_path / "a.xls"), large)

    compound = Compound((tmp_path / "a.xls").read_bytes())

    assert compound.read("workbook")[: len(large)] == large


@pytest.mark.parametrize("end", [8, 100, 511, 512, 1024, 3000])
def test_a_file_that_breaks_off_is_an_error(end: int, tmp_path: Path) -> None:
    content = write_compound(tmp_path / "a.xls", STREAMS).read_bytes()[:end]

    with pytest.raises((ValueError, struct.error)):
        Compound(content).read("Workbook")


def test_a_chain_that_runs_in_a_circle_is_an_error(tmp_path: Path) -> None:
    content = write_compound(tmp_path / "a.xls", {"Workbook": b"w" * 6000}).read_bytes()
    table = content.index(struct.pack("<III", 1, 2, 3), 512)
    circle = content[:table] + struct.pack("<III", 1, 0, 3) + content[table + 12 :]

    with pytest.raises(ValueError, match="has no end"):
        Compound(circle).read("Workbook")


def test_a_directory_that_runs_in_a_circle_is_walked_once(tmp_path: Path) -> None:
    content = bytearray(write_compound(tmp_path / "a.xls", {"A": b"a" * 5000, "B": b"b" * 5000}).read_bytes())
    entry = content.index("B".encode("utf-16-le").ljust(64, b"\0"))
    content[entry + 72 : entry + 76] = struct.pack("<I", 1)  # its neighbour is A again

    assert Compound(bytes(content)).names == {"a", "b"}
