"""Rules of looking into a file: what the reader sees and why, and nothing is loaded."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data_pipeline.flow.inspect import inspect_file, look_into
from data_pipeline.ingest.antivirus import open_scanner
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.reading import Limits
from data_pipeline.pipelines.catalog import find_pipeline
from data_pipeline_tests.ingest.scanners import EICAR, running_clamd
from data_pipeline_tests.ingest.workbook import ods_files as ods
from data_pipeline_tests.specs import shelf_spec

LIST = "SKU;Brand;Toko;Stok;Daily Sales\n01;A;Padang;3;0,5\n02;B;Padang;x;1,5\n03;;Padang;4;NAN\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(workers=1, memory_mb=1024, seconds=60, preload="data_pipeline.flow.prepare")
    yield sandbox
    sandbox.close()


def write(folder: Path, content: str) -> Path:
    path = folder / "1. Padang.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_text_file_shows_its_form_its_columns_and_the_evidence(tmp_path: Path, sandbox: Sandbox) -> None:
    seen = inspect_file(sandbox, write(tmp_path, LIST), spec=None, limits=Limits())

    assert (seen.fault, seen.format, seen.records, seen.header_rows) == (None, "text", 3, (1,))
    assert seen.text is not None
    assert (seen.text.encoding, seen.text.delimiter, seen.text.newline) == ("utf-8", ";", "\n")
    assert seen.text.dialect_evidence
    assert [column.name for column in seen.columns] == ["SKU", "Brand", "Toko", "Stok", "Daily Sales"]
    assert (seen.columns[1].blanks, seen.columns[1].distinct) == (1, 2)
    assert seen.verdict is None


def test_a_pipelines_verdict_names_every_reason(tmp_path: Path) -> None:
    seen = look_into(write(tmp_path, LIST), "1. Padang.csv", shelf_spec(), Limits())

    assert seen.verdict is not None
    assert (seen.verdict.accepted, seen.verdict.rejected) == (1, 2)
    reasons = [(reason.row, reason.code, reason.text) for reason in seen.verdict.first_reasons]
    assert reasons == [(3, "UNREADABLE_CELL", "x"), (4, "NOT_A_NUMBER", "NAN")]


def test_what_is_wrong_with_a_file_is_part_of_the_answer(tmp_path: Path) -> None:
    seen = look_into(write(tmp_path, "a,b\n" + '"1,1",2\n' * 300 + '"3,4\n'), "a.csv", None, Limits())

    assert seen.fault is not None
    assert seen.fault.code in ("BROKEN_QUOTES", "AMBIGUOUS_DIALECT", "UNCLOSED_QUOTE")
    assert seen.size_bytes > 0


def test_a_pipeline_whose_columns_are_not_there_says_so(tmp_path: Path) -> None:
    seen = look_into(write(tmp_path, "a,b\nx,y\nz,w\n"), "a.csv", shelf_spec(), Limits())

    assert seen.fault is not None
    assert seen.fault.code == "MISSING_COLUMNS"
    assert seen.text is not None


def test_a_workbook_shows_its_sheets_and_which_one_is_read(tmp_path: Path, sandbox: Sandbox) -> None:
    sheets = {"Rahasia": ods.row(ods.text("x")), "Stok": ods.row(ods.text("SKU")) + ods.row(ods.text("a"))}
    path = ods.write_ods(tmp_path / "1. Padang.ods", sheets, hidden=("Rahasia",))

    seen = inspect_file(sandbox, path, spec=None, limits=Limits())

    assert (seen.fault, seen.sheet) == (None, "Stok")
    assert [sheet.model_dump() for sheet in seen.sheets] == [
        {"name": "Rahasia", "kind": "cells", "is_hidden": True, "is_read": False, "rows": 1, "columns": 1},
        {"name": "Stok", "kind": "cells", "is_hidden": False, "is_read": True, "rows": 2, "columns": 1},
    ]


def test_a_file_that_the_virus_scanner_refuses_is_not_read(tmp_path: Path, sandbox: Sandbox) -> None:
    path = write(tmp_path, LIST + EICAR.decode())

    with running_clamd(tmp_path) as clamd:
        seen = inspect_file(sandbox, path, spec=None, limits=Limits(), scanner=open_scanner(clamd.address))
        clean = inspect_file(
            sandbox, write(tmp_path, LIST), spec=None, limits=Limits(), scanner=open_scanner(clamd.address)
        )

    assert seen.fault is not None
    assert (seen.fault.code, seen.text, seen.records) == ("INFECTED_FILE", None, 0)
    assert (clean.fault, clean.records, clamd.scans) == (None, 3, 2)


def test_a_pipelines_steps_have_their_say(sandbox: Sandbox) -> None:
    """What `inspect` says of a file is what a run will do with it."""
    pipeline = find_pipeline("sensor_readings")

    seen = inspect_file(
        sandbox, pipeline.folder / "examples" / "rows.jsonl", spec=pipeline.spec, limits=Limits()
    ).verdict

    assert seen is not None
    assert (seen.accepted, seen.rejected) == (4, 3)
    assert seen.codes == {"OUT_OF_RANGE": 2, "PROCESSING_ERROR": 1}
    assert [reason.row for reason in seen.first_reasons] == [4, 6, 7]
