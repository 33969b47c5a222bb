"""Adds columns of a reference file to rows, by a declared number of records for each."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from data_pipeline.errors import ConservationError
from data_pipeline.transform.references import Cardinality, key_rows, read_keyed, refuse_doubled
from data_pipeline.transform.step import NAME, NOTHING, Fault, Known, Outcome, Scope, StepOptions, split_failed


class Options(StepOptions):
    """Which file, which records of it belong to a row, and what is taken from them."""

    file: str
    """Reference file; the snapshot's manifest names its hash."""
    on: dict[str, str] = Field(min_length=1)
    """Column of the rows -> header in the file that holds the same key."""
    take: dict[Annotated[str, Field(pattern=NAME)], str] = Field(min_length=1)
    """New column -> header in the file; texts without blanks around them."""
    cardinality: Cardinality
    """Rows to records: `1:1` and `1:m` want each key once among the rows, `1:1` and `m:1` once in the file."""
    missing: Literal["keep", "reject"] = "keep"
    """What follows for a row without a record."""
    ignore_case: bool = False
    """Whether capitals and small letters are the same in keys."""

    @property
    def scope(self) -> Scope:
        """Reference files are read once for a date."""
        return "date"

    @property
    def reference_files(self) -> Sequence[str]:
        """That one."""
        return (self.file,)

    @property
    def may_reject(self) -> bool:
        """Rows without a record, and rows that repeat a key that should be there once."""
        return self.missing == "reject" or self.cardinality != "m:1"

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """The key."""
        return {"on": tuple(self.on)}

    @property
    def new_columns(self) -> Sequence[str]:
        """Those that are taken."""
        return tuple(self.take)


def apply(rows: pl.DataFrame, options: Options, known: Known = NOTHING) -> Outcome:
    """Left join in the declared cardinality; rows keep their order, those of `1:m` stand together.

    Raises: StoreError when file or headers are not there, or the file names a key twice that it may name once.
    Example:
        >>> rows = pl.DataFrame({"brand": ["A", "B"]})
        >>> file = pl.DataFrame({"Brand": ["A", "A"], "Supplier": ["Sari", "Budi"]})
        >>> options = Options(file="s.csv", on={"brand": "Brand"}, take={"supplier": "Supplier"}, cardinality="1:m")
        >>> made = apply(rows, options, Known(references={"s.csv": file}))
        >>> made.rows.rows(), made.added
        ([('A', 'Sari'), ('A', 'Budi'), ('B', None)], 1)
    """
    keyed = read_keyed(known, options.file, options.on, options.take, ignore_case=options.ignore_case)
    columns = list(options.on)
    keys = key_rows(rows, columns, ignore_case=options.ignore_case)
    if options.cardinality != "1:m":
        refuse_doubled(keyed, keys.columns, options.file)
    key = pl.struct(keys.columns)
    has_key = keys.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
    faults = []
    if options.missing == "reject":
        is_there = keys.select(key.is_in(keyed.select(key).to_series().implode())).to_series() & has_key
        faults.append(Fault(~is_there, columns[0], lambda text: explain_missing(text, options.file)))
    if options.cardinality != "m:1":
        is_repeated = keys.select(~key.is_first_distinct()).to_series() & has_key
        faults.append(Fault(is_repeated, columns[0], explain_repeated))
    kept = split_failed(rows, pl.concat([rows.drop(options.take, strict=False), keys], how="horizontal"), *faults)
    joined = kept.rows.join(keyed, on=keys.columns, how="left", maintain_order="left_right")
    matches = kept.rows.select(keys.columns).join(keyed.group_by(keys.columns).len("@n"), on=keys.columns)
    added = int((matches["@n"].cast(pl.Int64) - 1).sum())
    return Outcome(joined.drop(keys.columns), kept.failures, kept.failed, added=added)


def explain_missing(text: str, file: str) -> str:
    """No record for a row."""
    return f"expected a key that reference file {file!r} holds, found {text!r}. Correct it, or add it to the file."


def explain_repeated(text: str) -> str:
    """A key that should be there once."""
    return f"expected a key that no row above has, found {text!r} again. Remove one of them."


def join_reference(rows: pl.DataFrame, reference: pl.DataFrame, *, on: list[str], what: str) -> pl.DataFrame:
    """Left join that is asserted to be n:1; rows keep their number and order.

    Shape: one row per row of `rows`, with the columns of `reference` that are not in `on`.
    Raises: ConservationError when the reference names a key twice, which would multiply rows.
    Example:
        >>> rows = pl.DataFrame({"brand": ["A", "B"], "stock": [1, 2]})
        >>> suppliers = pl.DataFrame({"brand": ["A"], "supplier": ["Sari"]})
        >>> join_reference(rows, suppliers, on=["brand"], what="suppliers").rows()
        [('A', 1, 'Sari'), ('B', 2, None)]
    """
    doubled = reference.select(on).is_duplicated()
    if doubled.any():
        key = reference.filter(doubled).select(on).row(0, named=True)
        raise ConservationError(f"{what}: expected one row per {', '.join(on)}, found {key} more than once")
    return rows.join(reference, on=on, how="left", validate="m:1", nulls_equal=True, maintain_order="left")
