"""Which stores are in, against the roster."""

import re
from collections.abc import Iterable

from data_pipeline.model.findings import Finding
from data_pipeline.model.snapshots import Completeness
from data_pipeline.model.spec import RosterSpec
from data_pipeline.model.tables import ReferenceTable


def read_roster(roster: RosterSpec | None, references: dict[str, ReferenceTable]) -> tuple[list[str], list[Finding]]:
    """The stores that are expected, sorted; without a list nobody is, and a finding says so."""
    if roster is None:
        return [], []
    table = references.get(roster.file)
    if table is None or roster.column not in table.with_header().columns:
        message = f"roster: no column {roster.column!r} in reference file {roster.file!r}; nobody is expected"
        return [], [Finding(code="ROSTER_MISSING", message=message)]
    names = table.with_header()[roster.column].str.strip_chars().unique().to_list()
    exclude = re.compile(roster.exclude) if roster.exclude is not None else None
    return sorted(name for name in names if name and not (exclude and exclude.search(name))), []


def compare_stores(present: Iterable[str], roster: list[str]) -> Completeness:
    """Stores in, missing and unexpected, each sorted."""
    found = set(present)
    expected = set(roster)
    return Completeness(
        stores_in=tuple(sorted(found)),
        stores_missing=tuple(sorted(expected - found)),
        stores_unexpected=tuple(sorted(found - expected)) if roster else (),
    )
