"""Files -> what the product's reader processes make of them, beside what is expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.batches import FileFault
from data_pipeline_tests.public_files import reading
from data_pipeline_tests.public_files.manifest import Expected
from data_pipeline_tests.public_files.reading import Reading

WORKERS, SECONDS, MEMORY_MB = 2, 20, 1024
CRASHES = {"INTERNAL_ERROR", "READER_CRASHED", "READER_TIMEOUT", "READER_OUT_OF_MEMORY"}


@dataclass(frozen=True)
class Result:
    """What came of one file."""

    expected: Expected
    answer: Reading | FileFault

    @property
    def outcome(self) -> str:
        """As the manifest writes it."""
        if isinstance(self.answer, FileFault):
            return self.answer.code
        return str(self.answer.table or self.answer.code)

    @property
    def findings(self) -> str:
        """As the manifest writes them."""
        return "" if isinstance(self.answer, FileFault) else " ".join(self.answer.findings)

    @property
    def seconds(self) -> float:
        """How long it took; that of a dead reader is not known."""
        return 0.0 if isinstance(self.answer, FileFault) else self.answer.seconds

    @property
    def peak_mb(self) -> int:
        """The most memory that the reader had; that of a dead one is not known."""
        return 0 if isinstance(self.answer, FileFault) else self.answer.peak_bytes >> 20

    @property
    def difference(self) -> str:
        """What is otherwise than expected; blank if nothing is."""
        told = f"{self.expected.package} {self.expected.path}: expected"
        if self.outcome != self.expected.outcome:
            note = f" ({self.expected.reason})" if self.expected.reason else ""
            return f"{told} {self.expected.outcome}, found {self.outcome}{note}"
        if self.findings != self.expected.findings != "?":
            return f"{told} the findings [{self.expected.findings}], found [{self.findings}]"
        if self.seconds > SECONDS or self.peak_mb >= MEMORY_MB or self.outcome in CRASHES:
            return f"{told} less than {SECONDS} s and {MEMORY_MB} MB, found {self.seconds:.1f} s, {self.peak_mb} MB"
        return ""


def run(files: Sequence[tuple[Expected, Path]]) -> list[Result]:
    """Reads every file as the product does, two at a time."""
    sandbox = Sandbox(workers=WORKERS, memory_mb=MEMORY_MB, seconds=SECONDS, preload=reading.__name__)
    try:
        answers = list(sandbox.run(reading.read_file, [(path, expected.name) for expected, path in files]))
    finally:
        sandbox.close()
    return [Result(expected, answer) for (expected, _), answer in zip(files, answers, strict=True)]


def summarise(results: Sequence[Result]) -> str:
    """The run in one line."""
    refusals = sum("x" not in result.outcome for result in results)
    differing = sum(bool(result.difference) for result in results)
    seconds = max((result.seconds for result in results), default=0.0)
    peak = max((result.peak_mb for result in results), default=0)
    return (
        f"files={len(results)} tables={len(results) - refusals} refusals={refusals} differing={differing} "
        f"longest_seconds={seconds:.1f} peak_mb={peak}"
    )
