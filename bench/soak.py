"""Kills the process ten times at random moments of a run, runs it again, and compares what is published.

    python -m bench.soak [--kills 10] [--stores 6] [--rows 2000] [--seed 1]

Each kill has a business date of its own, fed with the same files: every date must end with the content hash of the
undisturbed one, no batch `processing`, no row lost or doubled. At last, two processes start one date together.
"""

import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text

from bench.command import start_process
from data_pipeline.generate import generate
from data_pipeline.persist.database import Database, open_database
from data_pipeline.persist.embedded import stop_server
from data_pipeline.settings import Settings

FIRST_DAY = dt.date(2026, 1, 5)
STATE = """
select snapshots.version, snapshots.content_hash, snapshots.row_count,
       (select count(*) from stock_health_snapshot where business_date = :day) as rows_served,
       (select count(*) from batches where business_date = :day and status <> 'completed') as unfinished,
       (select coalesce(sum(processed_count), 0) from current_batches where business_date = :day) as accepted
from snapshots where business_date = :day and is_current
"""


def main(
    kills: Annotated[int, typer.Option()] = 10,
    stores: Annotated[int, typer.Option()] = 6,
    rows: Annotated[int, typer.Option()] = 2000,
    seed: Annotated[int, typer.Option()] = 1,
) -> None:
    """Runs the soak; exits with 1 at the first difference."""
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    generate(folder, stores=stores, rows=rows, days=1, first_day=FIRST_DAY)
    settings = Settings.from_env({}, home=folder / "home", reference_dir=folder / "reference")
    database = open_database(settings)
    try:
        soak(database, settings, folder / f"{FIRST_DAY:%Y%m%d}", kills=kills, moments=random.Random(seed))
    finally:
        database.engine.dispose()
        stop_server(settings.home)
        shutil.rmtree(folder)


def soak(database: Database, settings: Settings, files: Path, *, kills: int, moments: random.Random) -> None:
    """One undisturbed run, the killed ones, the double one."""
    started = time.monotonic()
    start_process(settings, files, FIRST_DAY).wait()
    seconds = time.monotonic() - started
    expected = look(database, FIRST_DAY)
    typer.echo(f"undisturbed: {seconds:.1f} s, {expected}")
    day, killed = FIRST_DAY, 0
    while killed < kills:
        day += dt.timedelta(days=1)
        after = moments.uniform(0.1, 0.9) * seconds
        was_running = kill_after(start_process(settings, files, day), after)
        killed += was_running
        start_process(settings, files, day).wait()
        what = f"kill {killed} after {after:.1f} s" if was_running else f"ended by itself before {after:.1f} s"
        compare(what, look(database, day), expected)
    day += dt.timedelta(days=1)
    together = [start_process(settings, files, day), start_process(settings, files, day)]
    codes = [process.wait() for process in together]
    compare(f"two at once, exit codes {codes}", look(database, day), expected)
    if any(codes):
        raise typer.Exit(1)


def kill_after(victim: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Kills a process with -9 after a while; whether it still ran."""
    try:
        victim.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        return True
    return False


def look(database: Database, day: dt.date) -> dict[str, object]:
    """What the database says about a day; empty when nothing is published."""
    with database.transaction() as connection:
        found = connection.execute(text(STATE), {"day": day}).mappings().one_or_none()
    return dict(found) if found else {}


def compare(what: str, found: dict[str, object], expected: dict[str, object]) -> None:
    """Prints a line; ends the soak when a day differs from the undisturbed one."""
    is_equal = found == expected
    typer.echo(f"{what}: {'equal' if is_equal else f'DIFFERS: {found}'}")
    if not is_equal:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
