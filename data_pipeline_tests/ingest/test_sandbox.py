"""Rules of the sandbox: whatever a file does to its reader ends as that file's fault, and the others are read."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from data_pipeline.errors import StoreError
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.batches import FileFault
from data_pipeline_tests.ingest import provocations
from data_pipeline_tests.ingest.provocations import echo, play, tell_process

DIED = "the reader died of it (exit code {}). Export the file again and send that."

# Function -> the fault that its file must end with.
FAULTS = {
    "oversleep": FileFault(
        code="READER_TIMEOUT",
        message="reading took more than 5 s and was stopped. Split the file, or export it again.",
    ),
    "abort": FileFault(code="READER_CRASHED", message=DIED.format(-6)),
    "answer_with_what_cannot_travel": FileFault(code="READER_CRASHED", message=DIED.format(1)),
    "use_memory": FileFault(
        code="READER_OUT_OF_MEMORY", message="reading needed more memory than a reader may use. Split the file."
    ),
    "refuse": FileFault(code="EMPTY_FILE", message="a.xlsx: expected records, found none."),
    "stumble": FileFault(code="INTERNAL_ERROR", message="ZeroDivisionError: division by zero"),
    "panic": FileFault(code="READER_CRASHED", message="Panic: called `Option::unwrap()` on a `None` value"),
    "exit_softly": FileFault(code="READER_CRASHED", message="SystemExit: 4"),
}


def start_sandbox(workers: int) -> Sandbox:
    """Readers that import little, so that the time limit, which covers their start, can be short."""
    return Sandbox(workers=workers, memory_mb=256, seconds=5, preload=provocations.__name__)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One reader, so that each call meets what the call before it left."""
    sandbox = start_sandbox(workers=1)
    yield sandbox
    sandbox.close()


def run_one(sandbox: Sandbox, function: Callable[..., Any], *arguments: object) -> Any:
    (answer,) = sandbox.run(function, [arguments])
    return answer


def test_each_provocation_is_its_own_fault_and_the_others_succeed_in_order() -> None:
    sandbox = start_sandbox(workers=2)
    calls = [(kind,) for name in FAULTS for kind in (f"before {name}", name)]

    answers = list(sandbox.run(play, [*calls, ("after all",)]))
    states = {child.status() for child in psutil.Process().children()}
    sandbox.close()

    expected = [answer for name, fault in FAULTS.items() for answer in (f"before {name}", fault)]
    assert answers == [*expected, "after all"]
    assert psutil.STATUS_ZOMBIE not in states, "readers that were replaced are collected"


def test_a_reader_that_lives_through_a_file_is_kept(sandbox: Sandbox) -> None:
    first = run_one(sandbox, tell_process)

    for provocation in ("refuse", "stumble"):
        run_one(sandbox, play, provocation)
    sandbox.warm_up()

    assert run_one(sandbox, tell_process) == first != os.getpid()


@pytest.mark.parametrize("provocation", ["panic", "use_memory"])
def test_a_reader_that_a_file_exhausted_is_replaced(sandbox: Sandbox, provocation: str) -> None:
    """What it still holds would be missing when the next file is read."""
    first = run_one(sandbox, tell_process)

    run_one(sandbox, play, provocation)

    assert run_one(sandbox, tell_process) != first


def test_memory_that_a_reader_gave_back_counts_no_more(sandbox: Sandbox) -> None:
    assert run_one(sandbox, provocations.use_memory_for_a_while) < 150


def test_a_reader_that_died_while_idle_is_nobodys_fault(sandbox: Sandbox) -> None:
    """The kernel's memory killer, or Ctrl-C, which reaches the whole process group."""
    reader = run_one(sandbox, tell_process)
    os.kill(reader, signal.SIGKILL)
    os.waitid(os.P_PID, reader, os.WEXITED | os.WNOWAIT)

    assert run_one(sandbox, echo, "innocent") == "innocent"


def test_a_closed_sandbox_leaves_no_reader_and_starts_anew(sandbox: Sandbox) -> None:
    first = run_one(sandbox, tell_process)

    sandbox.close()

    assert not psutil.pid_exists(first)
    assert run_one(sandbox, echo, "again") == "again"


def test_nothing_to_read_gives_nothing(sandbox: Sandbox) -> None:
    assert list(sandbox.run(echo, [])) == []


def test_a_reader_cannot_print(sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    """Its output would mix with a command's table or JSON."""
    assert run_one(sandbox, provocations.shout) is None

    assert capfd.readouterr().out == ""


def test_a_full_disk_of_ours_is_no_fault_of_the_file(sandbox: Sandbox) -> None:
    with pytest.raises(StoreError, match="No space left on device"):
        run_one(sandbox, provocations.fill_disk)

    assert run_one(sandbox, echo, 1) == 1
