"""Rules of docs/pipelines.md: every block of YAML is a declaration, or a part of the one that it begins with."""

import re
from collections.abc import Mapping
from typing import Any, get_args

import pytest
import yaml

from data_pipeline.model.faults import read_spec
from data_pipeline.model.rules import RuleSeverity
from data_pipeline.model.schema import publish_schema
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.settings import PROJECT_ROOT
from data_pipeline.transform.faults import find_step_faults, schema_of

PAGE = (PROJECT_ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
WHOLE, *PARTS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("part", [{}, *PARTS], ids=lambda part: " ".join(part) or "whole")
def test_an_example_is_a_declaration(part: Mapping[str, Any]) -> None:
    """A part takes the place of what the whole declares under the same keys; without columns of the whole, alone."""
    rest = (
        {key: value for key, value in WHOLE.items() if key not in ("rules", "identity")} if "columns" in part else WHOLE
    )

    spec, faults = read_spec({**rest, **part})

    assert faults == []
    assert spec is not None
    assert find_step_faults(spec.steps, schema_of(spec.columns))[0] == []


def test_every_section_is_explained() -> None:
    shown = {key for block in (WHOLE, *PARTS) for key in block}

    assert shown == set(PipelineSpec.model_fields)


def test_every_kind_of_rule_and_severity_is_shown() -> None:
    kinds = set(publish_schema()["properties"]["rules"]["items"]["discriminator"]["mapping"])
    shown = {rule["kind"] for block in (WHOLE, *PARTS) for rule in block.get("rules", ())}

    assert {kind for kind in kinds - shown if f"also {kind}" not in PAGE and f"and {kind}" not in PAGE} == set()
    assert [severity for severity in get_args(RuleSeverity) if f"`{severity}`" not in PAGE] == []
