"""Writes e-mail addresses in their one canonical form."""

from typing import Literal

import polars as pl
from email_validator import EmailNotValidError, validate_email

from data_pipeline.transform.step import Fault, Outcome, StepOptions, map_distinct, require_type, split_failed


class Options(StepOptions):
    """Which addresses, and what follows when one is none."""

    column: str
    """Text column of addresses; blanks around them do not count."""
    otherwise: Literal["reject", "null", "keep"] = "reject"
    """What follows when a text is no address."""

    @property
    def may_reject(self) -> bool:
        """Unless told otherwise."""
        return self.otherwise == "reject"

    @property
    def named_columns(self) -> dict[str, tuple[str, ...]]:
        """That of the addresses."""
        return {"column": (self.column,)}


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Normalises addresses: domain in small letters and Unicode, local part as it is written; blanks become null.

    Example:
        >>> rows = pl.DataFrame({"mail": [" Sari@TOKO.co.id ", "sari@", None]})
        >>> made = apply(rows, Options(column="mail"))
        >>> made.rows["mail"].to_list(), made.failures["@message"].to_list()
        (['Sari@toko.co.id', None], ["expected an e-mail address, found 'sari@'. Correct it."])
    """
    require_type(rows, [options.column], "text")
    texts = rows[options.column].str.strip_chars().replace("", None)
    addresses = map_distinct(texts, normalise_address)
    is_unread = addresses.is_null() & texts.is_not_null()
    if options.otherwise == "keep":
        addresses = addresses.fill_null(rows[options.column])
    changed = rows.with_columns(addresses.alias(options.column))
    if not options.may_reject:
        return Outcome(changed)
    return split_failed(rows, changed, Fault(is_unread, options.column, explain))


def explain(text: str) -> str:
    """What is wrong with a text."""
    return f"expected an e-mail address, found {text!r}. Correct it."


def normalise_address(text: str) -> str | None:
    """The canonical form, or None when it is no address; no name server is asked."""
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None
