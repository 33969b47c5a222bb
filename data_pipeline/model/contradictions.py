"""What each part of a spec says of the others, and where that cannot be."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import polars as pl

from data_pipeline.model.destinations import find_unfit as find_unfit_destinations

if TYPE_CHECKING:
    from data_pipeline.model.spec import PipelineSpec

# Names that the product adds to every row of a part or snapshot.
PROVENANCE = ("source_sheet", "source_row")
SNAPSHOT_COLUMNS = (*PROVENANCE, "source_file", "source_version", "business_date", "snapshot_id", "snapshot_version")

Types = tuple[str, ...]
NUMBERS: Types = ("integer", "number")
DAYS: Types = ("date", "datetime")
TEXTS: Types = ("text",)
FITTING: Mapping[str, Types] = {
    "range": NUMBERS, "date_range": DAYS, "pattern": TEXTS, "email": TEXTS, "url": TEXTS, "phone": TEXTS,
    "length": TEXTS, "reference": TEXTS,
}  # fmt: skip

# Kinds of rules -> their keys for the least and the greatest value.
BOUNDS: Mapping[str, tuple[str, str]] = {
    "range": ("minimum", "maximum"), "length": ("minimum", "maximum"), "date_range": ("first", "last"),
}  # fmt: skip

RESCUED = "rescued"
"""Text column for what stands in undeclared columns: JSON, null where they are all blank."""

Path = tuple[str | int, ...]
Fault = tuple[Path, str]
"""Where in the declaration, and what is wrong there."""


class ContradictionError(ValueError):
    """Parts that are right by themselves and do not fit together; `faults` says which."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{'.'.join(map(str, path))}: {message}" for path, message in faults))


def find_contradictions(spec: "PipelineSpec", *, also_known: frozenset[str] = frozenset()) -> list[Fault]:
    """Every one. `also_known`: names of columns that are declared, but faulty in themselves."""
    known = [*dict.fromkeys(column.name for column in spec.columns), *sorted(also_known)]
    faults = [*find_doubled(spec), *find_unknown(spec, known)]
    is_known = spec.process is None and not spec.steps and spec.source.evolution in ("freeze", "reject")
    published = [*(column.name for column in spec.columns if column.published), *sorted(also_known), *SNAPSHOT_COLUMNS]
    faults += find_unfit_destinations(spec.destinations, known, published if is_known else None)
    return [*faults, *find_unfit(spec), *find_unshowable(spec), *find_unbounded(spec), *find_exposed(spec)]


def find_doubled(spec: "PipelineSpec") -> Iterator[Fault]:
    """Names that stand for two things."""
    names = [column.name for column in spec.columns]
    headers = [header for column in spec.columns for header in column.headers]
    rules = [rule.name for rule in spec.rules]
    for position, column in enumerate(spec.columns):
        if column.name in names[:position]:
            yield ("columns", position, "name"), f"column {column.name!r} is declared twice"
        is_kept = spec.source.evolution in ("add", "rescue") and column.name == RESCUED
        if column.name in PROVENANCE or is_kept:
            yield ("columns", position, "name"), f"column name {column.name!r} belongs to the product"
    for header in sorted({header for header in headers if headers.count(header) > 1}):
        yield ("columns",), f"header {header!r} is declared for two columns"
    for position, name in enumerate(rules):
        if name in rules[:position]:
            yield ("rules", position, "name"), f"two rules are called {name!r}"


def find_unknown(spec: "PipelineSpec", known: list[str]) -> Iterator[Fault]:
    """Columns that are named and not declared."""
    for path, column in list_named_columns(spec):
        if column not in known:
            yield path, f"unknown column {column!r}; declared: {', '.join(known)}"


def list_named_columns(spec: "PipelineSpec") -> list[tuple[Path, str]]:
    """Every place that names a column."""
    # After steps there are other columns; they are known to whoever compiles the steps.
    named = [] if spec.steps else list_published(spec)
    return [*named, *list_ruled(spec), *list_identifying(spec)]


def list_identifying(spec: "PipelineSpec") -> list[tuple[Path, str]]:
    """The columns that say whose file it is, and for which day."""
    keys = ("store_column", "date_column", "sales_date_column")
    evidence = [(key, getattr(spec.identity, key)) for key in keys]
    return [(("identity", key), column) for key, column in evidence if column is not None]


def list_summarised(spec: "PipelineSpec") -> list[tuple[Path, str]]:
    """The columns whose values head the lines of a summary."""
    by = spec.summary.by if spec.summary else ()
    return [(("summary", "by", place), column) for place, column in enumerate(by)]


def list_published(spec: "PipelineSpec") -> list[tuple[Path, str]]:
    """The columns that a snapshot is keyed by and that are summed."""
    grain: list[tuple[Path, str]] = [
        (("grain", place), column) for place, column in enumerate(spec.grain) if column not in SNAPSHOT_COLUMNS
    ]
    return grain + list_measured(spec)


def list_measured(spec: "PipelineSpec") -> list[tuple[Path, str]]:
    """The columns that are summed."""
    return [
        (("measures", name, place), column)
        for name, columns in spec.measures.items()
        for place, column in enumerate(columns)
    ]


def list_ruled(spec: "PipelineSpec") -> list[tuple[Path, str]]:
    """The columns that rules name, but for those in SQL."""
    return [
        (("rules", place, "column" if len(rule.columns_named) == 1 else "columns"), column)
        for place, rule in enumerate(spec.rules)
        for column in rule.columns_named
    ]


def find_unshowable(spec: "PipelineSpec") -> Iterator[Fault]:
    """Outputs by store where files are of no store, and aggregates that are no SQL.

    What a summary names are columns of the snapshot, which only its processor knows.
    """
    for place, output in enumerate(spec.outputs):
        if output.per == "file" and spec.identity.store_column is None:
            yield ("outputs", place, "per"), "'file' needs identity.store_column: one file is written for each store"
    for title, aggregate in (spec.summary.show if spec.summary else {}).items():
        try:
            pl.sql_expr(aggregate)
        except (pl.exceptions.PolarsError, ValueError) as error:
            yield ("summary", "show", title), f"expected a SQL aggregate, found {aggregate!r}: {error}"


def find_unfit(spec: "PipelineSpec") -> list[Fault]:
    """Columns that are declared, but not as what another part needs."""
    declared = {column.name: column for column in spec.columns}
    ruled = [(path, column, spec.rules[int(path[1])].kind) for path, column in list_ruled(spec)]
    typed = [(path, column, NUMBERS) for path, column in list_measured(spec)]
    typed += [(path, column, FITTING[kind]) for path, column, kind in ruled if kind in FITTING]
    grain: list[tuple[Path, str]] = [(("grain", place), column) for place, column in enumerate(spec.grain)]
    # Great Expectations asks these rules of the snapshot again.
    asked_again = [(path, column) for path, column, kind in ruled if kind in ("range", "unique")]
    return [
        (path, f"column {column!r} is of type {declared[column].type}; expected: {' or '.join(types)}")
        for path, column, types in typed
        if column in declared and declared[column].type not in types
    ] + [
        (path, f"column {column!r} is not published")
        for path, column in (*grain, *list_measured(spec), *asked_again)
        if column in declared and not declared[column].published
    ]


def find_unbounded(spec: "PipelineSpec") -> Iterator[Fault]:
    """Bounds of columns that are of another type than the column, and bounds between which nothing is."""
    for place, column in enumerate(spec.columns):
        for key, bound in (("minimum", column.minimum), ("maximum", column.maximum)):
            types = DAYS if isinstance(bound, dt.date) else NUMBERS
            if bound is not None and column.type not in types:
                yield ("columns", place, key), f"a column of type {column.type} cannot have the bound {bound}"
    ranged: list[tuple[Path, object, tuple[str, str]]] = [
        *((("columns", place), column, BOUNDS["range"]) for place, column in enumerate(spec.columns)),
        *((("rules", place), rule, BOUNDS[rule.kind]) for place, rule in enumerate(spec.rules) if rule.kind in BOUNDS),
    ]
    for path, part, keys in ranged:
        least, most = (getattr(part, key) for key in keys)
        if least is not None and type(least) is type(most) and least > most:
            yield (*path, keys[0]), f"{keys[0]} {least} is above {keys[1]} {most}: no row could be accepted"


def find_exposed(spec: "PipelineSpec") -> Iterator[Fault]:
    """Sensitive columns that a declaration wants to be told."""
    for path, column in [*list_identifying(spec), *list_measured(spec), *list_summarised(spec)]:
        if column in spec.sensitive_columns:
            yield path, f"column {column!r} is sensitive, and what stands here is shown: name another column"
    if spec.sensitive_columns and spec.source.reading.ragged != "reject":
        words = "needs 'reject' beside sensitive columns: which cell of such a row is which, nobody can say"
        yield ("source", "reading", "ragged"), words
