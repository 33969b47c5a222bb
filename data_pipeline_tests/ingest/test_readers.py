"""Rules of what is told of a file besides its rows."""

from pathlib import Path

import pytest

from data_pipeline.ingest.readers import measure_file, read_rows
from data_pipeline.model.reading import Limits
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, write_workbook


def write(folder: Path, content: bytes, name: str = "1. Padang.csv") -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content)
    return path


def list_codes(path: Path) -> list[str]:
    """Codes of what is found in a file."""
    return [finding.code for finding in read_rows(path, name=path.name).findings]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_whose_last_line_has_no_end_may_be_cut_off(tmp_path: Path, codec: str) -> None:
    content = "SKU,Stok\n1,2\n3,4"

    assert list_codes(write(tmp_path, content.encode(codec))) == ["OPEN_END"]
    assert list_codes(write(tmp_path, (content + "\r\n").encode(codec))) == []


def test_texts_that_were_saved_in_the_wrong_encoding_are_named_and_left_as_they_are(tmp_path: Path) -> None:
    rows = read_rows(write(tmp_path, "SKU,Nama\n1,CafÃ©\n2,Café\n".encode()), name="a.csv")

    [found] = rows.findings
    assert (found.code, found.details) == ("MOJIBAKE", {"texts": {"CafÃ©": "Café"}})
    assert rows.cells["1"].to_list() == ["Nama", "CafÃ©", "Café"]


def test_a_name_that_says_another_format_is_told(tmp_path: Path) -> None:
    workbook = write_workbook(tmp_path / "a.xlsx", HEADER + '<row r="2"><c r="A2"><v>1</v></c></row>')
    path = workbook.rename(tmp_path / "a.csv")

    assert list_codes(path) == ["SUFFIX_DISAGREES"]


def test_a_workbook_is_measured_by_what_it_unpacks_to(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADER + '<row r="2"><c r="A2"><v>1</v></c></row>')

    size, is_text = measure_file(path, Limits(), name="a.xlsx")

    assert not is_text
    assert size > path.stat().st_size
