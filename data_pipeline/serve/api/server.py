"""Serves the API until it is asked to stop, then finishes what it began."""

import logging
import sys

import structlog
import uvicorn
from structlog.typing import Processor

from data_pipeline.flow.workspace import open_workspace
from data_pipeline.serve.api.app import build_app
from data_pipeline.settings import Settings

FINISH_SECONDS = 10
MOST_HEADER_BYTES = 32 << 10


def serve(settings: Settings) -> None:
    """Runs in the foreground.

    Raises: StoreError when database or home are out of reach.
    """
    log_as_json()
    app = build_app(open_workspace(settings))
    uvicorn.run(
        app,
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=FINISH_SECONDS,
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
    )


def log_as_json() -> None:
    """One JSON object a line on stderr, ours and the libraries'."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    formatter = structlog.stdlib.ProcessorFormatter(
        processor=structlog.processors.JSONRenderer(), foreign_pre_chain=shared
    )
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
