"""Witnesses -> which store and which business date a file is for, or why nobody can say.

What an operator states wins, and a contradiction is a finding. Otherwise all witnesses that speak must agree; if they
do not, or none speaks, the file is parked for a person. Never today's date, never "first name containing ...".
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from data_pipeline.errors import FileRejected
from data_pipeline.model.batches import Prepared, Subject, Witness, WitnessSource
from data_pipeline.model.findings import Finding
from data_pipeline.model.spec import IdentitySpec, PipelineSpec
from data_pipeline.model.store_names import StoreNames

FOLDER_DAY = re.compile(r"20\d{6}")
NAME_DAY = re.compile(r"(?<!\d)20\d{6}(?!\d)")
# How many days the last sales day of most rows may lie before the export: a store may be closed for a day or two, and
# in the real files it is yesterday or the day before. So it only decides alone, and contradicts only beyond this.
SALES_LAG_DAYS = 4


@dataclass(frozen=True)
class Identity:
    """What the witnesses say together; `doubts` is empty when store and business date are known."""

    store: str | None
    business_date: dt.date | None
    witnesses: tuple[Witness, ...]
    doubts: tuple[str, ...]
    findings: tuple[Finding, ...]


def choose_pipeline(header: Sequence[str], specs: Sequence[PipelineSpec], *, name: str) -> PipelineSpec:
    """The pipeline whose published columns are all in the header; a single candidate needs no proof.

    Raises: FileRejected when none or several fit.
    """
    if len(specs) == 1:
        return specs[0]
    present = set(header)
    fitting = [
        spec for spec in specs if all(present & set(column.headers) for column in spec.columns if column.published)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and (nearest := find_nearest(present, specs)) is not None:
        return nearest  # whose judge says which columns are missing
    problem = "fits several pipelines" if fitting else "fits no pipeline"
    known = ", ".join(spec.name for spec in fitting or specs)
    shown = ", ".join(header)
    raise FileRejected(
        "UNKNOWN_PIPELINE",
        f"{name}: the header {problem} ({known}). Found: {shown}. Say which one with --pipeline.",
    )


def find_nearest(present: set[str], specs: Sequence[PipelineSpec]) -> PipelineSpec | None:
    """The only pipeline most of whose published columns are in a header, if there is one."""
    near = []
    for spec in specs:
        wanted = [column for column in spec.columns if column.published]
        found = sum(bool(present & set(column.headers)) for column in wanted)
        if found * 2 > len(wanted):
            near.append(spec)
    return near[0] if len(near) == 1 else None


def collect_witnesses(
    relative: str,
    prepared: Prepared | None,
    names: StoreNames,
    declared: IdentitySpec = IdentitySpec(),  # noqa: B008 - frozen
    *,
    stated_store: str | None = None,
    stated_date: dt.date | None = None,
) -> list[Witness]:
    """Everything that says something about a file. `relative` is its path from the drive folder, that one included."""
    path = PurePath(relative)
    witnesses = []
    if stated_store is not None:
        witnesses.append(speak("store", "operator", stated_store, stated_store))
    if stated_date is not None:
        witnesses.append(speak("business_date", "operator", stated_date.isoformat(), stated_date.isoformat()))
    for folder in path.parts[:-1]:
        witnesses += read_day("folder", folder if FOLDER_DAY.fullmatch(folder) else "")
    witnesses += [witness for found in NAME_DAY.findall(path.stem) for witness in read_day("file_name", found)]
    named = names.find(path.stem)
    if declared.sender is not None:
        witnesses.append(speak("store", "pipeline", declared.sender, "identity.sender"))
    elif named is not None:
        witnesses.append(speak("store", "file_name", named, path.name))
    return witnesses + (read_content(prepared, names, declared) if prepared is not None else [])


def speak(subject: Subject, source: WitnessSource, value: str, seen: str) -> Witness:
    """One witness."""
    return Witness(subject=subject, source=source, value=value, seen=seen)


def read_day(source: WitnessSource, text: str) -> list[Witness]:
    """A day written as YYYYMMDD; eight digits that are no day say nothing."""
    try:
        day = dt.datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return []
    return [speak("business_date", source, day.isoformat(), text)]


def read_content(prepared: Prepared, names: StoreNames, declared: IdentitySpec) -> list[Witness]:
    """What the workbook itself says."""
    witnesses = [
        speak("store", "store_column", names.find_own(store) or store, f"{store} in {rows} rows")
        for store, rows in prepared.stores.items()
    ]
    if prepared.created_at is not None:
        day = prepared.created_at.date().isoformat()  # in the sender's own time zone
        witnesses.append(speak("business_date", "file_created", day, prepared.created_at.isoformat()))
    if declared.date_column is not None:
        seen = f"column {declared.date_column}"
        return witnesses + [
            speak("business_date", "date_column", day, f"{seen} in {rows} rows")
            for day, rows in prepared.sales_dates.items()
        ]
    if prepared.sales_dates:
        # the earliest of equally frequent days, so that the answer does not depend on row order
        most = max(sorted(prepared.sales_dates), key=lambda day: prepared.sales_dates[day])
        seen = f"last sale on {most} in {prepared.sales_dates[most]} rows"
        witnesses += [speak("business_date", "sales_dates", day, seen) for day in find_next_day(most)]
    return witnesses


def find_next_day(text: str) -> list[str]:
    """The day after a day; a text that is none has none."""
    try:
        return [(dt.date.fromisoformat(text) + dt.timedelta(days=1)).isoformat()]
    except (ValueError, OverflowError):
        return []


def decide_identity(witnesses: Sequence[Witness], *, needs_store: bool) -> Identity:
    """Weighs the witnesses."""
    store, store_doubts, store_findings = weigh_store(witnesses)
    day, day_doubts, day_findings = weigh_date(witnesses)
    if store is None and not needs_store:
        store_doubts = []
    return Identity(
        store=store,
        business_date=day,
        witnesses=tuple(witnesses),
        doubts=(*store_doubts, *day_doubts),
        findings=(*store_findings, *day_findings),
    )


def weigh_store(witnesses: Sequence[Witness]) -> tuple[str | None, list[str], list[Finding]]:
    """The store, or the doubt about it."""
    speaking = [witness for witness in witnesses if witness.subject == "store"]
    stated = next((witness.value for witness in speaking if witness.source == "operator"), None)
    others = {witness.value for witness in speaking if witness.value != stated}
    if stated is not None:
        return stated, [], contradict("store", stated, speaking)
    if len(others) == 1:
        return others.pop(), [], []
    return None, [describe_doubt("store", speaking)], []


def weigh_date(witnesses: Sequence[Witness]) -> tuple[dt.date | None, list[str], list[Finding]]:
    """The business date, or the doubt about it."""
    speaking = [witness for witness in witnesses if witness.subject == "business_date"]
    stated = next((witness.value for witness in speaking if witness.source == "operator"), None)
    if stated is not None:
        day = dt.date.fromisoformat(stated)
        return day, [], contradict("business date", stated, [w for w in speaking if not agrees(w, day)])
    firm = {witness.value for witness in speaking if witness.source != "sales_dates"}
    candidates = firm or {witness.value for witness in speaking}
    if len(candidates) == 1:
        day = dt.date.fromisoformat(candidates.pop())
        if all(agrees(witness, day) for witness in speaking):
            return day, [], []
    return None, [describe_doubt("business date", speaking)], []


def agrees(witness: Witness, day: dt.date) -> bool:
    """Whether a witness is at peace with a business date."""
    lag = (day - dt.date.fromisoformat(witness.value)).days
    return 0 <= lag < SALES_LAG_DAYS if witness.source == "sales_dates" else lag == 0


def contradict(what: str, stated: str, speaking: Sequence[Witness]) -> list[Finding]:
    """A finding when somebody says otherwise than the operator."""
    others = [witness for witness in speaking if witness.source != "operator" and witness.value != stated]
    if not others:
        return []
    message = f"{what} {stated} was stated, but {describe_witnesses(others)}"
    return [Finding(code="IDENTITY_CONTRADICTED", message=message)]


def describe_doubt(what: str, speaking: Sequence[Witness]) -> str:
    """Why a file is parked, in one sentence."""
    if not speaking:
        return f"nothing says which {what} the file is for"
    return f"the witnesses of the {what} disagree: {describe_witnesses(speaking)}"


def describe_witnesses(witnesses: Sequence[Witness]) -> str:
    """Who says what."""
    return ", ".join(f"{witness.source} says {witness.value} ({witness.seen!r})" for witness in witnesses)
