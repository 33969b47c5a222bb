"""Every verb that `steps:` of a pipeline.yaml may use, and how one of its items becomes a step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import polars as pl
from pydantic import ValidationError

from data_pipeline.errors import SpecError
from data_pipeline.model.spec import StepSpec
from data_pipeline.transform import (
    aggregate,
    anomaly_score,
    case,
    convert_currency,
    convert_unit,
    default,
    derive,
    drop_duplicates,
    email,
    explode,
    filter,
    hash,
    join_reference,
    lookup,
    map_values,
    mask,
    normalise,
    parse_date,
    parse_number,
    quality_score,
    rename,
    split,
    strip_html,
    trim,
)
from data_pipeline.transform.step import Change, Known, Outcome, StepOptions, name_near


@dataclass(frozen=True)
class Verb:
    """One verb: a module with `Options` and `apply`."""

    module: ModuleType
    change: Change = "none"
    """What it does to the number of rows, rejected ones aside."""
    uses_known: bool = False
    """Whether it needs reference files, earlier snapshots or the secret."""

    @property
    def options(self) -> type[StepOptions]:
        """Its frozen options, with every key known."""
        options: type[StepOptions] = self.module.Options
        return options

    @property
    def apply(self) -> Callable[..., pl.DataFrame | Outcome]:
        """The pure function."""
        apply: Callable[..., pl.DataFrame | Outcome] = self.module.apply
        return apply


VERBS: Mapping[str, Verb] = {
    "trim": Verb(trim),
    "normalise": Verb(normalise),
    "case": Verb(case),
    "email": Verb(email),
    "strip_html": Verb(strip_html),
    "parse_number": Verb(parse_number),
    "parse_date": Verb(parse_date),
    "convert_unit": Verb(convert_unit),
    "convert_currency": Verb(convert_currency, uses_known=True),
    "default": Verb(default),
    "rename": Verb(rename),
    "map_values": Verb(map_values),
    "derive": Verb(derive),
    "split": Verb(split),
    "mask": Verb(mask),
    "hash": Verb(hash, uses_known=True),
    "lookup": Verb(lookup, uses_known=True),
    "join_reference": Verb(join_reference, "adds", uses_known=True),
    "explode": Verb(explode, "adds"),
    "filter": Verb(filter, "filters"),
    "drop_duplicates": Verb(drop_duplicates, "merges"),
    "aggregate": Verb(aggregate, "merges"),
    "anomaly_score": Verb(anomaly_score, uses_known=True),
    "quality_score": Verb(quality_score),
}


@dataclass(frozen=True)
class Step:
    """One item of `steps:`, ready to be applied."""

    position: int
    """From 1."""
    use: str
    verb: Verb
    options: StepOptions
    message: str | None = None
    """Instead of the verb's own words."""

    def apply(self, rows: pl.DataFrame, known: Known) -> Outcome:
        """What it makes of rows."""
        made = (
            self.verb.apply(rows, self.options, known) if self.verb.uses_known else self.verb.apply(rows, self.options)
        )
        return made if isinstance(made, Outcome) else Outcome(made)


def compile_steps(specs: Sequence[StepSpec]) -> tuple[Step, ...]:
    """The steps of a pipeline.

    Raises: SpecError for the first that is not declared as its verb wants it; `find_step_faults` tells all.
    """
    steps = []
    for position, spec in enumerate(specs, start=1):
        step, faults = compile_step(position, spec)
        if step is None:
            raise SpecError("; ".join(f"{path}: {words}" for path, words in faults))
        steps.append(step)
    return tuple(steps)


def split_steps(steps: Sequence[Step]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Those that work on each chunk of a file, and those from the first on that needs all rows of a date."""
    first = next((place for place, step in enumerate(steps) if step.options.scope == "date"), len(steps))
    return tuple(steps[:first]), tuple(steps[first:])


def compile_step(position: int, spec: StepSpec) -> tuple[Step | None, list[tuple[str, str]]]:
    """A step, or all that is wrong with its declaration by key path, counted from 0 as in the file."""
    where = f"steps.{position - 1}"
    if spec.use not in VERBS:
        known = f"{name_near(spec.use, VERBS)}; known: {', '.join(sorted(VERBS))}"
        return None, [(f"{where}.use", f"unknown verb {spec.use!r}{known}")]
    verb = VERBS[spec.use]
    try:
        return Step(position, spec.use, verb, verb.options.model_validate(spec.options), spec.message), []
    except ValidationError as error:
        return None, [describe(where, fault, verb.options) for fault in error.errors()]


def describe(where: str, fault: Mapping[str, Any], options: type[StepOptions]) -> tuple[str, str]:
    """One fault of the options, with what is allowed where a key is not."""
    path = ".".join([where, *map(str, fault["loc"])])
    if fault["type"] == "extra_forbidden":
        key = str(fault["loc"][-1])
        fields = options.model_fields
        return path, f"unknown option {key!r}{name_near(key, fields)}; known: {', '.join(fields) or 'none'}"
    words = str(fault["msg"]).removeprefix("Value error, ")
    return path, words if fault["type"] == "missing" else f"{words}, found {fault['input']!r}"
