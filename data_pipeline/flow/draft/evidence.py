"""Typed columns -> which of them say whose a file is, which day it is for, and what identifies a row."""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from data_pipeline.flow.draft.columns import Column
from data_pipeline.ingest.identity import FOLDER_DAY, NAME_DAY

STORE_WORDS = frozenset({"toko", "store", "cabang", "branch", "outlet", "shop", "gerai", "warehouse", "gudang",
                         "lokasi", "location", "site", "filiale", "tienda", "magasin"})  # fmt: skip
DATE_WORDS = frozenset({"date", "tanggal", "tgl", "day", "hari", "datum", "fecha", "snapshot"})
# Headers of whole numbers that say where in something a row stands.
PLACE_WORDS = frozenset({"line", "baris", "row", "seq", "sequence", "year", "tahun", "month", "bulan", "week", "minggu",
                         "hour", "jam", "ref", "reference", "invoice", "faktur"})  # fmt: skip
MOST_KEY_COLUMNS, TRIED_COLUMNS, NEARLY_PERCENT = 3, 10, 97


@dataclass(frozen=True)
class Decision:
    """What was decided for a key of the declaration, and why, for the person who checks it."""

    column: Column | None
    reason: str


@dataclass(frozen=True)
class Key:
    """The columns that identify a row of a file; `repeats` counts rows whose key stands further up already."""

    columns: tuple[Column, ...]
    repeats: int


def decide_store(columns: Sequence[Column]) -> Decision:
    """The column that names the one store of the file, if there is one."""
    named = [one for one in columns if one.words & STORE_WORDS and one.spec.type == "text" and not one.is_code]
    whole = [one for one in named if not one.blanks]
    constant = next((one for one in whole if one.distinct == 1), None)
    if constant is not None:
        value = constant.values[0]
        return Decision(constant, f"{constant.spec.header!r} says {value!r} in every row: a file is of one store")
    if named:
        seen = f"{named[0].spec.header!r} names {named[0].distinct} of them"
        return Decision(None, f"a file is of all stores ({seen}); a later one for a date replaces it")
    return Decision(None, "no column names a store: all files are from one sender; a later one for a date replaces it")


def decide_date(columns: Sequence[Column], file: str) -> Decision:
    """The column that names the business date, if all rows name one day; else who does."""
    dated = [one for one in columns if one.spec.type in ("date", "datetime") and one.distinct]
    single = [one for one in dated if count_days(one.values) == 1]
    best = min(single, key=lambda one: (not one.words & DATE_WORDS, one.blanks), default=None)
    if best is not None:
        day = take_day(best.values.drop_nulls()[0])
        return Decision(best, f"every row of {best.spec.header!r} is of {day}")
    elsewhere = "a folder called YYYYMMDD, or --date, says which day a file is for"
    if NAME_DAY.search(file.rpartition(".")[0]) or FOLDER_DAY.fullmatch(file):
        return Decision(None, f"the file's name says the day, as YYYYMMDD; else {elsewhere}")
    several = f"{dated[0].spec.header!r} holds {count_days(dated[0].values)} days" if dated else "no column holds a day"
    return Decision(None, f"{several}, the name no YYYYMMDD: {elsewhere}")


def count_days(values: pl.Series) -> int:
    """How many different days are named."""
    return values.drop_nulls().cast(pl.Date).n_unique()


def take_day(value: dt.date | dt.datetime) -> dt.date:
    """The day of a moment."""
    return value.date() if isinstance(value, dt.datetime) else value


def find_key(columns: Sequence[Column], store: Column | None) -> Key:
    """The fewest columns that are different in every row, those that name things before others.

    A code that nearly always differs is the key, too: what repeats it is a fault of the sample.
    """
    others = [one for one in columns if one is not store]
    able = sorted((one for one in others if can_identify(one)), key=rank)[:TRIED_COLUMNS]
    alone: list[tuple[Column, ...]] = [(one,) for one in able if one.spec.type == "text" or one.is_code]
    several = [group for size in range(2, MOST_KEY_COLUMNS + 1) for group in itertools.combinations(able, size)]
    for group in alone:
        if count_repeats(group) == 0:
            return Key(group, 0)
    nearly = [one for one in others if one.is_code and one.distinct * 100 >= NEARLY_PERCENT * len(one.values)]
    if nearly:
        return Key((nearly[0],), count_repeats(nearly[:1]))
    for group in several:
        if count_repeats(group) == 0:
            return Key(group, 0)
    return thin_out(able or others[:1], [one for one in others if not one.values.null_count()])


def can_identify(column: Column) -> bool:
    """Whether it may be part of a key: it is never blank, no amount, and no mere numbering of the lines."""
    if column.blanks or column.values.null_count() or column.spec.type in ("number", "boolean"):
        return False
    if column.spec.type == "integer":
        return names_things(column) and (not column.is_running_number or column.is_code)
    return True


def names_things(column: Column) -> bool:
    """Whether its header says so."""
    return column.is_code or bool(column.words & (STORE_WORDS | PLACE_WORDS))


def rank(column: Column) -> tuple[bool, bool, bool]:
    """Names of things first; what is always the same last."""
    return (column.distinct == 1, not names_things(column), column.spec.type == "integer")


def count_repeats(columns: Sequence[Column]) -> int:
    """How many rows have what stands further up already; those with a blank go back for that."""
    rows = pl.DataFrame([one.values.alias(one.name) for one in columns]).drop_nulls()
    return rows.height - rows.n_unique()


def thin_out(columns: Sequence[Column], more: Sequence[Column]) -> Key:
    """All that could identify, or else all that there is, without those that make no difference."""
    kept = list(columns) if count_repeats(columns) <= count_repeats(more or columns) else list(more)
    repeats = count_repeats(kept)
    for column in kept[::-1]:
        rest = [one for one in kept if one is not column]
        if rest and count_repeats(rest) == repeats:
            kept = rest
    return Key(tuple(kept), repeats)
