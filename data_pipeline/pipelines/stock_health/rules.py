"""The switches of the owner's formulas, as named and versioned data."""

import functools
import hashlib
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from data_pipeline.errors import SpecError

RULE_SETS = Path(__file__).with_name("rule_sets.yaml")


class RuleSet(BaseModel):
    """One set of switches (docs: README.md of this pipeline, table of disagreements)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    scale_by_reference_store: bool
    reference_store: str = "Miss Glam Padang"
    exempt_stores: tuple[str, ...] = ("Miss Glam Padang", "Miss Glam Soeta", "Miss Glam Balikpapan")
    target_days: int
    long_target_days: int | None
    """Target of the SKUs on the special list; null: the list is not used."""
    emergency_scope: Literal["all", "top_100"]
    emergency_horizon_days: int | None
    """Days to survive until an open order arrives; null: the SKU's own max. lead time."""
    subtract_emergency: bool
    clip_at_zero: bool
    blank_brand_fallback: bool

    @property
    def label(self) -> str:
        """Name and hash of the switches: two rule sets with one label cannot differ."""
        return f"{self.name}@{hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]}"


@functools.cache
def load_rule_sets() -> dict[str, RuleSet]:
    """Every rule set by name."""
    declared = yaml.safe_load(RULE_SETS.read_text(encoding="utf-8"))
    return {name: RuleSet(name=name, **switches) for name, switches in declared.items()}


def find_rule_set(name: str | None) -> RuleSet:
    """The rule set of that name.

    Raises: SpecError that lists the known ones.
    """
    rule_sets = load_rule_sets()
    if name is None or name not in rule_sets:
        raise SpecError(f"stock_health: unknown rule set {name!r}; known: {', '.join(rule_sets)}")
    return rule_sets[name]
