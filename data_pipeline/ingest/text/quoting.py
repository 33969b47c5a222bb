"""Which ways of quoting a text allows under a delimiter, and which of them nobody would have meant."""

import re
from collections.abc import Callable
from typing import Literal

from data_pipeline.ingest.text.records import Record, Trial
from data_pipeline.model.reading import Marks, ReadingSpec

Rule = Literal["all", "texts", "texts below the header", "needed"]

NUMBER = re.compile(r"[+-]?\d[\d.,]*")
FIRST_RECORDS = 20
QUOTED_FIELDS = 4  # so many different ones, all in apostrophes, are quoted; fewer may be text


def list_candidates(text: str, declared: ReadingSpec, delimiters: list[str]) -> list[Marks]:
    """Every dialect that the declaration allows and that could read this text in a way of its own."""
    return [candidate for delimiter in delimiters for candidate in list_quotings(text, declared, delimiter)]


def list_quotings(text: str, declared: ReadingSpec, delimiter: str) -> list[Marks]:
    """Ways of quoting under one delimiter: the usual first, others only where a field begins with a quote."""
    if declared.quote is None:
        opening = [quote for quote in ('"', "'") if opens_field(text, quote, delimiter)]
        quotes: list[str | None] = ['"', *(quote for quote in opening if quote != '"')]
        quotes += [None] if '"' in opening else []
    else:
        quotes = [declared.quote or None]
    candidates = [Marks(delimiter, quote, declared.escape or "doubled") for quote in quotes]
    if declared.escape is not None or "\\" not in text:
        return candidates
    followers = set(re.findall(r"\\(.)", text, re.DOTALL))
    marks = [quote for quote in (('"', "'") if declared.quote is None else (declared.quote,)) if quote]
    escaping = [quote for quote in marks if followers <= {quote, "\\", delimiter}]
    return candidates + [Marks(delimiter, quote, "backslash") for quote in escaping]


def opens_field(text: str, quote: str, delimiter: str) -> bool:
    """Whether a quote stands where a field begins."""
    places = ("\n", "\r", delimiter)
    return quote in text and (text.startswith(quote) or any(before + quote in text for before in places))


def settle_quoting(text: str, trials: list[Trial], declared: ReadingSpec) -> list[Trial]:
    """The trials under one delimiter without those that nobody would have meant.

    Double quotes that fit are quotes, and nothing is quoted only where no cell looks as if it were. Apostrophes are
    quotes where a program would have set them; where they could also be text, both trials stay.
    """
    if declared.quote is not None:
        return trials
    doubles = [trial for trial in trials if trial.candidate.quote == '"']
    plain = [trial for trial in trials if trial.candidate.quote is None and not has_quoted_look(trial)]
    rest = doubles or plain
    tables = [trial.records for trial in rest]
    singles = [trial for trial in trials if trial.candidate.quote == "'" and trial.records not in tables]
    if not rest or not singles:
        return rest or singles
    is_rest_regular = any(trial.shape.is_regular for trial in rest)
    singles = [trial for trial in singles if trial.shape.is_regular]
    if not is_rest_regular:
        return singles or rest
    rules = [(trial, find_rule(text, trial)) for trial in singles]
    is_rest_literal = not opens_field(text, '"', rest[0].candidate.delimiter)
    if is_rest_literal and any(is_quoted_throughout(trial, rule) for trial, rule in rules):
        return singles
    return [*rest, *(trial for trial, rule in rules if rule is not None)]


def has_quoted_look(trial: Trial) -> bool:
    """Whether a cell begins and ends with a double quote."""
    cells = (cell for record in trial.records for cell in record)
    return any(cell.startswith('"') and cell.endswith('"') and len(cell) > 1 for cell in cells)


def is_quoted_throughout(trial: Trial, rule: Rule | None) -> bool:
    """Whether every field, or every text, is in apostrophes, and there are so many that it is no chance."""
    cells = {cell for record in trial.records for cell in record if cell}
    quoted = cells if rule == "all" else {cell for cell in cells if not NUMBER.fullmatch(cell)}
    return rule in ("all", "texts") and len(quoted) >= QUOTED_FIELDS and quoted.issuperset(trial.records[0])


def find_rule(text: str, trial: Trial) -> Rule | None:
    """By which rule of quoting a program would have written the sample exactly so; None: by none."""
    candidate = trial.candidate
    own = "" if candidate.escape == "backslash" else candidate.quote  # an escaped quote may stand anywhere
    special = re.compile(f"[{re.escape(candidate.delimiter)}{own}\r\n]")

    def is_needed(position: int, cell: str) -> bool:
        return special.search(cell) is not None

    def is_text(position: int, cell: str) -> bool:
        return NUMBER.fullmatch(cell) is None

    rules: dict[Rule, Callable[[int, str], bool]] = {
        "all": lambda position, cell: True,
        "texts": is_text,
        "texts below the header": lambda position, cell: (is_text if position else is_needed)(position, cell),
        "needed": is_needed,
    }
    plain = normalise_ends(text)
    for name, must_quote in rules.items():
        parts = (trial.records[:FIRST_RECORDS], trial.records)  # most rules fail at once
        if all(plain.startswith(normalise_ends(write_records(part, candidate, must_quote))) for part in parts):
            return name
    return None


def write_records(records: list[Record], candidate: Marks, must_quote: Callable[[int, str], bool]) -> str:
    """The records as text, quoted by a rule; an empty record of one field is always quoted."""
    quote = candidate.quote or ""
    is_backslash = candidate.escape == "backslash"

    def write(position: int, cell: str, *, is_alone: bool) -> str:
        inner = (
            cell.replace("\\", "\\\\").replace(quote, f"\\{quote}") if is_backslash else cell.replace(quote, quote * 2)
        )
        return f"{quote}{inner}{quote}" if must_quote(position, cell) or (is_alone and not cell) else inner

    lines = (
        candidate.delimiter.join(write(position, cell, is_alone=len(record) == 1) for cell in record)
        for position, record in enumerate(records)
    )
    return "\n".join(lines)


def normalise_ends(text: str) -> str:
    """The text with every line end as LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
