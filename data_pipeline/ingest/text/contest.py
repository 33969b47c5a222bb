"""Readings of one sample -> the one that is meant; two that nothing tells apart are refused."""

import re
from itertools import groupby, zip_longest
from typing import NoReturn

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.quoting import settle_quoting
from data_pipeline.ingest.text.records import Record, Trial
from data_pipeline.model.reading import ReadingSpec

HEADER_RECORDS = 30  # a known header is looked for in so many
COMPARED_RECORDS = 200
NARROW_CORE = 5  # records of two fields that outvote a single column below a title
AMOUNT = re.compile(r"(?:Rp\.?|[$€£])? ?[+-]?\d[\d., ]*%?")
SHOWN_FIELDS = 6
SHOWN_CHARACTERS = 30

TABBED_ADVANTAGE = 4
MANY_RECORDS = 10  # that are even until a quote breaks


def choose_trial(text: str, trials: list[Trial], declared: ReadingSpec, *, known: frozenset[str], name: str) -> Trial:
    """The one trial that is left; it need not be even when its delimiter is declared or its header is known.

    Raises: FileRejected when none or several are left.
    """
    broken = [trial for trial in trials if trial.broken_line is not None]
    trials, is_known = keep_known(trials, known)
    sound = settle_all(text, trials, declared)
    if not sound:
        refuse_broken(broken, name=name)
    if is_known or declared.delimiter:
        return find_winner(sound, sound, name=name)
    broken = [trial for trial in trials if trial.broken_line is not None and (is_table(trial) or not trial.records)]
    tables = [trial for trial in sound if trial.shape.width > 1 and trial.shape.is_regular]
    if not tables:
        return find_tabbed(sound) or choose_column(sound, broken, name=name)
    columns = [trial for trial in sound if trial.shape.width == 1]
    winner = find_winner(tables, [*filter(is_table, sound), *columns, *broken], name=name)
    if columns and not winner.shape.is_perfect and is_rather_column(columns[0], winner):
        refuse_ambiguous(winner, columns[0], name=name)
    cut_off = [trial for trial in broken if is_cut_off(trial, winner)]
    if cut_off:
        refuse_broken(cut_off, name=name)
    return winner


def find_tabbed(sound: list[Trial]) -> Trial | None:
    """The trial by tabulators where nothing else splits and most records agree: in texts there are none."""
    splitting = [trial for trial in sound if trial.shape.width > 1]
    if len(splitting) != 1 or splitting[0].candidate.delimiter != "\t":
        return None
    shape = splitting[0].shape
    others = shape.titles + shape.footers + shape.ragged + shape.comments
    return splitting[0] if shape.core >= TABBED_ADVANTAGE * others else None


def is_cut_off(broken: Trial, winner: Trial) -> bool:
    """Whether a trial that broke is the right one of a file that ends, or is damaged, inside quotes.

    Without quotes such a file reads to its end too, with other fields.
    """
    return (
        broken.candidate.delimiter == winner.candidate.delimiter
        and winner.candidate.quote is None
        and broken.shape.is_regular
        and len(broken.records) >= MANY_RECORDS
        and broken.shape.width not in (1, winner.shape.width)
    )


def keep_known(trials: list[Trial], known: frozenset[str]) -> tuple[list[Trial], bool]:
    """The trials that find most of the known headers in one record, and whether that settles the delimiter."""
    names = {header.strip().casefold() for header in known}
    hits = [
        max((len({cell.strip().casefold() for cell in record} & names) for record in heads), default=0)
        for heads in (trial.records[:HEADER_RECORDS] for trial in trials)
    ]
    most = max(hits, default=0)
    if not most:
        return trials, False
    kept = [trial for trial, count in zip(trials, hits, strict=True) if count == most]
    return kept, len({trial.candidate.delimiter for trial in kept}) == 1


def settle_all(text: str, trials: list[Trial], declared: ReadingSpec) -> list[Trial]:
    """The well formed trials, with the quoting under each delimiter settled."""
    groups = groupby(trials, key=lambda trial: trial.candidate.delimiter)
    sound = [[one for one in group if one.broken_line is None] for _, group in groups]
    return [trial for group in sound for trial in settle_quoting(text, group, declared)]


def drop_repeated(trials: list[Trial]) -> list[Trial]:
    """The first trial of each table."""
    kept: list[Trial] = []
    for trial in trials:
        if all(trial.records != other.records for other in kept):
            kept.append(trial)
    return kept


def is_table(trial: Trial) -> bool:
    """Whether several fields come out, and most records agree."""
    shape = trial.shape
    return shape.width > 1 and shape.is_usual and (shape.core > 1 or shape.is_perfect)


def find_winner(trials: list[Trial], rivals: list[Trial], *, name: str) -> Trial:
    """The trial that beats every rival."""
    for trial in trials:
        if all(beats(trial, rival) for rival in rivals if rival.records != trial.records):
            return trial
    best = max(trials, key=lambda trial: (rank(trial), trial.shape.width))
    return refuse_rival(best, rivals, name=name)


def refuse_rival(trial: Trial, rivals: list[Trial], *, name: str) -> NoReturn:
    """Refuses a file because of the first rival that a trial does not beat."""
    rival = next(one for one in rivals if one.records != trial.records and not beats(trial, one))
    if rival.broken_line is not None:
        refuse_broken([rival], name=name)
    refuse_ambiguous(trial, rival, name=name)


def beats(trial: Trial, rival: Trial) -> bool:
    """Whether the rival need not be considered beside the trial.

    More even records win, unless the rival is as wide and alone explains the other's delimiter. Among equally even
    ones, the wider wins if it alone does.
    """
    if trial.candidate.delimiter == rival.candidate.delimiter:
        return rank(trial) > rank(rival)
    if rival.shape.width == 1:
        return True  # a delimiter that is not there
    if rank(trial) > rank(rival):
        return rival.shape.width < trial.shape.width or not suits(rival, trial)
    return rank(trial) == rank(rival) and trial.shape.width > rival.shape.width and suits(trial, rival)


def rank(trial: Trial) -> int:
    """How even the records are."""
    if trial.broken_line is not None:
        return 0
    return 3 if trial.shape.is_perfect else 2 if trial.shape.is_regular else 1


def suits(trial: Trial, rival: Trial) -> bool:
    """Whether the rival's delimiter is explained as text in the trial's cells, and not the other way round."""
    is_explained = explains(trial, rival.candidate.delimiter)
    return len(trial.records) > 1 and is_explained and not explains(rival, trial.candidate.delimiter)


def explains(trial: Trial, delimiter: str) -> bool:
    """Whether the delimiter stands only in numbers and before blanks, as in prose."""
    cells = (cell for record in trial.records[:COMPARED_RECORDS] for cell in record if delimiter in cell)
    in_prose = re.compile(f"(?:[^{re.escape(delimiter)}]|{re.escape(delimiter)}[ \\u00a0])*")
    return all(AMOUNT.fullmatch(cell.strip()) or in_prose.fullmatch(cell) for cell in cells)


def is_rather_column(column: Trial, table: Trial) -> bool:
    """Whether a table with exceptions may as well be one column of text."""
    shape = table.shape
    return explains(column, table.candidate.delimiter) or (shape.width == 2 and shape.core < NARROW_CORE)


def choose_column(sound: list[Trial], broken: list[Trial], *, name: str) -> Trial:
    """The trial as a single column, if it is the only one and nothing in it looks like a delimiter."""
    columns = drop_repeated([trial for trial in sound if trial.shape.width == 1])
    splitting = [trial for trial in sound if trial.shape.width > 1]
    if columns and all(explains(columns[0], trial.candidate.delimiter) for trial in [*splitting, *broken]):
        if len(columns) > 1:
            refuse_ambiguous(columns[0], columns[1], name=name)
        return columns[0]
    if broken:
        refuse_broken(broken, name=name)
    best = max(splitting, key=lambda trial: trial.shape.core)
    shape = best.shape
    odd = shape.titles + shape.footers + shape.ragged
    raise FileRejected(
        "AMBIGUOUS_DIALECT",
        f"{name}: expected records with the same number of fields; the evenest reading ({best.candidate.describe()}) "
        f"gives {shape.core} records with {shape.width} fields and {odd} with others. Quote fields that hold the "
        "delimiter, or declare `delimiter`.",
    )


def refuse_ambiguous(trial: Trial, other: Trial, *, name: str) -> NoReturn:
    """Refuses a file that two dialects read differently, by the first record that differs."""
    nothing: Record = []
    pairs = zip_longest(trial.records, other.records, fillvalue=nothing)
    one, two = next((one, two) for one, two in pairs if one != two)
    raise FileRejected(
        "AMBIGUOUS_DIALECT",
        f"{name}: expected one way to read a record, found two: {show_record(one)} with {trial.candidate.describe()} "
        f"or {show_record(two)} with {other.candidate.describe()}. Declare `delimiter`, `quote` or `escape`.",
    )


def refuse_broken(trials: list[Trial], *, name: str) -> NoReturn:
    """Refuses a file by the quote that fits no dialect: in the trial that got farthest before it."""
    farthest = max(trials, key=lambda trial: (trial.shape.width > 1, trial.broken_line or 0))
    quote = farthest.candidate.quote
    raise FileRejected(
        "BROKEN_QUOTES",
        f"{name}, line {farthest.broken_line}: expected a field which begins with {quote} to end with {quote} before "
        f"a delimiter or line end ({farthest.candidate.describe()}). Write quotes inside a field doubled, or "
        "declare `quote`.",
    )


def show_record(record: Record) -> str:
    """The first fields of a record, shortened."""
    cells = [cell if len(cell) <= SHOWN_CHARACTERS else f"{cell[:SHOWN_CHARACTERS]}…" for cell in record]
    shown = ", ".join(repr(cell) for cell in cells[:SHOWN_FIELDS])
    return f"[{shown}{', …' if len(record) > SHOWN_FIELDS else ''}]"
