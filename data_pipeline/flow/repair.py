"""What people do about files that did not go through: retry the failed ones, decide what the parked ones are."""

import dataclasses
import datetime as dt
from difflib import get_close_matches
from pathlib import Path

from data_pipeline.aggregate.completeness import read_roster
from data_pipeline.errors import RequestError
from data_pipeline.flow.receive import receive_files
from data_pipeline.flow.record import Receipt, Statement
from data_pipeline.flow.route import find_candidates
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.references import load_references
from data_pipeline.model.batches import DriveFile
from data_pipeline.model.store_names import StoreNames, short_name
from data_pipeline.persist import tracking
from data_pipeline.persist.tracking import Row
from data_pipeline.pipelines.catalog import Pipeline


def list_failed(workspace: Workspace, pipeline: Pipeline, business_date: dt.date | None) -> list[Row]:
    """Failed deliveries that nothing came after."""
    with workspace.database.transaction() as connection:
        return tracking.rows_of(connection, "list_failed", pipeline=pipeline.name, business_date=business_date)


def retry_failed(workspace: Workspace, pipeline: Pipeline, business_date: dt.date | None) -> list[Receipt]:
    """Takes failed deliveries up again: a file that was repaired in its place as a new version, any other as it was.

    The caller then runs the dates of the receipts. Deliveries that went through are not touched.
    """
    receipts = []
    for failed in list_failed(workspace, pipeline, business_date):
        path = Path(failed["file_path"])
        if path.is_file():
            statement = Statement(pipeline=pipeline.name, business_date=failed["business_date"])
            receipts += receive_files(workspace, [look_at_file(path)], statement)
        else:
            receipts.append(requeue(workspace, failed))
    return receipts


def requeue(workspace: Workspace, failed: Row) -> Receipt:
    """Tries the landed bytes again: the file itself is no longer where it was."""
    with workspace.database.transaction() as connection:
        tracking.run(connection, "requeue_batch", id=failed["id"])
    file = DriveFile(path=Path(failed["file_path"]), relative=failed["file_name"], size_bytes=0, mtime_ns=0)
    note = "the file is gone from the drive; its landed bytes are tried again"
    return Receipt(file, "batch", note, failed["pipeline"], failed["business_date"], failed["store"], failed["id"])


def look_at_file(path: Path) -> DriveFile:
    """A file that somebody named.

    Raises: RequestError when it is not there.
    """
    path = path.parent.resolve() / path.name  # a link put where a file was is not followed
    if path.is_symlink() or not path.is_file():
        raise RequestError(f"{path}: expected a file, found none.")
    status = path.lstat()
    relative = Path(path.parent.name) / path.name
    return DriveFile(path=path, relative=str(relative), size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)


def find_only_pipeline(workspace: Workspace, path: Path, stated: str | None) -> Pipeline:
    """The pipeline that the operator states, or the only one that takes files of that place and name.

    Raises: RequestError when there are several.
    """
    candidates = find_candidates(look_at_file(path), workspace.pipelines(), stated)
    if len(candidates) > 1:
        names = ", ".join(one.name for one in candidates)
        raise RequestError(f"{path}: may be for several pipelines ({names}). Say which one with --pipeline.")
    return candidates[0]


def assign_file(
    workspace: Workspace, pipeline: Pipeline, path: Path, statement: Statement, *, taught_by: str
) -> Receipt:
    """Decides what a file is, and teaches the spelling of its name for the next time.

    Raises: RequestError when the file is not there or the store has never been heard of.
    """
    file = look_at_file(path)
    statement = dataclasses.replace(statement, pipeline=pipeline.name)
    if statement.store is not None:
        store = find_store(workspace, pipeline, statement.store)
        teach_spelling(workspace, pipeline, file.path.stem, store, taught_by=taught_by)
        statement = dataclasses.replace(statement, store=store)
    [receipt] = receive_files(workspace, [file], statement)
    return receipt


def find_store(workspace: Workspace, pipeline: Pipeline, text: str) -> str:
    """The store that a person means: one that delivered before, or one of the roster.

    Raises: RequestError that names what it may have been; a typing error must not become a store.
    """
    prefixes = pipeline.spec.identity.chain_prefixes
    with workspace.database.transaction() as connection:
        names = tracking.load_store_names(connection, prefixes)
    roster, _ = read_roster(pipeline.spec.roster, load_references(workspace.settings.reference_dir, workspace.sandbox))
    expected = StoreNames.build(roster, {}, prefixes)
    found = names.find(text) or expected.find(text)
    if found is None:
        known = sorted({*names.stores.values(), *roster})
        near = get_close_matches(text, known, n=3, cutoff=0.4) or known
        raise RequestError(f"store {text!r} is not known; is one of these meant? {', '.join(near)}")
    return found


def teach_spelling(workspace: Workspace, pipeline: Pipeline, spelling: str, store: str, *, taught_by: str) -> None:
    """Remembers that a file name's spelling means a store, unless it is a store's own; a wrong lesson is corrected."""
    prefixes = pipeline.spec.identity.chain_prefixes
    with workspace.database.transaction() as connection:
        store_id = tracking.ensure_store(connection, store)
        if tracking.load_store_names(connection, prefixes).find_own(spelling) is None:
            tracking.teach_alias(connection, short_name(spelling, prefixes), store_id, taught_by=taught_by)
