"""Every error of this project, grouped by who must act.

    PipelineError
    ├── SpecError           the author of a pipeline.yaml or of a processor
    ├── FileRejected        the sender of a file; carries a stable code
    ├── StoreError          the operator: database, disk, drive folder
    │   ├── DatabaseError     no server, wrong URL, connection lost, disk full
    │   ├── MigrationError    schema and release do not fit together
    │   └── DriveError        the drive folder cannot be listed or read
    ├── DestinationError    the operator of what is delivered to; carries a stable code, the snapshot is published
    ├── RequestError        the person who typed the command
    │   └── RequestRefused    the program that asked over the API; carries a stable code
    └── ConservationError   nobody outside: rows were lost or doubled, nothing was published

Anything else is our bug and stays loud. A message says where, what was found, what was expected, what to do.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class PipelineError(Exception):
    """An error with a message for the person who must act."""


class SpecError(PipelineError):
    """A pipeline is declared wrongly."""


class FileRejected(PipelineError):
    """A file cannot be used as a whole; `code` is stable, see docs/findings.md. `pipeline`: by whose rules, if any."""

    def __init__(self, code: str, message: str, pipeline: str | None = None) -> None:
        super().__init__(code, message, pipeline)  # all, or it cannot travel between processes
        self.code = code
        self.pipeline = pipeline

    def __str__(self) -> str:
        return str(self.args[1])


class StoreError(PipelineError):
    """Something that holds data is out of reach or out of space."""


class DatabaseError(StoreError):
    """Postgres cannot be reached, refuses us, or went away."""


class MigrationError(StoreError):
    """The database's schema and this release do not fit together."""


class DriveError(StoreError):
    """The drive folder cannot be listed or a file in it cannot be read."""


class DestinationError(PipelineError):
    """A destination does not take what is delivered; `code` is stable, see docs/findings.md."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[1])


class RequestError(PipelineError):
    """A command asks for something that is not there or not allowed."""


class RequestRefused(RequestError):
    """A program asks for something that is not there or not allowed; `code` is stable, see docs/api.md."""

    def __init__(self, code: str, message: str, details: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.details = tuple(details)


class ConservationError(PipelineError):
    """Rows in and rows out differ; publishing was stopped before anything changed."""
