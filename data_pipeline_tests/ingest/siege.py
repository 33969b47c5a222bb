"""Hostile files -> what came of each in the product's sandbox, and what it took: seconds, and memory here and there."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from data_pipeline.ingest.reporting import report
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.batches import FileFault

SECONDS, MEMORY_MB, PARENT_MB = 20, 1024, 100
WORKERS = 2
LONGEST_MESSAGE = 1500  # characters; people read it
SHOWN_CHARACTERS = 1000
# A file that ends so was read by nobody: our reader died, hung, grew or stumbled.
CRASHES = frozenset({"READER_CRASHED", "INTERNAL_ERROR"})
HANGS = frozenset({"READER_TIMEOUT"})

Table = tuple[tuple[str, ...], ...]
"""A header and records, or what stands for them when they are many."""
Write = Callable[[Path], object]
Answer = tuple[Table, frozenset[str]]
"""What was read from a file, and the codes of what was said of it."""
Read = Callable[[Path], Answer]


@dataclass(frozen=True)
class Attack:
    """One file, and either the refusals or the table that it must end with."""

    name: str
    write: Write = field(repr=False)
    codes: frozenset[str] = frozenset()
    """The refusals that are right; none if it is to be read; beside a table where either is right."""
    table: Table | Callable[[], Table] = ()
    findings: frozenset[str] = frozenset()
    """What must be said of it when it is read, and nothing else."""
    file_name: str = "attack.xlsx"


@dataclass(frozen=True)
class Cost:
    """What a file took in its reader."""

    seconds: float
    peak_bytes: int


@dataclass
class Siege:
    """What came of all attacks."""

    attacks: Sequence[Attack]
    answers: dict[str, Answer | FileFault] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)
    """Of the attacks that their reader survived."""
    child_bytes: int = 0
    """The most memory that a reader took."""
    parent_growth: int = 0
    """The most memory that this process took more than at the start."""

    def find_misses(self) -> dict[str, str]:
        """What came otherwise than it must, by the attack's name."""
        found = {attack.name: find_miss(attack, self.answers[attack.name]) for attack in self.attacks}
        return {name: miss for name, miss in found.items() if miss}

    def count_faults(self, codes: frozenset[str]) -> int:
        """How many attacks ended so."""
        return sum(isinstance(answer, FileFault) and answer.code in codes for answer in self.answers.values())


def besiege(attacks: Sequence[Attack], read: Read, folder: Path) -> Siege:
    """Writes all files, has them read by two readers as the product has them read, and removes them."""
    siege = Siege(attacks)
    paths = [folder / str(position) / attack.file_name for position, attack in enumerate(attacks)]
    for attack, path in zip(attacks, paths, strict=True):
        path.parent.mkdir(parents=True)
        attack.write(path)
    sandbox = Sandbox(workers=WORKERS, memory_mb=MEMORY_MB, seconds=SECONDS, preload=read.__module__)

    def note_cost(position: int, cost: Cost) -> None:
        siege.costs[attacks[position].name] = cost

    try:
        with watching(siege):
            answers = sandbox.run(read_measured, [(read, path) for path in paths], on_told=note_cost)
            siege.answers = {attack.name: answer for attack, answer in zip(attacks, answers, strict=True)}
    finally:
        sandbox.close()
        shutil.rmtree(folder)
    siege.child_bytes = max([siege.child_bytes, *(cost.peak_bytes for cost in siege.costs.values())])
    return siege


def read_measured(read: Read, path: Path) -> Answer:
    """Reads one file in a reader process and tells what it took."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forgets the peak of the files before
    start = time.monotonic()
    try:
        return read(path)
    finally:
        report(Cost(time.monotonic() - start, read_peak(os.getpid())))


@contextmanager
def watching(siege: Siege) -> Iterator[None]:
    """Notes the memory of this process and its readers meanwhile."""
    is_over = threading.Event()
    watcher = threading.Thread(target=watch, args=(siege, is_over))
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()


def watch(siege: Siege, is_over: threading.Event) -> None:
    """Looks at this process and its readers until it is over."""
    parent = psutil.Process()
    start = parent.memory_info().rss
    while not is_over.wait(0.02):
        siege.child_bytes = max(siege.child_bytes, *(read_peak(child.pid) for child in parent.children()), 0)
        siege.parent_growth = max(siege.parent_growth, parent.memory_info().rss - start)


def read_peak(process: int) -> int:
    """The most memory that a process ever took, in bytes; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def find_miss(attack: Attack, answer: Answer | FileFault) -> str:
    """What is wrong with an answer; '' when it is the one that must come."""
    if isinstance(answer, FileFault):
        return find_wrong_refusal(attack, answer)
    if not attack.table:
        return f"expected {write_codes(attack.codes)}, read {answer!r:.{SHOWN_CHARACTERS}}"
    table = attack.table() if callable(attack.table) else attack.table
    if answer[0] != table:
        return f"expected the table {table!r:.{SHOWN_CHARACTERS}}, read {answer!r:.{SHOWN_CHARACTERS}}"
    if answer[1] != attack.findings:
        return f"expected the findings {write_codes(attack.findings)}, found {write_codes(answer[1])}"
    return ""


def find_wrong_refusal(attack: Attack, fault: FileFault) -> str:
    """What is wrong with a refusal: its code, or a message that names no file or is a wall of text."""
    told = f"{fault.code}: {fault.message:.{SHOWN_CHARACTERS}}"
    if fault.code not in attack.codes:
        return f"expected {write_codes(attack.codes) if attack.codes else 'a table'}, found {told}"
    if attack.file_name not in fault.message:
        return f"the message does not name the file: {told}"
    if len(fault.message) > LONGEST_MESSAGE:
        return f"a message of {len(fault.message)} characters: {told}"
    return ""


def write_codes(codes: frozenset[str]) -> str:
    """Codes in words."""
    return " or ".join(sorted(codes)) or "none"
