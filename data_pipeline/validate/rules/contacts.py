"""E-mail addresses, web addresses and telephone numbers, as kept libraries know them."""

from collections.abc import Callable, Mapping
from functools import partial

import polars as pl
from pydantic import AnyHttpUrl, TypeAdapter, ValidationError

from data_pipeline.model.rules import FormRule
from data_pipeline.validate.check import Explain

URL = TypeAdapter(AnyHttpUrl)
# What is an address beyond doubt. The library takes 20 microseconds a text, and is asked for what looks otherwise.
WORD = "[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2}"
END = r"(?:com|net|org|info|co\.[a-z]{2}|[a-z]{2})"
PLAIN_EMAIL = rf"^[A-Za-z0-9]{{1,15}}(?:[._+-][A-Za-z0-9]{{1,15}}){{0,3}}@(?:{WORD}\.){{1,4}}{END}$"
PLAIN_URL = rf"^https?://(?:{WORD}\.){{1,4}}{END}(?:/[A-Za-z0-9._~-]*)*$"


def compile_form(rule: FormRule) -> tuple[pl.Expr, Explain]:
    """Texts of a form; a blank one is another rule's matter."""
    text = pl.col(rule.column)
    is_plain, is_valid = FORMS[rule.kind]
    checked = partial(find_wrong, is_plain=is_plain, is_valid=lambda found: is_valid(found, rule.region))
    code, what = NAMES[rule.kind]
    is_broken = text.map_batches(checked, return_dtype=pl.Boolean)
    return is_broken, lambda found: (code, f"rule {rule.name!r}: expected {what}, found {found!r}. Correct it.")


def find_wrong(texts: pl.Series, *, is_plain: str | None, is_valid: Callable[[str], bool]) -> pl.Series:
    """Which texts are not of the form; each distinct one is looked at once."""
    doubtful = texts.drop_nulls().unique()
    doubtful = doubtful.filter(doubtful != "")
    if is_plain is not None:
        doubtful = doubtful.filter(~doubtful.str.contains(is_plain))
    wrong = pl.Series([text for text in doubtful if not is_valid(text)], dtype=pl.String)
    return texts.is_in(wrong.implode())


def is_email(text: str, _: str | None) -> bool:
    """An address that mail could be sent to; no name server is asked."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def is_url(text: str, _: str | None) -> bool:
    """A web address with its scheme."""
    try:
        URL.validate_python(text)
    except ValidationError:
        return False
    return True


def is_phone(text: str, region: str | None) -> bool:
    """A number that can exist in its country; without a region it must begin with + and the country's code."""
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


FORMS: Mapping[str, tuple[str | None, Callable[[str, str | None], bool]]] = {
    "email": (PLAIN_EMAIL, is_email),
    "url": (PLAIN_URL, is_url),
    "phone": (None, is_phone),
}
NAMES: Mapping[str, tuple[str, str]] = {
    "email": ("INVALID_EMAIL", "an e-mail address"),
    "url": ("INVALID_URL", "a web address such as https://example.com"),
    "phone": ("INVALID_PHONE", "a telephone number such as +62 21 3456789"),
}
