"""The process of one run: it gets ready, which takes longer than most runs, before it is told which run it is.

    python -m data_pipeline.orchestrate.run_process SECONDS

The run comes as one line on standard input; none comes when the launcher has gone.
"""

import contextlib
import importlib
import select
import sys

READY_FOR_RUNS = ("dagster._cli", "data_pipeline.orchestrate.build", "data_pipeline.orchestrate.storage")


def main() -> None:
    """Gets ready after so many seconds, or at once when the run comes first."""
    select.select([sys.stdin], [], [], float(sys.argv[1]))
    for module in READY_FOR_RUNS:
        importlib.import_module(module)
    open_databases()
    arguments = sys.stdin.readline().rstrip("\n")
    if arguments:
        sys.argv = ["dagster", "api", "execute_run", arguments]
        importlib.import_module("dagster._cli").main()


def open_databases() -> None:
    """Connects; where that fails now, the run tries again, and says it."""
    from data_pipeline.errors import StoreError
    from data_pipeline.flow.workspace import open_workspace
    from data_pipeline.settings import Settings

    with contextlib.suppress(StoreError):
        open_workspace(Settings.from_env())


if __name__ == "__main__":
    main()
