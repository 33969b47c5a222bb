"""Cursors: where a page ended. Each is of one form, and every text of that form is a place in the list."""

import datetime as dt
import uuid
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.persist.tracking import Row

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
TIME, NAME, NUMBER = r"t[0-9]{1,16}-[0-9a-f]{32}", r"n([0-9a-f]{2}){0,1020}-[0-9a-f]{32}", r"e[0-9]{1,18}"
TimeCursor = Annotated[str, Field(pattern=f"^{TIME}$")]
AnyCursor = Annotated[str, Field(pattern=f"^({TIME}|{NAME})$")]
NumberCursor = Annotated[str, Field(pattern=f"^{NUMBER}$")]
FOLLOWING = "`next` of the page before."


class Page(BaseModel):
    """How much of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=200, description="Most items of a page.")


def write_time(row: Row) -> str:
    """The place of a row in a list by time."""
    return f"t{(row['created_at'] - EPOCH) // MICROSECOND}-{row['id'].hex}"


def read_time(cursor: str | None) -> dict[str, object]:
    """Time and id as queries ask for them; nothing for the first page."""
    if cursor is None:
        return {"after_time": None, "after_id": None}
    moment, _, unique = cursor[1:].partition("-")
    return {"after_time": EPOCH + int(moment) * MICROSECOND, "after_id": uuid.UUID(unique)}


def write_name(row: Row) -> str:
    """The place of a row in a list by name."""
    return f"n{row['title'].encode().hex()}-{row['id'].hex}"


def read_name(cursor: str | None) -> dict[str, object]:
    """Name and id as queries ask for them; nothing for the first page."""
    if cursor is None:
        return {"after_name": None, "after_id": None}
    name, _, unique = cursor[1:].partition("-")
    text = bytes.fromhex(name).decode(errors="replace").replace("\0", "")
    return {"after_name": text, "after_id": uuid.UUID(unique)}
