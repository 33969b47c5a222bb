"""The application: routes, walls around them, and the document that describes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from data_pipeline.flow.workspace import Workspace
from data_pipeline.serve.api import admin, batches, events, health, metrics, pipelines, problems, snapshots
from data_pipeline.serve.api.auth import Gate
from data_pipeline.serve.api.cache import open_cache
from data_pipeline.serve.api.health import Readiness
from data_pipeline.serve.api.metrics import Meters
from data_pipeline.serve.api.middleware import RequestFrame
from data_pipeline.serve.api.openapi import describe, name_operation
from data_pipeline.serve.api.upkeep import keep_tidy
from data_pipeline.serve.api.viewers import Viewers

BASE = "/api/v1"


def build_app(workspace: Workspace) -> RequestFrame:
    """The API of an installation; what it needs comes from outside.

    Raises: StoreError when the secret that keys are checked with cannot be read.
    """
    settings = workspace.settings
    app = build_routes()
    app.state.workspace = workspace
    app.state.cache = open_cache(settings)
    app.state.gate = Gate(workspace, app.state.cache)
    app.state.meters = Meters(workspace.database)
    app.state.readiness = Readiness(workspace, app.state.cache)
    app.state.viewers = Viewers(workspace.database)
    return RequestFrame(app, body_bytes=settings.api_body_mb << 20, stream_bytes=settings.max_file_mb << 20)


def build_routes() -> FastAPI:
    """The routes alone, which is all that their description needs."""

    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(app.state.viewers.keep_informed()),
                tasks.create_task(keep_tidy(app.state.workspace)),
            ]
            yield
            for task in running:
                task.cancel()

    app = FastAPI(
        title="data_pipeline",
        version="1",
        description="Pipelines and batches of records, each owner's behind walls of its own.",
        openapi_url=f"{BASE}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=live,
        generate_unique_id_function=name_operation,
        redirect_slashes=False,
    )
    problems.install(app)
    for router in (batches.router, pipelines.router, events.router, snapshots.router, admin.router):
        app.include_router(router, prefix=BASE)
    app.include_router(health.router)
    app.include_router(metrics.router)
    describe(app)
    return app
