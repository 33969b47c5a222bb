"""Declared steps -> everything that is wrong with them, and the columns that they lead to. Looks at no rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
from pydantic import ValidationError

from data_pipeline.errors import SpecError
from data_pipeline.model.spec import ColumnSpec, StepSpec
from data_pipeline.transform.registry import VERBS, Step, compile_step
from data_pipeline.transform.step import PLACE, Known, StepOptions, name_near

DATATYPES: Mapping[str, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us", "UTC"),
    "boolean": pl.Boolean(),
}
# What every row of a chunk has, and what is added when a date's parts are loaded.
CHUNK_PLACE: Mapping[str, pl.DataType] = {"source_sheet": pl.String(), "source_row": pl.Int64()}
DATE_PLACE: Mapping[str, pl.DataType] = {
    "store": pl.String(),
    "source_file": pl.String(),
    "source_version": pl.Int64(),
}

KeyedFault = tuple[str, str]
"""Key path in the pipeline.yaml, counted from 0, and the words."""


def schema_of(columns: Iterable[ColumnSpec]) -> pl.Schema:
    """The columns of a chunk's accepted rows, as declared."""
    declared = {column.name: DATATYPES[column.type] for column in columns if column.published}
    return pl.Schema({**declared, **CHUNK_PLACE})


def find_step_faults(
    specs: Sequence[StepSpec],
    schema: Mapping[str, pl.DataType],
    *,
    by_store: bool = False,
    doubtful: frozenset[str] = frozenset(),
) -> tuple[list[KeyedFault], pl.Schema]:
    """Tries every step on no rows; all faults at once, and the columns after the last step.

    `schema` is that of a chunk's accepted rows, as `schema_of` gives it; `by_store`: whether a file is of one store,
    whose name its rows get when a date is computed; `doubtful`: columns that are declared, but faulty. What follows
    from a fault alone, such as a column that a faulty step would have made, is not told again. With faults, the columns
    are as far as they are known.
    Example:
        >>> steps = [{"use": "trimm"}, {"use": "trim", "columns": ["brnd"]}, {"use": "case", "columns": ["brand"]}]
        >>> faults, _ = find_step_faults([StepSpec(**step) for step in steps], {"brand": pl.String()})
        >>> [path for path, _ in faults]
        ['steps.0.use', 'steps.1.columns', 'steps.2.to']
        >>> faults[1][1]
        "unknown column 'brnd' (is 'brand' meant?); there are: brand"
    """
    trial = Trial(schema, by_store=by_store, doubtful=doubtful)
    for position, spec in enumerate(specs, start=1):
        step, faults = compile_step(position, spec)
        trial.faults += faults
        if step is None:
            trial.doubt(position, spec, {path.split(".")[2] for path, _ in faults if path.count(".") > 1})
        else:
            trial.take(step)
    if not trial.is_date:
        trial.load_date()
    return trial.faults, trial.rows.schema


class Trial:
    """No rows on their way through the steps."""

    def __init__(self, schema: Mapping[str, pl.DataType], *, by_store: bool, doubtful: frozenset[str]) -> None:
        self._loaded = DATE_PLACE if by_store else {name: DATE_PLACE[name] for name in DATE_PLACE if name != "store"}
        self.rows = pl.DataFrame(schema=schema)
        self.faults: list[KeyedFault] = []
        self.steps: list[Step] = []
        self._doubtful = set(doubtful)
        self.is_date = self._is_grouped = False

    def doubt(self, position: int, spec: StepSpec, faulty: set[str]) -> None:
        """Finds unknown columns in the sound options of a step that cannot be read.

        Then takes every text of it for a column that it may have made, if its verb makes any.
        """
        verb = VERBS.get(spec.use)
        if verb is not None:
            named, is_of_date = read_sound(verb.options, spec.options, faulty)
            if is_of_date and not self.is_date:
                self.load_date()
            self.faults += self._find_unknown(named, f"steps.{position - 1}")
        if verb is None or "new_columns" in vars(verb.options):
            self._doubtful |= set(list_texts(spec.options))

    def take(self, step: Step) -> None:
        """Tries a step, or passes it over when something it needs is in doubt."""
        self.steps.append(step)
        if step.options.scope == "date" and not self.is_date:
            self.load_date()
        where = f"steps.{step.position - 1}"
        faults = [*self._find_unknown(step.options.named_columns, where), *self._find_forbidden(step, where)]
        named = {column for columns in step.options.named_columns.values() for column in columns}
        if faults or named & (self._doubtful - set(self.rows.columns)):
            self.faults += faults
            self._doubtful |= set(step.options.new_columns)
            return
        try:
            after = step.apply(self.rows, Known(is_trial=True)).rows
        except (SpecError, pl.exceptions.PolarsError) as error:
            reason = str(error) if isinstance(error, SpecError) else str(error).partition("\n")[0]
            self.faults.append((where, reason))
            self._doubtful |= set(step.options.new_columns)
            return
        self._is_grouped = self._is_grouped or step.use == "aggregate"
        self.rows = after

    def load_date(self) -> None:
        """The columns that rows get when a date's parts are loaded."""
        self.is_date = True
        self.rows = self.rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in self._loaded.items())

    def _find_unknown(self, named: Mapping[str, Sequence[str]], where: str) -> list[KeyedFault]:
        """Columns that are named and not there."""
        there = self.rows.columns
        return [
            (f"{where}.{option}", f"unknown column {column!r}{name_near(column, there)}; there are: {', '.join(there)}")
            for option, columns in named.items()
            for column in columns
            if column not in there and column not in self._doubtful
        ]

    def _find_forbidden(self, step: Step, where: str) -> list[KeyedFault]:
        """Steps that would take from a row where it comes from, or reject what came from nowhere."""
        own = [name for name in step.options.new_columns if name in (*PLACE, *self._loaded)]
        if step.use == "rename":
            own += [name for name in step.options.named_columns["columns"] if name in (*PLACE, *self._loaded)]
        faults = [(where, f"column name {name!r} belongs to the product") for name in own]
        if self._is_grouped and step.options.may_reject:
            faults.append((where, "rows of an aggregate come from no file; after it nothing can be rejected"))
        return faults


def read_sound(
    options: type[StepOptions], declared: Mapping[str, Any], faulty: set[str]
) -> tuple[Mapping[str, Sequence[str]], bool]:
    """The columns that options name although some of them are faulty, and whether the step needs a whole date.

    Nothing where that cannot be told without those that are faulty.
    """
    sound = {key: value for key, value in declared.items() if key in options.model_fields and key not in faulty}
    try:
        read = options.model_validate(sound)
    except ValidationError:  # one of the faulty ones is needed
        read = options.model_construct(**sound)
    try:
        return read.named_columns, read.scope == "date"
    except (AttributeError, SpecError):
        return {}, False


def list_texts(value: object) -> list[str]:
    """Every text inside a piece of YAML."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for pair in value.items() for one in pair for text in list_texts(one)]
    return [text for one in value for text in list_texts(one)] if isinstance(value, list | tuple) else []
