"""Rules that look beyond a row: a reference file's list, a pipeline's own function, and what changing them does."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from data_pipeline.errors import StoreError
from data_pipeline.flow.stage import stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.rules import CustomRule, ReferenceRule
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline_tests.flow.days import ANGGREK, DAY, PIPELINE, ask, drop, receive

KNOWN_BRAND = ReferenceRule(
    kind="reference", name="known_brand", column="brand", file="supplier_data.csv", file_column="Nama Brand"
)
EVEN = CustomRule(kind="custom", name="even", function="checks:find_odd", options={"of": "stock"})
FUNCTION = "def find_odd(rows, options):\n    return (rows[options['of']] % 2 == 1).fill_null(False)\n"
CODES = "select row_number, error_code from batch_errors order by row_number"
ROWS = """
    SKU  | Brand | Stok
    0101 | A     | 3
    0102 | ZZZ   | 8
"""


def declare(rule: ReferenceRule | CustomRule, folder: Path = PIPELINE.folder) -> Pipeline:
    """The pipeline with one more rule; a file may be all wrong."""
    spec = PIPELINE.spec
    source = spec.source.model_copy(update={"reject_file_over_percent": 100})
    return dataclasses.replace(
        PIPELINE, spec=spec.model_copy(update={"rules": (*spec.rules, rule), "source": source}), folder=folder
    )


def judge(workspace: Workspace, pipeline: Pipeline) -> list[tuple[str, ...]]:
    """Rejected rows after judging what waits, or was judged by other rules."""
    with track_run(workspace, pipeline, DAY, dagster_run_id=str(DAY), trigger="test") as run_id:
        stage_batches(workspace, pipeline, DAY, run_id)
    return [tuple(row) for row in ask(workspace, CODES).rows()]


def test_a_value_that_the_reference_file_lacks_goes_back_until_it_is_added(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, ROWS)
    receive(workspace)
    pipeline = declare(KNOWN_BRAND)

    assert judge(workspace, pipeline) == [("3", "NOT_IN_REFERENCE")]

    suppliers = workspace.settings.reference_dir / "supplier_data.csv"
    suppliers.write_text(suppliers.read_text() + "1;2001;PT Dua;1001;zzz ;7;Toko Kirana Anggrek;1;0;0;;\n")
    assert judge(workspace, pipeline) == []


def test_a_reference_file_that_is_gone_judges_nothing(workspace: Workspace) -> None:
    (workspace.settings.reference_dir / "supplier_data.csv").unlink()

    with pytest.raises(StoreError, match="rule 'known_brand': expected column 'Nama Brand' in reference file"):
        workspace.judging_spec(declare(KNOWN_BRAND))


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    """A pipeline's folder with a function of its own."""
    folder = tmp_path / "own" / "stock_health"
    shutil.copytree(PIPELINE.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "checks.py").write_text(FUNCTION)
    return folder


def test_a_pipelines_own_function_rejects_rows(workspace: Workspace, own_folder: Path) -> None:
    drop(workspace, ANGGREK, ROWS)
    receive(workspace)

    assert judge(workspace, declare(EVEN, own_folder)) == [("2", "OWN_RULE_BROKEN")]


@pytest.mark.parametrize("body", ["return rows['stok']", "return 1", "return rows['stock'] == 1 if 0 else rows['sku']"])
def test_a_function_that_fails_fails_the_file_by_name(workspace: Workspace, own_folder: Path, body: str) -> None:
    (own_folder / "checks.py").write_text(f"def find_odd(rows, options):\n    {body}\n")
    drop(workspace, ANGGREK, ROWS)
    receive(workspace)

    judge(workspace, declare(EVEN, own_folder))

    assert ask(workspace, "select status, error_code from batches").rows() == [("failed", "OWN_RULE_FAILED")]


def test_other_code_judges_anew(workspace: Workspace, own_folder: Path) -> None:
    before = workspace.judging_spec(declare(EVEN, own_folder)).judging_hash
    (own_folder / "checks.py").write_text(FUNCTION + "# changed\n")

    assert workspace.judging_spec(declare(EVEN, own_folder)).judging_hash != before
