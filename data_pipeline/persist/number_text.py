"""Numbers as the owner's order files write them: `26.623`, `3.045,57`.

Whole values have dots every three digits and no decimals; others two decimals after a comma. A value that is whole but
for the noise of a double keeps its `,00`. Null is empty. Source: the predecessor's files, compared byte for byte.
"""

import polars as pl

LARGEST_EXACT_INTEGER = 2**53


def format_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every number column as text; texts stay as they are."""
    numbers = [name for name, dtype in frame.schema.items() if dtype.is_numeric()]
    return frame.with_columns(format_column(frame[name]).alias(name) for name in numbers)


def format_column(column: pl.Series) -> pl.Expr:
    """One column: whole values at once, each distinct other value once, since a day repeats few of them."""
    value = pl.col(column.name)
    if column.dtype.is_integer():
        return group_digits(value)
    is_whole = (column == column.round(0)) & (column.abs() <= LARGEST_EXACT_INTEGER)
    others = column.filter(~is_whole).unique()
    if others.is_empty():
        return group_digits(value.cast(pl.Int64))
    texts = pl.Series([indonesian(number) for number in others.to_list()], dtype=pl.String)
    fractions = value.replace_strict(others, texts, default=None, return_dtype=pl.String)
    wholes = group_digits(pl.when(value == value.round(0)).then(value).cast(pl.Int64, strict=False))
    return pl.coalesce(fractions, wholes)


def group_digits(value: pl.Expr) -> pl.Expr:
    """Integers with a dot every three digits."""
    digits = value.abs().cast(pl.String).str.reverse().str.replace_all(r"(\d{3})", "${1}.")
    sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return sign + digits.str.strip_chars_end(".").str.reverse()


def indonesian(value: float) -> str:
    """A number that is not whole, rounded to even as its binary digits are.

    >>> indonesian(3045.57), indonesian(0.07 * 43500)
    ('3.045,57', '3.045,00')
    """
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
