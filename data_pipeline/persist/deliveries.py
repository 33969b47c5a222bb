"""The ledger of deliveries: what went to which destination, what was refused. One function a fact."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from psycopg import sql
from sqlalchemy import Connection

from data_pipeline.model.destinations import REJECT_COLUMNS, Destination
from data_pipeline.model.rows import Rows
from data_pipeline.model.snapshots import Manifest
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.persist.database import Database
from data_pipeline.persist.destinations.shipment import Refusal
from data_pipeline.persist.parts import open_part, writing_part
from data_pipeline.persist.tracking import Row, clean, rows_of, run

BLOCK_BYTES = 8 << 20  # of CSV, of rejected rows
# What changes how something is sent and not what.
NOT_DECLARING = {"policy", "chunk_rows", "most_refused_rows", "auth_from", "auth_header"}


@dataclass(frozen=True)
class Parcel:
    """One version of a date on its way to one destination."""

    id: uuid.UUID
    is_delivered: bool


def hash_declaration(destination: Destination) -> str:
    """Hash of what decides what is sent, and where."""
    return hashlib.sha256(destination.model_dump_json(exclude=NOT_DECLARING).encode()).hexdigest()


def open_parcel(connection: Connection, destination: Destination, snapshot_id: uuid.UUID, **day: object) -> Parcel:
    """The delivery that was begun for this very version and declaration, or a new one.

    It is new too when another version went out in between: the destination then holds that one.
    """
    last = rows_of(connection, "find_last_delivery", **day, destination=destination.name)
    declaration = hash_declaration(destination)
    if last and (last[0]["snapshot_id"], last[0]["declaration"]) == (snapshot_id, declaration):
        return Parcel(last[0]["id"], last[0]["status"] == "delivered")
    what = {"destination": destination.name, "kind": destination.kind, "declaration": declaration}
    [row] = rows_of(connection, "insert_delivery", **day, **what, snapshot_id=snapshot_id)
    return Parcel(row["id"], is_delivered=False)


@dataclass(frozen=True)
class ChunkJournal:
    """What a receiver of chunks answered, each answer in a transaction of its own."""

    database: Database
    delivery_id: uuid.UUID

    def list_chunks(self) -> list[Row]:
        """Every answer, by row."""
        with self.database.transaction() as connection:
            return rows_of(connection, "list_chunks", delivery_id=self.delivery_id)

    def find_open(self, total: int) -> Sequence[tuple[int, int]]:
        """First row and count of what nobody answered for yet."""
        gaps, position = [], 0
        for chunk in [*self.list_chunks(), {"first_row": total, "row_count": 0}]:
            if chunk["first_row"] > position:
                gaps.append((position, chunk["first_row"] - position))
            position = chunk["first_row"] + chunk["row_count"]
        return gaps

    def note(self, first: int, count: int, refusal: str | None) -> None:
        """Keeps an answer."""
        refusal = None if refusal is None else str(clean(refusal))
        chunk = {"first_row": first, "row_count": count, "refusal": refusal}
        with self.database.transaction() as connection:
            run(connection, "insert_chunk", delivery_id=self.delivery_id, **chunk)

    def list_refusals(self) -> Sequence[Refusal]:
        """Rows that were refused in this delivery."""
        return [Refusal(chunk["first_row"], chunk["refusal"]) for chunk in self.list_chunks() if chunk["refusal"]]

    def forget_refusals(self) -> None:
        """Lets refused rows be sent again."""
        with self.database.transaction() as connection:
            run(connection, "forget_refusals", delivery_id=self.delivery_id)


def list_snapshot_batches(connection: Connection, manifest: Manifest, **day: object) -> list[Row]:
    """The batches that a snapshot was made of, in its order."""
    inputs = json.dumps([one.model_dump(mode="json") for one in manifest.inputs])
    return rows_of(connection, "list_snapshot_batches", **day, inputs=inputs)


def copy_rejects(
    connection: Connection, spec: PipelineSpec, batches: Sequence[Row], destination: Destination, path: Path
) -> Rows:
    """The rejected rows of some batches, in the order of the input: one row each, the first code and every message.

    They are copied to a part at `path`: whoever is slow to take them holds no transaction open.

    Shape: every declared column as the text that was delivered, then REJECT_COLUMNS.
    """
    fields = {column.name: (*column.headers, column.name) for column in spec.columns}
    schema = {**dict.fromkeys(fields, pl.String), **dict.fromkeys(REJECT_COLUMNS, pl.String),
              "source_version": pl.Int64, "source_row": pl.Int64}  # fmt: skip
    found = {
        **{f"field {place}": pl.String for place in range(len(fields))},
        **{name: schema[name] for name in REJECT_COLUMNS},
    }
    del found["error_status"]
    names = {f"field {place}": name for place, name in enumerate(fields)}
    statuses, otherwise = destination.status_by_code, destination.otherwise
    status = pl.col("error_code").replace_strict(statuses, default=otherwise, return_dtype=pl.String)
    with writing_part(path) as part:
        part.add(pl.DataFrame(schema=schema))
        for content in copy_out(connection, select_rejects(fields, batches)) if batches else ():
            table = pl.read_csv(content, has_header=False, new_columns=list(found), schema=pl.Schema(found))
            part.add(table.rename(names).with_columns(status.alias("error_status")).select(*schema))
    return open_part(path)


def copy_out(connection: Connection, statement: sql.Composable) -> Iterator[bytes]:
    """What COPY gives, in blocks of whole lines."""
    driver = connection.connection.driver_connection
    assert driver is not None
    lines, size = list[bytes](), 0
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for line in copy:  # the server sends each row in a message of its own
            lines.append(bytes(line))
            size += len(line)
            if size >= BLOCK_BYTES:
                yield b"".join(lines)
                lines, size = [], 0
    if lines:
        yield b"".join(lines)


def select_rejects(fields: dict[str, tuple[str, ...]], batches: Sequence[Row]) -> sql.Composable:
    """COPY of one line for each rejected row; what a destination refused was published, and is not among them."""
    spelled = [
        sql.SQL("coalesce({})").format(
            sql.SQL(", ").join(sql.SQL("record_data ->> {}").format(sql.Literal(name)) for name in names)
        )
        for names in fields.values()
    ]
    query = """
        copy (
            select {fields}, error_code, messages, column_name, raw_text, record_data,
                   file_name, version, sheet, row_number
            from (
                select batch_errors.*, batches.file_name, batches.version, named.place,
                       string_agg(batch_errors.error_message, '; ') over (
                           partition by batch_id, sheet, row_number order by batch_errors.id
                           rows between unbounded preceding and unbounded following) as messages,
                       row_number() over (partition by batch_id, sheet, row_number order by batch_errors.id) as reason
                from batch_errors
                join batches on batches.id = batch_errors.batch_id
                join unnest({batches}::uuid[]) with ordinality as named (id, place) on named.id = batches.id
                where batch_errors.destination is null
            ) reasons
            where reason = 1
            order by place, row_number, id
        ) to stdout (format csv)
    """
    ids = sql.Literal([str(batch["id"]) for batch in batches])
    return sql.SQL(query).format(fields=sql.SQL(", ").join(spelled), batches=ids)


@dataclass(frozen=True)
class RefusedRow:
    """A published row that a destination did not take, as `batch_errors` keeps it."""

    batch_id: uuid.UUID
    row_number: int | None
    sheet: str | None
    message: str
    record: str


def replace_refused(
    connection: Connection, destination: str, refused: Iterable[RefusedRow], *, code: str, **day: object
) -> None:
    """Keeps the rows that a destination refused of a date, instead of those it refused before."""
    run(connection, "clear_refused_rows", **day, destination=destination)
    columns = "batch_id, record_index, row_number, sheet, error_code, error_message, record_data, destination"
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"copy batch_errors ({columns}) from stdin") as copy:
        for one in refused:
            index = -(one.row_number or 1)
            place = (one.batch_id, index, one.row_number, one.sheet)
            copy.write_row((*place, code, clean(one.message), clean(one.record), destination))


def list_latest(connection: Connection, business_date: dt.date | None = None) -> list[Row]:
    """The newest delivery of every date to every destination."""
    return rows_of(connection, "list_latest_deliveries", business_date=business_date)
