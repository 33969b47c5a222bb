"""RawTable -> accepted rows and rejected rows with every reason, in one pass, chunk by chunk."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.model.findings import Finding
from data_pipeline.model.rules import CustomRule, RuleSeverity, UniqueRule
from data_pipeline.model.spec import ColumnSpec, PipelineSpec
from data_pipeline.model.tables import RawTable
from data_pipeline.parsing.texts import is_plain, strip
from data_pipeline.validate.check import Check
from data_pipeline.validate.checks import (
    any_broken,
    build_added_check,
    build_checks,
    build_key,
    build_ragged_check,
    build_unique_check,
)
from data_pipeline.validate.formats import Formats, decide_formats
from data_pipeline.validate.headers import keep_undeclared, match_headers
from data_pipeline.validate.parse import parse_column
from data_pipeline.validate.reasons import collect_reasons
from data_pipeline.validate.rules.compile import compile_rules
from data_pipeline.validate.rules.own import RowCheck, ask
from data_pipeline.validate.seen_keys import SeenKeys

# Severities by which a rule refuses a file -> the code of the refusal.
REFUSING: Mapping[RuleSeverity, str] = {"reject_file": "RULE_REFUSES_FILE", "abort": "RULE_ABORTS_DATE"}

NO_CHECKS: Mapping[str, RowCheck] = {}


@dataclass(frozen=True)
class Judged:
    """A file after judging.

    Shape: `accepted` has the declared columns, typed, then source_sheet and source_row; `rejects` has one row per
    reason (REJECTS_SCHEMA); `values` has every declared column of every record, typed, unreadable cells null.
    """

    accepted: pl.DataFrame
    rejects: pl.DataFrame
    values: pl.DataFrame
    findings: tuple[Finding, ...]

    @property
    def rejected_rows(self) -> int:
        """Records with at least one reason."""
        return self.rejects["record_index"].n_unique()


class Judge:
    """Judges a file's chunks; what must be unique is unique in the whole file, and the limit is the file's.

    Memory: at most 150 MiB for each rule of uniqueness, however many rows there are; on disk 16 bytes a row.
    """

    def __init__(
        self, header: Sequence[str], spec: PipelineSpec, *, name: str, row_checks: Mapping[str, RowCheck] = NO_CHECKS
    ) -> None:
        """`row_checks`: functions of the pipeline's own rules, by the rule's name.

        Raises: FileRejected when required columns are missing.
        """
        self._row_checks = row_checks
        matched = match_headers(header, spec, name=name)
        self._headers, self._notes = matched.headers, list(matched.findings)
        self._spec, self._name = spec, name
        # A file's headers may be anything, also what Polars takes for a pattern.
        self._places = {title: f"cell {position}" for position, title in enumerate(header)}
        self._undeclared = keep_undeclared(matched, self._places)
        self._added = [build_added_check(name, header, self._places[header]) for name, header in matched.added.items()]
        self._columns = [column for column in spec.columns if column.name in self._headers]
        self._formats: Formats | None = None
        self._checks: list[Check] = []
        self._seen: defaultdict[str, SeenKeys] = defaultdict(SeenKeys)
        self._broken: Counter[str] = Counter()
        self.records = self.rejected = 0
        self._grave: list[Check] = []
        self._first_reason: dict[str, object] | None = None

    @property
    def pipeline(self) -> str:
        """By whose rules it judges."""
        return self._spec.name

    def judge(self, table: RawTable, *, is_last: bool) -> Judged:
        """Judges the next chunk of the file."""
        frame, checks = self._answer(table, is_last=is_last)
        is_bad = frame.select(any_broken(checks)).to_series()
        judged = Judged(
            accepted=self._take_accepted(frame, sheet=table.origin.sheet).filter(~is_bad),
            rejects=collect_reasons(frame.filter(is_bad), checks, table, self._places),
            values=frame.select(*(column.name for column in self._columns), *self._undeclared),
            findings=(*table.findings, *self._notes, *warn(frame, checks, name=self._name)),
        )
        self._notes = []
        self.records += frame.height
        self.rejected += int(is_bad.sum())
        self._grave = [check for check in checks if check.severity in REFUSING]
        self._broken.update({check.name: int(frame[check.name].sum()) for check in self._grave})
        if self._first_reason is None and judged.rejects.height:
            self._first_reason = judged.rejects.row(0, named=True)
        return judged

    def _answer(self, table: RawTable, *, is_last: bool) -> tuple[pl.DataFrame, list[Check]]:
        """Every record with its values and its answers to the checks."""
        formats = self._formats or self._decide_formats(table)
        ragged, is_json = table.ragged_rows, bool(table.origin.names)
        checks = [build_ragged_check(ragged, table.cells.width, is_json=is_json)] if ragged else []
        checks += self._checks
        indexes = pl.int_range(self.records, self.records + table.cells.height, eager=True).alias("@index")
        frame = table.cells.rename(self._places).with_columns(indexes, table.row_numbers.alias("@row"))
        frame = frame.with_columns(self._read_columns(table, formats))
        frame = frame.with_columns(self._ask_own_rules(frame))
        unique = [rule for rule in self._spec.rules if isinstance(rule, UniqueRule)]
        answers = [check.is_broken.fill_null(value=False).alias(check.name) for check in checks]
        frame = frame.with_columns(answers)
        for rule in unique:
            frame = self._mark_repeats(frame, rule, checks, is_last=is_last)
            checks = [*checks, build_unique_check(rule, self._headers)]
        return frame, checks

    def _read_columns(self, table: RawTable, formats: Formats) -> list[pl.Series]:
        """Each column's values, and which of them are blank; one column is read beside the other."""

        def read(column: ColumnSpec) -> tuple[pl.Series, pl.Series]:
            cells = table.cells[self._headers[column.name]]
            are_plain = is_plain(cells)
            texts = blank_out(cells if are_plain else strip(cells), column)
            values = parse_column(column, texts, formats, are_plain=are_plain).alias(column.name)
            return values, (texts == "").alias(f"?blank {column.name}")

        with ThreadPoolExecutor(max_workers=pl.thread_pool_size()) as threads:
            return [series for pair in threads.map(read, self._columns) for series in pair]

    def _ask_own_rules(self, frame: pl.DataFrame) -> list[pl.Series]:
        """The answers of the pipeline's own functions."""
        own = [rule for rule in self._spec.rules if isinstance(rule, CustomRule)]
        values = frame.select(column.name for column in self._columns if own)
        return [ask(rule, self._row_checks[rule.name], values) for rule in own]

    def _decide_formats(self, table: RawTable) -> Formats:
        """Decides by the file's first chunk how numbers and dates are read, and builds the checks that depend on it."""
        formats = decide_formats(table, self._columns, self._headers, self._spec.source.reading)
        self._formats = formats
        self._checks = [*build_checks(self._columns, self._headers, formats), *self._added]
        self._checks += compile_rules(self._spec, self._headers)
        self._notes += formats.tell(name=self._name)
        return formats

    def _mark_repeats(
        self, frame: pl.DataFrame, rule: UniqueRule, checks: list[Check], *, is_last: bool
    ) -> pl.DataFrame:
        """Marks later rows with the same key among the rows that no other check rejects."""
        key, seen = build_key(rule), self._seen[rule.name]
        # Different hashes are different keys, and mostly all are; to find repeats takes seven times as long.
        hashes = frame.select(any_broken(checks).alias("bad"), key.hash(1).alias("first"), key.hash(2).alias("second"))
        is_bad, first, second = (column.to_numpy() for column in hashes)
        is_repeat = np.zeros(frame.height, dtype=np.bool_)
        sound = np.flatnonzero(~is_bad)
        sound = sound[np.argsort(first[sound])]
        if (np.diff(first[sound]) == 0).any():
            in_order = np.sort(sound)
            is_first = frame.select(rule.columns)[in_order].select(key.is_first_distinct())
            is_repeat[in_order] = ~is_first.to_series().to_numpy()
            sound = sound[~is_repeat[sound]]
        was_seen = seen.find(first[sound], second[sound])
        is_repeat[sound] = was_seen
        if not is_last:
            new = sound[~was_seen]
            seen.add(first[new], second[new])
        return frame.with_columns(pl.Series(f"?{rule.name}", is_repeat))

    def _take_accepted(self, rows: pl.DataFrame, *, sheet: str) -> pl.DataFrame:
        """Typed columns with their place in the file."""
        return rows.select(
            *(column.name for column in self._spec.columns if column.published),
            *self._undeclared,
            pl.lit(sheet).alias("source_sheet"),
            pl.col("@row").alias("source_row"),
        )

    def add_rejected(self, records: int, first: dict[str, object] | None = None) -> None:
        """Counts records that go back for what was done with them after judging; `first`: the reason to be told."""
        self.rejected += records
        self._first_reason = first or self._first_reason

    def refuse_if_too_many(self) -> None:
        """A file that is mostly wrong, or breaks a rule on which all of it hangs, is wrong as a whole.

        Raises: FileRejected.
        """
        for check in self._grave:
            count = self._broken[check.name]
            if count > check.over_rows and count * 100 > self.records * check.over_percent:
                allowed = f"more than {check.over_rows} and {check.over_percent:g} % are too many"
                raise FileRejected(
                    REFUSING[check.severity],
                    f"{self._name}: {count} of {self.records} rows break rule {check.name[1:]!r}, {allowed}. "
                    f"{self._describe_first()} Mend the file and send it again.",
                    self.pipeline,
                )
        limit = self._spec.source.reject_file_over_percent
        if self.rejected * 100 > self.records * limit:
            raise FileRejected(
                "TOO_MANY_REJECTED",
                f"{self._name}: {self.rejected} of {self.records} rows are unusable, {limit:g} % are allowed. "
                f"{self._describe_first()} Mend the file and send it again.",
                self.pipeline,
            )

    def _describe_first(self) -> str:
        """The first row that goes back, and why."""
        first = self._first_reason
        if first is None:
            return ""
        place = f"row {first['row_number']}" + (f", column {first['column_name']!r}" if first["column_name"] else "")
        return f"First: {place}: {first['error_message']}"


def judge(table: RawTable, spec: PipelineSpec, *, name: str) -> Judged:
    """Judges every record of a file that comes in one piece.

    Raises: FileRejected when required columns are missing or more rows are rejected than the pipeline allows.
    """
    judging = Judge(table.cells.columns, spec, name=name)
    judged = judging.judge(table, is_last=True)
    judging.refuse_if_too_many()
    return judged


def blank_out(texts: pl.Series, column: ColumnSpec) -> pl.Series:
    """A column's texts; what the sender writes for "nothing here" is blank."""
    return texts.set(texts.is_in(column.blank_as), "") if column.blank_as else texts


def warn(frame: pl.DataFrame, checks: list[Check], *, name: str) -> list[Finding]:
    """Broken rules that only warn, with the first rows that break them."""
    findings = []
    for check in checks:
        if check.severity == "warn" and frame[check.name].any():
            rows = frame.filter(pl.col(check.name))["@row"]
            code, _ = check.explain("")
            place = name if check.header is None else f"{name}, column {check.header!r}"
            message = f"{place}: {len(rows)} rows break rule {check.name[1:]!r}; first: row {rows[0]}"
            details = {"rule": check.name[1:], "rows": rows[:20].to_list()}
            findings.append(Finding(code=code, message=message, rows=len(rows), details=details))
    return findings
