"""Rules of commands whose destinations are away: what is published is shown first, and the command ends with 1."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from data_pipeline_tests.installation import Installation, install
from data_pipeline_tests.persist.destinations.receiver import receiving

pytestmark = [pytest.mark.postgres, pytest.mark.dagster]

SALES: dict[str, Any] = yaml.safe_load("""
name: sales
title: Sales
description: What was sold on a business date.
columns:
  - {name: sku, header: SKU, type: text}
  - {name: pieces, header: Pieces, type: integer}
identity: {sender: office}
grain: [sku]
outputs:
  - {name: all, per: date, style: machine, columns: {SKU: sku}}
destinations:
  - {kind: webhook, name: erp, url: "http://127.0.0.1:9/rows", policy: {attempts: 1}}
""")
DAY = ("--pipeline", "sales", "--date", "2026-01-05")


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    """An installation with a pipeline whose only destination does not answer, and a file for it."""
    made = install(tmp_path / "home", database_url)
    folder = made.settings.pipelines_dir / "sales"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(SALES), encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "sales.csv").write_text("SKU,Pieces\nA,3\nB,x\nC,2\nD,2\nE,2\nF,2\n", encoding="utf-8")
    return made


def test_the_day_is_printed_before_the_error_of_its_destination(installation: Installation, tmp_path: Path) -> None:
    code, output, errors = installation.run("process", *DAY, "--input-dir", str(tmp_path / "in"))

    assert code == 1
    assert "Sales, 2026-01-05" in output
    assert "snapshot version 1, 5 rows, final" in output
    assert "rejected sales.csv, row 3, column 'Pieces'" in output
    assert errors.startswith(
        "error: sales 2026-01-05 is published, but 1 of 1 destinations do not have it: destination "
    )
    assert [path.name for path in installation.settings.output_dir.rglob("*.csv")]

    with receiving() as receiver:
        mended = {**SALES, "destinations": [{**SALES["destinations"][0], "url": receiver.url}]}
        path = installation.settings.pipelines_dir / "sales" / "pipeline.yaml"
        path.write_text(yaml.safe_dump(mended), encoding="utf-8")
        code, output, errors = installation.run("deliver", *DAY)

    assert (code, errors) == (0, "")
    assert [row["sku"] for row in receiver.rows] == ["A", "C", "D", "E", "F"]
