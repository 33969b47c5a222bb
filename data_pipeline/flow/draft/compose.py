"""Survey -> pipeline.yaml as a person would write it: short, in order, with what was seen beside what was declared."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from data_pipeline.flow.draft.columns import CODE_WORDS, NUMBERING_WORDS, Column, Typed, type_columns
from data_pipeline.flow.draft.evidence import Decision, Key, decide_date, decide_store, find_key
from data_pipeline.flow.draft.flow_yaml import WIDTH, flow, flow_list, quote
from data_pipeline.flow.draft.guess_rules import Guess, guess_rules
from data_pipeline.flow.draft.survey import Survey

MOST_COLUMNS = 60  # that are drafted; a wider list has its others reported until somebody declares them
MOST_LINES = 112
MOST_MEASURES = 3
AMOUNT_WORDS = frozenset({"stok", "stock", "qty", "quantity", "jumlah", "amount", "total", "value", "nilai", "terjual",
                          "sold", "sales", "count", "units", "pcs", "pieces", "saldo", "balance", "cost"})  # fmt: skip
RATE_WORDS = frozenset({"price", "harga", "rate", "percent", "pct", "persen", "ratio", "average", "avg", "mean", "lat",
                        "lon", "latitude", "longitude", "year", "tahun", "month", "bulan", "ranking", "rank", "days",
                        "lead", "max", "min"})  # fmt: skip
SCHEMA = "pipeline.schema.json"


@dataclass(frozen=True)
class Draft:
    """A pipeline.yaml, and what a person has to look at."""

    name: str
    text: str
    decisions: tuple[str, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class Parts:
    """What a declaration is made of."""

    name: str
    survey: Survey
    columns: tuple[Column, ...]
    typed: Typed
    store: Decision
    date: Decision
    key: Key
    rivals: tuple[str, ...]
    """Pipelines that take files with this header too."""


def compose(name: str, survey: Survey, rivals: Sequence[str] = ()) -> Draft:
    """Drafts a declaration for files like the surveyed one."""
    typed = type_columns(survey)
    store = decide_store(typed.columns)
    typed, store = call_store(typed, store)
    date, key = decide_date(typed.columns, survey.file), find_key(typed.columns, store.column)
    typed, key = require(typed, key)
    chosen = choose_columns(typed.columns, [*key.columns, *(one.column for one in (store, date) if one.column)])
    parts = Parts(name, survey, chosen, typed, store, date, key, tuple(rivals))
    left_out = len(typed.columns) - len(chosen)
    doubts = list(typed.doubts)
    if rivals:
        doubts.append(f"files with these columns go to {', '.join(rivals)}; see source.only_named.")
    if key.repeats:
        named = ", ".join(one.name for one in key.columns)
        doubts.append(f"nothing identifies a row: {key.repeats} rows repeat {named} and go back as doubled.")
    if left_out:
        doubts.append(f"{left_out} columns beyond the first {MOST_COLUMNS} are not declared; every file tells them.")
    named_key = ", ".join(one.spec.header for one in key.columns)
    decisions = (f"store: {store.reason}", f"business date: {date.reason}", f"a row is identified by {named_key}")
    return Draft(name, render(parts), decisions, tuple(doubts))


def call_store(typed: Typed, store: Decision) -> tuple[Typed, Decision]:
    """The one store's column is called `store`, as the one that the product adds; another of that name gives way."""
    if store.column is None or store.column.name == "store":
        return typed, store
    renamed = {store.column.name: "store", "store": "store_name"}
    columns = tuple(rename(one, renamed.get(one.name, one.name)) for one in typed.columns)
    place = typed.columns.index(store.column)
    return Typed(columns, typed.reading, typed.doubts), Decision(columns[place], store.reason)


def rename(column: Column, name: str) -> Column:
    """The same column under another name."""
    spec = column.spec.model_copy(update={"name": name})
    return column if name == column.name else Column(spec, column.values, column.blanks, column.distinct)


def require(typed: Typed, key: Key) -> tuple[Typed, Key]:
    """What identifies a row cannot be blank."""
    names = [one.name for one in key.columns]

    def fill(column: Column) -> Column:
        if column.name not in names or not column.spec.nullable:
            return column
        spec = column.spec.model_copy(update={"nullable": False})
        return Column(spec, column.values, column.blanks, column.distinct)

    columns = tuple(map(fill, typed.columns))
    return Typed(columns, typed.reading, typed.doubts), Key(tuple(map(fill, key.columns)), key.repeats)


def choose_columns(columns: Sequence[Column], needed: Sequence[Column]) -> tuple[Column, ...]:
    """The first columns of the file, with those that the declaration names elsewhere."""
    names = {one.name for one in needed}
    room = MOST_COLUMNS - len(names)
    others = [one.name for one in columns if one.name not in names][:room]
    return tuple(one for one in columns if one.name in names or one.name in others)


def render(parts: Parts) -> str:
    """The whole declaration; rules that would make it too long are left out and counted."""
    rules = guess_rules(parts.columns, parts.key)
    frame = [*render_head(parts), *render_columns(parts), *render_tail(parts)]
    lines = list[str]()
    told = 0
    for guess in sorted(rules, key=lambda guess: guess.rule["kind"] == "range"):
        more = render_rule(guess)
        if len(frame) + len(lines) + len(more) > MOST_LINES:
            break
        lines, told = lines + more, told + 1
    left = [f"  # {len(rules) - told} more columns could have a rule like these."] if told < len(rules) else []
    head = [
        "rules:",
        "  # What is guessed only warns: a sample shows what is usual, not what is allowed. Tighten it with",
        "  # severity: reject_row, or reject_file with over_percent. Columns that are never blank in it are required.",
        "  # Behind each rule stands what was seen.",
    ]
    text = [*render_head(parts), *render_columns(parts), *head, *lines, *left, "", *render_tail(parts)]
    return "\n".join(text) + "\n"


def render_head(parts: Parts) -> list[str]:
    """Name, words for people, and which files."""
    title = parts.name.replace("_", " ").capitalize()
    suffix = parts.survey.file.rpartition(".")[2].lower()
    known = list(dict.fromkeys([f"*.{suffix}", "*.xlsx", "*.csv"])) if suffix.isalnum() else ["*.xlsx", "*.csv"]
    lines = [
        f"# yaml-language-server: $schema=../{SCHEMA}",
        f"# Drafted from {quote(parts.survey.file)}: {parts.survey.cells.height:,} records, "
        f"{len(parts.typed.columns)} columns.",
        "# Headers are the sender's; the names beside them are what rules, code and both databases use.",
        f"name: {parts.name}",
        f"title: {quote(title)}",
        f"description: {quote(f'Rows of files like {parts.survey.file}. Say here what they mean, for whom.')}",
        "",
        "source:",
        f"  patterns: {flow(known)}",
    ]
    if parts.rivals:
        told = f"Files with these columns go to {', '.join(parts.rivals)}: this one only takes what is said to be its "
        told += "own, with --pipeline or by a folder of its name. Remove the line when the other is given up."
        lines += [*(f"  {line}" for line in comment(told)), "  only_named: true"]
    reading = parts.typed.reading.model_dump(exclude_unset=True)
    if reading:
        lines.append(f"  reading: {flow(reading)}  # some texts could be read in two ways")
    return [*lines, ""]


def render_columns(parts: Parts) -> list[str]:
    """One line a column, aligned."""
    declared = [one.spec.model_dump(exclude_defaults=True) for one in parts.columns]
    widths = {key: min(32, max(len(f"{key}: {quote(one[key])},") for one in declared)) for key in ("name", "header")}
    lines = ["columns:"]
    for one in declared:
        front = " ".join(f"{key}: {quote(one.pop(key))},".ljust(width) for key, width in widths.items())
        lines.append(f"  - {{{front} {flow(one)[1:]}")
    return [*lines, ""]


def render_rule(guess: Guess) -> list[str]:
    """A rule with what was seen; a long list of values goes on in further lines."""
    return flow_list("  - ", guess.rule, comment=guess.seen)


def render_tail(parts: Parts) -> list[str]:
    """Whose and of which day a file is, and what becomes of its rows."""
    identity = {"store_column": parts.store.column.name} if parts.store.column else {"sender": parts.name}
    if parts.date.column is not None:
        identity["date_column"] = parts.date.column.name
    grain = list(dict.fromkeys([*([parts.store.column.name] if parts.store.column else []),
                                *(one.name for one in parts.key.columns)]))  # fmt: skip
    lines = [
        *comment(f"Store: {parts.store.reason}."),
        *comment(f"Business date: {parts.date.reason}."),
        f"identity: {flow(identity)}",
        "",
        "# What identifies a row of a business date; without `process` the accepted rows are the snapshot.",
        f"grain: {flow(grain)}",
    ]
    measures = {one.name: [one.name] for one in choose_measures(parts)}
    if measures:
        lines += ["# Summed in the files and in the snapshot, and compared.", f"measures: {flow(measures)}"]
    return [*lines, "", "flush: {files: 5, bytes: 10000000, seconds: 300}", "retry: {attempts: 3, backoff_seconds: 30}"]


def comment(text: str) -> list[str]:
    """A text as lines of comment, whatever stands in it."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return textwrap.wrap(shown, WIDTH - 2, initial_indent="# ", subsequent_indent="# ")


def choose_measures(parts: Parts) -> list[Column]:
    """Up to three columns of amounts, those first whose headers say so."""
    numbers = [
        one
        for one in parts.columns
        if one.spec.type in ("integer", "number")
        and one.distinct > 1
        and not one.is_running_number
        and not one.words & (RATE_WORDS | CODE_WORDS | NUMBERING_WORDS)
        and one not in parts.key.columns
    ]
    return sorted(numbers, key=lambda one: not one.words & AMOUNT_WORDS)[:MOST_MEASURES]


def find_rivals(headers: Sequence[str], declared: dict[str, Sequence[Sequence[str]]]) -> list[str]:
    """The pipelines, each with the spellings of its published columns, that would take a file with these headers."""
    present = set(headers)
    return [name for name, columns in declared.items() if all(present & set(spellings) for spellings in columns)]
