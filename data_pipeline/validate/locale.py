"""Texts of a column -> its decimal mark or order of dates, decided once, and expressions that read them so.

Votes are taken over the distinct texts. A text that reads differently under two formats, such as 1.234 or 03/04/2026,
decides nothing and is never guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from data_pipeline.model.reading import DateOrder, DecimalMark

SIGN, EXPONENT, SPACE, APOSTROPHE = "[+-]?", "([eE][+-]?[0-9]+)?", "[ \u00a0\u202f]", "['’]"
MARKS: tuple[DecimalMark, DecimalMark] = (".", ",")
GROUP_MARKS = {",": ",", ".": r"\.", " ": SPACE, "'": APOSTROPHE}
INTEGER = f"^{SIGN}[0-9]+{EXPONENT}$"
AMBIGUOUS_NUMBER = f"^{SIGN}[1-9][0-9]{{0,2}}[.,][0-9]{{3}}$"

# Three numbers in five groups: the second stands between like separators, in whichever of three groups that is.
BETWEEN = r"(?:-([0-9]{1,2})-|/([0-9]{1,2})/|\.([0-9]{1,2})\.)"
SECOND = "${2}${3}${4}"
YEAR_FIRST, SHORT_YEAR_FIRST = (f"^({year}){BETWEEN}([0-9]{{1,2}})$" for year in ("[0-9]{4}", "[0-9]{2}"))
YEAR_LAST, SHORT_YEAR_LAST = (f"^([0-9]{{1,2}}){BETWEEN}({year})$" for year in ("[0-9]{4}", "[0-9]{2}"))


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


@dataclass(frozen=True)
class DateVote:
    """How many distinct texts of a column speak for which order."""

    ymd: int = 0
    """With the year in front, in four digits."""
    dmy: int = 0
    """Read only with the day in front: 31/12/2026."""
    mdy: int = 0
    ambiguous: int = 0
    """Read either way: 03/04/2026."""
    either: int = 0
    """The same day either way: 03/03/2026."""
    short_years: int = 0
    """With a year of two digits, which says nothing about the order."""
    others: int = 0
    """No dates."""

    @property
    def is_contradictory(self) -> bool:
        """Whether some texts have the day in front and others the month."""
        return self.dmy > 0 and self.mdy > 0

    @property
    def order(self) -> DateOrder | None:
        """The order of most texts that end with the year; None without evidence, or when as many speak for either."""
        return None if self.dmy == self.mdy else "dmy" if self.dmy > self.mdy else "mdy"


@dataclass(frozen=True)
class DateFormat:
    """How the dates of a column are written; those with a year of four digits in front are always read."""

    order: DateOrder
    evidence: str
    is_ambiguous: bool
    """Whether texts such as 03/04/2026 may mean either day; they are not read then."""
    has_short_years: bool = False
    """Whether years of two digits are read: only in a declared order."""


def take_distinct(texts: Iterable[str]) -> pl.Series:
    """The texts that are not blank, stripped, each once."""
    series = texts if isinstance(texts, pl.Series) else pl.Series(list(texts), dtype=pl.String)
    stripped = series.drop_nulls().str.strip_chars().unique()
    return stripped.filter(stripped != "")


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


def parse_number(text: pl.Expr, fmt: NumberFormat) -> pl.Expr:
    """Double of a number in a format; null when unreadable, wrongly grouped, not finite or ambiguous."""
    decimal = GROUP_MARKS[fmt.decimal_mark]
    pattern = f"([0-9]+{decimal}?[0-9]*|{decimal}[0-9]+){EXPONENT}"
    plain = text
    if fmt.group_mark is not None:
        group = GROUP_MARKS[fmt.group_mark]
        pattern += f"|{grouped(group)}({decimal}[0-9]*)?"
        plain = plain.str.replace_all(group, "")
    if fmt.decimal_mark == ",":
        plain = plain.str.replace(",", ".", literal=True)
    is_number = text.str.contains(f"^{SIGN}({pattern})$") & ~is_ambiguous_number(text, fmt)
    number = pl.when(is_number).then(plain).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def is_ambiguous_number(text: pl.Expr, fmt: NumberFormat) -> pl.Expr:
    """Whether a text is not read because nothing tells which of two numbers it means."""
    return text.str.contains(AMBIGUOUS_NUMBER) & pl.lit(fmt.is_ambiguous)


def vote_dates(texts: Iterable[str]) -> DateVote:
    """Counts what the distinct texts of a column speak for; blank ones say nothing."""
    distinct = take_distinct(texts)
    text = pl.col(distinct.name)
    days = distinct.to_frame().select(
        ymd=read_day(text, "ymd"),
        dmy=read_day(text, "dmy"),
        mdy=read_day(text, "mdy"),
        short=text.str.contains(SHORT_YEAR_LAST),
    )
    dmy, mdy = days["dmy"], days["mdy"]
    votes = {
        "ymd": days["ymd"].is_not_null(),
        "dmy": dmy.is_not_null() & mdy.is_null(),
        "mdy": mdy.is_not_null() & dmy.is_null(),
        "ambiguous": dmy != mdy,
        "either": dmy == mdy,
        "short_years": days["short"],
    }
    counts = {name: int(vote.sum()) for name, vote in votes.items()}
    return DateVote(**counts, others=len(distinct) - sum(counts.values()))


def decide_date_orders(votes: Mapping[str, DateVote], *, declared: DateOrder | None) -> dict[str, DateFormat]:
    """The format of each column: declared, by its own texts, or as all other columns of the file have it."""
    seen = {order for vote in votes.values() for order, texts in (("dmy", vote.dmy), ("mdy", vote.mdy)) if texts}
    common: DateOrder | None = "dmy" if seen == {"dmy"} else "mdy" if seen == {"mdy"} else None
    return {name: decide_date_order(vote, declared=declared, common=common) for name, vote in votes.items()}


def decide_date_order(vote: DateVote, *, declared: DateOrder | None, common: DateOrder | None) -> DateFormat:
    """The format of one column; `common` is the order of all columns that show one.

    Years of two digits are read only in a declared order: 25/01/26 may be three days.
    """
    if declared is not None:
        return DateFormat(declared, "declared", is_ambiguous=False, has_short_years=True)
    if vote.dmy or vote.mdy:
        evidence = f"{vote.dmy} texts can only have the day in front, {vote.mdy} only the month"
        return DateFormat(vote.order or "ymd", evidence, is_ambiguous=vote.is_contradictory)
    if common is not None:
        front = "day" if common == "dmy" else "month"
        return DateFormat(common, f"every column that shows an order has the {front} in front", is_ambiguous=False)
    return DateFormat("dmy", "no text shows an order, here or in other columns", is_ambiguous=True)


def parse_date(text: pl.Expr, fmt: DateFormat) -> pl.Expr:
    """Day of a text in a format; null when unreadable or ambiguous. The year in front in four digits is always read."""
    day = pl.coalesce(read_day(text, "ymd"), read_day(text, fmt.order))
    if fmt.has_short_years:
        day = pl.coalesce(day, read_day(text, fmt.order, has_short_year=True))
    return pl.when(~is_ambiguous_date(text, fmt)).then(day)


def is_ambiguous_date(text: pl.Expr, fmt: DateFormat) -> pl.Expr:
    """Whether a text is not read because nothing tells which of two days it means."""
    if not fmt.is_ambiguous:
        return pl.lit(False)
    return (read_day(text, "dmy") != read_day(text, "mdy")).fill_null(False)


def read_day(text: pl.Expr, order: DateOrder, *, has_short_year: bool = False) -> pl.Expr:
    """Day of a text in one order; years of two digits are those from 1970 to 2069."""
    if order == "ymd":
        pattern, iso = SHORT_YEAR_FIRST if has_short_year else YEAR_FIRST, f"${{1}}-{SECOND}-${{5}}"
    else:
        pattern = SHORT_YEAR_LAST if has_short_year else YEAR_LAST
        iso = f"${{5}}-{SECOND}-${{1}}" if order == "dmy" else f"${{5}}-${{1}}-{SECOND}"
    days = pl.when(text.str.contains(pattern)).then(text.str.replace(pattern, iso))
    return days.str.to_date("%y-%m-%d" if has_short_year else "%Y-%m-%d", strict=False)
