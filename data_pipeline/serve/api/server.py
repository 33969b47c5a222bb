"""Serves the API until it is asked to stop, then finishes what it began."""

import logging
import socket
import sys

import orjson
import structlog
import uvicorn
from structlog.typing import Processor

from data_pipeline.flow.workspace import open_workspace
from data_pipeline.serve.api.app import build_app
from data_pipeline.serve.api.middleware import RequestFrame
from data_pipeline.serve.api.patience import PatientProtocol
from data_pipeline.settings import Settings

FINISH_SECONDS = 10
MOST_MESSAGE_BYTES = 64 << 10
PING_SECONDS = 15.0


class Server(uvicorn.Server):
    """Ends open streams when it is asked to stop: it would wait for them otherwise."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """No new requests, streams end, the others finish."""
        frame: RequestFrame = self.config.app  # type: ignore[assignment]  # we gave it
        frame.end_streams()
        await super().shutdown(sockets)


def serve(settings: Settings) -> None:
    """Runs in the foreground.

    Raises: StoreError when database or home are out of reach.
    """
    log_as_json()
    app = build_app(open_workspace(settings))
    make_server(app, host=settings.api_host, port=settings.api_port).run()


def make_server(app: RequestFrame, *, host: str, port: int) -> Server:
    """The server of an application; port 0 is any that is free."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=FINISH_SECONDS,
        http=PatientProtocol,
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_ping_interval=PING_SECONDS,
    )
    return Server(config)


def log_as_json() -> None:
    """One JSON object a line on stderr, ours and the libraries'."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    # Ours go past the machinery of `logging`, which costs a tenth of what a posted batch does.
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=write_json)],
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    formatter = structlog.stdlib.ProcessorFormatter(
        processor=structlog.processors.JSONRenderer(), foreign_pre_chain=shared
    )
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def write_json(entry: object, **_: object) -> bytes:
    """One line's content."""
    return orjson.dumps(entry, default=str)
