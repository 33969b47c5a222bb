"""What the marts of a pipeline are worth before it publishes, and which of them DuckDB's catalog had to leave out."""

from collections.abc import Iterator

import polars as pl

from data_pipeline.errors import SpecError
from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist import marts, tracking
from data_pipeline.pipelines.catalog import Pipeline


def check_marts(workspace: Workspace, pipeline: Pipeline, schema: pl.Schema) -> None:
    """Tries every mart on no rows of what is about to be published; changes nothing.

    Raises: SpecError for the first that one of the databases does not take.
    """
    declared = {mart: pipeline.read_mart(mart) for mart in pipeline.spec.marts}
    if not declared:
        return
    with workspace.database.transaction() as connection:
        columns = marts.list_shown_columns(connection, pipeline.name, schema)
        found = {"Postgres": marts.try_in_postgres(connection, pipeline.name, columns, declared)}
        catalog = workspace.lake.catalog
        found["DuckDB"] = marts.try_in_duckdb(connection, pipeline.name, columns, declared, catalog)
    for database, refused in found.items():
        if refused is not None:
            raise SpecError(describe(pipeline, *refused, database=database))


def find_broken_marts(workspace: Workspace) -> Iterator[str]:
    """What is wrong with marts that are declared and that DuckDB does not show, since they were changed later."""
    with workspace.database.transaction() as connection:
        published = {row["pipeline"] for row in tracking.rows_of(connection, "list_current_snapshots")}
    for name, pipeline in workspace.pipelines().items():
        for mart in pipeline.spec.marts if name in published else ():
            reason = marts.find_fault(workspace.lake.catalog, pipeline.read_mart(mart))
            if reason is not None:
                yield describe(pipeline, mart, reason, database="DuckDB")


def describe(pipeline: Pipeline, mart: str, reason: str, *, database: str) -> str:
    """What the author of a mart is told."""
    return (
        f"pipeline {pipeline.name!r}, mart {mart!r}: expected a SELECT for Postgres and DuckDB, but {database} says: "
        f"{reason}. Mend {pipeline.folder / mart}.sql and run the date again."
    )
