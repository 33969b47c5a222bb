"""Rules of readers that are killed in mid-file: once is nobody's fault; twice, and the batch fails by name."""

import os
import signal
import threading
from pathlib import Path

import openpyxl
import psutil
import pytest

from data_pipeline.flow.prepare import OnProgress
from data_pipeline.flow.receive import receive_files
from data_pipeline.flow.repair import list_failed, look_at_file, retry_failed
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.reading import Progress
from data_pipeline_tests.flow.days import ANGGREK, DAY, PIPELINE, drop, list_stock, receive, stage

pytestmark = pytest.mark.postgres

ROWS = {".csv": 200_000, ".xlsx": 21_000}  # so that a file comes in several chunks


def write_long(path: Path, suffix: str) -> Path:
    """A list with many rows."""
    first = list_stock("SKU | Stok\n1 | 2", store="Anggrek", day=DAY)
    lines = [list(first.columns)]
    record = first.fill_null("").row(0)
    place = first.columns.index("SKU")
    lines += [[*record[:place], f"{number:07}", *record[place + 1 :]] for number in range(ROWS[suffix])]
    path = path.with_suffix(suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".csv":
        path.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8")
        return path
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Stok")
    for line in lines:
        sheet.append(line)
    book.save(path)
    return path


def kill_readers(name: str, *, times: int) -> tuple[OnProgress, list[str]]:
    """What kills all readers when a file of this name goes on, so many times; and its kills."""
    kills: list[str] = []
    lock = threading.Lock()

    def kill(told: str, progress: Progress) -> None:
        with lock:
            if told != name or progress.percent == 100 or len(kills) == times:
                return
            kills.append(told)
        for reader in psutil.Process().children():
            if "sandbox_worker" in " ".join(reader.cmdline()):
                os.kill(reader.pid, signal.SIGKILL)

    return kill, kills


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_reader_that_is_killed_in_mid_file_twice_fails_that_file_alone(workspace: Workspace, suffix: str) -> None:
    other = drop(workspace, ANGGREK)
    long = write_long(workspace.settings.drive_folder / "20260105" / "2. Toko Kirana Bukit Raya", suffix)
    kill, kills = kill_readers(long.name, times=2)

    receive(workspace, other)
    [failed] = receive_files(workspace, [look_at_file(long)], on_progress=kill)
    listed = [row["error_code"] for row in list_failed(workspace, PIPELINE, DAY)]
    [retried] = retry_failed(workspace, PIPELINE, DAY)
    staged = stage(workspace)

    assert len(kills) == 2
    assert (failed.outcome, listed) == ("failed", ["READER_KILLED"])
    assert retried.outcome == "batch"
    assert sorted(one.prepared.rows_read for one in staged if one.prepared) == [2, ROWS[suffix]]


def test_a_reader_that_is_killed_once_is_nobodys_fault(workspace: Workspace) -> None:
    long = write_long(workspace.settings.drive_folder / "20260105" / "2. Toko Kirana Bukit Raya", ".csv")
    kill, kills = kill_readers(long.name, times=1)

    [receipt] = receive_files(workspace, [look_at_file(long)], on_progress=kill)
    [staged] = stage(workspace)

    assert (len(kills), receipt.outcome) == (1, "batch")
    assert staged.prepared is not None
    assert staged.prepared.rows_read == ROWS[".csv"]
