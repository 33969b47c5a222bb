"""How far the batches of a run are read, in the ledger: seldom enough that nobody pays for it."""

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data_pipeline.errors import StoreError
from data_pipeline.model.reading import Progress
from data_pipeline.persist import tracking
from data_pipeline.persist.database import Database
from data_pipeline.persist.tracking import ClaimedBatch

log = logging.getLogger(__name__)

WRITE_SECONDS = 1.0


@dataclass
class Pace:
    """One batch since its reader began."""

    batch: ClaimedBatch
    started_at: float
    written_at: float


class ProgressNotes:
    """Writes what readers report, a batch at most once a second; one that is read within the first is not noted."""

    def __init__(
        self, database: Database, claimed: Sequence[ClaimedBatch], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        # Readers name files. Where two of a date have one name, nobody can tell whose progress it is.
        names = Counter(batch.file_name for batch in claimed)
        self._batches = {batch.file_name: batch for batch in claimed if names[batch.file_name] == 1}
        self._paces: dict[str, Pace] = {}
        self._guard = threading.Lock()  # reports come from several threads

    def note(self, file_name: str, progress: Progress) -> None:
        """Keeps a report, unless the last one is too young."""
        now = self._clock()
        with self._guard:
            batch = self._batches.get(file_name)
            pace = self._paces.setdefault(file_name, Pace(batch, now, now)) if batch else None
            if pace is None or now - pace.written_at < WRITE_SECONDS:
                return
            pace.written_at = now
        told = describe(progress, now - pace.started_at)
        try:
            with self._database.transaction() as connection:
                asked = {"id": pace.batch.id, "attempts": pace.batch.attempt, "progress": json.dumps(told)}
                tracking.run(connection, "set_progress", **asked)
        except StoreError as error:  # it is told for convenience: no run fails of it
            log.warning("batch=%s status=progress_not_noted %s", pace.batch.id, error)


def describe(progress: Progress, seconds: float) -> dict[str, float]:
    """What is kept; the rest is expected to go as fast as what was read.

    Units: eta: seconds.

    >>> describe(Progress(bytes_processed=250, total_bytes=1000, rows=40), 3.0)
    {'percent': 25.0, 'rows': 40, 'eta': 9.0}
    """
    told = {"percent": round(progress.percent, 1), "rows": progress.rows}
    left = {"eta": round(seconds * (100 - progress.percent) / progress.percent, 1)} if progress.percent else {}
    return told | left
