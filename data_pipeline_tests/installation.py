"""An installation of its own, for tests that run the real command."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pydantic import SecretStr

from data_pipeline.settings import PROJECT_ROOT, Settings

COMMAND = Path(sys.executable).with_name("data-pipeline")
SEEDS = PROJECT_ROOT / "seeds"
SECONDS = 120  # in which any command ends, on a busy machine too


@dataclass(frozen=True)
class Installation:
    """A home and its database, as commands see them."""

    settings: Settings
    url: str

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A command that runs beside the test."""
        environment = {**self.settings.child_environment(), "COLUMNS": "200"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return subprocess.Popen(
            [COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and errors of a command."""
        with self.start(*arguments) as process:
            output, errors = process.communicate(timeout=SECONDS)
        return process.returncode, output, errors

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Postgres' answer."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement).fetchall()

    def read_versions(self) -> list[tuple[object, ...]]:
        """Version, content and whether it is shown, of every snapshot."""
        return self.ask("select version, content_hash, is_current from snapshots order by business_date, version")


def install(
    home: Path, url: str, *, reference_dir: Path = SEEDS / "reference", is_embedded: bool = False
) -> Installation:
    """An empty installation; Dagster keeps its folders below the home too."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT_ROOT / "dagster.yaml", home)
    settings = Settings(
        home=home,
        database_url=None if is_embedded else SecretStr(url),
        drive_folder=home / "drive",
        pipelines_dir=home / "pipelines",
        output_dir=home / "output",
        reference_dir=reference_dir,
        dagster_home=home,
        workers=1,  # each costs a second of imports
    )
    return Installation(settings, url)
