"""First records of a file -> how the numbers and dates of its columns are written, decided once for each column."""

from collections.abc import Mapping
from dataclasses import dataclass

from data_pipeline.model.findings import Finding
from data_pipeline.model.reading import ReadingSpec
from data_pipeline.model.spec import ColumnSpec
from data_pipeline.model.tables import RawTable
from data_pipeline.parsing.dates import DateFormat, decide_date_orders, vote_dates
from data_pipeline.parsing.numbers import NumberFormat, decide_decimal_marks, vote_numbers
from data_pipeline.parsing.texts import take_distinct
from data_pipeline.validate.moments import take_days


@dataclass(frozen=True)
class Formats:
    """By column name, how its texts are read."""

    numbers: Mapping[str, NumberFormat]
    dates: Mapping[str, DateFormat]

    def is_ambiguous(self, column: ColumnSpec) -> bool:
        """Whether some texts of a column may mean two things, and are not read."""
        chosen = self.dates.get(column.name) or self.numbers.get(column.name)
        return chosen is not None and chosen.is_ambiguous

    def tell(self, *, name: str) -> list[Finding]:
        """What was decided from what; a workbook stores numbers, and there is nothing to tell."""
        evidence = {column: chosen.evidence for column, chosen in self.numbers.items()}
        evidence |= {column: chosen.evidence for column, chosen in self.dates.items()}
        evidence = {column: words for column, words in evidence.items() if words != AS_STORED}
        if not evidence:
            return []
        message = f"{name}: how numbers and dates are written was decided for {len(evidence)} columns"
        return [Finding(code="FORMATS_DECIDED", message=message, severity="info", details=evidence)]


AS_STORED = "as the workbook stores it"


def decide_formats(
    table: RawTable, columns: list[ColumnSpec], headers: Mapping[str, str], declared: ReadingSpec
) -> Formats:
    """Decides by the first chunk; whatever speaks otherwise later is unreadable there, never read in another way."""
    numeric = [column.name for column in columns if column.type in ("integer", "number")]
    dated = [column.name for column in columns if column.type in ("date", "datetime")]
    texts = {column.name: table.cells[headers[column.name]] for column in columns}
    is_last = declared.short_years == "last"
    day_votes = {name: vote_dates(take_days(take_distinct(texts[name])), short_years_last=is_last) for name in dated}
    dates = decide_date_orders(day_votes, declared=declared.date_order, short_years_last=is_last)
    if table.origin.text is None:
        stored = NumberFormat(table.origin.decimal_mark, None, AS_STORED, is_ambiguous=False)
        return Formats(dict.fromkeys(numeric, stored), dates)
    votes = {name: vote_numbers(texts[name]) for name in numeric}
    delimiter = table.origin.text.dialect.delimiter
    return Formats(decide_decimal_marks(votes, declared=declared.decimal_mark, delimiter=delimiter), dates)
