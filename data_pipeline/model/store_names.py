"""Every way people write a store's name -> the store."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LEADING_NUMBER = re.compile(r"^[\d.\s]+")


def short_name(text: str, prefixes: Iterable[str]) -> str:
    """A spelling without number, chain and case: what two spellings of one store have in common.

    >>> short_name("26.Miss  glam Dr. Mansyur ", ["Miss Glam"])
    'DR. MANSYUR'
    """
    plain = " ".join(LEADING_NUMBER.sub("", text).split()).upper()
    for prefix in prefixes:
        plain = plain.removeprefix(f"{prefix.upper()} ")
    return plain


@dataclass(frozen=True)
class StoreNames:
    """The known spellings. Only an exact match counts: never the first name that contains another."""

    stores: Mapping[str, str]
    """Short name -> store."""
    taught: Mapping[str, str]
    """Short name of a file -> store."""
    prefixes: tuple[str, ...]

    @classmethod
    def build(cls, stores: Iterable[str], taught: Mapping[str, str], prefixes: tuple[str, ...]) -> "StoreNames":
        """From the stores' full names and the taught spellings of file names."""
        return cls({short_name(store, prefixes): store for store in stores}, taught, prefixes)

    def find(self, text: str) -> str | None:
        """The store that a name means, or None when nobody taught this spelling; a lesson wins."""
        short = short_name(text, self.prefixes)
        return self.taught.get(short) or self.stores.get(short)

    def find_own(self, text: str) -> str | None:
        """The store that is called so itself, whatever was taught about files."""
        return self.stores.get(short_name(text, self.prefixes))
