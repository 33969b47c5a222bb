"""Environment -> one frozen Settings; the only reader of the environment."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from data_pipeline.errors import DestinationError, RequestError
from data_pipeline.ingest.antivirus import check_address
from data_pipeline.model.reading import Limits

PREFIX = "DATA_PIPELINE_"
PROJECT_ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseModel):
    """What differs between two installations. Each field is read from `DATA_PIPELINE_<FIELD>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(PROJECT_ROOT / ".data", description="folder of everything the product keeps")
    database_url: SecretStr | None = Field(None, description="Postgres >= 14; unset: the embedded server under `home`")
    drive_folder: Path = Field(PROJECT_ROOT / ".data" / "drive", description="folder that stores drop their files into")
    reference_dir: Path = Field(PROJECT_ROOT / "seeds" / "reference", description="suppliers, contributions, lists")
    pipelines_dir: Path = Field(PROJECT_ROOT / ".data" / "pipelines", description="pipelines beside the built-in ones")
    output_dir: Path = Field(PROJECT_ROOT / ".data" / "output", description="order files and daily CSVs")
    dagster_home: Path = Field(PROJECT_ROOT, description="folder of dagster.yaml; read from DAGSTER_HOME")
    poll_seconds: int = Field(30, ge=1, description="seconds between two looks at the drive folder")
    posted_seconds: int = Field(1, ge=1, description="seconds between two looks for batches that programs posted")
    flush_files: int | None = Field(None, ge=1, description="overrides every pipeline's flush.files")
    flush_bytes: int | None = Field(None, ge=1, description="overrides every pipeline's flush.bytes")
    flush_seconds: float | None = Field(None, ge=0, description="overrides every pipeline's flush.seconds")
    workers: int = Field(2, ge=1, description="reader processes")
    reader_memory_mb: int = Field(1536, ge=256, description="memory that one reader process may ask for, MiB")
    reader_seconds: float = Field(120, gt=0, description="time one file may take to read, seconds")
    max_file_mb: int = Field(8192, ge=1, description="largest file that is read, MiB")
    max_inflated_mb: int = Field(4096, ge=1, description="largest workbook when unpacked, MiB")
    max_columns: int = Field(2000, ge=1, le=16384, description="most columns of a list")
    clamd: str | None = Field(None, description="virus scanner: unix:/path or tcp:host:port; unset: nothing is scanned")
    hash_key: SecretStr | None = Field(None, description="key of the verb `hash`; unset: it is refused")
    api_host: str = Field("127.0.0.1", description="address the REST API listens on")
    api_port: int = Field(8000, ge=1, le=65535, description="port the REST API listens on")
    api_body_mb: int = Field(8, ge=1, description="largest JSON body of a request, MiB; streams have max_file_mb")
    api_records: int = Field(10_000, ge=1, description="most records of one JSON body")
    api_requests_per_minute: int = Field(6000, ge=1, description="requests a key may make where its own limit is unset")
    api_failures_per_minute: int = Field(60, ge=1, description="refused keys from one address before it has to wait")
    redis_url: SecretStr | None = Field(None, description="counts requests for several API processes; unset: in memory")
    min_disk_mb: int = Field(1024, ge=0, description="free disk below which readiness fails, MiB")
    min_memory_mb: int = Field(256, ge=0, description="available memory below which readiness fails, MiB")
    max_queue_seconds: float = Field(3600, gt=0, description="longest wait of a batch before readiness fails, seconds")
    daemon_required: bool | None = Field(None, description="readiness needs Dagster's daemon; unset: if it ever ran")
    otlp_endpoint: str | None = Field(None, description="where traces are sent by OTLP/HTTP; unset: nowhere")
    webhook_hosts: frozenset[str] = Field(frozenset(), description="hosts that pipelines of programs may send to")
    ui_host: str = Field("127.0.0.1", description="address the Dagster UI listens on")
    ui_port: int = Field(3000, ge=1, le=65535, description="port the Dagster UI listens on")

    @field_validator("home", "drive_folder", "reference_dir", "pipelines_dir", "output_dir", "dagster_home")
    @classmethod
    def make_absolute(cls, path: Path) -> Path:
        """Processes with other working directories must mean the same folder."""
        return path.expanduser().resolve()

    @field_validator("webhook_hosts", mode="before")
    @classmethod
    def split_hosts(cls, hosts: object) -> object:
        """Separated by commas in the environment."""
        return frozenset(filter(None, hosts.lower().replace(" ", "").split(","))) if isinstance(hosts, str) else hosts

    @field_validator("clamd")
    @classmethod
    def check_scanner(cls, address: str | None) -> str | None:
        """It must say where."""
        return None if address is None else check_address(address)

    @property
    def limits(self) -> Limits:
        """How large a file may be."""
        return Limits(
            file_bytes=self.max_file_mb << 20,
            inflated_bytes=self.max_inflated_mb << 20,
            columns=self.max_columns,
            memory_bytes=self.reader_memory_mb << 20,
        )

    def child_environment(self) -> dict[str, str]:
        """The environment of a process that must mean the same installation."""
        own = {
            f"{PREFIX}{name.upper()}": ",".join(value) if isinstance(value, list) else str(value)
            for name, value in self.model_dump(mode="json").items()
            if value not in (None, [])
        }
        if self.redis_url is not None:
            own[f"{PREFIX}REDIS_URL"] = self.redis_url.get_secret_value()
        if self.database_url is not None:
            own[f"{PREFIX}DATABASE_URL"] = self.database_url.get_secret_value()
        if self.hash_key is not None:
            own[f"{PREFIX}HASH_KEY"] = self.hash_key.get_secret_value()
        return {**os.environ, **own, "DAGSTER_HOME": str(self.dagster_home)}  # noqa: TID251 - this is the one place

    def read_secret(self, name: str) -> str:
        """What a destination's environment variable holds; asked for when it is needed, and never kept.

        Raises: DestinationError when it is not set.
        """
        value = os.environ.get(name, "").strip()  # noqa: TID251 - this is the one place
        if not value:
            raise DestinationError(
                "DESTINATION_SECRET_MISSING",
                f"environment variable {name} is not set, and a destination needs it. Set it where runs are executed.",
            )
        return value

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: object) -> "Settings":
        """Settings of this process; `overrides` that are None count as not given.

        Raises: RequestError naming every malformed or unknown variable at once.
        """
        variables = os.environ if environ is None else environ  # noqa: TID251 - this is the one place
        given = {
            key[len(PREFIX) :].lower(): value for key, value in variables.items() if key.startswith(PREFIX) and value
        }
        if variables.get("DAGSTER_HOME"):
            given["dagster_home"] = variables["DAGSTER_HOME"]
        if "home" in given:
            given.setdefault("drive_folder", str(Path(given["home"]) / "drive"))
            given.setdefault("pipelines_dir", str(Path(given["home"]) / "pipelines"))
            given.setdefault("output_dir", str(Path(given["home"]) / "output"))
        try:
            return cls.model_validate(
                {**given, **{key: value for key, value in overrides.items() if value is not None}}
            )
        except ValidationError as error:
            raise RequestError(describe_faults(error)) from error


def describe_faults(error: ValidationError) -> str:
    """All faults of the settings, one a line, without the values of secrets."""
    lines = []
    for fault in error.errors():
        name = f"{PREFIX}{str(fault['loc'][0]).upper()}"
        known = ", ".join(f"{PREFIX}{field.upper()}" for field in Settings.model_fields)
        detail = (
            f"unknown; known: {known}"
            if fault["type"] == "extra_forbidden"
            else f"{fault['msg']}, found {fault['input']!r}"
        )
        lines.append(f"{name}: {detail}")
    return "settings: " + "; ".join(lines)
