"""Attacks by values: what looks like a number or day, and may be another, or none. Read and judged by typed columns."""

from data_pipeline_tests.ingest.siege import Attack, Table
from data_pipeline_tests.ingest.text.attack import read_as
from data_pipeline_tests.ingest.text.reading import VALUES_NAME


def typed(name: str, header: str, texts: dict[str, str], rejected: dict[str, str] | None = None) -> Attack:
    """A list of one typed column beside its SKUs: text -> value; text -> reason why it has none."""
    reasons = rejected or {}
    lines = [f"SKU;{header}", *(f"A{place};{text}" for place, text in enumerate([*texts, *reasons]))]
    accepted: Table = tuple((f"A{place}", value) for place, value in enumerate(texts.values()))
    rejects: Table = tuple((code, text) for text, code in reasons.items())
    return read_as(
        name, "\n".join(lines) + "\n", (("SKU", header), *accepted, *rejects), "FORMATS_DECIDED", file_name=VALUES_NAME
    )


NUMBERS: list[Attack] = [
    typed("only 1.234", "Harga", {}, {"1.234": "AMBIGUOUS_NUMBER", "5.678": "AMBIGUOUS_NUMBER"}),
    typed("only 1,234", "Harga", {}, {"1,234": "AMBIGUOUS_NUMBER", "-5,678": "AMBIGUOUS_NUMBER"}),
    typed("1.234 beside a decimal comma", "Harga", {"1.234": "1234.0", "5,5": "5.5"}),
    typed("1.234 beside a decimal point", "Harga", {"1.234": "1.234", "5.5": "5.5"}),
    typed("1.234 beside 1.234.567", "Harga", {"1.234": "1234.0", "1.234.567": "1234567.0"}),
    typed("1,234 beside 1,234.5", "Harga", {"1,234": "1234.0", "1,234.5": "1234.5"}),
    typed("points and commas in one column", "Harga", {"1.5": "1.5", "2.5": "2.5"}, {"3,5": "UNREADABLE_CELL"}),
    typed("blanks between thousands", "Harga", {"1 234 567": "1234567.0", "1 234,5": "1234.5", "2,5": "2.5"}),
    typed("hard blanks between thousands", "Harga", {"1\u00a0234,5": "1234.5", "1\u202f234,5": "1234.5"}),
    typed("apostrophes between thousands", "Harga", {"1'234.5": "1234.5", "1’234’567.25": "1234567.25"}),
    typed("thousands in India", "Harga", {"1.5": "1.5"}, {"12,34,567": "UNREADABLE_CELL"}),
    typed("groups that are none", "Harga", {"1,5": "1.5"},
          {"1.23.456": "UNREADABLE_CELL", "12.3456,7": "UNREADABLE_CELL"}),
    typed("currencies and shares", "Harga", {"1,5": "1.5"},
          {"Rp 1.000,50": "UNREADABLE_CELL", "$1": "UNREADABLE_CELL", "5%": "UNREADABLE_CELL", "1-": "UNREADABLE_CELL",
           "(1)": "UNREADABLE_CELL", "--1": "UNREADABLE_CELL", "1..5": "UNREADABLE_CELL", "0x1F": "UNREADABLE_CELL",
           "1_000": "UNREADABLE_CELL"}),
    typed("numbers of other scripts", "Harga", {"1,5": "1.5"}, {"٧": "UNREADABLE_CELL", "７": "UNREADABLE_CELL",
          "½": "UNREADABLE_CELL", "²": "UNREADABLE_CELL", "−1": "UNREADABLE_CELL"}),
    typed("words for no number", "Harga", {"1,5": "1.5"}, {"NaN": "NOT_A_NUMBER", "inf": "NOT_A_NUMBER",
          "-Infinity": "NOT_A_NUMBER", "NULL": "NOT_A_NUMBER", "-": "NOT_A_NUMBER", "N/A": "UNREADABLE_CELL"}),
    typed("exponents", "Harga", {"1e3": "1000.0", "1,5E-2": "0.015", "0": "0.0", "-0": "-0.0"},
          {"1e400": "UNREADABLE_CELL", "1e": "UNREADABLE_CELL", "e5": "UNREADABLE_CELL"}),
    typed("errors of spreadsheets", "Harga", {"1,5": "1.5"}, {"#DIV/0!": "ERROR_CELL", "#N/A": "ERROR_CELL"}),
    typed("huge whole numbers", "Stok", {"9007199254740991": "9007199254740991", "7": "7"},
          {"9007199254740993": "UNREADABLE_CELL", "18446744073709551616": "UNREADABLE_CELL",
           "-99999999999999999999": "UNREADABLE_CELL", "1e300": "UNREADABLE_CELL"}),
    typed("whole numbers that are none", "Stok", {"7": "7", "8,0": "8"}, {"7,5": "UNREADABLE_CELL"}),
    typed("leading zeros of amounts", "Stok", {"007": "7", "7": "7"}),
    typed("formulas for amounts", "Stok", {"7": "7"},
          {"=1+1": "UNREADABLE_CELL", "=cmd|' /C calc'!A0": "UNREADABLE_CELL"}),
]  # fmt: skip

DAYS: list[Attack] = [
    typed("days in six forms", "Tanggal",
          {"2026-01-31": "2026-01-31", "2026/01/31": "2026-01-31", "2026.01.31": "2026-01-31",
           "31/01/2026": "2026-01-31", "31-01-2026": "2026-01-31", "31.01.2026": "2026-01-31"}),
    typed("only 03/04/2026", "Tanggal", {"05/05/2026": "2026-05-05"}, {"03/04/2026": "AMBIGUOUS_DATE"}),
    typed("03/04/2026 beside 31/12/2026", "Tanggal", {"03/04/2026": "2026-04-03", "31/12/2026": "2026-12-31"}),
    typed("03/04/2026 beside 12/31/2026", "Tanggal", {"03/04/2026": "2026-03-04", "12/31/2026": "2026-12-31"}),
    typed("both orders in one column", "Tanggal", {}, {"31/12/2026": "UNREADABLE_CELL", "12/31/2026": "UNREADABLE_CELL",
          "03/04/2026": "AMBIGUOUS_DATE"}),
    typed("days that are none", "Tanggal", {"2024-02-29": "2024-02-29"},
          {"2026-02-29": "UNREADABLE_CELL", "2026-13-01": "UNREADABLE_CELL", "0000-00-00": "UNREADABLE_CELL",
           "31-01/2026": "UNREADABLE_CELL", "45678": "UNREADABLE_CELL", "2026-1": "UNREADABLE_CELL",
           "Jan 5, 2026": "UNREADABLE_CELL"}),
    typed("years of two digits", "Tanggal", {"2026-01-31": "2026-01-31"}, {"31/01/26": "UNREADABLE_CELL"}),
]  # fmt: skip

CODES: list[Attack] = [
    read_as("codes that look like numbers", "SKU;Stok\n0001;1\n00002;2\n1e5;3\n9007199254740993;4\n1.10;5\n+7;6\n",
            (("SKU", "Stok"), ("0001", "1"), ("00002", "2"), ("1e5", "3"), ("9007199254740993", "4"), ("1.10", "5"),
             ("+7", "6")), "FORMATS_DECIDED", file_name=VALUES_NAME),
    read_as("codes that look like days and truth", "SKU;Stok\n2026-01-05;1\n1/2;2\nTRUE;3\nMAR1;4\nNULL;5\nnan;6\n",
            (("SKU", "Stok"), ("2026-01-05", "1"), ("1/2", "2"), ("TRUE", "3"), ("MAR1", "4"), ("NULL", "5"),
             ("nan", "6")), "FORMATS_DECIDED", file_name=VALUES_NAME),
    read_as("a ragged record among values", "SKU;Stok\n" + "A;1\n" * 30 + "B;2;3\n",
            (("SKU", "Stok"), *[("A", "1")] * 30, ("RAGGED_ROW", "B;2;3")), "FORMATS_DECIDED", file_name=VALUES_NAME),
]  # fmt: skip

VALUE_ATTACKS = [*NUMBERS, *DAYS, *CODES]
