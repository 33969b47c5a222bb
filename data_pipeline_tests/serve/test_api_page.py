"""docs/api.md: its commands and its program run as they are written, its codes are the code's."""

import re
import shutil
import subprocess
import sys

import httpx
import pytest

from data_pipeline.serve.api.problems import STATUSES
from data_pipeline.settings import PROJECT_ROOT
from data_pipeline_tests.serve.running import RunningApi

pytestmark = pytest.mark.postgres

PAGE = (PROJECT_ROOT / "docs" / "api.md").read_text(encoding="utf-8")
[SHELL] = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
[PYTHON] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def adapt(block: str, api: RunningApi, key: str) -> str:
    """The block for this server and a key of ours."""
    return block.replace("http://127.0.0.1:8000", api.url).replace("dp_live_...", key)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
def test_the_commands_run_as_they_are_written(api: RunningApi) -> None:
    key = api.issue("shell")
    script = adapt(SHELL, api, key)

    done = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    api.process()

    assert (done.returncode, done.stderr) == (0, "")
    with api.client_with(key) as client:
        [pipeline] = client.get("/pipelines").json()["items"]
        rows = client.get(f"/pipelines/{pipeline['id']}/snapshots/2026-01-05", params={"columns": "id,shop"}).json()
        metrics = client.get(f"/pipelines/{pipeline['id']}/metrics").json()
    assert {(row["id"], row["shop"]) for row in rows} == {("1", "Padang"), ("3", "Medan"), ("4", "Jambi")}
    assert (metrics["records_processed"], metrics["records_failed"]) == (3, 1)


def test_the_program_runs_as_it_is_written(api: RunningApi) -> None:
    program = adapt(PYTHON, api, api.issue("python"))

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (0, "pending\n"), done.stderr


def test_every_code_is_listed_with_its_status() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)` \| (\d{3}) \|", PAGE, re.MULTILINE)

    assert dict(listed) == {code: str(status) for code, status in STATUSES.items()}


def test_every_path_is_listed(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    tails = {path.rstrip("/").rpartition("/")[2] for path in paths if "{" not in path.rpartition("/")[2]}

    assert [tail for tail in sorted(tails) if tail not in PAGE] == []
