"""Asks every operation thousands of things that its description allows or forbids, with a key and without.

    python -m data_pipeline_tests.serve.contract [--cases 5000] [--examples 100]

Exit code 1 on any answer that the description does not know, any 5xx, any operation that lets in who has no key.
https://schemathesis.readthedocs.io
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from data_pipeline.persist.embedded import ensure_server
from data_pipeline.serve.api.app import BASE
from data_pipeline_tests.conftest import server_folder
from data_pipeline_tests.serve.running import RunningApi, prepare_template, serving

CONFIG_FILE = Path(__file__).with_name("schemathesis.toml")
COMMAND = Path(sys.executable).with_name("schemathesis")
# Streams end when their batch does; and who may revoke keys soon has none to ask with.
LEFT_OUT = r".*/events$"
REVOKING = r".*/admin/keys/.*"
SECONDS = 1800


def ask_everything(
    api: RunningApi, *, examples: int, with_key: bool, seed: int = 1, revokes: bool = True
) -> tuple[int, int, str]:
    """Exit code, cases and the report of one run; `revokes`: it may replace and revoke keys, its own too."""
    left_out = LEFT_OUT if revokes else f"{LEFT_OUT}|{REVOKING}"
    command = [str(COMMAND), "--config-file", str(CONFIG_FILE), "run", f"{api.url}{BASE}/openapi.json",
               "--max-examples", str(examples), "--seed", str(seed), "--checks", "all", "--no-color",
               "--exclude-path-regex", left_out, "--generation-database", "none"]  # fmt: skip
    if with_key:
        command += ["--header", f"X-API-Key: {api.issue()}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    report = done.stdout + done.stderr
    counted = re.search(r"(\d+) generated", report)
    return done.returncode, int(counted[1]) if counted else 0, report


def main(
    cases: Annotated[int, typer.Option(help="Least number of cases in all.")] = 5000,
    examples: Annotated[int, typer.Option(help="Most cases of an operation that one pass makes up.")] = 100,
) -> None:
    """Runs until there were so many cases, and prints the last report or the first that found something."""
    total, seed = 0, 0
    with server_folder() as server, tempfile.TemporaryDirectory() as home:
        url = ensure_server(server)
        template = prepare_template(url)
        often = {"api_requests_per_minute": 10**7, "api_failures_per_minute": 10**7}
        with serving(url, template, Path(home), **often) as api:
            while total < cases:
                for with_key, revokes in ((True, False), (False, True), (True, True)):
                    seed += 1
                    asked = {"examples": examples, "with_key": with_key, "seed": seed, "revokes": revokes}
                    code, count, report = ask_everything(api, **asked)
                    total += count
                    sys.stdout.write(f"{asked}: {count} cases, exit {code}\n")
                    if code:
                        sys.stdout.write(report)
                        raise typer.Exit(1)
    sys.stdout.write(f"{total} cases, no failure\n")


if __name__ == "__main__":
    typer.run(main)
