"""Text -> Dialect: delimiter, quotes, escape and line ends, decided by which records come out even.

A candidate is every delimiter with every way of quoting. It is regular when its quotes are well formed and its records
have the same number of fields, but for a title above, a footer below and a few ragged ones. The one that is chosen must
beat every other that gives another table; otherwise the file is refused, since a wrong table is the worst outcome.

A line feed alone among CR LF ends a record like those: the newline is then LF, and a CR before it belongs to it. A
carriage return alone among others may be text or a line end, and is refused.
"""

import re
import sys
from dataclasses import replace

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.blocks import LINE_ENDS, mixed_line_ends
from data_pipeline.ingest.text.contest import beats, choose_trial, is_table
from data_pipeline.ingest.text.quoting import list_candidates
from data_pipeline.ingest.text.records import OPEN_CHARACTERS, LineEnd, Trial, find_line_ends, read_sample
from data_pipeline.model.reading import DELIMITER, Dialect, Marks, ReadingSpec

DELIMITERS = (",", ";", "\t", "|")
HEAD_RECORDS = 200
HEAD_CHARACTERS = 1 << 17
KEPT_RECORDS = 20_000  # of a long sample
FEW_RECORDS = 2  # fewer rule nothing out
SEPARATOR_LINE = re.compile(rf'\A"?sep=({DELIMITER.strip("^$")})"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)


class SampleTooShort(Exception):
    """Quotes that open in the sample do not close in it, and may do so behind it."""


def detect_dialect(
    text: str,
    *,
    is_whole: bool,
    declared: ReadingSpec,
    known_headers: frozenset[str],
    name: str,
    most_open: int | None = None,
) -> Dialect:
    """The dialect of a decoded sample; `is_whole` says whether it is all of the file.

    `most_open`: characters that a quoted field may have; None asks for a longer sample where that matters.
    Raises: FileRejected when two dialects give different tables, none gives an even one, or line ends are mixed up;
    SampleTooShort.
    """
    body, stated = strip_separator_line(text)
    if not is_whole and body.endswith("\r"):
        body = body[:-1]  # perhaps half of a CR LF
    spec = declared.model_copy(update={"delimiter": declared.delimiter or stated})
    trials, whole = read_candidates(body, spec, is_whole=is_whole, most_open=most_open)
    if not is_whole and most_open is None and any(is_unended(trial) for trial in whole):
        raise SampleTooShort
    chosen = choose_trial(body, trials, spec, known=known_headers, name=name)
    if chosen not in whole:  # what ruled it out in the head came to nothing later
        trials = [read_sample(body, trial.candidate, is_whole=is_whole) for trial in trials]
        chosen = choose_trial(body, trials, spec, known=known_headers, name=name)
    refuse_unended(chosen, trials, is_whole=is_whole, name=name)
    if ' "' in body:
        refuse_indented(chosen, name=name)
    newline = choose_newline(body, chosen.candidate, name=name)
    origin = " (declared)" if declared.delimiter else " (as its line sep= says)" if stated else ""
    shape = describe_shape(chosen)
    return Dialect(
        delimiter=chosen.candidate.delimiter,
        quote=chosen.candidate.quote,
        escape=chosen.candidate.escape,
        newline=newline,
        width=chosen.shape.width,
        evidence=f"{chosen.candidate.describe()}{origin}: {shape}; lines end with {LINE_ENDS[newline]}",
    )


def strip_separator_line(text: str) -> tuple[str, str | None]:
    """The text without a first line `sep=;`, which Excel writes and obeys, and the delimiter that it states."""
    statement = SEPARATOR_LINE.match(text)
    return (text[statement.end() :], statement[1]) if statement else (text, None)


def read_candidates(
    body: str, spec: ReadingSpec, *, is_whole: bool, most_open: int | None
) -> tuple[list[Trial], list[Trial]]:
    """Trials of every candidate, of the head alone where that rules them out; and those of the whole sample."""
    candidates = list_candidates(body, spec, [spec.delimiter] if spec.delimiter else find_delimiters(body))
    head = body[:HEAD_CHARACTERS]
    is_head_whole = is_whole and len(head) == len(body)
    trials = [read_sample(head, one, is_whole=is_head_whole, most=HEAD_RECORDS) for one in candidates]
    if is_head_whole and not any(trial.is_cut for trial in trials):
        return trials, trials
    possible = [trial for trial in trials if is_open(trial, trials)]
    is_alone = len(possible) == 1 and possible[0].candidate.quote == '"'  # others are judged by every record
    most = sys.maxsize if most_open is None else KEPT_RECORDS
    whole = [
        read_sample(
            body,
            trial.candidate,
            is_whole=is_whole,
            kept=HEAD_RECORDS if is_alone else most,
            most_open=most_open or OPEN_CHARACTERS,
        )
        for trial in possible
    ]
    read = {trial.candidate: trial for trial in whole}
    return [read.get(trial.candidate, trial) for trial in trials], whole


def find_delimiters(body: str) -> list[str]:
    """The delimiters that occur, and one that does not, for a single column."""
    absent = [delimiter for delimiter in DELIMITERS if delimiter not in body]
    return [delimiter for delimiter in DELIMITERS if delimiter not in absent[1:]]


def is_open(trial: Trial, trials: list[Trial]) -> bool:
    """Whether the head leaves it possible that a trial is the right one."""
    if len(trial.records) < FEW_RECORDS or is_unended(trial):
        return True
    if trial.broken_line is not None or not trial.shape.is_regular:
        return False
    others = [other for other in trials if len(other.records) >= FEW_RECORDS and other.broken_line is None]
    rivals = [other for other in others if other.candidate.delimiter != trial.candidate.delimiter]
    if any(is_table(rival) and rival.shape.is_perfect and beats(rival, trial) for rival in rivals):
        return False
    usual = replace(trial.candidate, quote='"', escape="doubled")
    is_quoted = any(other.candidate == usual and other.records != trial.records for other in others)
    return trial.candidate.quote is not None or not is_quoted


def is_unended(trial: Trial) -> bool:
    """Whether double quotes open that do not close; an apostrophe that does so is none of a quoted field."""
    return trial.is_unended and trial.candidate.quote == '"'


def refuse_unended(chosen: Trial, trials: list[Trial], *, is_whole: bool, name: str) -> None:
    """Raises FileRejected where quotes never close, and nothing shows that they are text.

    In a file that is read whole the other records show that. One that goes on may be anything behind them.
    """
    open_line = next(
        (
            trial.broken_line
            for trial in trials
            if is_unended(trial) and trial.candidate.delimiter == chosen.candidate.delimiter
        ),
        None,
    )
    is_shown = is_whole and (len(chosen.records) >= FEW_RECORDS or chosen.shape.width == 1)
    if open_line is not None and chosen.candidate.quote is None and not is_shown:
        raise FileRejected(
            "UNCLOSED_QUOTE",
            f"{name}, line {open_line}: a quote opens that is not closed. Check the quotes of that line and send the "
            "file again.",
        )


def refuse_indented(chosen: Trial, *, name: str) -> None:
    """Raises FileRejected where most records have blanks before quotes, which are text then and do not quote."""
    split = [record for record in chosen.records if any(map(is_split, record))]
    if len(split) >= FEW_RECORDS and 2 * len(split) >= len(chosen.records):
        cell = next(filter(is_split, split[0]))
        raise FileRejected(
            "BROKEN_QUOTES",
            f"{name}: {len(split)} records hold a field such as {cell!r:.40}: expected its quote right behind the "
            "delimiter, found blanks before it. Write no blanks around the delimiter.",
        )


def is_split(cell: str) -> bool:
    """Whether a cell is the first half of one in quotes, but for the blanks before them."""
    text = cell.strip()
    return text.startswith('"') and not cell.startswith('"') and not (text.endswith('"') and len(text) > 1)


def choose_newline(body: str, candidate: Marks, *, name: str) -> LineEnd:
    """How the records end.

    Raises: FileRejected when a carriage return alone ends some records and something else others.
    """
    alone = body.count("\r") - body.count("\r\n")
    if not alone:
        return "\r\n" if "\r" in body and body.count("\n") == body.count("\r\n") else "\n"
    ends = find_line_ends(body, candidate)
    alone_at = ends.pop("\r", None)
    if alone_at is not None and ends:
        other, other_at = next(iter(ends.items()))
        raise mixed_line_ends(name, alone_at, "a carriage return (CR)", LINE_ENDS[other], other_at)
    if alone_at is not None:
        return "\r"
    return "\r\n" if "\r\n" in ends and "\n" not in ends else "\n"


def describe_shape(trial: Trial) -> str:
    """The shape in words."""
    shape = trial.shape
    fields = "1 field" if shape.width == 1 else f"{shape.width} fields"
    exceptions = {
        "title lines above": shape.titles,
        "lines below": shape.footers,
        "ragged": shape.ragged,
        "comments": shape.comments,
    }
    return f"records of {fields}: {shape.core}" + "".join(f", {what}: {n}" for what, n in exceptions.items() if n)
