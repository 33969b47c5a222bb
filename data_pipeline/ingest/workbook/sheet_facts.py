"""Sheet's XML -> what must be true of its rows, found without the reader.

One pass unpacks the sheet, matches it against the grammar, numbers the rows and counts the values. A reader that gives
another count has lost or invented something.
"""

import functools
import operator
import re
from array import array
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.workbook.archive import AGAIN
from data_pipeline.ingest.workbook.cells import LAST_ROW, find_column, find_last_place, scan_cells, split_rows
from data_pipeline.ingest.workbook.date_styles import DateKind
from data_pipeline.ingest.workbook.grammar import SheetGrammar, build_pointer_grammar, build_sheet_grammar
from data_pipeline.ingest.workbook.matching import count_matches, find_odd, matches
from data_pipeline.ingest.workbook.parts import Part, malformed
from data_pipeline.ingest.workbook.sections import SHEET, Run, read_runs

ROW_NUMBER = re.compile(rb"""[^>]*?\sr=["'](-?\d+)["']""")
MOST_DIGITS = 9  # of a row number that is looked at
SAMPLE_BYTES = 1 << 16  # of the first rows, the header among them, which is as wide as any in most tables
NUMBER_TYPES = ("", "n")
ISO_TYPE = "d"


@dataclass
class SheetFacts:
    """What a sheet's XML holds."""

    row_numbers: list[int] = field(default_factory=list)
    """Of every row element, as the sender sees them; they ascend."""
    ends: set[bytes] = field(default_factory=set)
    """Columns in which rows end, as letters; blank cells count. Of long tables not every row is asked."""
    most_cells: int = 0
    """Of a row whose last cell does not say where it is."""
    values: int = 0
    """Cells that hold something."""
    formulas: int = 0
    formulas_without_value: int = 0
    dates: dict[tuple[int, DateKind], "array[int]"] = field(default_factory=dict)
    """Column from 1 and kind -> row numbers of the numbers that are shown as dates or times."""
    iso_texts: dict[tuple[int, int], str] = field(default_factory=dict)
    """Dates that are stored as text, by row number and column from 1."""

    @property
    def width(self) -> int:
        """Columns up to the last cell of the rows that were asked, blank ones included."""
        return max(self.most_cells, *(find_column(letters.decode()) for letters in self.ends), 0)


def inspect_sheet(part: Part, date_styles: Mapping[int, DateKind], empty_texts: Collection[int] = ()) -> SheetFacts:
    """Reads a sheet's XML once; cells that point at `empty_texts` hold nothing.

    Raises: FileRejected when it breaks off, is written in a form that readers lose cells of, or numbers its rows so
    that nobody can say where they stand.
    """
    facts = SheetFacts()
    for run in read_runs(part, SHEET):
        grammar = build_sheet_grammar(run.prefix)
        is_plain = matches(run.text, grammar.plain)
        if is_plain:
            facts.values += run.raw.count(f"</{run.prefix}v>".encode())
        else:
            check_form(part, run, grammar)
            count_forms(run, grammar, facts)
        if empty_texts:
            facts.values -= count_matches(run.text, build_pointer_grammar(run.prefix, empty_texts))
        known = len(facts.row_numbers)
        (number_plain_rows if is_plain else number_rows)(part, run, facts)
        if is_plain and date_styles and 0 not in date_styles:
            note_plain_dates(run, date_styles, facts)
        elif date_styles or not is_plain and matches(run.text, grammar.iso_dates):
            note_dates(run, date_styles, facts.row_numbers[known:], facts)
    return facts


def check_form(part: Part, run: Run, grammar: SheetGrammar) -> None:
    """Names the first row that is written as no program writes one."""
    if not matches(run.text, grammar.any_form):
        raise malformed(part, find_odd(split_rows(run.text, run.prefix), grammar.any_form) or run.text)


def count_forms(run: Run, grammar: SheetGrammar, facts: SheetFacts) -> None:
    """Counts values and formulas in rows of any form."""
    facts.values += count_matches(run.text, grammar.values) + count_matches(run.text, grammar.inline_texts)
    formulas = count_matches(run.text, grammar.formulas)
    if formulas:
        facts.formulas += formulas
        facts.formulas_without_value += count_matches(run.text, grammar.formulas_without_value)


def number_plain_rows(part: Part, run: Run, facts: SheetFacts) -> None:
    """The row number of every row, when all of them say it and ascend; only some rows are asked where they end."""
    places = find_places(run.prefix).findall(run.raw)
    numbers = [int(stated[:MOST_DIGITS]) for stated, _ in places if stated]
    previous = facts.row_numbers[-1] if facts.row_numbers else 0
    are_ascending = all(map(operator.lt, [previous, *numbers], [*numbers, LAST_ROW + 1]))
    if (
        len(numbers) < len(places)
        or not are_ascending
        or any(of_cell not in (b"", stated) for stated, of_cell in places)
    ):
        number_rows(part, run, facts)
        return
    sample = run.raw[: 0 if facts.row_numbers else SAMPLE_BYTES]
    facts.row_numbers += numbers
    last_row = run.raw[run.raw.rfind(f"<{run.prefix}row".encode()) :]
    for row in [*sample.split(f"<{run.prefix}row".encode()), last_row]:
        if place := find_last_place(row, run.prefix):
            facts.ends.add(place[1])


@functools.cache
def find_places(prefix: str) -> re.Pattern[bytes]:
    """Where a row says it is, and where its first cell says so."""
    p = prefix.encode()
    return re.compile(rb"""<%brow(?=[\s/>])(?:[^>]*?\sr=["'](\d+)["'])?[^>]*>(?:<%bc r="[A-Z]+(\d+)")?""" % (p, p))


def number_rows(part: Part, run: Run, facts: SheetFacts) -> None:
    """The row number of every row; one without follows its predecessor, unless its cells know better."""
    cell = f"<{run.prefix}c".encode()
    previous = facts.row_numbers[-1] if facts.row_numbers else 0
    for row in run.raw.split(f"<{run.prefix}row".encode())[1:]:
        stated = ROW_NUMBER.match(row)
        place = find_last_place(row, run.prefix)
        digits = stated[1] if stated else place[2] if place else b""
        number = int(digits[:MOST_DIGITS]) if digits else previous + 1
        if not previous < number <= LAST_ROW or (place and place[2] != digits):
            raise misplaced(part, previous, number, place)
        if place:
            facts.ends.add(place[1])
        else:
            facts.most_cells = max(facts.most_cells, row.count(cell))
        facts.row_numbers.append(number)
        previous = number


def misplaced(part: Part, previous: int, number: int, place: re.Match[bytes] | None) -> FileRejected:
    """The refusal of a sheet with a row that is nowhere, or in two places."""
    name = part.archive.name
    if not 1 <= number <= LAST_ROW:
        return FileRejected(
            "GEOMETRY",
            f"{name}: the part {part.name!r} holds a row {number}; a sheet's rows are 1 to {LAST_ROW}. {AGAIN}",
        )
    if number <= previous:
        found = f"row {number} behind row {previous}"
    else:
        found = f"in row {number} the cell {b''.join(place.groups()).decode() if place else ''!r}"
    return FileRejected(
        "OUT_OF_ORDER", f"{name}: the part {part.name!r} holds {found}, so nobody can say where it belongs. {AGAIN}"
    )


def note_plain_dates(run: Run, date_styles: Mapping[int, DateKind], facts: SheetFacts) -> None:
    """Notes the numbers that are shown as dates, in rows of which every cell says where it is and how it looks."""
    styles = "|".join(map(str, date_styles))
    dated = re.compile(rf"""<{run.prefix}c r="([A-Z]+)([0-9]+)" s="({styles})"(?: t="n")?>""")
    for letters, number, style in dated.findall(run.text):
        facts.dates.setdefault((find_column(letters), date_styles[int(style)]), array("i")).append(int(number))


def note_dates(run: Run, date_styles: Mapping[int, DateKind], row_numbers: list[int], facts: SheetFacts) -> None:
    """Notes which cells are dates: numbers by their style, texts by their type."""
    for number, row in zip(row_numbers, split_rows(run.text, run.prefix), strict=True):
        for cell in scan_cells(row, run.prefix):
            if cell.text and cell.type == ISO_TYPE:
                facts.iso_texts[number, cell.column] = cell.text
            elif cell.text and cell.type in NUMBER_TYPES and cell.style in date_styles:
                facts.dates.setdefault((cell.column, date_styles[cell.style]), array("i")).append(number)
