"""What is kept about public files: which packages hold them, and what must come of each."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "out" / "public_files"
PACKAGES, EXPECTED = HERE / "packages.tsv", HERE / "expected.tsv"

Source = Literal["debian", "npm", "pypi"]
INSTALLED = "numpy"
"""The one package with tables that the product itself installs; its paths begin in the folder of packages."""


@dataclass(frozen=True)
class Package:
    """One archive that a registry serves under a pinned version."""

    source: Source
    name: str
    version: str
    archive: str
    sha256: str


@dataclass(frozen=True)
class Expected:
    """What must come of one file."""

    package: str
    path: str
    sha256: str
    outcome: str
    """Rows x columns and digest of the cells, or the code of a refusal."""
    findings: str
    """Codes of what is told of a table, as the product gave them when the list was made; `?`: not known."""
    oracle: str
    """What confirmed the outcome: a library, `csv` with delimiter and encoding, or `by_hand`."""
    reason: str = ""
    """Why a human decided; begins with `fault:` where the product is known to give something else."""

    @property
    def name(self) -> str:
        """What its sender would call it."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def is_known_fault(self) -> bool:
        """Whether the product is known to give something else, which is to be mended."""
        return self.reason.startswith("fault:")


Line = TypeVar("Line", Package, Expected)


def load_packages() -> list[Package]:
    """The pinned packages."""
    return load(PACKAGES, Package)


def load_expected() -> list[Expected]:
    """What must come of every file."""
    return load(EXPECTED, Expected)


def load(path: Path, kind: type[Line]) -> list[Line]:
    """The lines of a list, below its header."""
    with path.open(encoding="utf-8", newline="") as stream:
        records = list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    names = [field.name for field in fields(kind)]
    if records[0] != names:
        raise ValueError(f"{path}: expected the columns {names}, found {records[0]}.")
    make: Any = kind
    return [make(*record) for record in records[1:]]


def save_expected(lines: Sequence[Expected]) -> None:
    """Writes the list again, sorted."""
    records = [[field.name for field in fields(Expected)], *(astuple(line) for line in sort(lines))]
    EXPECTED.write_text("".join("\t".join(record) + "\n" for record in records), encoding="utf-8")


def sort(lines: Sequence[Expected]) -> list[Expected]:
    """By package and path."""
    return sorted(lines, key=lambda line: (line.package, line.path))
