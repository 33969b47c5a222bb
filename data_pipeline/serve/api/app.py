"""The application: routes, walls around them, and the document that describes them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from data_pipeline.flow.workspace import Workspace
from data_pipeline.serve.api import batches, pipelines, problems, snapshots
from data_pipeline.serve.api.auth import Gate
from data_pipeline.serve.api.middleware import RequestFrame
from data_pipeline.serve.api.openapi import describe, name_operation

BASE = "/api/v1"


def build_app(workspace: Workspace) -> ASGIApp:
    """The API of an installation; what it needs comes from outside.

    Raises: StoreError when the secret that keys are checked with cannot be read.
    """
    settings = workspace.settings
    app = build_routes()
    app.state.workspace = workspace
    app.state.gate = Gate(workspace)
    return RequestFrame(app, body_bytes=settings.api_body_mb << 20, stream_bytes=settings.max_file_mb << 20)


def build_routes() -> FastAPI:
    """The routes alone, which is all that their description needs."""

    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        yield

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
    base = APIRouter(prefix=BASE)
    for router in (pipelines.router, batches.router, snapshots.router):
        base.include_router(router)
    app.include_router(base)
    describe(app)
    return app
