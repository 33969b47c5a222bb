"""Rules of the files that public packages ship: the list is sound, and each ends as it says."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from data_pipeline.settings import PROJECT_ROOT
from data_pipeline_tests.public_files.__main__ import locate
from data_pipeline_tests.public_files.manifest import FOLDER, INSTALLED, Expected, load_expected, load_packages, sort
from data_pipeline_tests.public_files.run import CRASHES, MEMORY_MB, SECONDS, Result, run

FEWEST_FILES, FEWEST_PACKAGES, FEWEST_INSTALLED = 300, 10, 30
TABLE = re.compile(r"\d+x\d+ [0-9a-f]{16}")
SHA256 = re.compile(r"[0-9a-f]{64}")
CODE = re.compile(r"^\*\*`(\w+)`\*\*", re.MULTILINE)
LINES = load_expected()


def list_codes() -> set[str]:
    """Every code that the documentation explains."""
    return set(CODE.findall((PROJECT_ROOT / "docs" / "findings.md").read_text(encoding="utf-8")))


def list_surprises(results: Sequence[Result]) -> list[str]:
    """What differs, and known faults that do not any more: their lines are to lose the word `fault:`."""
    differing = [result.difference for result in results if not result.expected.is_known_fault and result.difference]
    mended = [result for result in results if result.expected.is_known_fault and not result.difference]
    return differing + [f"{result.expected.path}: right, though the list calls it a fault" for result in mended]


def read(lines: Sequence[Expected]) -> list[Result]:
    """What comes of those files that are there."""
    return run(locate(list(lines)))


def test_the_list_is_sorted_and_names_no_file_twice() -> None:
    assert sort(LINES) == LINES
    assert len({(line.package, line.path) for line in LINES}) == len({line.sha256 for line in LINES}) == len(LINES)


def test_the_list_is_long_and_broad() -> None:
    assert len(LINES) >= FEWEST_FILES
    assert len({line.package for line in LINES}) >= FEWEST_PACKAGES
    assert {line.package for line in LINES} - {INSTALLED} <= {package.name for package in load_packages()}
    assert {Path(line.path).suffix for line in LINES} >= {".csv", ".tsv", ".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"}


def test_every_line_states_a_table_or_a_documented_refusal_that_is_no_crash() -> None:
    known = list_codes()

    for line in LINES:
        assert SHA256.fullmatch(line.sha256), line
        assert TABLE.fullmatch(line.outcome) or line.outcome in known - CRASHES, line
        assert line.findings == "?" or set(line.findings.split()) <= known, line


def test_every_outcome_is_confirmed_by_another_library_or_by_a_human_with_a_reason() -> None:
    for line in LINES:
        assert line.oracle not in ("", "?"), line
        assert (line.oracle == "by_hand") == bool(line.reason), line


def test_files_that_our_own_requirements_install_end_as_listed() -> None:
    results = read([line for line in LINES if line.package == INSTALLED])

    assert len(results) >= FEWEST_INSTALLED
    assert list_surprises(results) == []


def test_all_files_that_are_there_end_as_listed_soon_and_in_little_memory() -> None:
    if not (FOLDER / "files").exists():
        pytest.skip("the files of public packages are not there: `make public-files` fetches them")

    results = read(LINES)

    assert list_surprises(results) == []
    assert max(result.seconds for result in results) < SECONDS
    assert max(result.peak_mb for result in results) < MEMORY_MB
