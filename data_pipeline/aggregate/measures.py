"""Sums that are carried from the files to the snapshot and compared on the way."""

import math
from collections.abc import Mapping, Sequence

import polars as pl

from data_pipeline.model.rows import Rows


def sum_measures(rows: pl.DataFrame, measures: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Sum of each measure: the product of its columns, over all rows; 0 over none.

    Example:
        >>> rows = pl.DataFrame({"stock": [2, 3], "unit_cost": [10.0, 20.0]})
        >>> sum_measures(rows, {"stock": ["stock"], "stock_value": ["unit_cost", "stock"]})
        {'stock': 5.0, 'stock_value': 80.0}
    """
    return {name: float(rows.select(multiply(columns).sum()).item()) for name, columns in measures.items()}


def sum_rows(rows: Rows, measures: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """The same over rows in chunks, in one pass."""
    sums = [sum_measures(chunk, measures) for chunk in rows.chunks()]
    return {name: math.fsum(one[name] for one in sums) for name in measures}


def multiply(columns: Sequence[str]) -> pl.Expr:
    """The product of columns, row by row."""
    product: pl.Expr = pl.lit(1.0)
    for column in columns:
        product = product * pl.col(column)
    return product


def keep_measurable(measures: Mapping[str, Sequence[str]], columns: Sequence[str]) -> dict[str, Sequence[str]]:
    """The measures all of whose columns are there; others come into being with a later step."""
    return {name: factors for name, factors in measures.items() if set(factors) <= set(columns)}
