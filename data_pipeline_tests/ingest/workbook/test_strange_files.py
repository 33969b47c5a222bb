"""Files of unknown making, read in the sandbox: each gives a table or a refusal with a name, never a fault of ours."""

import random
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.batches import FileFault
from data_pipeline_tests.ingest.workbook import ods_files, reading, workbooks, xls_files, xlsb_files

SUFFIXES = {".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".csv", ".tsv", ".gz", ".npz", ".png", ".html", ".parquet"}
OURS = {"INTERNAL_ERROR"}
SEED, DAMAGED_FILES = 20251125, 80


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """One reader process."""
    sandbox = Sandbox(workers=1, memory_mb=512, seconds=10, preload=reading.__name__)
    yield sandbox
    sandbox.close()


def read_all(sandbox: Sandbox, paths: list[Path]) -> dict[str, str]:
    """Per file, the code of its refusal or what it was read as."""
    answers = sandbox.run(reading.read_shape, [(path,) for path in paths])
    return {
        str(path): answer.code if isinstance(answer, FileFault) else answer[0]
        for path, answer in zip(paths, answers, strict=True)
    }


def test_every_fixture_of_installed_packages_is_read_or_refused(sandbox: Sandbox) -> None:
    installed = Path(sysconfig.get_path("purelib"))
    paths = sorted(path for path in installed.rglob("*.*") if path.suffix in SUFFIXES and path.is_file())

    outcomes = read_all(sandbox, paths)

    assert len(paths) > 30
    assert {path: code for path, code in outcomes.items() if code in OURS} == {}
    assert {code for path, code in outcomes.items() if path.endswith((".png", ".npz", ".gz"))} == {"WRONG_CONTENT"}


def test_damaged_workbooks_are_read_or_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """A reader may die of them, which is told as such; what must not be is an error of our own code."""
    choice = random.Random(SEED)
    whole = write_workbooks(tmp_path)
    paths = [
        damage(whole[number % len(whole)], tmp_path / f"{number}{whole[number % len(whole)].suffix}", choice)
        for number in range(DAMAGED_FILES)
    ]

    outcomes = read_all(sandbox, paths)

    assert {path: code for path, code in outcomes.items() if code in OURS} == {}
    assert "UNREADABLE_FILE" in outcomes.values()


def write_workbooks(folder: Path) -> list[Path]:
    """A small workbook of every format, with an error in each."""
    ods = ods_files.row(ods_files.text("SKU"), ods_files.error("#N/A"), ods_files.number("1"), repeated=3)
    xlsb = xlsb_files.sheet(
        xlsb_files.row(
            0, xlsb_files.shared(0, 0), xlsb_files.error(1, 7), xlsb_files.integer(2, 45000, xlsb_files.DATE)
        )
    )
    xls = b"".join(xls_files.number(row, 0, 1.5) for row in range(200)) + xls_files.formula_error(1, 2, 7)
    error = workbooks.row(2, '<c r="A2" t="e"><v>#N/A</v></c>')
    return [
        ods_files.write_ods(folder / "a.ods", {"Stok": ods}),
        xlsb_files.write_xlsb(folder / "a.xlsb", {"Stok": xlsb}, strings=("SKU",)),
        xls_files.write_xls(folder / "a.xls", {"Stok": xls}, streams={"\5SummaryInformation": b"\0" * 60}),
        workbooks.write_workbook(folder / "a.xlsx", workbooks.HEADER + error),
    ]


def damage(whole: Path, path: Path, choice: random.Random) -> Path:
    """Bytes exchanged or the end cut off, in an archive also inside one of its parts."""
    if choice.random() < 0.3 or whole.suffix == ".xls":
        path.write_bytes(spoil(whole.read_bytes(), choice))
        return path
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(path, "w") as target:
        victim = choice.choice(archive.namelist())
        for part in archive.namelist():
            content = archive.read(part)
            target.writestr(part, spoil(content, choice) if part == victim else content)
    return path


def spoil(content: bytes, choice: random.Random) -> bytes:
    """Some bytes are others, or the end is missing."""
    if choice.random() < 0.3:
        return content[: choice.randrange(len(content) + 1)]
    spoilt = bytearray(content)
    for _ in range(choice.randrange(1, 6)):
        spoilt[choice.randrange(len(spoilt))] = choice.randrange(256)
    return bytes(spoilt)
