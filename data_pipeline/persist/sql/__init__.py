"""Named queries. A query stands below a line `-- name: its_name`; comments say what it answers."""

import functools
import re
from importlib.resources import files

from sqlalchemy import TextClause, text

NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@functools.cache
def load_queries() -> dict[str, str]:
    """Every query of this folder by name."""
    queries: dict[str, str] = {}
    for file in sorted(files(__package__).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            _, *pieces = NAME.split(file.read_text(encoding="utf-8"))
            queries.update(zip(pieces[::2], pieces[1::2], strict=True))
    return queries


def query(name: str) -> TextClause:
    """The query of that name, ready to be executed with bound parameters."""
    return text(load_queries()[name])
