"""Rules of a broken file that several pipelines take: it waits for a person, who is told how to decide."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from data_pipeline import terminal
from data_pipeline.errors import RequestError
from data_pipeline.flow.record import Receipt, Statement
from data_pipeline.flow.repair import assign_file, find_only_pipeline, retry_failed
from data_pipeline.flow.report import read_overview
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import DAY, ask, receive

pytestmark = pytest.mark.postgres

PLAIN: dict[str, Any] = {"title": "", "description": "", "source": {"patterns": ["list *.txt"]}, "grain": ["sku"],
                         "identity": {"sender": "office"}}  # fmt: skip
SKU = {"name": "sku", "header": "SKU", "type": "text"}
FAULT = "list 7.txt: expected a table, found a file of 0 bytes. Export it again; check the upload ended."


@pytest.fixture
def parked(workspace: Workspace) -> tuple[Workspace, Path, Receipt]:
    """Two pipelines that take files of one name, and an empty file of that name."""
    for name, header in (("orders", "Ordered"), ("returns", "Returned")):
        folder = workspace.settings.pipelines_dir / name
        folder.mkdir(parents=True)
        columns = [SKU, {"name": "pieces", "header": header, "type": "integer"}]
        (folder / "pipeline.yaml").write_text(yaml.safe_dump({**PLAIN, "name": name, "columns": columns}))
    path = workspace.settings.drive_folder / "20260105" / "list 7.txt"
    path.parent.mkdir()
    path.write_bytes(b"")
    [receipt] = receive(workspace)
    return workspace, path, receipt


def test_it_is_parked_with_its_fault_and_with_what_is_to_be_decided(
    parked: tuple[Workspace, Path, Receipt], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, path, receipt = parked

    terminal.show_overview(workspace)

    note = (
        f"{FAULT}; nothing says which pipeline the file is for (orders, returns). "
        f"Decide with: data-pipeline assign '{path}' --pipeline ... --date ..."
    )
    assert (receipt.outcome, receipt.note) == ("parked", note)
    shown = "".join(capsys.readouterr().out.split())
    assert f"parked{path}:{note}".replace(" ", "") in shown
    with pytest.raises(
        RequestError, match=r"may be for several pipelines \(orders, returns\). Say which one with --pip"
    ):
        find_only_pipeline(workspace, path, None)


def test_once_it_is_assigned_it_is_a_failed_delivery_that_can_be_mended(
    parked: tuple[Workspace, Path, Receipt],
) -> None:
    workspace, path, _ = parked
    pipeline = find_only_pipeline(workspace, path, "returns")

    failed = assign_file(workspace, pipeline, path, Statement(business_date=DAY), taught_by="rina")

    assert (failed.outcome, failed.pipeline) == ("failed", "returns")
    assert read_overview(workspace).parked == []
    path.write_text("SKU,Returned\nA,1\nB,2\n")
    [mended] = retry_failed(workspace, pipeline, DAY)
    assert (mended.outcome, mended.pipeline) == ("batch", "returns")
    assert ask(workspace, "select status, version from batches order by version").rows() == [
        ("failed", "1"), ("pending", "2"),
    ]  # fmt: skip


def test_mended_before_anybody_decides_its_header_does(parked: tuple[Workspace, Path, Receipt]) -> None:
    workspace, path, _ = parked
    path.write_text("SKU,Ordered\nA,1\nB,2\n")

    [receipt] = receive(workspace, path)

    assert (receipt.outcome, receipt.pipeline) == ("batch", "orders")
    assert read_overview(workspace).parked == []
