"""Workbook -> when it was created, as its maker's clock said, with a time zone."""

import datetime as dt
import re
import struct
import zipfile
from pathlib import Path

from data_pipeline.ingest.formats import Format
from data_pipeline.ingest.workbook.compound import Compound

# The part and its element. Times without a zone are UTC in the Office formats; in ODS they are the maker's own, which
# nobody can compare with anything.
OFFICE_PLACE = ("docProps/core.xml", re.compile(rb"<dcterms:created[^>]*>\s*([^<\s]+)\s*<"), dt.UTC)
PLACES: dict[Format, tuple[str, re.Pattern[bytes], dt.tzinfo | None]] = {
    "xlsx": OFFICE_PLACE,
    "xlsb": OFFICE_PLACE,
    "ods": ("meta.xml", re.compile(rb"<meta:creation-date>\s*([^<\s]+)\s*<"), None),
}
XLS_PROPERTIES = "\x05summaryinformation"
CREATED_PROPERTY, TIME_TYPE = 12, 0x40
EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)  # of Windows' clock, which counts 100 ns


def find_created_at(path: Path, *, format: Format) -> dt.datetime | None:
    """When a workbook was created; None when it does not say, or not in which time zone."""
    if format == "xls":
        compound = Compound(path.read_bytes())
        return find_xls_time(compound.read(XLS_PROPERTIES)) if XLS_PROPERTIES in compound.names else None
    part, element, zone = PLACES[format]
    with zipfile.ZipFile(path) as archive:
        found = element.search(archive.read(part)) if part in archive.namelist() else None
    return read_time(found.group(1).decode("ascii", "replace"), zone) if found else None


def read_time(text: str, zone: dt.tzinfo | None) -> dt.datetime | None:
    """An ISO time, in this zone if it names none."""
    try:
        created = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    created = created if created.tzinfo else created.replace(tzinfo=zone)
    return created if created.tzinfo else None


def find_xls_time(properties: bytes) -> dt.datetime | None:
    """The creation time in a stream of properties ([MS-OLEPS])."""
    [start] = struct.unpack_from("<I", properties, 44)
    [count] = struct.unpack_from("<I", properties, start + 4)
    for index in range(min(count, 100)):
        kind, offset = struct.unpack_from("<II", properties, start + 8 + index * 8)
        if kind == CREATED_PROPERTY:
            value_type, ticks = struct.unpack_from("<IQ", properties, start + offset)
            return EPOCH + dt.timedelta(microseconds=ticks // 10) if value_type == TIME_TYPE and ticks else None
    return None
