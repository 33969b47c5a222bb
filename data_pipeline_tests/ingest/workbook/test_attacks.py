"""Rules under attack: a file ends as its table or as a fault of its own, soon, in little memory, and never as a lie."""

import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.batches import FileFault
from data_pipeline_tests.ingest.workbook import attacks
from data_pipeline_tests.ingest.workbook.attack import Attack, Table
from data_pipeline_tests.ingest.workbook.attacks import ATTACKS, read_attack

SECONDS, MEMORY_MB, PARENT_MB = 20, 1024, 100
FEWEST_ATTACKS = 74  # of docs on file security; what was found since comes on top

Answer = tuple[Table, frozenset[str]] | FileFault


@dataclass
class Siege:
    """What came of all attacks."""

    answers: dict[str, Answer] = field(default_factory=dict)
    child_bytes: int = 0
    """The most memory that a reader took."""
    parent_growth: int = 0
    """The most memory that this process took more than at the start."""


def watch(siege: Siege, is_over: threading.Event) -> None:
    """Looks at this process and its readers until it is over."""
    parent = psutil.Process()
    start = parent.memory_info().rss
    while not is_over.wait(0.02):
        siege.child_bytes = max(siege.child_bytes, *(read_peak(child.pid) for child in parent.children()), 0)
        siege.parent_growth = max(siege.parent_growth, parent.memory_info().rss - start)


def read_peak(process: int) -> int:
    """The most memory that a process ever took; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Siege:
    """All files, read by two readers as the product reads them."""
    folder, siege, is_over = tmp_path_factory.mktemp("attacks"), Siege(), threading.Event()
    paths = [folder / f"{position}.xlsx" for position, _ in enumerate(ATTACKS)]
    for attack, path in zip(ATTACKS, paths, strict=True):
        attack.write(path)
    watcher = threading.Thread(target=watch, args=(siege, is_over))
    watcher.start()
    sandbox = Sandbox(workers=2, memory_mb=MEMORY_MB, seconds=SECONDS, preload=attacks.__name__)
    try:
        answers = list(sandbox.run(read_attack, [(path,) for path in paths]))
        siege.answers = {attack.name: answer for attack, answer in zip(ATTACKS, answers, strict=True)}
    finally:
        is_over.set()
        watcher.join()
        sandbox.close()
        shutil.rmtree(folder)
    return siege


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_ends_as_its_table_or_as_a_refusal_that_names_it(attack: Attack, siege: Siege) -> None:
    answer = siege.answers[attack.name]

    if isinstance(answer, FileFault):
        assert answer.code in attack.codes, answer.message
        assert ".xlsx" in answer.message
    else:
        assert (answer, attack.codes) == ((attack.table, attack.findings), frozenset())


def test_no_attack_takes_the_memory_of_anybody_else(siege: Siege) -> None:
    assert siege.child_bytes < MEMORY_MB << 20
    assert siege.parent_growth < PARENT_MB << 20


def test_the_known_attacks_are_all_tried() -> None:
    names = [attack.name for attack in ATTACKS]

    assert len(names) == len(set(names)) >= FEWEST_ATTACKS
