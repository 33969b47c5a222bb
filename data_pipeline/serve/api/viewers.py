"""Who watches which batch: one look at the ledger for all of them, twice a second."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from starlette.concurrency import run_in_threadpool

from data_pipeline.errors import RequestRefused, StoreError
from data_pipeline.persist import tracking
from data_pipeline.persist.database import Database
from data_pipeline.persist.tracking import Row
from data_pipeline.serve.api.shapes import BatchOut

log = structlog.get_logger("data_pipeline.api")

LOOK_SECONDS = 0.5
MOST_OF_A_KEY = 100
LONGEST_SECONDS = 3600.0
"""Whoever watches longer connects again, and shows a key that is still good."""
ENDED = ("completed", "failed")


@dataclass(eq=False)
class Viewer:
    """One open stream: what it saw, and the newest that it did not see yet."""

    key_prefix: str
    seen: BatchOut
    unseen: "asyncio.Queue[BatchOut | None]" = field(default_factory=lambda: asyncio.Queue(1))

    def show(self, batch: BatchOut | None) -> None:
        """A slow viewer skips what was in between. None: that was all."""
        if self.unseen.full():
            self.unseen.get_nowait()
        self.unseen.put_nowait(batch)

    async def follow(self) -> AsyncIterator[BatchOut]:
        """The batch at once, then whenever it changed, until it has ended or is no more."""
        until = time.monotonic() + LONGEST_SECONDS
        yield self.seen
        while self.seen.status not in ENDED and time.monotonic() < until:
            batch = await self.unseen.get()
            if batch is None:
                return
            if batch != self.seen:
                self.seen = batch
                yield batch


class Viewers:
    """The open streams of this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seated: set[Viewer] = set()
        self._is_closed = False

    @contextmanager
    def seat(self, key_prefix: str, row: Row) -> Iterator[Viewer]:
        """A place for as long as a stream is open. Raises: RequestRefused RATE_LIMITED."""
        if sum(one.key_prefix == key_prefix for one in self._seated) >= MOST_OF_A_KEY:
            raise RequestRefused("RATE_LIMITED", f"this key may watch {MOST_OF_A_KEY} batches at a time.")
        viewer = Viewer(key_prefix, BatchOut.of(row))
        self._seated.add(viewer)
        if self._is_closed:
            viewer.show(None)
        try:
            yield viewer
        finally:
            self._seated.discard(viewer)

    def close(self) -> None:
        """The process ends: so does every stream, and those that come are told what is known."""
        self._is_closed = True
        for viewer in self._seated:
            viewer.show(None)

    async def dismiss(self, key_prefix: str) -> None:
        """Ends the streams of a key that was revoked. A coroutine, since queues belong to the loop's thread."""
        for viewer in self._seated:
            if viewer.key_prefix == key_prefix:
                viewer.show(None)

    async def keep_informed(self) -> None:
        """Looks until it is cancelled; while the ledger is out of reach viewers wait."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            watched = {viewer.seen.id for viewer in self._seated}
            if not watched or self._is_closed:
                continue
            try:
                batches = await run_in_threadpool(self._look, list(watched))
            except StoreError as error:
                log.warning("watching", error=str(error))
                continue
            for viewer in self._seated:
                if viewer.seen.id in watched:  # the others came in the meantime
                    viewer.show(batches.get(viewer.seen.id))

    def _look(self, batch_ids: list[uuid.UUID]) -> dict[uuid.UUID, BatchOut]:
        with self._database.transaction() as connection:
            rows = tracking.rows_of(connection, "list_watched", batch_ids=batch_ids)
        return {row["id"]: BatchOut.of(row) for row in rows}
