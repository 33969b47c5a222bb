"""3,000 published rows of two stores, destinations for them, and what came of each."""

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from data_pipeline.flow.deliveries import Delivery, deliver_all
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.destinations import Destination
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline_tests.clocks import TestClock
from data_pipeline_tests.flow.days import ANGGREK, BUKIT, DAY, PIPELINE, drop, make_snapshot, receive

STORE, OTHER_STORE = "Toko Kirana Anggrek", "Toko Kirana Bukit Raya"
ROWS, OTHER_ROWS = 2_500, 500
COLUMNS = {"store": "store", "sku": "sku", "stock": "stock"}
WAREHOUSE: dict[str, Any] = {"kind": "postgres", "name": "warehouse", "url_from": "DESTINATION_WAREHOUSE",
                             "table": "stock", "columns": COLUMNS}  # fmt: skip
EXPECTED = sorted(
    [f"{STORE} {number:04}" for number in range(ROWS)] + [f"{OTHER_STORE} {number:04}" for number in range(OTHER_ROWS)]
)


def draw_stock(count: int) -> str:
    """So many SKUs."""
    return "SKU | Stok\n" + "\n".join(f"{number:04} | {number % 7}" for number in range(count))


def publish_day(workspace: Workspace) -> Workspace:
    """The day of two stores."""
    drop(workspace, ANGGREK, draw_stock(ROWS))
    drop(workspace, BUKIT, draw_stock(OTHER_ROWS), store="Bukit Raya")
    receive(workspace)
    make_snapshot(workspace)
    return workspace


def with_destinations(*declared: dict[str, Any]) -> Pipeline:
    """The pipeline, sending on."""
    destinations = TypeAdapter(tuple[Destination, ...]).validate_python(declared)
    return replace(PIPELINE, spec=PIPELINE.spec.model_copy(update={"destinations": destinations}))


def webhook(url: str, **options: Any) -> dict[str, Any]:
    """A declared web address."""
    return {"kind": "webhook", "name": "erp", "url": url, "columns": COLUMNS, "chunk_rows": 400, **options}


def send(workspace: Workspace, pipeline: Pipeline, clock: TestClock | None = None) -> dict[str, Delivery]:
    """What came of every destination."""
    folder = workspace.settings.output_dir / f"{DAY:%Y%m%d}"
    found = deliver_all(workspace, pipeline, DAY, folder, clock=(clock or TestClock()).clock)
    return {delivery.destination: delivery for delivery in found}


def list_keys(rows: list[dict[str, Any]]) -> list[str]:
    """Store and SKU of rows."""
    return sorted(f"{row['store']} {row['sku']}" for row in rows)
