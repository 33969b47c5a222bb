"""Adds columns of a reference table to rows, one reference row at most for each."""

import polars as pl

from data_pipeline.errors import ConservationError


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
