"""Bodies of posted batches: JSON cut into records as they were sent, lines and files streamed to disk.

No number is read here: what a program sent is what is judged.
"""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import Request
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from data_pipeline.errors import RequestRefused
from data_pipeline.flow.submit import RECORDS, Arrived
from data_pipeline.persist.landing import Arriving, Landing

JSON, MULTIPART = "application/json", "multipart/form-data"
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
LONGEST_FILE_NAME = 255
LONGEST_FIELD = 100


class PostedRecords(msgspec.Struct, forbid_unknown_fields=True):
    """The JSON body; each record is the bytes that were sent."""

    records: list[msgspec.Raw]
    business_date: dt.date | None = None


DECODER = msgspec.json.Decoder(PostedRecords)


def invalid(path: str, message: str) -> RequestRefused:
    """A refusal that names one place."""
    return RequestRefused("INVALID_REQUEST", "invalid request: 1 faults", [{"path": path, "message": message}])


def read_records(body: bytes, most: int) -> tuple[list[bytes], dt.date | None]:
    """The records, each on one line, and the date that is said beside them.

    Raises: RequestRefused that names the place.
    """
    try:
        body.decode()  # inside records nobody looks for what is no UTF-8
        posted = DECODER.decode(body)
    except msgspec.ValidationError as error:
        words, _, path = str(error).partition(" - at ")
        raise invalid(path.strip("`") or "$", words) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid("$", f"not valid JSON: {error}") from error
    if not 1 <= len(posted.records) <= most:
        raise invalid(
            "$.records", f"expected 1 to {most} records, found {len(posted.records)}; stream more of them as {LINES[0]}"
        )
    # Between its parts JSON may hold line ends, inside texts it may not.
    records = [bytes(record).replace(b"\n", b" ").replace(b"\r", b" ").strip() for record in posted.records]
    for place, record in enumerate(records):
        if not record.startswith(b"{"):
            raise invalid(f"$.records[{place}]", f"expected an object, found {record[:40].decode(errors='replace')}")
    return records, posted.business_date


async def stream_lines(request: Request, landing: Landing) -> Arrived:
    """JSON Lines to disk as they come; counted by their ends.

    Raises: RequestRefused for an empty body, StoreError when our disk is full.
    """
    count, last = 0, b"\n"
    with landing.receiving(RECORDS) as arriving:
        async for piece in request.stream():
            if piece:
                count, last = count + piece.count(b"\n"), piece[-1:]
                arriving.write(piece)
        if not arriving.size_bytes:
            raise invalid("$", "expected a JSON object a line, found nothing")
        landed = await run_in_threadpool(arriving.finish)
    return Arrived(landed, RECORDS, count + (last != b"\n"))


@dataclass
class Form:
    """A multipart body as it is parsed: the file goes to disk, the small fields are kept."""

    landing: Landing
    opened: ExitStack
    arriving: Arriving | None = None
    file_name: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    _headers: dict[str, str] = field(default_factory=dict)
    _header: tuple[bytes, bytes] = (b"", b"")
    _name: str = ""
    _is_file: bool = False

    def callbacks(self) -> Any:
        """For the parser, by the names that it knows."""
        return {
            "on_part_begin": self.begin,
            "on_header_field": lambda data, start, end: self.add_header(data[start:end], b""),
            "on_header_value": lambda data, start, end: self.add_header(b"", data[start:end]),
            "on_header_end": self.end_header,
            "on_headers_finished": self.open_part,
            "on_part_data": lambda data, start, end: self.write(data[start:end]),
        }

    def begin(self) -> None:
        """A part comes."""
        self._headers, self._header = {}, (b"", b"")

    def add_header(self, name: bytes, value: bytes) -> None:
        """Headers come in pieces."""
        self._header = (self._header[0] + name, self._header[1] + value)

    def end_header(self) -> None:
        """One header is there."""
        name, value = self._header
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self._header = (b"", b"")

    def open_part(self) -> None:
        """Raises: RequestRefused for a second file, or a field that there is not."""
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        name, file_name = options.get(b"name", b"").decode(errors="replace"), options.get(b"filename")
        self._name, self._is_file = name, file_name is not None
        if (name, self._is_file) not in (("file", True), ("business_date", False)):
            raise invalid(f"$.{name[:LONGEST_FIELD]}", "expected a file `file` and a field `business_date`")
        if file_name is None:
            return
        if self.arriving is not None:
            raise invalid("$.file", "expected one file, found two")
        self.file_name = clean_name(file_name.decode(errors="replace"))
        self.arriving = self.opened.enter_context(self.landing.receiving(self.file_name))

    def write(self, data: bytes) -> None:
        """Bytes of the part."""
        if self._is_file and self.arriving is not None:
            self.arriving.write(data)
            return
        value = self.fields.get(self._name, "") + data.decode(errors="replace")
        if len(value) > LONGEST_FIELD:
            raise invalid(f"$.{self._name}", f"expected at most {LONGEST_FIELD} characters")
        self.fields[self._name] = value


def clean_name(name: str) -> str:
    """The last part of a path, without what no file name may hold.

    >>> clean_name("..\\\\..\\\\etc/sales 1.xlsx")
    'sales 1.xlsx'
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable()).strip(". ")
    return kept[-LONGEST_FILE_NAME:] or "upload"


async def stream_form(request: Request, landing: Landing) -> Arrived:
    """A file of any format, to disk as it comes.

    Raises: RequestRefused for a form that is none, StoreError when our disk is full.
    """
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if not boundary:
        raise invalid("$", "multipart/form-data without a boundary")
    with ExitStack() as opened:
        form = Form(landing, opened)
        await feed(MultipartParser(boundary, form.callbacks()), request.stream())
        if form.arriving is None or not form.arriving.size_bytes:
            raise invalid("$.file", "expected a file, found none or an empty one")
        landed = await run_in_threadpool(form.arriving.finish)
    return Arrived(landed, form.file_name, None, read_day(form.fields.get("business_date")))


async def feed(parser: MultipartParser, pieces: AsyncIterator[bytes]) -> None:
    """Parses what comes. Raises: RequestRefused."""
    try:
        async for piece in pieces:
            parser.write(piece)
        parser.finalize()
    except (ValueError, UnicodeError) as error:  # the parser's own errors are ValueErrors
        raise invalid("$", f"not valid multipart/form-data: {error}") from error


def read_day(text: str | None) -> dt.date | None:
    """A field's date. Raises: RequestRefused."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise invalid("$.business_date", f"expected YYYY-MM-DD, found {text[:40]!r}") from error
