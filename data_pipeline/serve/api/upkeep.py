"""Tidies up every few seconds for as long as the API runs."""

import asyncio

import structlog
from starlette.concurrency import run_in_threadpool

from data_pipeline.errors import StoreError
from data_pipeline.flow.upkeep import tidy
from data_pipeline.flow.workspace import Workspace

log = structlog.get_logger("data_pipeline.api")

TIDY_SECONDS = 5.0


async def keep_tidy(workspace: Workspace) -> None:
    """Until it is cancelled; while the database is out of reach it waits for it."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        try:
            await run_in_threadpool(tidy, workspace)
        except StoreError as error:
            log.warning("tidying", error=str(error))
            await revive(workspace)


async def revive(workspace: Workspace) -> None:
    """Starts an embedded server that died; of another database it is only told that it is away."""
    try:
        await run_in_threadpool(workspace.reconnect)
    except StoreError as error:
        log.warning("database", error=str(error))
