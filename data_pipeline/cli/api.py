"""`data-pipeline api`: the REST API in the foreground."""

from typing import Annotated

import typer

from data_pipeline.settings import Settings


def api(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Serve the REST API until it is asked to stop; batches are processed by `up`, or by `watch`."""
    from data_pipeline.serve.api.server import serve  # half a second of imports

    serve(Settings.from_env(api_host=host, api_port=port))
