"""Rules of an installation's own pipelines: found without a restart, and a faulty one harms nobody else."""

import logging
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from data_pipeline.errors import RequestError, SpecError
from data_pipeline.model.processing import Knowledge
from data_pipeline.model.store_names import StoreNames
from data_pipeline.pipelines.catalog import FOLDER, find_faulty, find_pipeline, load_catalog
from data_pipeline.settings import Settings
from data_pipeline_tests.specs import declare_shelf

PROCESSORS = """
from data_pipeline.model.processing import Processed
from .rates import TAX

def compute(rows, knowledge):
    return Processed(rows=rows.with_columns(tax=TAX), findings=(), label="tax@1")
"""


def write_pipeline(own_folder: Path, name: str = "shelf", **changes: Any) -> Path:
    """A pipeline's folder; returns its declaration."""
    folder = own_folder / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(declare_shelf(**{"name": name, "marts": [], **changes})), encoding="utf-8")
    (folder / "processors.py").write_text(PROCESSORS)
    (folder / "rates.py").write_text("TAX = 11")
    return path


def compute_tax(own_folder: Path, name: str = "shelf") -> list[int]:
    """What the pipeline's own code says."""
    knowledge = Knowledge({}, StoreNames.build([], {}, ()), {})
    rows = find_pipeline(name, own_folder).load_processor()(pl.DataFrame({"sku": ["1"]}), knowledge).rows
    return rows["tax"].to_list()


def test_own_pipelines_stand_beside_the_built_in_ones(tmp_path: Path) -> None:
    write_pipeline(tmp_path)

    assert list(load_catalog(tmp_path)) == [*load_catalog(), "shelf"]
    assert find_pipeline("shelf", tmp_path).spec.name == "shelf"


def test_a_folder_that_is_not_there_holds_no_pipelines(tmp_path: Path) -> None:
    assert load_catalog(tmp_path / "none") == load_catalog()
    assert find_faulty(tmp_path / "none") == find_faulty(None) == []


def test_a_pipeline_that_is_changed_or_added_is_seen_by_the_next_who_asks(tmp_path: Path) -> None:
    write_pipeline(tmp_path)
    before = find_pipeline("shelf", tmp_path).spec.title

    write_pipeline(tmp_path, title="Shelves of all stores")
    write_pipeline(tmp_path, "shelf_2")

    assert (before, find_pipeline("shelf", tmp_path).spec.title) == ("Shelf", "Shelves of all stores")
    assert "shelf_2" in load_catalog(tmp_path)


def test_its_code_is_imported_under_a_name_of_its_own(tmp_path: Path) -> None:
    """Two installations, or two pipelines, may both have a processors.py; nothing is found by a bare name."""
    paths = list(sys.path)
    for folder, tax in (("one", 11), ("two", 12)):
        write_pipeline(tmp_path / folder)
        (tmp_path / folder / "shelf" / "rates.py").write_text(f"TAX = {tax}")

    assert [compute_tax(tmp_path / folder) for folder in ("one", "two")] == [[11], [12]]
    assert sys.path == paths
    assert "processors" not in sys.modules


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def compute(:", "invalid syntax"),
        ("1 / 0", "division by zero"),
        ("import nothing_like_that", "No module named"),
    ],
)
def test_code_that_cannot_be_imported_is_a_fault_of_its_author(code: str, reason: str, tmp_path: Path) -> None:
    write_pipeline(tmp_path)
    (tmp_path / "shelf" / "processors.py").write_text(code)

    with pytest.raises(SpecError, match=f"shelf/pipeline.yaml, process.processor: .*{reason}"):
        find_pipeline("shelf", tmp_path).load_processor()


def test_a_faulty_one_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, "faulty", grain=["shelf"])
    write_pipeline(tmp_path)

    [faulty] = find_faulty(tmp_path)

    words = f"{path}: 1 faults\n  grain.0: unknown column 'shelf'"
    assert list(load_catalog(tmp_path)) == [*load_catalog(), "shelf"]
    assert faulty.path == path
    assert faulty.message.startswith(words)
    with pytest.raises(SpecError) as caught:
        find_pipeline("faulty", tmp_path)
    assert str(caught.value) == faulty.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "stock_health"}, "name: 'stock_health' is declared twice, also in {built_in}; rename this one"),
        ({"marts": ["sales"]}, "marts: expected a file sales.sql beside it, found none"),
    ],
    ids=["the name of a built-in one", "a mart that is not there"],
)
def test_what_would_harm_others_is_a_fault(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    name = changes.pop("name", "shelf")
    path = write_pipeline(tmp_path, name, **changes)

    [faulty] = find_faulty(tmp_path)

    assert faulty.message == f"{path}: " + words.format(built_in=FOLDER / "stock_health" / "pipeline.yaml")
    assert load_catalog(tmp_path) == load_catalog()


def test_a_folder_called_otherwise_than_its_pipeline_is_a_fault(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path)
    moved = path.parent.rename(tmp_path / "shelves") / "pipeline.yaml"

    [faulty] = find_faulty(tmp_path)

    assert faulty.message == f"{moved}: name: expected 'shelves' like its folder, found 'shelf'"


def test_an_unknown_name_is_refused_with_own_ones_among_the_known(tmp_path: Path) -> None:
    write_pipeline(tmp_path)

    with pytest.raises(RequestError, match="pipeline 'shelv' does not exist; known: .*stock_health, shelf"):
        find_pipeline("shelv", tmp_path)


@pytest.mark.dagster
@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore:The `__fields__` attribute:DeprecationWarning")
def test_dagster_is_told_of_sound_ones_and_warned_of_faulty_ones(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from data_pipeline.orchestrate.build import load_definitions

    write_pipeline(tmp_path)
    path = write_pipeline(tmp_path, "faulty", grain=["shelf"])

    with caplog.at_level(logging.WARNING):
        graph = load_definitions(Settings(pipelines_dir=tmp_path)).resolve_asset_graph()

    groups = {node.group_name for node in graph.asset_nodes}
    assert {"shelf", "stock_health"} <= groups
    assert "faulty" not in groups
    assert [record.message for record in caplog.records if str(path) in record.message]
