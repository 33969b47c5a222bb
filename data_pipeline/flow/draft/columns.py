"""Surveyed texts -> typed columns, by the very parsers that will judge the pipeline's files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from data_pipeline.flow.draft.names import name_columns, split_words
from data_pipeline.flow.draft.survey import Survey
from data_pipeline.model.reading import ReadingSpec
from data_pipeline.model.spec import ColumnSpec, ColumnType
from data_pipeline.parsing.dates import DateVote, vote_dates
from data_pipeline.parsing.numbers import vote_numbers
from data_pipeline.validate.formats import decide_formats
from data_pipeline.validate.moments import take_days
from data_pipeline.validate.parse import BOOLEANS, ERROR_CELLS, NOT_A_NUMBER, parse_column

# Headers of what looks like a number and is a name: nobody adds it up, and a leading zero counts.
CODE_WORDS = frozenset({"sku", "barcode", "ean", "upc", "gtin", "plu", "code", "kode", "id", "uuid", "nik", "npwp",
                        "phone", "telp", "telepon", "hp", "wa", "zip", "postal", "kodepos", "rekening", "iban",
                        "account", "imei", "isbn", "serial"})  # fmt: skip
NUMBERING_WORDS = frozenset({"no", "nr", "nomor", "number", "num"})
CODE_LIKE = r"^(?:0[0-9]+|[0-9]{16,})$"
LONG_CODE_DIGITS = 9
MOST_CODE_WORDS = 2  # in which one may stand first
# What people write for "nothing here"; words for "no number" are not among them, since those are faults.
NOTHING = ("-", "--", "n/a", "N/A", "null", "NULL", "None", "0000-00-00", "0000-00-00 00:00:00")
MOST_FAULTY_PERCENT = 2
LEAST_TELLING = 3  # distinct values by which a word such as "-" is told from data


@dataclass(frozen=True)
class Column:
    """A column of the sample and what it seems to hold.

    Shape: `values` has one typed value per surveyed record, null where it is blank or unreadable.
    """

    spec: ColumnSpec
    values: pl.Series
    blanks: int
    distinct: int

    @property
    def name(self) -> str:
        """Its name in the draft."""
        return self.spec.name

    @property
    def words(self) -> frozenset[str]:
        """The words of its header."""
        return frozenset(split_words(self.spec.header))

    @property
    def is_code(self) -> bool:
        """Whether its header says that it names things: SKU, ID Store, Nomor PO, but not SKU promo factor."""
        words = split_words(self.spec.header)
        is_short = len(words) <= MOST_CODE_WORDS
        is_named = bool(CODE_WORDS & set(words if is_short else words[-1:]))
        return is_named or (is_short and len(words) > 1 and bool(NUMBERING_WORDS & set(words)))

    @property
    def is_running_number(self) -> bool:
        """Whether it counts the records: 1, 2, 3."""
        if self.spec.type != "integer" or self.values.null_count() or self.values.len() < LEAST_TELLING:
            return False
        return bool(self.values[0] >= 0 and (self.values.diff().drop_nulls() == 1).all())


@dataclass(frozen=True)
class Typed:
    """The columns of a sample, and what had to be declared of their form; `doubts` a person must settle."""

    columns: tuple[Column, ...]
    reading: ReadingSpec
    doubts: tuple[str, ...]


def type_columns(survey: Survey) -> Typed:
    """Names and types of all columns, and the marks and orders that the texts leave open."""
    names = name_columns(survey.cells.columns)
    guessed = [guess_column(survey.cells[header], name) for header, name in names.items()]
    reading, doubts = declare_reading(guessed, survey)
    table = replace(survey.table, cells=survey.cells)
    formats = decide_formats(table, guessed, {spec.name: spec.header for spec in guessed}, reading)
    columns = []
    for spec in guessed:
        texts = survey.cells[spec.header]
        blank = texts.set(texts.is_in(spec.blank_as), "") if spec.blank_as else texts
        values = parse_column(spec, blank, formats)
        if is_too_faulty(values, blank):
            odd = blank.filter(values.is_null() & (blank != ""))
            doubts.append(f"{spec.header!r} is text, since {len(odd)} cells are no {spec.type}, such as {odd[0]!r}.")
            spec = spec.model_copy(update={"type": "text", "blank_as": (), "nullable": bool((texts == "").any())})
            blank, values = texts, parse_column(spec, texts, formats)
        blanks = int((blank == "").sum())
        columns.append(Column(settle_integer(spec, values), values, blanks, blank.filter(blank != "").n_unique()))
    return Typed(tuple(map(narrow, columns)), reading, tuple(doubts))


def guess_column(texts: pl.Series, name: str) -> ColumnSpec:
    """A column by the look of its distinct texts; whether its type holds is found out by parsing."""
    distinct = texts.filter(texts != "").unique()
    said = distinct.filter(~distinct.is_in(NOTHING))
    kind = guess_type(said) if len(said) else "text"
    words = tuple(sorted(set(distinct) & set(NOTHING))) if kind != "text" and len(said) >= LEAST_TELLING else ()
    nullable = bool((texts == "").any()) or bool(words)
    return ColumnSpec(name=name, header=texts.name, type=kind, nullable=nullable, blank_as=words)


def guess_type(distinct: pl.Series) -> ColumnType:
    """The type that (nearly) all distinct texts may be of."""
    lower = distinct.str.to_lowercase()
    if lower.is_in(list(BOOLEANS)).all() and not distinct.str.contains("^[01]$").any():
        return "boolean"
    if distinct.str.contains(CODE_LIKE).any():
        return "text"
    sound = distinct.filter(~(lower.is_in(NOT_A_NUMBER) | distinct.is_in(ERROR_CELLS)))
    if len(sound) and vote_numbers(sound).others == 0:
        return "number"
    days = take_days(distinct)
    if (days == "").any() or vote_dates(days).others:
        return "text"
    return "date" if (days == distinct).all() else "datetime"


def is_too_faulty(values: pl.Series, texts: pl.Series) -> bool:
    """Whether more cells are unreadable than faults explain."""
    filled = int((texts != "").sum())
    unreadable = int((values.is_null() & (texts != "")).sum())
    return unreadable * 100 > filled * MOST_FAULTY_PERCENT


def settle_integer(spec: ColumnSpec, values: pl.Series) -> ColumnSpec:
    """Numbers that are all whole are integers."""
    is_whole = spec.type == "number" and bool((values.drop_nulls() == values.drop_nulls().round(0)).all())
    return spec.model_copy(update={"type": "integer"}) if is_whole and values.null_count() < len(values) else spec


def narrow(column: Column) -> Column:
    """The same with integers as such, and as text if they are codes."""
    if column.spec.type != "integer":
        return column
    whole = replace(column, values=column.values.cast(pl.Int64))
    if not column.is_code and not is_long_code(whole):
        return whole
    return replace(whole, spec=column.spec.model_copy(update={"type": "text"}), values=whole.values.cast(pl.String))


def is_long_code(column: Column) -> bool:
    """Whether all are long digit strings of one length and nearly all differ."""
    lengths = column.values.drop_nulls().cast(pl.String).str.len_chars()
    if not len(lengths) or lengths.n_unique() > 1 or lengths[0] < LONG_CODE_DIGITS:
        return False
    return column.distinct * 10 >= len(lengths) * 9


def declare_reading(specs: Sequence[ColumnSpec], survey: Survey) -> tuple[ReadingSpec, list[str]]:
    """What the sample leaves open is declared as the sample shows it elsewhere, or else as is usual, with a doubt."""
    declared: dict[str, str] = {}
    doubts: list[str] = []
    if survey.is_text:
        declare_decimal_mark(specs, survey, declared, doubts)
    declare_date_order(specs, survey, declared, doubts)
    return ReadingSpec.model_validate(declared), doubts


def declare_decimal_mark(
    specs: Sequence[ColumnSpec], survey: Survey, declared: dict[str, str], doubts: list[str]
) -> None:
    """The decimal mark, if some texts such as 1.234 may be read with either."""
    votes = {spec.header: vote_numbers(survey.cells[spec.header]) for spec in specs if spec.type == "number"}
    ambiguous = [header for header, vote in votes.items() if vote.ambiguous]
    seen = {mark for vote in votes.values() for mark, texts in ((".", vote.points), (",", vote.commas)) if texts}
    if not ambiguous or len(seen) > 1:
        return
    declared["decimal_mark"] = next(iter(seen), "," if survey.delimiter == ";" else ".")
    if not seen:
        thousands = "." if declared["decimal_mark"] == "," else ","
        doubts.append(
            f"no number shows which mark is decimal: {declared['decimal_mark']!r} was taken, so {thousands!r} marks "
            f"thousands (column {ambiguous[0]!r}). If not, change source.reading.decimal_mark."
        )


def declare_date_order(
    specs: Sequence[ColumnSpec], survey: Survey, declared: dict[str, str], doubts: list[str]
) -> None:
    """The order of day and month, if some texts such as 03/04/2026 may be read in either, or years have two digits."""
    dated = [spec.header for spec in specs if spec.type in ("date", "datetime")]
    votes = {header: vote_dates(take_days(survey.cells[header])) for header in dated}
    unclear = [header for header, vote in votes.items() if vote.ambiguous or vote.short_years]
    last = {header: vote_dates(take_days(survey.cells[header]), short_years_last=True) for header in dated}
    orders = {order for vote in last.values() for order in list_orders(vote)}
    if not unclear or len(orders) > 1:
        return
    declared["date_order"] = next(iter(orders), "dmy")
    if not orders:
        doubts.append(
            f"no date shows whether day or month stands in front: the day was taken (column {unclear[0]!r}). "
            "If not, change source.reading.date_order."
        )


def list_orders(vote: DateVote) -> list[str]:
    """The orders that some text of a column can only be read in."""
    return [order for order, texts in (("dmy", vote.dmy), ("mdy", vote.mdy)) if texts]
