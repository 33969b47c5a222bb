"""Entry of the `data-pipeline` command: reader processes import their readers while this one imports the rest."""

import contextlib
import sys

from data_pipeline.errors import RequestError
from data_pipeline.ingest.sandbox import share_sandbox
from data_pipeline.settings import Settings

READING_COMMANDS = {"process", "retry", "assign", "watch", "demo"}


def main() -> None:
    """Runs the command line."""
    if READING_COMMANDS & set(sys.argv[1:2]):
        with contextlib.suppress(RequestError):  # said again, and shown, by the command itself
            settings = Settings.from_env()
            share_sandbox(settings.workers, settings.reader_memory_mb, settings.reader_seconds).warm_up()
    from data_pipeline.cli.app import main as run_command  # a second of imports

    run_command()
