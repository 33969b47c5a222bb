"""Polars' regular expressions on one text: in time proportional to its length, whatever text and pattern are."""

import polars as pl


def matches(text: str, pattern: str) -> bool:
    """Whether a text holds what the pattern describes."""
    return bool(pl.Series([text]).str.contains(pattern)[0])


def count_matches(text: str, pattern: str) -> int:
    """How often it does."""
    return int(pl.Series([text]).str.count_matches(pattern)[0])


def find_odd(texts: list[str], pattern: str) -> str | None:
    """The first text that does not match."""
    series = pl.Series(texts, dtype=pl.String)
    odd = series.filter(~series.str.contains(pattern))
    return odd[0] if len(odd) else None
