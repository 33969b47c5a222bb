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
    prefixes: tuple[str, ...]

    @classmethod
    def build(cls, stores: Iterable[str], aliases: Mapping[str, str], prefixes: tuple[str, ...]) -> "StoreNames":
        """From the stores' full names and the taught aliases (short name -> store), which win."""
        return cls({**{short_name(store, prefixes): store for store in stores}, **aliases}, prefixes)

    def find(self, text: str) -> str | None:
        """The store that is meant, or None when nobody taught this spelling."""
        return self.stores.get(short_name(text, self.prefixes))
