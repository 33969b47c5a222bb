"""Rows beside the records of a reference file, by keys that are compared as text."""

from collections.abc import Mapping
from typing import Literal

import polars as pl

from data_pipeline.errors import StoreError
from data_pipeline.transform.step import Known, as_text

Cardinality = Literal["1:1", "m:1", "1:m"]
"""How many rows and reference records share a key: one and one, many and one, one and many."""


def key_rows(rows: pl.DataFrame, columns: list[str], *, ignore_case: bool) -> pl.DataFrame:
    """The key of every row as text, `@0` and so on; blank is null and matches nothing."""
    texts = [as_text(rows[column]).str.strip_chars().replace("", None) for column in columns]
    folded = [text.str.to_lowercase() if ignore_case else text for text in texts]
    return pl.DataFrame([text.alias(f"@{place}") for place, text in enumerate(folded)])


def read_keyed(
    known: Known, file: str, on: Mapping[str, str], take: Mapping[str, str], *, ignore_case: bool
) -> pl.DataFrame:
    """The wanted columns of a reference file under their new names, with their key; records without one are out."""
    table = known.take_reference(file, [*on.values(), *take.values()])
    keys = key_rows(table, list(on.values()), ignore_case=ignore_case)
    taken = table.select(pl.col(header).alias(name) for name, header in take.items())
    return pl.concat([keys, taken], how="horizontal").drop_nulls(keys.columns)


def refuse_doubled(keyed: pl.DataFrame, keys: list[str], file: str) -> None:
    """Raises: StoreError when a key occurs twice, which would multiply rows; whether a row asks for it or not."""
    doubled = keyed.filter(keyed.select(keys).is_duplicated())
    if doubled.height:
        key = ", ".join(map(repr, doubled.select(keys).row(0)))
        raise StoreError(f"reference file {file!r}: expected one record for {key}, found several. Remove all but one.")
