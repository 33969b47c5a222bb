"""Rules of the catalogue: every built-in pipeline loads, and what is wrong in a declaration is said at once."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from data_pipeline.errors import RequestError, SpecError
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.pipelines.catalog import FOLDER, Pipeline, find_pipeline, load_catalog, load_spec
from data_pipeline_tests.specs import DECLARED, declare_shelf, shelf_spec

DECLARATIONS = sorted(FOLDER.glob("*/pipeline.yaml"))


def write_declaration(folder: Path, text: str) -> Path:
    path = folder / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refuse(path: Path) -> str:
    """What is said of a faulty declaration."""
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    return str(caught.value)


@pytest.mark.parametrize("path", DECLARATIONS, ids=lambda path: path.parent.name)
def test_every_built_in_pipeline_loads_with_its_code_and_marts(path: Path) -> None:
    pipeline = find_pipeline(path.parent.name)

    assert pipeline.spec == load_spec(path)
    assert pipeline.name == path.parent.name
    assert pipeline.spec.process is None or callable(pipeline.load_processor())
    assert all("select" in pipeline.read_mart(mart) for mart in pipeline.spec.marts)


def test_the_catalogue_holds_every_folder_with_a_declaration() -> None:
    assert list(load_catalog()) == [path.parent.name for path in DECLARATIONS]


def test_an_unknown_pipeline_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RequestError) as caught:
        find_pipeline("stok")

    assert str(caught.value) == f"pipeline 'stok' does not exist; known: {', '.join(load_catalog())}"


def test_a_declaration_is_read_from_its_file(tmp_path: Path) -> None:
    assert load_spec(write_declaration(tmp_path, yaml.safe_dump(declare_shelf()))) == shelf_spec()


FAULTY = """
name: Shelf life
title:
description: What is on the shelves.
colour: red
columns:
  - {name: sku, header: SKU, type: money}
  - {name: stock, type: integer}
  - {name: brand, header: Brand, type: text}
rules:
  - {kind: range, name: low, column: brand, minimum: 0}
  - {kind: range, name: odd, column: stock, minimum: none}
  - {kind: pattern, name: form, column: sku, pattern: "[0-9"}
  - {kind: condition, name: sense, condition: "brand <> 'x' and pieces > 0"}
grain: [sku, shelf]
process: {processor: "processors:compute"}
flush: {file: 3}
"""


def test_all_faults_are_listed_at_once_with_key_path_and_what_is_allowed(tmp_path: Path) -> None:
    path = write_declaration(tmp_path, FAULTY)

    assert refuse(path).splitlines() == [
        f"{path}: 11 faults",
        "  name: String should match pattern '^[a-z][a-z0-9_]*$'",
        "  title: Input should be a valid string",
        "  columns.0.type: Input should be 'text', 'integer', 'number', 'date', 'datetime' or 'boolean'",
        "  columns.1.header: Field required",
        "  rules.1.minimum: Input should be a valid number, unable to parse string as a number",
        "  rules.2.pattern: Value error, not a regular expression: unterminated character set at position 0",
        "  flush.file: unknown key; is 'files' meant? known: bytes, files, seconds",
        f"  colour: unknown key; is 'columns' meant? known: {', '.join(sorted(PipelineSpec.model_fields))}",
        "  grain.1: unknown column 'shelf'; declared: brand, sku, stock",
        "  rules.0.column: column 'brand' is of type text; expected: integer or number",
        "  rules.3.condition: unknown column 'pieces' in \"brand <> 'x' and pieces > 0\"; declared: brand, sku, stock",
    ]


def test_a_faulty_column_or_option_hides_nothing_that_is_wrong_with_steps(tmp_path: Path) -> None:
    """What the steps leave behind, the grain among it, is only told when nothing else is in doubt."""
    columns = [*DECLARED["columns"], {"name": "colour", "header": "Colour", "type": "paint"}]
    steps = [{"use": "trim", "columns": ["colour", "sise"], "blank_is_nul": True}, {"use": "case", "columns": ["skuu"]}]
    path = write_declaration(tmp_path, yaml.safe_dump(declare_shelf(columns=columns, steps=steps, grain=["shelf"])))

    lines = refuse(path).splitlines()

    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "columns.6.type", "steps.0.blank_is_nul", "steps.0.columns", "steps.1.to", "steps.1.columns",
    ]  # fmt: skip
    assert lines[3].startswith("  steps.0.columns: unknown column 'sise'; there are: sku, brand")


def test_names_that_are_not_declared_are_faults_where_they_stand(tmp_path: Path) -> None:
    path = write_declaration(tmp_path, yaml.safe_dump(declare_shelf(grain=["store", "shelf"])))

    assert refuse(path) == (
        f"{path}: 1 faults\n  grain.1: unknown column 'shelf'; "
        "declared: sku, brand, store, stock, daily_sales, last_sales"
    )


@pytest.mark.parametrize("text", ["", "- a\n- b\n"], ids=["empty", "a list"])
def test_a_declaration_that_is_no_mapping_is_refused(text: str, tmp_path: Path) -> None:
    assert "(whole file): Input should be a valid dictionary" in refuse(write_declaration(tmp_path, text))


def test_broken_yaml_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write_declaration(tmp_path, "name: shelf\ncolumns: [a, b\nrules: []\n")

    message = refuse(path)

    assert message.startswith(f"{path}: not valid YAML in UTF-8: ")
    assert re.search(r"line \d, column \d", message)


def test_a_declaration_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_bytes("title: Séra".encode("latin-1"))

    assert "not valid YAML in UTF-8" in refuse(path)


def test_a_key_that_is_written_twice_is_refused(tmp_path: Path) -> None:
    path = write_declaration(tmp_path, yaml.safe_dump(declare_shelf()) + "rules: []\n")

    assert "key 'rules' is written twice" in refuse(path)


@pytest.mark.parametrize(
    ("processor", "reason"),
    [
        ("processors:compute", "module 'data_pipeline.pipelines.stock_health.processors' has no attribute 'compute'"),
        ("formulas:compute_stock_health", "No module named 'data_pipeline.pipelines.stock_health.formulas'"),
        ("processors", "has no attribute ''"),
        (":compute_stock_health", "No module named"),
    ],
)
def test_a_processor_that_does_not_exist_is_refused(processor: str, reason: str) -> None:
    pipeline = Pipeline(shelf_spec(process={"processor": processor}), FOLDER / "stock_health")

    with pytest.raises(SpecError) as caught:
        pipeline.load_processor()

    message = str(caught.value)
    assert message.startswith("stock_health/pipeline.yaml, process.processor: expected 'module:function', found ")
    assert f"{processor!r}: " in message
    assert reason in message


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    """A pipeline whose folder may be changed."""
    for name in ("pipeline.yaml", "processors.py", "shelf_conditions.sql", "rule_sets.yaml", "README.md"):
        (tmp_path / name).write_text(f"content of {name}")
    return Pipeline(shelf_spec(), tmp_path)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("pipeline.yaml", True),
        ("processors.py", True),
        ("shelf_conditions.sql", True),
        ("rule_sets.yaml", True),
        ("new_rules.py", True),
        ("README.md", False),
        ("notes.txt", False),
    ],
)
def test_the_code_hash_changes_with_code_and_data_files_only(name: str, counts: bool, pipeline: Pipeline) -> None:
    before = pipeline.code_hash

    (pipeline.folder / name).write_text("changed")

    assert (pipeline.code_hash != before) == counts


def test_the_code_hash_changes_when_a_file_is_renamed(pipeline: Pipeline) -> None:
    before = pipeline.code_hash

    (pipeline.folder / "processors.py").rename(pipeline.folder / "formulas.py")

    assert pipeline.code_hash != before


def test_the_code_hash_does_not_depend_on_the_folder_or_on_compiled_code(pipeline: Pipeline, tmp_path: Path) -> None:
    before = pipeline.code_hash

    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "processors.cpython-311.pyc").write_bytes(b"compiled")

    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert Pipeline(pipeline.spec, moved).code_hash == before


def test_a_declared_change_is_seen_by_the_specs_hash_and_the_code_hash(tmp_path: Path) -> None:
    declared: dict[str, Any] = declare_shelf()
    before = Pipeline(load_spec(write_declaration(tmp_path, yaml.safe_dump(declared))), tmp_path)
    code_hash = before.code_hash

    declared["rules"] = []
    after = Pipeline(load_spec(write_declaration(tmp_path, yaml.safe_dump(declared))), tmp_path)

    assert after.spec.content_hash != before.spec.content_hash
    assert after.code_hash != code_hash
