"""Pipelines of programs from creation to deletion: created inactive, started, stopped, replaced, deleted."""

import json
import shutil
import uuid
from collections.abc import Mapping
from typing import Any

from data_pipeline.errors import RequestRefused
from data_pipeline.flow.caller import Caller
from data_pipeline.flow.publish import show_in_duckdb
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.contradictions import Fault
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.persist import audit, tracking
from data_pipeline.persist.hosted import drop_relations
from data_pipeline.persist.tenancy import acting_as
from data_pipeline.persist.tracking import Row, Transaction
from data_pipeline.pipelines.hosted import name_hosted, read_hosted

LONGEST_NAME = 255
NUL, NUL_ESCAPE = "\0", r"\u0000"
MOST_FAULTS, LONGEST_WORDS = 200, 500


def create_pipeline(workspace: Workspace, caller: Caller, name: str, config: Any) -> Row:
    """Keeps a declaration; nothing runs before the pipeline is started.

    Raises: RequestRefused INVALID_CONFIG with every fault, PIPELINE_EXISTS.
    """
    pipeline_id = uuid.uuid4()
    engine_name = name_hosted(name, pipeline_id)
    spec = check(workspace, name, config, engine_name=engine_name)
    kept = {"id": pipeline_id, "name": engine_name, "title": name, "config": json.dumps(config)}
    with acting_as(workspace.database, caller.owner_id) as connection:
        refuse_taken(connection, caller, name)
        made = tracking.rows_of(connection, "insert_hosted", **kept, owner_id=caller.owner_id)
        if not made:  # somebody else was faster
            refuse_taken(connection, caller, name)
        [row] = made
        tracking.keep_spec(connection, pipeline_id, spec)
        audit.note(connection, caller.entry("pipeline.create", pipeline_id, name=name))
    return row


def replace_pipeline(
    workspace: Workspace, caller: Caller, pipeline_id: uuid.UUID, name: str, config: Any, *, expected: int | None
) -> Row:
    """Takes another declaration; what was judged by the one before is judged again when its date is next run.

    `expected`: the revision that the caller read. Raises: RequestRefused, also PRECONDITION_FAILED.
    """
    with acting_as(workspace.database, caller.owner_id) as connection:
        found = require(connection, caller, pipeline_id, lock=True)
        if expected is not None and found["revision"] != expected:
            raise RequestRefused(
                "PRECONDITION_FAILED",
                f"pipeline {pipeline_id} is at revision {found['revision']}, not {expected}: read it again.",
            )
        spec = check(workspace, name, config, engine_name=found["name"])
        if name != found["title"]:
            refuse_taken(connection, caller, name)
        kept = {"title": name, "config": json.dumps(config), "pipeline_id": pipeline_id}
        [row] = tracking.rows_of(connection, "replace_hosted", **kept, owner_id=caller.owner_id)
        tracking.keep_spec(connection, pipeline_id, spec)
        audit.note(connection, caller.entry("pipeline.replace", pipeline_id, revision=row["revision"]))
    return row


def set_status(workspace: Workspace, caller: Caller, pipeline_id: uuid.UUID, status: str) -> Row:
    """Starts or stops: what waits is processed, or waits on. Raises: RequestRefused."""
    with acting_as(workspace.database, caller.owner_id) as connection:
        require(connection, caller, pipeline_id, lock=True)
        [row] = tracking.rows_of(
            connection, "set_hosted_status", owner_id=caller.owner_id, pipeline_id=pipeline_id, status=status
        )
        action = "pipeline.start" if status == "active" else "pipeline.stop"
        audit.note(connection, caller.entry(action, pipeline_id))
    return row


def delete_pipeline(workspace: Workspace, caller: Caller, pipeline_id: uuid.UUID) -> None:
    """Removes a pipeline with everything it published, unless batches wait or are in work.

    Raises: RequestRefused PIPELINE_HAS_ACTIVE_BATCHES.
    """
    with acting_as(workspace.database, caller.owner_id) as connection:
        row = require(connection, caller, pipeline_id, lock=True)  # nobody posts while it is looked at
        asked = {"owner_id": caller.owner_id, "pipeline_id": pipeline_id}
        [unfinished] = tracking.rows_of(connection, "count_unfinished", **asked)
        if unfinished["batches"]:
            raise RequestRefused(
                "PIPELINE_HAS_ACTIVE_BATCHES",
                f"pipeline {pipeline_id} has {unfinished['batches']} batches that wait or are processed: wait "
                "for them, or cancel them.",
            )
        tracking.run(connection, "delete_hosted", **asked)
        audit.note(connection, caller.entry("pipeline.delete", pipeline_id, name=row["title"]))
    forget(workspace, row["name"])


def forget(workspace: Workspace, name: str) -> None:
    """Removes what a deleted pipeline left in both databases and in its folders; its landed bytes stay."""
    with workspace.database.transaction() as connection:
        drop_relations(connection, name)
    for folder in (workspace.home / "staging" / name, workspace.lake.folder_of(name)):
        shutil.rmtree(folder, ignore_errors=True)  # what stays is found by nobody
    show_in_duckdb(workspace)


def require(connection: Transaction, caller: Caller, pipeline_id: uuid.UUID, *, lock: bool = False) -> Row:
    """The caller's pipeline. Raises: RequestRefused PIPELINE_NOT_FOUND, for another owner's as for none."""
    asked = "lock_hosted" if lock else "find_hosted"
    found = tracking.rows_of(connection, asked, owner_id=caller.owner_id, pipeline_id=pipeline_id)
    if not found:
        raise RequestRefused("PIPELINE_NOT_FOUND", f"pipeline {pipeline_id} does not exist.")
    return found[0]


def refuse_taken(connection: Transaction, caller: Caller, name: str) -> None:
    """Raises: RequestRefused PIPELINE_EXISTS."""
    if tracking.rows_of(connection, "find_title", owner_id=caller.owner_id, title=name):
        raise RequestRefused("PIPELINE_EXISTS", f"a pipeline {name!r} exists already; choose another name.")


def check(workspace: Workspace, name: str, config: Any, *, engine_name: str) -> PipelineSpec:
    """The spec. Raises: RequestRefused INVALID_CONFIG with every fault and its place."""
    faults: list[Fault] = []
    if not 1 <= len(name) <= LONGEST_NAME or NUL in name:
        faults.append((("name",), f"expected 1 to {LONGEST_NAME} characters, found {len(name)}"))
    try:
        if NUL_ESCAPE in json.dumps(config, allow_nan=False):
            faults.append((("config",), "expected texts without the character U+0000, which no database of ours holds"))
    except ValueError:
        faults.append((("config",), "expected numbers that JSON has, found NaN or one that no double holds"))
    hosts = workspace.settings.webhook_hosts
    spec, more = read_hosted(config, name=engine_name, title=name, webhook_hosts=hosts)
    faults += [(("config", *path), message) for path, message in more]
    if spec is None or faults:
        raise RequestRefused("INVALID_CONFIG", f"invalid config: {len(faults)} faults", list_faults(faults))
    return spec


def list_faults(faults: list[Fault]) -> list[Mapping[str, Any]]:
    """Faults as an answer shows them: JSONPath and words."""
    return [{"path": cut(write_path(path)), "message": cut(message)} for path, message in faults[:MOST_FAULTS]]


def cut(text: str) -> str:
    """What a program sent comes back in its faults, but not by the megabyte."""
    return text if len(text) <= LONGEST_WORDS else f"{text[:LONGEST_WORDS]}…"


def write_path(path: tuple[str | int, ...]) -> str:
    """A place in the request as JSONPath. https://www.rfc-editor.org/rfc/rfc9535

    >>> write_path(("config", "processors", 0, "use"))
    '$.config.processors[0].use'
    """
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
