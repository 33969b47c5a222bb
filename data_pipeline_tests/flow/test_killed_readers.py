"""Rules of readers that die in mid-file: the batch fails by name, the platform goes on, a retry works."""

import os
import signal
import threading
from pathlib import Path

import openpyxl
import psutil
import pytest

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
    if suffix == ".csv":
        path.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8")
        return path
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Stok")
    for line in lines:
        sheet.append(line)
    book.save(path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_reader_that_is_killed_in_mid_file_fails_that_file_alone(workspace: Workspace, suffix: str) -> None:
    other = drop(workspace, ANGGREK)
    long = write_long(workspace.settings.drive_folder / "20260105" / "2. Toko Kirana Bukit Raya", suffix)
    killed = threading.Event()

    def kill(name: str, progress: Progress) -> None:
        if name == long.name and progress.percent < 100 and not killed.is_set():
            killed.set()
            for reader in psutil.Process().children():
                if "sandbox_worker" in " ".join(reader.cmdline()):
                    os.kill(reader.pid, signal.SIGKILL)

    receive(workspace, other)
    [failed] = receive_files(workspace, [look_at_file(long)], on_progress=kill)
    listed = [row["error_code"] for row in list_failed(workspace, PIPELINE, DAY)]
    [retried] = retry_failed(workspace, PIPELINE, DAY)
    staged = stage(workspace)

    assert killed.is_set()
    assert (failed.outcome, listed) == ("failed", ["READER_CRASHED"])
    assert retried.outcome == "batch"
    assert sorted(one.prepared.rows_read for one in staged if one.prepared) == [2, ROWS[suffix]]
