"""Reads back what the generator wrote."""

import hashlib
import zipfile
from pathlib import Path

import excelreader


def read_header(path: Path) -> tuple[str, list[str]]:
    """Name of the first sheet and its header."""
    with excelreader.open_workbook(path) as workbook:
        return workbook.sheets[0].name, [cell.value for cell in next(workbook.sheets[0].rows())]


def read_sheet(path: Path) -> list[dict[str, str]]:
    """Rows of the first sheet by header; empty cells are absent."""
    _, header = read_header(path)
    with excelreader.open_workbook(path) as workbook:
        _, *rows = workbook.sheets[0].rows()
        return [{header[cell.column]: cell.value for cell in row} for row in rows]


def read_parts(path: Path) -> dict[str, bytes]:
    """A file's content by part; a workbook's compression depends on the machine's zlib, its parts do not."""
    if path.suffix != ".xlsx":
        return {path.name: path.read_bytes()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def list_files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def hash_files(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in list_files(folder).items()}
