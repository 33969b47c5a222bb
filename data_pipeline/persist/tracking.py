"""The ledger: what arrived, which batches exist, how far they are. One function a fact, in the caller's transaction."""

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl
from pydantic import BaseModel
from sqlalchemy import Connection

from data_pipeline.model.batches import DriveFile, FileFault, Prepared, Witness
from data_pipeline.model.findings import Finding
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.store_names import StoreNames
from data_pipeline.persist.sql import query

Row = dict[str, Any]
# What the flow passes from one fact to the next without knowing the driver.
Transaction: TypeAlias = Connection


@dataclass(frozen=True)
class ClaimedBatch:
    """A batch that this process works on; `attempt` fences off a process that worked on it before."""

    id: uuid.UUID
    attempt: int
    file_name: str
    content_sha256: str
    version: int
    store: str | None
    trace_parent: str | None = None


@dataclass(frozen=True)
class NewBatch:
    """What is known of a delivery when it becomes a batch."""

    pipeline_id: uuid.UUID
    business_date: dt.date
    store_id: int | None
    file: DriveFile
    content_sha256: str
    cells_sha256: str | None
    exported_at: dt.datetime | None
    witnesses: Sequence[Witness]
    findings: Sequence[Finding]


def rows_of(connection: Connection, query_name: str, /, **parameters: object) -> list[Row]:
    """Runs a named query and returns its rows as dictionaries."""
    return [dict(row) for row in connection.execute(query(query_name), parameters).mappings()]


def run(connection: Connection, query_name: str, /, **parameters: object) -> int:
    """Runs a named statement and returns how many rows it touched."""
    return connection.execute(query(query_name), parameters).rowcount


def as_json(items: Iterable[BaseModel]) -> str:
    """A JSON list of models."""
    return str(clean(json.dumps([item.model_dump(mode="json") for item in items])))


def register_pipeline(connection: Connection, spec: PipelineSpec) -> uuid.UUID:
    """Makes a built-in pipeline known to the database; returns its id."""
    return register_spec(connection, spec)[0]


def register_spec(connection: Connection, spec: PipelineSpec) -> tuple[uuid.UUID, int]:
    """Makes a pipeline known as it is declared now; returns its id and the version of its declaration.

    Versions count the contents that a declaration has had, from 1; an earlier content has its earlier number.
    """
    declaration = {"name": spec.name, "config": spec.model_dump_json(), "spec_hash": spec.declaration_hash}
    found = rows_of(connection, "find_pipeline", **declaration)
    if not found:
        [pipeline] = rows_of(connection, "upsert_pipeline", **declaration)
        run(connection, "insert_spec", pipeline_id=pipeline["id"], **declaration)
        found = rows_of(connection, "find_pipeline", **declaration)
    return found[0]["id"], found[0]["spec_version"]


def keep_spec(connection: Connection, pipeline_id: uuid.UUID, spec: PipelineSpec) -> int:
    """The version of a declaration of a pipeline that a program declared; the caller holds the pipeline's row."""
    declaration = {"pipeline_id": pipeline_id, "spec_hash": spec.declaration_hash}
    run(connection, "insert_spec", **declaration, config=spec.model_dump_json())
    [row] = rows_of(connection, "find_spec_version", **declaration)
    return int(row["version"])


def load_store_names(connection: Connection, prefixes: tuple[str, ...]) -> StoreNames:
    """Every known store and every taught alias."""
    stores = [row["name"] for row in rows_of(connection, "list_stores")]
    aliases = {row["alias"]: row["store"] for row in rows_of(connection, "list_aliases")}
    return StoreNames.build(stores, aliases, prefixes)


def load_aliases(connection: Connection) -> dict[str, str]:
    """Taught spelling -> store."""
    return {row["alias"]: row["store"] for row in rows_of(connection, "list_aliases")}


def ensure_store(connection: Connection, name: str) -> int:
    """The id of a store, which is new when nobody named it before."""
    run(connection, "insert_store", name=name)
    [row] = rows_of(connection, "find_store", name=name)
    return int(row["store_id"])


def teach_alias(connection: Connection, alias: str, store_id: int, *, taught_by: str) -> None:
    """Remembers that a spelling means a store."""
    run(connection, "teach_alias", alias=alias, store_id=store_id, taught_by=taught_by)


def record_arrival(  # noqa: PLR0913 - one fact of the ledger, its columns
    connection: Connection,
    file: DriveFile,
    *,
    outcome: str,
    content_sha256: str | None,
    note: str | None = None,
    batch_id: uuid.UUID | None = None,
    witnesses: Sequence[Witness] = (),
) -> None:
    """Remembers that a file was seen as it is, and what came of it."""
    run(
        connection,
        "insert_arrival",
        path=str(file.path),
        size_bytes=file.size_bytes,
        mtime_ns=file.mtime_ns,
        content_sha256=content_sha256,
        outcome=outcome,
        batch_id=batch_id,
        note=note,
        witnesses=as_json(witnesses),
    )


def load_known_files(connection: Connection) -> dict[str, tuple[int, int]]:
    """Path -> fingerprint of every file that was dealt with."""
    return {row["path"]: (row["size_bytes"], row["mtime_ns"]) for row in rows_of(connection, "list_known_files")}


def mark_files_gone(connection: Connection, folder: str, present: Sequence[str]) -> int:
    """Remembers which known files of a folder are no longer there. Their batches stay: a drive is a letter box."""
    return run(connection, "mark_files_gone", folder=f"{folder}/", present=list(present))


def create_batch(connection: Connection, new: NewBatch) -> uuid.UUID:
    """The next version of a delivery, waiting for a run."""
    [row] = rows_of(
        connection,
        "insert_batch",
        pipeline_id=new.pipeline_id,
        business_date=new.business_date,
        store_id=new.store_id,
        file_path=str(new.file.path),
        file_name=new.file.path.name,
        content_sha256=new.content_sha256,
        size_bytes=new.file.size_bytes,
        cells_sha256=new.cells_sha256,
        exported_at=new.exported_at,
        identity=as_json(new.witnesses),
        findings=as_json(new.findings),
    )
    created: uuid.UUID = row["id"]
    return created


def claim_batches(
    connection: Connection,
    pipeline_id: uuid.UUID,
    business_date: dt.date,
    run_id: uuid.UUID,
    *,
    spec_hash: str,
    spec_version: int,
) -> list[ClaimedBatch]:
    """Takes all batches of a date that wait or were judged by other rules; the caller holds the date's lock."""
    day = {"pipeline_id": pipeline_id, "business_date": business_date}
    claimed = rows_of(connection, "claim_batches", **day, run_id=run_id, spec_hash=spec_hash, spec_version=spec_version)
    return [
        ClaimedBatch(
            row["id"],
            row["attempts"],
            row["file_name"],
            row["content_sha256"],
            row["version"],
            row["store"],
            row["trace_parent"],
        )  # fmt: skip
        for row in sorted(claimed, key=lambda row: (row["file_name"], row["version"]))
    ]


def complete_batch(
    connection: Connection,
    batch: ClaimedBatch,
    prepared: Prepared,
    *,
    part: str,
    spec_hash: str,
    rejects: Iterable[pl.DataFrame],
) -> bool:
    """Keeps the rejected rows and marks the batch completed; False when another attempt owns it by now."""
    touched = run(
        connection,
        "complete_batch",
        id=batch.id,
        attempts=batch.attempt,
        cells_sha256=prepared.cells_sha256,
        spec_hash=spec_hash,
        part_path=part,
        measures=json.dumps(prepared.measures),
        findings=as_json(prepared.findings),
        statistics=as_json(prepared.statistics),
        record_count=prepared.rows_read,
        processed_count=prepared.rows_accepted,
        failed_count=prepared.rows_rejected,
    )
    if touched:
        run(connection, "clear_batch_errors", batch_id=batch.id)
        for chunk in rejects:
            copy_rejects(connection, batch.id, chunk, sheet=prepared.sheet)
    return touched == 1


def copy_rejects(connection: Connection, batch_id: uuid.UUID, rejects: pl.DataFrame, *, sheet: str) -> None:
    """Every reason of every rejected row, by COPY."""
    if rejects.height == 0:
        return
    columns = ("record_index", "row_number", "error_code", "error_message", "column_name", "raw_text", "record_data")
    statement = f"copy batch_errors (batch_id, sheet, {', '.join(columns)}) from stdin"
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rejects.select(columns).iter_rows():
            # Postgres cannot hold U+0000; it is shown as what it stands for
            copy.write_row((batch_id, sheet, *(clean(value) for value in row)))


def replace_step_rejects(connection: Connection, batch_ids: Sequence[uuid.UUID], rejects: pl.DataFrame) -> None:
    """Keeps the rows of a date that its steps reject, instead of those they rejected before, and counts them.

    Shape: `rejects` has `batch`, a position in `batch_ids`, `sheet`, and the columns of a judged rejected row.
    """
    run(connection, "clear_step_errors", batch_ids=list(batch_ids))
    for (batch, sheet), rows in rejects.partition_by("batch", "sheet", as_dict=True, maintain_order=True).items():
        copy_rejects(connection, batch_ids[batch], rows, sheet=sheet)
    run(connection, "count_step_errors", batch_ids=list(batch_ids))


def clean(value: object) -> object:
    """Text without NUL, which Postgres refuses, in JSON's spelling or plain."""
    return value.replace("\\u0000", "\\\\u0000").replace("\0", "\\0") if isinstance(value, str) else value


def fail_batch(connection: Connection, batch_id: uuid.UUID, attempt: int, fault: FileFault) -> bool:
    """Marks a batch failed, with the reason for its sender; False when another attempt owns it by now."""
    return (
        run(
            connection,
            "fail_batch",
            id=batch_id,
            attempts=attempt,
            error_code=fault.code,
            error_message=str(clean(fault.message)),
        )
        == 1
    )
