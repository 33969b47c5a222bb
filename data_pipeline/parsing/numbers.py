"""Texts of a column -> its decimal mark, decided once, and the numbers that they are under it.

Votes are taken over the distinct texts. A text that is one number under one mark and another under the other, such as
1.234, decides nothing and is never guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from data_pipeline.model.reading import DecimalMark
from data_pipeline.parsing.texts import read_rest, take_distinct

SIGN, EXPONENT, SPACE, APOSTROPHE = "[+-]?", "([eE][+-]?[0-9]+)?", "[ \u00a0\u202f]", "['’]"
MARKS: tuple[DecimalMark, DecimalMark] = (".", ",")
GROUP_MARKS = {",": ",", ".": r"\.", " ": SPACE, "'": APOSTROPHE}
LARGEST_EXACT_INTEGER = 2**53 - 1
INTEGER = f"^{SIGN}[0-9]+{EXPONENT}$"
AMBIGUOUS_NUMBER = f"^{SIGN}[1-9][0-9]{{0,2}}[.,][0-9]{{3}}$"


@dataclass(frozen=True)
class NumberVote:
    """How many distinct texts of a column speak for which format."""

    integers: int = 0
    points: int = 0
    """Read only with a decimal point: 1.5, 1,234.50, 1,234,567."""
    commas: int = 0
    ambiguous: int = 0
    """Exactly three digits behind the only mark: 1.234, 1,234."""
    others: int = 0
    """No numbers."""
    groups: Mapping[str, int] = field(default_factory=dict)
    """Group mark -> texts that can only be grouped by it."""

    @property
    def is_contradictory(self) -> bool:
        """Whether some texts have a decimal point and others a comma."""
        return self.points > 0 and self.commas > 0

    @property
    def mark(self) -> DecimalMark | None:
        """The decimal mark of most texts; None without evidence, or when as many speak for either."""
        return None if self.points == self.commas else "." if self.points > self.commas else ","


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a column are written."""

    decimal_mark: DecimalMark
    group_mark: str | None
    evidence: str
    is_ambiguous: bool
    """Whether texts such as 1.234 may mean either number; they are not read then."""


def vote_numbers(texts: Iterable[str]) -> NumberVote:
    """Counts what the distinct texts of a column speak for; blank ones say nothing."""
    distinct = take_distinct(texts)
    is_ambiguous = distinct.str.contains(AMBIGUOUS_NUMBER)
    rest = distinct.filter(~is_ambiguous)
    is_whole = rest.str.contains(f"{INTEGER}|^{SIGN}{grouped(SPACE)}$|^{SIGN}{grouped(APOSTROPHE)}$")
    is_point, is_comma = (rest.str.contains(read_only_with(mark)) for mark in MARKS)
    groups = {mark: count(rest, f"^{SIGN}{grouped(pattern)}([.,][0-9]*)?$") for mark, pattern in GROUP_MARKS.items()}
    integers, points, commas, ambiguous = (int(one.sum()) for one in (is_whole, is_point, is_comma, is_ambiguous))
    others = len(distinct) - integers - points - commas - ambiguous
    return NumberVote(integers, points, commas, ambiguous, others, groups)


def count(texts: pl.Series, pattern: str) -> int:
    """How many texts match."""
    return int(texts.str.contains(pattern).sum())


def grouped(mark: str, groups: str = "+") -> str:
    """Pattern of digits in groups of three; a number does not begin with 0 then."""
    return f"[1-9][0-9]{{0,2}}({mark}[0-9]{{3}}){groups}"


def read_only_with(mark: DecimalMark) -> str:
    """Pattern of what is a number with this decimal mark and not with the other; ambiguous texts left out."""
    decimal, other = GROUP_MARKS[mark], GROUP_MARKS["," if mark == "." else "."]
    plain = f"([0-9]+{decimal}[0-9]*|{decimal}[0-9]+){EXPONENT}"
    by_group = "|".join(f"{grouped(group)}{decimal}[0-9]*" for group in (other, SPACE, APOSTROPHE))
    return f"^{SIGN}({plain}|{by_group}|{grouped(other, '{2,}')})$"


def decide_decimal_marks(
    votes: Mapping[str, NumberVote], *, declared: DecimalMark | None, delimiter: str
) -> dict[str, NumberFormat]:
    """The format of each column: declared, by its own texts, or as all other columns of the file have it."""
    seen = {mark for vote in votes.values() for mark, texts in ((".", vote.points), (",", vote.commas)) if texts}
    common = next((mark for mark in MARKS if seen == {mark}), None)
    fallback: DecimalMark = "," if delimiter == ";" else "."
    return {
        name: decide_decimal_mark(vote, declared=declared, common=common, fallback=fallback)
        for name, vote in votes.items()
    }


def decide_decimal_mark(
    vote: NumberVote, *, declared: DecimalMark | None, common: DecimalMark | None, fallback: DecimalMark
) -> NumberFormat:
    """The format of one column; `common` is the mark of all columns that show one."""
    mark, is_ambiguous, evidence = fallback, True, "no text shows a decimal mark, here or in other columns"
    if declared is not None:
        mark, is_ambiguous, evidence = declared, False, "declared"
    elif vote.points or vote.commas:
        mark, is_ambiguous = vote.mark or fallback, vote.is_contradictory
        evidence = f"{vote.points} texts have a decimal point, {vote.commas} a decimal comma"
    elif common is not None:
        mark, is_ambiguous, evidence = common, False, f"every column that shows a decimal mark has {common!r}"
    other = "," if mark == "." else "."
    groups = {group: texts for group, texts in vote.groups.items() if texts and group != mark}
    return NumberFormat(mark, max(groups, key=groups.__getitem__, default=other), evidence, is_ambiguous)


def parse_numbers(texts: pl.Series, fmt: NumberFormat) -> pl.Series:
    """Doubles of stripped texts in a format; null when blank, unreadable, wrongly grouped, not finite or ambiguous."""
    numbers = parse_plain_numbers(texts, fmt.decimal_mark)
    if (group_mark := fmt.group_mark) is not None:
        numbers = read_rest(numbers, texts, lambda rest: parse_grouped_numbers(rest, group_mark, fmt.decimal_mark))
    return numbers.set(texts.str.contains(AMBIGUOUS_NUMBER), None) if fmt.is_ambiguous else numbers


def parse_plain_numbers(texts: pl.Series, decimal_mark: DecimalMark) -> pl.Series:
    """Doubles of digits with a decimal mark and an exponent, which is just what Polars reads."""
    if decimal_mark == ",":
        has_point = texts.str.contains(".", literal=True)
        texts = texts.str.replace(",", ".", literal=True).set(has_point, None)
    numbers = texts.cast(pl.Float64, strict=False)
    return numbers.set(~numbers.is_finite(), None)


def take_integers(numbers: pl.Series) -> pl.Series:
    """Integers of whole numbers that a double holds exactly; null for others."""
    is_whole = (numbers == numbers.round(0)) & (numbers.abs() <= LARGEST_EXACT_INTEGER)
    return numbers.set(~is_whole, None).cast(pl.Int64)


def parse_grouped_numbers(texts: pl.Series, group_mark: str, decimal_mark: DecimalMark) -> pl.Series:
    """Doubles of digits in groups of three; null when the groups are of other sizes."""
    group = GROUP_MARKS[group_mark]
    is_grouped = texts.str.contains(f"^{SIGN}{grouped(group)}({GROUP_MARKS[decimal_mark]}[0-9]*)?$")
    return parse_plain_numbers(texts.str.replace_all(group, "").set(~is_grouped, None), decimal_mark)
