"""Replaces sensitive values by keyed hashes, which are equal for equal values and tell nothing else."""

import hashlib
import hmac

import polars as pl

from data_pipeline.errors import StoreError
from data_pipeline.transform.step import NOTHING, ColumnsOptions, Known, Scope, as_text, map_distinct

TRIAL_SECRET = b"on no rows"


class Options(ColumnsOptions):
    """What is hashed."""

    purpose: str = ""
    """Values hashed for different purposes cannot be brought together; those hashed for the same one can."""

    @property
    def scope(self) -> Scope:
        """The key stays with the process that computes a date; reader processes never see it."""
        return "date"


def apply(rows: pl.DataFrame, options: Options, known: Known = NOTHING) -> pl.DataFrame:
    """Replaces values by 64 hexadecimal digits, HMAC-SHA-256 of the value as text; null stays null.

    Raises: StoreError when the installation has no key.
    Source: RFC 4231, test case 2.
    Example:
        >>> rows = pl.DataFrame({"name": ["what do ya want for nothing?", None]})
        >>> apply(rows, Options(columns=("name",)), Known(secret=b"Jefe"))["name"].to_list()
        ['5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', None]
    """
    secret = TRIAL_SECRET if known.is_trial else known.secret
    if secret is None:
        raise StoreError("expected a key to hash with, found none. Set DATA_PIPELINE_HASH_KEY to a long random text.")
    key = derive_key(secret, options.purpose)
    return rows.with_columns(
        map_distinct(as_text(rows[column]), lambda text: hash_text(key, text)).alias(column)
        for column in options.columns
    )


def derive_key(secret: bytes, purpose: str) -> bytes:
    """The key for a purpose; without one, the secret itself."""
    return hmac.digest(secret, purpose.encode(), hashlib.sha256) if purpose else secret


def hash_text(key: bytes, text: str) -> str:
    """The hash of one value."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
