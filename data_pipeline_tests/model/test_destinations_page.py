"""docs/destinations.md says what is so: every example is sound, every option is there with its default."""

import re
from typing import get_args

import pytest
import yaml

from data_pipeline.model.destinations import (
    REJECT_COLUMNS,
    BaseDestination,
    CsvDestination,
    Destination,
    FileDestination,
    PolicySpec,
    PostgresDestination,
    WebhookDestination,
)
from data_pipeline.model.faults import read_spec
from data_pipeline.model.rules import Part
from data_pipeline.settings import PROJECT_ROOT
from data_pipeline_tests.specs import declare_shelf

PAGE = (PROJECT_ROOT / "docs" / "destinations.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
# One row of a table: option and default.
DOCUMENTED = {
    (name, default.strip().strip("`")) for name, default in re.findall(r"^\| `(\w+)` \|(.*?)\|", PAGE, re.MULTILINE)
}


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_a_sound_declaration(example: str) -> None:
    spec, faults = read_spec(declare_shelf(process=None, **yaml.safe_load(example)))

    assert faults == []
    assert spec is not None
    assert spec.destinations


def test_every_kind_has_an_example() -> None:
    kinds = {one["kind"] for example in EXAMPLES for one in yaml.safe_load(example)["destinations"]}

    assert kinds == {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(Destination)[0])}


@pytest.mark.parametrize(
    "model", [BaseDestination, FileDestination, CsvDestination, PostgresDestination, WebhookDestination, PolicySpec],
    ids=lambda model: model.__name__,
)  # fmt: skip
def test_every_option_is_there_with_its_default(model: type[Part]) -> None:
    inherited = {name for parent in model.__mro__[1:] for name in getattr(parent, "model_fields", {})}
    own = {name: field for name, field in model.model_fields.items() if name not in inherited | {"kind", "policy"}}

    missing = []
    for name, field in own.items():
        default = "" if field.is_required() else show_default(name, field.get_default(call_default_factory=True))
        missing += [] if (name, default) in DOCUMENTED else [(name, default)]

    assert own
    assert missing == []


def show_default(name: str, default: object) -> str:
    """A default as the page writes it."""
    if name in ("columns", "path"):
        return {"columns": "all", "path": "{name}.<kind>"}[name]
    if isinstance(default, dict | tuple | bool | None):
        return "none" if not default and not isinstance(default, bool) else str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_every_column_of_a_rejected_row_is_there() -> None:
    assert [name for name in REJECT_COLUMNS if f"`{name}`" not in PAGE] == []
