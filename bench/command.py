"""The command under measurement, as a user runs it."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

from data_pipeline.settings import Settings


def start_process(
    settings: Settings, files: Path, day: dt.date, *, pipeline: str = "stock_health"
) -> "subprocess.Popen[bytes]":
    """Starts one `process` command on a folder; what it prints is thrown away."""
    command = [sys.executable, "-m", "data_pipeline", "process", "--pipeline", pipeline, "--date", day.isoformat()]
    return subprocess.Popen(
        [*command, "--input-dir", str(files)], env=settings.child_environment(), stdout=subprocess.DEVNULL
    )
