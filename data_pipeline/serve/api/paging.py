"""Cursors: where a page ended, as a text that nobody needs to understand."""

import base64
from collections.abc import Callable, Sequence

import orjson
from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.errors import RequestRefused
from data_pipeline.persist.tracking import Row
from data_pipeline.serve.api.shapes import Cursor


class Page(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=200, description="Most items of a page.")
    cursor: Cursor | None = Field(None, description="`next` of the page before.")


def write_cursor(kind: str, *place: object) -> str:
    """A place in a list of a kind."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *map(str, place)])).decode().rstrip("=")


def read_cursor(kind: str, parsers: Sequence[Callable[[str], object]], cursor: str | None) -> list[object | None]:
    """The place; nothing for the first page.

    Raises: RequestRefused for a cursor of another list, or one that nobody gave out.
    """
    if cursor is None:
        return [None] * len(parsers)
    refusal = RequestRefused("INVALID_REQUEST", "cursor: expected `next` of the page before, of the same list.")
    try:
        told, *place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found = [parse(part) for parse, part in zip(parsers, place, strict=True)]
    except (ValueError, TypeError, OverflowError) as error:
        raise refusal from error
    if told != kind:
        raise refusal
    return found


def cut_page(rows: list[Row], limit: int, kind: str, *keys: str) -> tuple[list[Row], str | None]:
    """A page out of one row more than it has, and the cursor of the next."""
    page = rows[:limit]
    following = write_cursor(kind, *(page[-1][key] for key in keys)) if len(rows) > limit else None
    return page, following
