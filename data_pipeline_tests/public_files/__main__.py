"""Public packages' table files against what is expected of each: python -m data_pipeline_tests.public_files."""

import sys
from pathlib import Path

from data_pipeline_tests.public_files.fetch import fetch, find_installed, place, unpack
from data_pipeline_tests.public_files.manifest import INSTALLED, Expected, load_expected, load_packages
from data_pipeline_tests.public_files.run import run, summarise


def fetch_all(expected: list[Expected]) -> None:
    """Downloads every package once and keeps the files that are listed."""
    for package in load_packages():
        wanted = {line.path: line.sha256 for line in expected if line.package == package.name}
        if not all(place(sha256).exists() for sha256 in wanted.values()):
            unpack(fetch(package), wanted)


def locate(expected: list[Expected]) -> list[tuple[Expected, Path]]:
    """Every file that is there, with what must come of it."""
    placed = ((line, find_installed(line) if line.package == INSTALLED else place(line.sha256)) for line in expected)
    return [(line, path) for line, path in placed if path is not None and path.exists()]


def main() -> int:
    """Reads all files and tells what differs; 1 if anything does."""
    expected = load_expected()
    fetch_all(expected)
    files = locate(expected)
    results = run(files)
    differences = [result.difference for result in results if result.difference]
    there = {line for line, _ in files}
    missing = [f"{line.package} {line.path}: not there" for line in expected if line not in there]
    sys.stdout.write("".join(f"{line}\n" for line in [*differences, *missing, summarise(results)]))
    return 1 if differences or missing else 0


if __name__ == "__main__":
    sys.exit(main())
