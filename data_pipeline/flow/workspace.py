"""What every stage of the flow needs: settings, database, reader processes, folders."""

import atexit
import dataclasses
import functools
import uuid
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.flow import tracing
from data_pipeline.flow.hosted import load_hosted
from data_pipeline.flow.resolve import resolve
from data_pipeline.ingest.sandbox import Sandbox, share_sandbox
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.persist import tracking
from data_pipeline.persist.database import Database, open_database
from data_pipeline.persist.lake import Lake
from data_pipeline.persist.landing import Landing
from data_pipeline.pipelines.catalog import Pipeline, find_pipeline, load_catalog
from data_pipeline.pipelines.hosted import HostedPipeline
from data_pipeline.settings import Settings


@dataclass(frozen=True)
class Workspace:
    """One process's view of one installation."""

    settings: Settings
    database: Database
    sandbox: Sandbox
    landing: Landing
    lake: Lake

    @classmethod
    def open(cls, settings: Settings) -> "Workspace":
        """Starts the embedded database if need be and brings its schema up to date.

        Raises: StoreError when database or home are out of reach.
        """
        return cls(
            settings=settings,
            database=open_database(settings),
            sandbox=share_sandbox(settings.workers, settings.reader_memory_mb, settings.reader_seconds),
            landing=Landing.open(settings.home / "landing"),
            lake=Lake(settings.home),
        )

    def reconnect(self) -> "Workspace":
        """The same workspace with a database that answers: an embedded server that died is started again."""
        return dataclasses.replace(self, database=open_database(self.settings))

    def close(self) -> None:
        """Stops the reader processes; the database is shared and stays."""
        self.sandbox.close()

    @property
    def home(self) -> Path:
        """Folder of everything the product keeps."""
        return self.settings.home

    def pipeline(self, name: str) -> Pipeline:
        """The pipeline of that name. Raises: RequestError, or SpecError when it is faulty."""
        return self.hosted().get(name) or find_pipeline(name, self.settings.pipelines_dir)

    def pipelines(self) -> dict[str, Pipeline]:
        """Every pipeline by name, the built-in ones first, those of programs last."""
        return {**load_catalog(self.settings.pipelines_dir), **self.hosted()}

    def hosted(self) -> dict[str, HostedPipeline]:
        """Every pipeline that a program declared."""
        return load_hosted(self.database, self.settings.webhook_hosts)

    def judging_spec(self, pipeline: Pipeline) -> PipelineSpec:
        """The spec by which a pipeline's files are judged now. Raises: StoreError when a rule's file is gone."""
        return resolve(pipeline, self.settings.reference_dir, self.sandbox)

    def pipeline_id(self, pipeline: Pipeline) -> uuid.UUID:
        """Its id in the database, registered at first use."""
        if isinstance(pipeline, HostedPipeline):
            return pipeline.id
        with self.database.transaction() as connection:
            return tracking.register_pipeline(connection, pipeline.spec)

    def register(self, connection: tracking.Transaction, pipeline: Pipeline) -> tuple[uuid.UUID, int]:
        """Its id, and the version of its declaration as it is now."""
        if isinstance(pipeline, HostedPipeline):
            return pipeline.id, tracking.keep_spec(connection, pipeline.id, pipeline.spec)
        return tracking.register_spec(connection, pipeline.spec)


@functools.cache
def open_workspace(settings: Settings) -> Workspace:
    """The one workspace of this process for these settings, closed when the process ends.

    Raises: StoreError when database or home are out of reach.
    """
    tracing.switch_on(settings.otlp_endpoint)
    workspace = Workspace.open(settings)
    atexit.register(workspace.close)
    return workspace
