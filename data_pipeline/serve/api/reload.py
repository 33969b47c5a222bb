"""Tells Dagster that there are other pipelines now, so that they are assets without a restart."""

import httpx
import structlog

from data_pipeline.settings import Settings

log = structlog.get_logger("data_pipeline.api")

# https://docs.dagster.io/api/graphql
MUTATION = 'mutation { reloadRepositoryLocation(repositoryLocationName: "data_pipeline") { __typename } }'
SECONDS = 30


def ask_for_reload(settings: Settings) -> None:
    """Where no Dagster runs nobody needs to be told: whoever starts reads the ledger."""
    url = f"http://{settings.ui_host}:{settings.ui_port}/graphql"
    try:
        answer = httpx.post(url, json={"query": MUTATION}, timeout=SECONDS)
        log.info("reload", status=answer.status_code, answer=answer.text[:200])
    except httpx.HTTPError as error:
        log.info("reload", status="not asked", error=str(error))
