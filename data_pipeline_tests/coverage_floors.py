"""Runs the tests and fails when a part of the code is covered by less than its floor.

python -m data_pipeline_tests.coverage_floors            # every test
python -m data_pipeline_tests.coverage_floors --no-run   # what the last run measured
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from data_pipeline.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "out" / "coverage"
LONGEST_LIST = 5
# Tests that need other packages or hours; none of them is the only one of a rule.
LEFT_OUT = ("fuzz", "public_files")


@dataclass(frozen=True)
class Floor:
    """At least so many percent of the lines of some files."""

    name: str
    percent: float
    files: tuple[str, ...]


FLOORS = (
    Floor("pipeline service", 90, ("flow/lifecycle.py", "flow/submit.py", "flow/hosted.py", "pipelines/hosted.py")),
    Floor("processors", 90, ("transform/*",)),
    Floor("API", 80, ("serve/api/*",)),
    Floor("everything", 80, ("*",)),
)


@dataclass(frozen=True)
class Coverage:
    """Of the files of a floor."""

    floor: Floor
    files: Mapping[str, tuple[int, int]]

    @property
    def percent(self) -> float:
        """Lines that ran, of all; 0 when there are none, because then the floor names nothing."""
        ran, all_lines = (sum(counts) for counts in zip(*self.files.values(), strict=True)) if self.files else (0, 0)
        return 100 * ran / all_lines if all_lines else 0.0

    def describe(self) -> str:
        """One line, and below the floor the files that lack most."""
        is_enough = self.percent >= self.floor.percent
        line = (
            f"{'ok  ' if is_enough else 'LOW '} {self.floor.name}: {self.percent:.1f} % (floor {self.floor.percent} %)"
        )
        if is_enough:
            return line
        lacking = sorted(self.files, key=lambda name: self.files[name][0] - self.files[name][1])[:LONGEST_LIST]
        return "\n".join(
            [line, *(f"       {name}: {self.files[name][0]} of {self.files[name][1]}" for name in lacking)]
        )


def measure(floor: Floor, report: Mapping[str, Any]) -> Coverage:
    """By the report of `coverage json`; a file without a statement counts for nothing."""
    files = {
        name.replace("\\", "/").removeprefix("data_pipeline/"): found["summary"]
        for name, found in report["files"].items()
    }
    counted = {
        name: (summary["covered_lines"], summary["num_statements"])
        for name, summary in files.items()
        if any(fnmatch(name, pattern) for pattern in floor.files)
    }
    return Coverage(floor, counted)


def run_tests(report: Path) -> None:
    """Every test under coverage; the API's threads are of the same process.

    A test that fails is told and no more: under coverage those fail that measure time. `make test` is for them.
    """
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    left_out = [f"--ignore=data_pipeline_tests/{name}" for name in LEFT_OUT]
    coverage = ["--cov=data_pipeline", f"--cov-report=json:{report}"]
    command = [sys.executable, "-m", "pytest", "-q", *left_out, *coverage, "data_pipeline_tests"]
    subprocess.run(command, cwd=PROJECT_ROOT, check=False)


def main(arguments: Sequence[str]) -> int:
    """1 when a floor is missed, or nothing was measured."""
    report = FOLDER / "coverage.json"
    if "--no-run" not in arguments:
        run_tests(report)
    if not report.exists():
        sys.stdout.write(f"nothing was measured: {report} is not there\n")
        return 1
    measured = [measure(floor, json.loads(report.read_text())) for floor in FLOORS]
    sys.stdout.write("\n".join(one.describe() for one in measured) + "\n")
    return 1 if any(one.percent < one.floor.percent for one in measured) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
