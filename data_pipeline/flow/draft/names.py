"""Headers -> names of columns: ASCII words in snake_case, each once, none that the product or SQL uses."""

import re
from collections.abc import Iterable

from anyascii import anyascii

MOST_CHARACTERS = 50  # Postgres cuts names off behind 63

# What the product adds to rows and snapshots.
OWN = frozenset({"source_sheet", "source_row", "source_file", "source_version", "business_date", "snapshot_id",
                 "snapshot_version", "position", "rescued"})  # fmt: skip
# Words that Postgres and DuckDB both refuse as a plain column name.
# Source: https://www.postgresql.org/docs/current/sql-keywords-appendix.html
RESERVED = frozenset({
    "all", "and", "any", "array", "as", "asc", "both", "case", "cast", "check", "column", "constraint",
    "create", "default", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for",
    "foreign", "from", "grant", "group", "having", "in", "initially", "intersect", "into", "lateral",
    "leading", "limit", "not", "null", "offset", "on", "only", "or", "order", "placing", "primary",
    "references", "returning", "select", "some", "symmetric", "table", "then", "to", "trailing", "true",
    "union", "unique", "user", "using", "variadic", "when", "where", "window", "with"
})  # fmt: skip


def name_columns(headers: Iterable[str]) -> dict[str, str]:
    """Header -> name, in the order of the file.

    >>> name_columns(["No PO", "Max. Sales", "3W Cover", "Größe", "店铺", "Position", "max sales"])
    {'No PO': 'no_po', 'Max. Sales': 'max_sales', '3W Cover': 'n3w_cover', 'Größe': 'grosse', '店铺': 'dian_pu', \
'Position': 'file_position', 'max sales': 'max_sales_2'}
    """
    names: dict[str, str] = {}
    for header in headers:
        name = candidate = make_name(header)
        number = 2
        while candidate in names.values():
            candidate, number = f"{name}_{number}", number + 1
        names[header] = candidate
    return names


def make_name(header: str) -> str:
    """A header as a name that is not yet compared with others."""
    words = "_".join(split_words(header))[:MOST_CHARACTERS].strip("_") or "column"
    if words in OWN:
        return f"file_{words}"
    if words in RESERVED:
        return f"{words}_"
    return words if words[0].isalpha() else f"n{words}"


def split_words(text: str) -> list[str]:
    """The words of a text in small ASCII letters and digits.

    >>> split_words("[Master - SKU] promoFactor")
    ['master', 'sku', 'promo', 'factor']
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", anyascii(text))
    return [word.lower() for word in re.findall(r"[A-Za-z0-9]+", spaced)]
