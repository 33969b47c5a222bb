"""Rules of the command line, kept with real processes: what they print, how they end, what a kill leaves behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist.database import open_database
from data_pipeline.persist.embedded import ensure_server, server_status
from data_pipeline_tests.conftest import fresh_database, server_folder
from data_pipeline_tests.flow.days import ONE_ROW, OTHER_ROWS, receive, write_list, write_references
from data_pipeline_tests.generate.reading import list_files, read_parts
from data_pipeline_tests.installation import SECONDS, SEEDS, Installation, install

pytestmark = [pytest.mark.postgres, pytest.mark.dagster]

DAY = ("--pipeline", "stock_health", "--date", "2026-01-05")
DAY_ONE = ("process", *DAY, "--input-dir", str(SEEDS / "drive" / "20260105"))


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    """An empty installation on the seeds' reference files."""
    return install(tmp_path / "home", database_url)


@pytest.fixture(scope="module")
def day_one(
    postgres_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, tuple[int, str, str]]]:
    """Day one of the seeds, processed without any disturbance, and how the command ended."""
    with fresh_database(postgres_url, migrated_template) as url:
        installation = install(tmp_path_factory.mktemp("day-one"), url)
        yield installation, installation.run(*DAY_ONE)


@pytest.fixture(scope="module")
def undisturbed(day_one: tuple[Installation, tuple[int, str, str]]) -> list[tuple[object, ...]]:
    """What an undisturbed run of day one publishes."""
    installation, _ = day_one
    [(version, content, is_current)] = installation.read_versions()
    assert (version, is_current) == (1, True)
    return [(1, content, True)]


def read_table(output: str) -> list[list[str]]:
    """Cells of the rows of a printed table."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if line.startswith("│")]


def test_processing_the_seeds_prints_the_day_and_ends_with_0(
    day_one: tuple[Installation, tuple[int, str, str]],
) -> None:
    installation, (code, output, errors) = day_one

    assert (code, errors) == (0, "")
    stores = installation.ask(
        "select store, version, processed_count, failed_count, orders, cost, emergencies, status "
        "from (select store, count(*) filter (where final_qty > 0) as orders, sum(final_cost) as cost, "
        "      count(*) filter (where emergency_qty > 0) as emergencies from stock_health_snapshot group by 1) ordered "
        "join pipeline_file_jobs using (store) order by store"
    )
    assert len(stores) == 6
    shown = [[cell if isinstance(cell, str) else f"{cell:,.0f}" for cell in row] for row in stores]
    assert read_table(output) == shown
    # the faults of the seeds, see seeds/README.md
    rejected = [line.partition("rejected ")[2] for line in output.splitlines() if line.startswith("  rejected")]
    assert [line.partition(":")[0] for line in rejected] == [
        f"3. Toko Kirana Cempaka.xlsx, row {row}, column {column!r}"
        for row, column in ((12, "Daily Sales"), (25, "Stok"), (40, "SKU"))
    ]
    assert "same_bytes 20260105/4. Toko Kirana Dahlia (1).xlsx: same bytes as '4. Toko Kirana Dahlia.xlsx'" in output
    assert "snapshot version 1, 990 rows, final" in output


def test_the_database_status_names_server_and_migrations(day_one: tuple[Installation, tuple[int, str, str]]) -> None:
    installation, _ = day_one

    code, output, errors = installation.run("db", "status")

    assert (code, errors) == (0, "")
    assert output.startswith(f"database '{installation.url.partition('@/')[2].partition('?')[0]}' on ")
    assert "  0001 tracking: applied " in output


def test_what_cannot_be_done_is_one_line_and_ends_with_1(day_one: tuple[Installation, tuple[int, str, str]]) -> None:
    installation, _ = day_one

    ended = installation.run("rollback", *DAY, "--to", "7")

    message = "stock_health 2026-01-05: version 7 was never published; published versions: 1"
    assert ended == (1, "", f"error: {message}\n")


def test_what_is_not_understood_ends_with_2(installation: Installation) -> None:
    code, output, errors = installation.run("process", "--pipeline", "stock_health")

    assert (code, output) == (2, "")
    assert "Missing option '--date'." in errors


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    elsewhere = install(tmp_path, "postgresql://rina:secret@127.0.0.1:1/none")

    code, output, errors = elsewhere.run("status")

    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert errors.startswith("error: database 'none' on '127.0.0.1:1': ")
    assert errors.endswith(". Start the server, or check host and port in DATA_PIPELINE_DATABASE_URL.\n")
    assert "secret" not in errors


@pytest.fixture
def morning(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """A drive with a file that is fine, one that nobody can place and one that was cut off; all are received."""
    references = write_references(tmp_path / "reference")
    installation = install(tmp_path / "home", database_url, reference_dir=references)
    folder = installation.settings.drive_folder / "20260105"
    write_list(folder / "1. Toko Kirana Anggrek.csv", OTHER_ROWS)
    write_list(folder / "3. Toko Kirana Cempaka.csv", ONE_ROW, store="Cempaka").write_bytes(b"SKU;Stok\n")
    write_list(folder / "kiriman.csv", "SKU | Stok | Toko\n1 | 7 | Toko Kirana Anggrek\n2 | 8 | Toko Kirana Bukit Raya")
    workspace = Workspace.open(installation.settings)
    receive(workspace)
    yield installation
    workspace.database.engine.dispose()


def test_files_wait_for_a_person_with_exit_code_3_until_somebody_decides(morning: Installation) -> None:
    folder = morning.settings.drive_folder / "20260105"
    anggrek = ["Toko Kirana Anggrek", "1", "3", "0", "2", "700,000", "0", "completed"]
    bukit = ["Toko Kirana Bukit Raya", "1", "2", "0", "2", "150,000", "0", "completed"]
    cempaka = ["Toko Kirana Cempaka", "1", "1", "0", "1", "80,000", "0", "completed"]

    code, output, errors = morning.run("status")
    assert (code, errors, read_table(output)) == (0, "", [])
    assert [line.split()[0] for line in output.splitlines() if line.startswith("  ")] == ["waiting", "failed", "parked"]

    decision = ("--store", "Toko Kirana Bukit Raya", "--date", "2026-01-05")
    code, output, errors = morning.run("assign", str(folder / "kiriman.csv"), *decision)
    assert (code, errors) == (3, "")  # one is still broken
    [broken, *stores] = read_table(output)
    assert broken[0] == "3. Toko Kirana Cempaka.csv"
    assert broken[-1].startswith("EMPTY_FILE")
    assert stores == [anggrek, bukit]
    assert "provisional, missing: Toko Kirana Cempaka" in output

    write_list(folder / "3. Toko Kirana Cempaka.csv", ONE_ROW, store="Cempaka")
    code, output, errors = morning.run("retry", "--pipeline", "stock_health")
    assert (code, errors) == (0, "")
    assert read_table(output) == [anggrek, bukit, cempaka]
    assert "snapshot version 2, 6 rows, final" in output


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of that size."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_one_error_and_leaves_no_half_order_file(
    day_one: tuple[Installation, tuple[int, str, str]], tmp_path: Path
) -> None:
    installation, _ = day_one
    whole = installation.settings.output_dir / "20260105"

    with small_disk(tmp_path / "disk", "200k") as disk:
        code, _, errors = installation.run(*DAY_ONE, "--output-dir", str(disk))
        written = {name: read_parts(path) for name, path in list_files(disk).items()}

    assert code == 1
    assert errors.count("\n") == 1
    assert errors.startswith(f"error: {disk}/")
    assert errors.endswith(": cannot be written: No space left on device. Free space or choose another folder.\n")
    assert written
    assert {name for name, parts in written.items() if read_parts(whole / name) != parts} == set()


def test_two_that_process_one_date_at_once_publish_it_once(
    installation: Installation, undisturbed: list[tuple[object, ...]]
) -> None:
    processes = [installation.start(*DAY_ONE) for _ in range(2)]

    ends = [(process.communicate(timeout=SECONDS)[1], process.returncode) for process in processes]

    assert ends == [("", 0), ("", 0)]
    assert installation.read_versions() == undisturbed
    batches = installation.ask("select status, version, count(*) from batches group by 1, 2")
    assert batches == [("completed", 1, 6)]


# Locks that stop a run where it is to be killed.
MOMENTS = {
    "before it judges": "select pg_advisory_lock(hashtextextended('stock_health/2026-01-05', 0))",
    "while it judges": "lock table batch_errors in share mode",
    "while it publishes": "lock table snapshots in share mode",
}
IS_BLOCKED = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@contextmanager
def stopped_at(installation: Installation, lock: str) -> "Iterator[subprocess.Popen[str]]":
    """A run of day one that cannot go on."""
    with closing(psycopg.connect(installation.url)) as holder, installation.start(*DAY_ONE) as process:
        holder.execute(lock)
        wait_for(lambda: bool(installation.ask(IS_BLOCKED)), process)
        yield process


def wait_for(happens: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Waits until something is so."""
    give_up = time.monotonic() + SECONDS
    while not happens():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up
        time.sleep(0.02)


def kill_server(installation: Installation) -> None:
    """Ends the embedded server without a chance to clean up."""
    pid = server_status(installation.settings.home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


@pytest.fixture
def embedded() -> Iterator[Installation]:
    """An empty installation with a server of its own."""
    with server_folder() as folder:
        installation = install(folder / "home", ensure_server(folder / "home"), is_embedded=True)
        open_database(installation.settings).engine.dispose()
        yield installation


def test_whatever_is_killed_at_any_moment_the_next_run_makes_good(
    embedded: Installation, undisturbed: list[tuple[object, ...]]
) -> None:
    for lock in MOMENTS.values():
        with stopped_at(embedded, lock) as process:
            process.kill()
    with stopped_at(embedded, MOMENTS["while it publishes"]) as process:
        kill_server(embedded)
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert errors.splitlines()[-1].startswith("error: database 'data_pipeline' on ")
    assert "Traceback" not in errors

    code, _, errors = embedded.run(*DAY_ONE)

    assert (code, errors) == (0, "")
    assert embedded.read_versions() == undisturbed
    assert embedded.ask("select status, count(*) from batches group by 1") == [("completed", 6)]
    runs = embedded.ask("select status, count(*) from dagster.runs group by 1 order by 1")
    assert runs == [("FAILURE", 4), ("SUCCESS", 1)]
    assert embedded.run("db", "stop") == (0, "stopped\n", "")
    assert not server_status(embedded.settings.home).is_running
