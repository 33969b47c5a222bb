"""What a declaration asks for beyond its form: SQL that is safe, steps that are known, columns that they leave."""

from collections.abc import Iterator, Mapping, Sequence

from data_pipeline.errors import SpecError
from data_pipeline.model.contradictions import Fault, Path, list_published
from data_pipeline.model.rules import BaseRule, ConditionRule
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.parsing.expressions import parse_expression
from data_pipeline.transform.faults import find_step_faults, schema_of


def find_meaningless(spec: PipelineSpec, also_known: frozenset[str]) -> list[Fault]:
    """Every fault. `also_known`: names of columns that are declared, but faulty in themselves."""
    known = [*(column.name for column in spec.columns), *sorted(also_known)]
    faults: list[Fault] = [
        (("rules", place, key), message)
        for place, rule in enumerate(spec.rules)
        for key, message in find_broken_sql(rule, known)
    ]
    if not spec.steps:
        return faults
    by_store = spec.identity.store_column is not None
    found, after = find_step_faults(spec.steps, schema_of(spec.columns), by_store=by_store, doubtful=also_known)
    faults += [(as_path(keys), message) for keys, message in found]
    return faults if found or also_known else faults + find_gone(list_published(spec), list(after))


def find_broken_sql(rule: BaseRule, known: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Conditions that are no SQL over a row, or name columns that are not declared."""
    conditions: Mapping[str, str | None] = {
        "where": rule.where,
        "condition": rule.condition if isinstance(rule, ConditionRule) else None,
    }
    for key, condition in conditions.items():
        if condition is None:
            continue
        try:
            columns = parse_expression(condition).columns
        except SpecError as error:
            yield key, str(error)
            continue
        if not columns:
            yield key, f"expected a condition over columns, found {condition!r}"
        for column in sorted({*columns} - {*known}):
            yield key, f"unknown column {column!r} in {condition!r}; declared: {', '.join(known)}"


def find_gone(named: Sequence[tuple[Path, str]], columns: Sequence[str]) -> list[Fault]:
    """Columns that are not there after the last step."""
    return [
        (path, f"unknown column {column!r} after the steps; there are: {', '.join(columns)}")
        for path, column in named
        if column not in columns
    ]


def as_path(keys: str) -> Path:
    """A key path in its parts."""
    return tuple(int(key) if key.isdecimal() else key for key in keys.split("."))
