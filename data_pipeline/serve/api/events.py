"""A batch as it goes on: server-sent events, and the same messages over a WebSocket."""

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, cast

import anyio
from fastapi import APIRouter, Depends, Request, WebSocket, WebSocketDisconnect
from fastapi.sse import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from data_pipeline.errors import RequestRefused, StoreError
from data_pipeline.flow import submit
from data_pipeline.flow.caller import Caller
from data_pipeline.serve.api import problems
from data_pipeline.serve.api.auth import HEADER, BatchReader
from data_pipeline.serve.api.shapes import BatchOut
from data_pipeline.serve.api.viewers import Viewer, Viewers

router = APIRouter(prefix="/pipelines/{pipeline_id}/batches/{batch_id}", tags=["batches"])


async def attend(pipeline_id: uuid.UUID, batch_id: uuid.UUID, visit: BatchReader) -> AsyncIterator[Viewer]:
    """A place among the viewers, found and taken before the answer begins. Raises: RequestRefused."""
    row = await run_in_threadpool(submit.find_batch, visit.workspace, visit.caller, pipeline_id, batch_id)
    viewers: Viewers = visit.request.app.state.viewers
    with viewers.seat(visit.caller.key_prefix, row) as viewer:
        yield viewer


@router.get("/events", summary="Watch a batch", response_class=EventSourceResponse)
async def events(viewer: Annotated[Viewer, Depends(attend)]) -> AsyncIterator[BatchOut]:
    """The batch at once, then whenever it changes; the stream ends when it has completed or failed."""
    async for batch in viewer.follow():
        yield batch


@router.websocket("/ws")
async def ws(socket: WebSocket, pipeline_id: uuid.UUID, batch_id: uuid.UUID) -> None:
    """The messages of `events`, each a text; whoever may not see them is refused before a connection stands."""
    try:
        gate, workspace = socket.app.state.gate, socket.app.state.workspace
        caller: Caller = await gate.admit(socket, socket.headers.get(HEADER), "batches:read")
        row = await run_in_threadpool(submit.find_batch, workspace, caller, pipeline_id, batch_id)
        with socket.app.state.viewers.seat(caller.key_prefix, row) as viewer:
            await socket.accept(headers=[(b"x-request-id", caller.request_id.encode())])
            await tell(socket, viewer)
    except (RequestRefused, StoreError) as error:
        await turn_away(socket, error)


async def tell(socket: WebSocket, viewer: Viewer) -> None:
    """Sends until the batch has ended, or the client is gone."""
    with suppress(WebSocketDisconnect):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait_for_leaving, socket, tasks.cancel_scope)
            async for batch in viewer.follow():
                await socket.send_text(batch.model_dump_json())
            tasks.cancel_scope.cancel()
            await socket.close()


async def wait_for_leaving(socket: WebSocket, watching: anyio.CancelScope) -> None:
    """What a client says means nothing; that it goes ends the watching."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    watching.cancel()


async def turn_away(socket: WebSocket, error: RequestRefused | StoreError) -> None:
    """The answer that the same request without an upgrade would get."""
    answer = problems.refuse if isinstance(error, RequestRefused) else problems.refuse_product
    response = answer(cast(Request, socket), error)  # they read its scope alone
    response.headers["X-Request-ID"] = socket.scope["request_id"]
    await socket.send_denial_response(response)
