"""How expected.tsv was made: every outcome is what libraries read that the product does not read with.

    VIRTUAL_ENV=.venv uv run --no-project --with pyxlsb==1.0.10 --with odfpy==1.4.1 \\
      python -m data_pipeline_tests.public_files.confirm

Adds what is new in the packages and keeps lines that a human decided (`by_hand`, and dialects other than the suffix
says). Where no library confirms what the product gives, it writes `?` as the oracle: then somebody has to look.
"""

import hashlib
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import msoffcrypto
from msoffcrypto.exceptions import FileFormatError

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.batches import FileFault
from data_pipeline_tests.public_files import reading
from data_pipeline_tests.public_files.cells import Cells, describe
from data_pipeline_tests.public_files.fetch import MOST_BYTES, fetch, find_installed, list_members, place, unpack
from data_pipeline_tests.public_files.manifest import (
    INSTALLED,
    Expected,
    Package,
    load_expected,
    load_packages,
    save_expected,
)
from data_pipeline_tests.public_files.oracles import READERS, read_cells
from data_pipeline_tests.public_files.sameness import are_same
from data_pipeline_tests.public_files.texts import read_text_cells

WORKBOOKS = {".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".xltx", ".xltm", ".xlt", ".ots"}
TEXTS = {".csv", ".tsv", ".tab", ".psv", ".rdb", ".ecsv", ".dat", ".txt"}
DIALECTS = {".csv": "csv ,", ".tsv": "csv tab", ".tab": "csv tab", ".rdb": "csv tab"}
LIBRARIES = {"xlsx": ("openpyxl", "ElementTree"), "xls": ("xlrd",), "xlsb": ("pyxlsb",), "ods": ("odfpy",)}
# No tables, or of packages whose texts belong to their code.
SKIPPED = re.compile(
    r"licen[cs]e|requirements|requires\.txt|sources\.txt|top_level|entry_points|dependency_links|check\.txt|cmake|readme"
    r"|not-zip-safe|robots|notice|copyright|changes|/docs?/|(poi|orcus)-[^/]+/.*\.(txt|dat)$|poi-[^/]+/(?!test-data)"
    r"|install|todo|notes_|names\.txt|grammar|welcome|conf_py|mcresuts|ipac\.dat|scheme-error",
    re.IGNORECASE,
)
MANY = re.compile(r"statsmodels-[^/]+/.*/tests?/")  # hundreds of results of one kind; one in eight is kept


def list_candidates(package: Package) -> Iterator[tuple[str, str]]:
    """Path and SHA-256 of the files of a package that may be tables."""
    for path, content in list_members(fetch(package)):
        if PurePosixPath(path).suffix.lower() in WORKBOOKS | TEXTS and not SKIPPED.search(path):
            found = content.read(MOST_BYTES + 1)
            sha256 = hashlib.sha256(found).hexdigest()
            is_one_of_many = MANY.search(path) and sha256[0] not in "01"
            if len(found) <= MOST_BYTES and not is_one_of_many:
                yield path, sha256


def find_new(known: list[Expected]) -> Iterator[Expected]:
    """Files that the list does not have yet, none twice."""
    seen = {line.sha256 for line in known}
    for package in load_packages():
        for path, sha256 in list_candidates(package):
            if sha256 not in seen:
                seen.add(sha256)
                yield Expected(package.name, path, sha256, "?", "", "?")


def read_product(path: Path, name: str) -> tuple[Cells | str, str]:
    """The product's cells or refusal, and its findings."""
    try:
        cells, findings = reading.read_cells(path, name)
    except FileRejected as refusal:
        return refusal.code, ""
    return cells, " ".join(findings)


def confirm(line: Expected, path: Path, answer: tuple[Cells | str, str] | FileFault) -> Expected:
    """A line with its outcome, and with who confirmed it."""
    if line.oracle == "by_hand":
        return line
    if isinstance(answer, FileFault):
        return replace(line, outcome=answer.code, oracle="?", reason="?")
    found, findings = answer
    if isinstance(found, str):
        oracle = "msoffcrypto" if found == "ENCRYPTED_FILE" and is_encrypted(path) else "?"
        return replace(line, outcome=found, findings=findings, oracle=oracle)
    oracle = next((oracle for oracle in list_oracles(line, path) if agrees(oracle, path, found)), "?")
    return replace(line, outcome=str(describe(found)), findings=findings, oracle=oracle)


def list_oracles(line: Expected, path: Path) -> tuple[str, ...]:
    """Who may confirm a table: for a text, the dialect that was stated, or the one that its suffix means."""
    kind = guess_kind(path)
    if kind != "text":
        return LIBRARIES[kind]
    stated = line.oracle if line.oracle.startswith(("csv", "lines")) else ""
    suffix = PurePosixPath(line.path).suffix.lower()
    return (stated,) if stated else (DIALECTS.get(suffix, "lines"),)


def guess_kind(path: Path) -> str:
    """A workbook's format, by its first bytes and parts, or text."""
    with path.open("rb") as stream:
        head = stream.read(8)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if not head.startswith(b"PK"):
        return "text"
    with zipfile.ZipFile(path) as archive:
        names = {name.lower().replace("\\", "/") for name in archive.namelist()}
    return "xlsx" if "xl/workbook.xml" in names else "xlsb" if "xl/workbook.bin" in names else "ods"


def agrees(oracle: str, path: Path, found: Cells) -> bool:
    """Whether a library reads the same cells; one that cannot read a file says nothing about it."""
    try:
        cells = read_cells(path, oracle) if oracle in READERS else read_text_cells(path, oracle)
    except Exception as error:  # noqa: BLE001 - libraries fail in every way at damaged files, and then it is told
        sys.stdout.write(f"{oracle} {path.name[:12]}: {type(error).__name__}: {str(error)[:150]}\n")
        return False
    return are_same(found, cells, knows_dates=oracle not in ("pyxlsb", "ElementTree"))


def is_encrypted(path: Path) -> bool:
    """Whether msoffcrypto finds a workbook encrypted; it knows no ODS."""
    with path.open("rb") as stream:
        try:
            return bool(msoffcrypto.OfficeFile(stream).is_encrypted())
        except FileFormatError:
            return False


def main() -> None:
    """Confirms every line of the list again."""
    lines = load_expected()
    lines += find_new(lines)
    for package in load_packages():
        unpack(fetch(package), {line.path: line.sha256 for line in lines if line.package == package.name})
    placed = [find_installed(line) if line.package == INSTALLED else place(line.sha256) for line in lines]
    files = [(line, path) for line, path in zip(lines, placed, strict=True) if path is not None]
    sandbox = Sandbox(workers=2, memory_mb=1024, seconds=20, preload="data_pipeline_tests.public_files.confirm")
    try:
        answers = list(sandbox.run(get_reader(), [(path, line.name) for line, path in files]))
    finally:
        sandbox.close()
    save_expected([confirm(line, path, answer) for (line, path), answer in zip(files, answers, strict=True)])


def get_reader() -> object:
    """The function under the name that a reader process imports it by, which is not __main__."""
    from data_pipeline_tests.public_files.confirm import read_product as reader

    return reader


if __name__ == "__main__":
    main()
