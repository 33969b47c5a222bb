"""What bench.sensors compares with: sensor records by hand, one after another, with orjson in and out.

`run_bare` validates, scores, writes and adds up. `run_whole` does all that the product does with a record: every reason
with its place, what each field holds, a hash of the values, counts of days. Both are written for speed: local names,
dictionaries that count, and no call for a record where its work can be done in place.
"""

import datetime as dt
import hashlib
import math
import os
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from bench.sensor_fields import EVERY_FIELD, MOST_DISTINCT, Crowd, describe_counts

FIELDS = EVERY_FIELD[:-1]
UNITS = frozenset({"unit_A", "unit_B", "unit_C"})
NUMBERS = frozenset({float, int})
STAMP = "2026-01-06T00:00:00Z"
MISSING, OUT_OF_RANGE = "Missing field", "Value out of expected range (0-1000)"
UNKNOWN_UNIT, REPEATED = "Invalid unit for transformation", "'id' must be unique; the first record is used"
FLUSHED = 100_000  # records after which the cells of crowded fields are looked at

Metrics = dict[str, Any]
Reason = dict[str, object]
Moment = tuple[str, str]
"""Its day, and the moment in UTC."""


def run_bare(path: Path) -> Metrics:
    """The rules of the pipeline and all reasons of a record, without their places; nothing is kept of the file."""
    loads, dumps, line_end, parse = orjson.loads, orjson.dumps, orjson.OPT_APPEND_NEWLINE, dt.datetime.fromisoformat
    count, errors, anomalies, total, units, seen = 0, 0, 0, 0.0, UNITS, set[str]()
    good, bad = path.with_name("bare_processed.jsonl"), path.with_name("bare_failed.jsonl")
    with path.open("rb") as lines, good.open("wb") as processed, bad.open("wb") as failed:
        for line in lines:
            record = loads(line)
            get = record.get
            key, value, unit, faults = get("id"), get("value"), get("unit"), ""
            if not (key and get("timestamp") and get("sensor_id") and unit and get("location")) or value is None:
                faults = MISSING
            if value is not None and not 0 <= value <= 1000:
                faults = f"{faults}; {OUT_OF_RANGE}" if faults else OUT_OF_RANGE
            if not faults:
                faults = REPEATED if key in seen else ""
                seen.add(key)
            record["status"] = "invalid" if faults else "processed"
            if not faults and unit not in units:
                record["status"], faults = "transformation_error", UNKNOWN_UNIT
            if faults:
                record["error"] = faults
                errors += 1
                failed.write(dumps(record, option=line_end))
                continue
            parse(record["timestamp"])
            score = value * 0.1
            record |= {"processed_at": STAMP, "anomaly_score": score, "is_anomaly": score > 8.0}
            count, total, anomalies = count + 1, total + value, anomalies + (score > 8.0)
            processed.write(dumps(record, option=line_end))
    return {"processed": count, "errors": errors, "anomalies": anomalies, "sum": round(total, 3)}


def run_whole(path: Path) -> Metrics:  # noqa: C901, PLR0915 - a call for each part would make it slower
    """All that the product does with a record; what it keeps of an accepted one as Parquet is here a line of JSON."""
    loads, dumps, line_end, take = orjson.loads, orjson.dumps, orjson.OPT_APPEND_NEWLINE, itemgetter(*FIELDS)
    number = errors = anomalies = 0
    totals: list[float] = []
    seen, units, numbers = set[str](), UNITS, NUMBERS
    moments: dict[str, Moment] = {}
    days: dict[str, int] = {}
    counted: list[tuple[str, dict[Any, int]]] = [(field, {}) for field in EVERY_FIELD]
    crowded: dict[str, Crowd] = {}
    digest = hashlib.sha256()
    good, bad = path.with_name("loop_processed.jsonl"), path.with_name("loop_failed.jsonl")
    kept = path.with_name("loop_kept.jsonl")
    with path.open("rb") as lines, good.open("wb") as processed, bad.open("wb") as failed, kept.open("wb") as judged:
        update, write, refuse, add_total = digest.update, processed.write, failed.write, totals.append
        keep = judged.write
        for number, line in enumerate(lines, 1):
            record = loads(line)
            get = record.get
            # What the fields hold.
            for field, crowd in crowded.items():
                crowd.values.append(get(field))
            for field, counts in counted:
                value = get(field)
                if value in counts:
                    counts[value] += 1
                else:
                    counts[value] = 1
                    if len(counts) > MOST_DISTINCT:
                        crowded[field] = Crowd(counts)
                        counted = [(one, counts) for one, counts in counted if one not in crowded]
            if number % FLUSHED == 0:
                for crowd in crowded.values():
                    crowd.flush()
            # What is wrong.
            reasons: list[Reason] = []
            moment: Moment | None
            try:
                key, stamp, sensor, value, unit, location = take(record)
                moment = moments[stamp]
            except (KeyError, TypeError):
                key, stamp, sensor, value, unit, location = (get(field) for field in FIELDS)
                moment = read_moment(stamp, moments)
            if not (key and sensor and unit and location and moment) or value.__class__ not in numbers:
                value = read_value(value)
                reasons = explain(record, number, value=value, moment=moment)
            if value is not None and not 0 <= value <= 1000:
                reasons.append(tell(number, "OUT_OF_RANGE", "value", get("value"), OUT_OF_RANGE))
            if not reasons:
                if key in seen:
                    reasons.append(tell(number, "DUPLICATE_KEY", "id", key, REPEATED))
                seen.add(key)
            # What the cells mean; of a number, the digits that a spreadsheet program keeps.
            day, utc = moment or (None, None)
            digits = None if value is None else f"{value:.15g}"
            update(dumps((key, utc, sensor, digits, unit, location, get("status"))))
            if day in days:
                days[day] += 1
            elif day:
                days[day] = 1
            # Where it goes.
            status = "invalid" if reasons else "processed"
            if not reasons and unit not in units:
                status = "transformation_error"
                reasons.append(tell(number, "PROCESSING_ERROR", "unit", unit, UNKNOWN_UNIT))
            record["status"] = status
            if reasons:
                errors += 1
                record["error"], record["reasons"] = reasons[0]["message"], reasons
                refuse(dumps(record, option=line_end))
                continue
            score = value * 0.1
            is_anomaly = score > 8.0
            record["timestamp"], record["processed_at"] = utc, STAMP
            record["anomaly_score"], record["is_anomaly"] = score, is_anomaly
            anomalies += is_anomaly
            add_total(value)
            keep(dumps((number, key, utc, sensor, value, unit, location, score, is_anomaly), option=line_end))
            write(dumps(record, option=line_end))
        judged.flush()
        os.fsync(judged.fileno())
    fields = {field: describe_counts(counts, number) for field, counts in counted}
    fields |= {field: crowd.describe(number) for field, crowd in crowded.items()}
    return {
        "processed": len(totals), "errors": errors, "anomalies": anomalies, "sum": round(math.fsum(totals), 3),
        "days": days, "fields": {field: fields[field] for field in EVERY_FIELD}, "sha256": digest.hexdigest(),
    }  # fmt: skip


def read_moment(text: object, moments: dict[str, Moment]) -> Moment | None:
    """A moment, read once for each text; None when it is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    utc = (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).replace(tzinfo=None)
    return moments.setdefault(text, (utc.date().isoformat(), f"{utc.isoformat()}Z"))


def read_value(value: object) -> float | None:
    """A number, also one that is written as text."""
    if not isinstance(value, str | float | int) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def explain(record: Mapping[str, Any], line: int, *, value: float | None, moment: Moment | None) -> list[Reason]:
    """What is missing or cannot be read."""
    missing = [field for field in FIELDS if record.get(field) in (None, "")]
    reasons = [tell(line, "MISSING_VALUE", field, None, MISSING) for field in missing]
    for field, found in (("value", value), ("timestamp", moment)):
        if found is None and field not in missing:
            reasons.append(tell(line, "UNREADABLE_CELL", field, record[field], f"{field} cannot be read"))
    return reasons


def tell(line: int, code: str, column: str, text: object, message: str) -> Reason:
    """One reason with its place."""
    found = None if text is None else str(text)
    return {"line": line, "code": code, "column": column, "text": found, "message": message}
