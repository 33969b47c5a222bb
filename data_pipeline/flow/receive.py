"""Files -> batches that wait for a run. Bytes are landed first; then the file is read, identified and recorded."""

from collections.abc import Callable, Iterable, Sequence

from data_pipeline.errors import DriveError
from data_pipeline.flow.prepare import OnProgress, prepare_all
from data_pipeline.flow.record import Receipt, Statement, record_fresh, record_parked, record_repeat
from data_pipeline.flow.route import find_candidates
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.drive import find_name_fault
from data_pipeline.model.batches import DriveFile, FileFault, Prepared
from data_pipeline.persist import tracking
from data_pipeline.persist.landing import Landed
from data_pipeline.persist.tracking import Row


def receive_files(
    workspace: Workspace,
    files: Sequence[DriveFile],
    statement: Statement | None = None,
    *,
    on_receipt: Callable[[Receipt], None] = lambda _: None,
    on_progress: OnProgress = lambda _, __: None,
) -> list[Receipt]:
    """Takes in files; each ends as exactly one receipt, durable before the next begins.

    One process receives at a time: two that see the same new file must not both make a batch of it.
    """
    statement = statement or Statement()
    receipts = []
    with workspace.database.hold_lock("receive"):
        for receipt in receive_each(workspace, files, statement, on_progress):
            receipts.append(receipt)
            on_receipt(receipt)
    return receipts


def receive_each(
    workspace: Workspace, files: Sequence[DriveFile], statement: Statement, on_progress: OnProgress
) -> Iterable[Receipt]:
    """Lands all files, recognises those that came before, has the others read in parallel."""
    fresh: list[tuple[DriveFile, Landed]] = []
    coming: set[str] = set()
    repeats: list[tuple[DriveFile, Landed]] = []
    # Of two names of the same bytes the plainer one counts: "a.xlsx" before "a (1).xlsx".
    for file in sorted(files, key=lambda file: (len(file.path.name), str(file.path))):
        landed = land(workspace, file)
        if isinstance(landed, Receipt):
            yield landed
            continue
        is_repeat = landed.sha256 in coming or find_repeat(workspace, file, landed, statement) is not None
        (repeats if is_repeat else fresh).append((file, landed))
        coming.add(landed.sha256)
    doubtful: set[str] = set()
    for (_, landed), receipt in record_all(workspace, fresh, statement, on_progress):
        yield receipt
        if receipt.outcome == "parked":
            doubtful.add(landed.sha256)
    for file, landed in repeats:
        earlier = find_repeat(workspace, file, landed, statement)
        if earlier is not None:
            yield record_repeat(workspace, file, landed, earlier)
        elif landed.sha256 in doubtful:
            yield record_parked(workspace, file, landed, "holds the same bytes as another file that is parked", ())
        else:  # the same bytes could not be read under the other name
            yield from (receipt for _, receipt in record_all(workspace, [(file, landed)], statement, on_progress))


def land(workspace: Workspace, file: DriveFile) -> Landed | Receipt:
    """A copy of the file's bytes, or the receipt of one that cannot be copied."""
    fault = find_name_fault(file)
    if fault is not None:
        return Receipt(file, "unreadable", fault)
    limit = workspace.settings.max_file_mb
    if file.size_bytes > limit << 20:  # a copy could fill the disk
        return Receipt(file, "unreadable", f"has {file.size_bytes >> 20} MiB, {limit} MiB are read; split the list")
    try:
        return workspace.landing.take(file.path)
    except DriveError as error:
        return Receipt(file, "unreadable", str(error))


def record_all(
    workspace: Workspace, fresh: Sequence[tuple[DriveFile, Landed]], statement: Statement, on_progress: OnProgress
) -> Iterable[tuple[tuple[DriveFile, Landed], Receipt]]:
    """Has files read in parallel, and records them in the order of their export."""
    routes: dict[tuple[str, ...], list[tuple[DriveFile, Landed]]] = {}
    for file, landed in fresh:
        candidates = find_candidates(file, workspace.pipelines(), statement.pipeline)
        routes.setdefault(tuple(one.name for one in candidates), []).append((file, landed))
    coming_in: list[tuple[DriveFile, Landed, Prepared | FileFault]] = []
    for route, members in routes.items():
        specs = tuple(workspace.judging_spec(workspace.pipeline(name)) for name in route)
        named = [(landed, file.path.name) for file, landed in members]
        prepared = prepare_all(workspace.sandbox, named, specs, settings=workspace.settings, on_progress=on_progress)
        coming_in += [(file, landed, one) for (file, landed), one in zip(members, prepared, strict=True)]
    for file, landed, one in sorted(coming_in, key=lambda delivery: order_of_export(delivery[0], delivery[2])):
        yield (file, landed), record_fresh(workspace, file, landed, one, statement)


def order_of_export(file: DriveFile, prepared: Prepared | FileFault) -> tuple[float, int, str]:
    """Of two files for one store and date the later export supersedes, whatever their names."""
    made = prepared.created_at if isinstance(prepared, Prepared) else None
    return (made.timestamp() if made else file.mtime_ns / 1e9, file.mtime_ns, str(file.path))


def find_repeat(workspace: Workspace, file: DriveFile, landed: Landed, statement: Statement) -> Row | None:
    """An earlier delivery of the same bytes, unless the operator says that this one is for something else.

    Bytes that could not be read say nothing of whose they are: under another name they are another delivery.
    """
    candidates = {one.name for one in find_candidates(file, workspace.pipelines(), statement.pipeline)}
    with workspace.database.transaction() as connection:
        for earlier in tracking.rows_of(connection, "find_same_bytes", content_sha256=landed.sha256):
            is_other = (
                earlier["pipeline"] not in candidates
                or statement.business_date not in (None, earlier["business_date"])
                or statement.store not in (None, earlier["store"])
                or (earlier["status"] == "failed" and earlier["file_path"] != str(file.path))
            )
            if not is_other:
                return earlier
    return None
