"""The pipelines that programs declared, as the engine sees them."""

import functools
import json
import logging
import uuid
from typing import Any

from data_pipeline.errors import SpecError
from data_pipeline.persist import tracking
from data_pipeline.persist.database import Database
from data_pipeline.pipelines.hosted import HostedPipeline, host_pipeline

log = logging.getLogger(__name__)


def load_hosted(database: Database, webhook_hosts: frozenset[str]) -> dict[str, HostedPipeline]:
    """Every sound one by its name; one that this release finds faults in is left out and told.

    Raises: DatabaseError when the server is out of reach.
    """
    with database.transaction() as connection:
        rows = tracking.rows_of(connection, "list_all_hosted")
    hosted: dict[str, HostedPipeline] = {}
    for row in rows:
        try:
            hosted[row["name"]] = host_row(row, webhook_hosts)
        except SpecError as error:
            log.warning("pipeline=%s status=left_out %s", row["name"], error)
    return hosted


def host_row(row: tracking.Row, webhook_hosts: frozenset[str]) -> HostedPipeline:
    """The pipeline of a row of the ledger. Raises: SpecError."""
    return read_again(json.dumps(row["config"]), row["id"], row["name"], row["title"], webhook_hosts)


@functools.lru_cache(maxsize=1000)
def read_again(
    config: str, pipeline_id: uuid.UUID, name: str, title: str, webhook_hosts: frozenset[str]
) -> HostedPipeline:
    """A declaration is read once."""
    declared: Any = json.loads(config)
    return host_pipeline(declared, pipeline_id=pipeline_id, name=name, title=title, webhook_hosts=webhook_hosts)
