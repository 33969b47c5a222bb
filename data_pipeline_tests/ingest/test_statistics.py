"""Rules of field statistics: what a cell counts as, and that no figure knows how the file was cut into chunks."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_pipeline.ingest import counted_texts, statistics
from data_pipeline.ingest.counted_texts import MOST_DISTINCT, MOST_TEXTS
from data_pipeline.ingest.statistics import SAMPLE_ROWS, Measured, finish, measure, merge
from data_pipeline.model.reading import DateOrder, DecimalMark
from data_pipeline.model.statistics import KINDS, FieldStatistics


def describe(*texts: str | None, decimal_mark: DecimalMark = ".", date_order: DateOrder = "dmy") -> FieldStatistics:
    """Statistics of a file with one column."""
    cells = pl.DataFrame({"cell": pl.Series(texts, dtype=pl.String)})
    [field] = finish(measure(cells, decimal_mark=decimal_mark, date_order=date_order))
    return field


def test_a_column_is_described_by_its_cells() -> None:
    field = describe("8", "3", "3", "", None, "12.5", "NAN", "  ", "12.5", "3", "0042")

    assert field == FieldStatistics(
        name="cell",
        count=11,
        blanks=3,
        distinct=5,
        has_more_distinct=False,
        kinds={"integer": 4, "number": 2, "text": 2},
        minimum=3.0,
        maximum=12.5,
        mean=7.0,  # (8 + 3 + 3 + 3 + 12.5 + 12.5) / 6
        longest=4,
        examples=("3", "12.5", "0042", "8", "NAN"),
    )


def test_columns_are_described_in_the_order_of_the_file() -> None:
    cells = pl.DataFrame({"b": ["x", "x"], "a": ["1", None], "": [None, None]}, schema_overrides={"": pl.String})

    assert [(field.name, field.blanks, field.kinds) for field in finish(measure(cells))] == [
        ("b", 0, {"text": 2}),
        ("a", 1, {"integer": 1}),
        ("", 2, {}),
    ]


KIND_OF = {
    "integer": ("0", "-3", "+5", " 7 ", "-0", "-007", " -007", "999999999999999"),
    "number": ("0.5", "-0.5", ".5", "5.", "1e3", "1.5E-7", "0.07000000000000001", "1e300"),
    "date": ("2026-01-31", "31/01/2026", "31.1.2026", "1-2-2026", "2026/1/31", "2026-01-31T10:00:00Z",
             "2026-01-31 10:00", "31/01/2026 9:05:07.25 PM", "2026-01-31 10:00+07:00", "9999-12-31"),
    "time": ("10:00", "9:05", "23:59:59", "23:59:59.999", "9:05 PM", "9:05pm"),
    "boolean": ("TRUE", "false", "Ya", "tidak", "yes", "NO", "benar", "Salah"),
    "error": ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#GETTING_DATA", "#SPILL!"),
    # Codes lose digits as numbers; what must be guessed is no number.
    "text": ("0042", "00", "1234567890123456", "1.234,50", "1,5", "1_000", "0x10", "inf", "nan", "NAN", "1e400",
             "-", "+", ".", "0000-00-00", "31/02/2026", "01/31/2026", "31-12-25", "2026-01-31x", "10:00x", "#1",
             "# N/A", "y", "3CE Lip", "=1+1", "١٢", "12%", "12 pcs"),
}  # fmt: skip


def test_every_kind_has_cases() -> None:
    assert sorted(KIND_OF) == sorted(KINDS)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in KIND_OF.items() for text in texts])
def test_a_cell_counts_as_what_it_can_be_read_as(kind: str, text: str) -> None:
    assert describe(text).kinds == {kind: 1}


@pytest.mark.parametrize(
    ("text", "kind"), [("1,5", "number"), ("5", "integer"), ("1.5", "text"), ("1.234,5", "text"), (",5", "number")]
)
def test_numbers_have_the_files_decimal_mark(text: str, kind: str) -> None:
    assert describe(text, decimal_mark=",").kinds == {kind: 1}


@pytest.mark.parametrize(
    ("order", "first"), [("dmy", "2026-02-01"), ("mdy", "2026-01-02"), ("ymd", "01/02/2026")], ids=["dmy", "mdy", "ymd"]
)
def test_days_have_the_files_order(order: DateOrder, first: str) -> None:
    assert describe("01/02/2026", date_order=order).minimum == first


@pytest.mark.parametrize(
    ("texts", "ends"),
    [
        (("10", "9", "-1", "NAN"), (-1.0, 10.0)),
        (("31/01/2026", "2025-12-01", "1/2/2026", "5"), ("2025-12-01", "2026-02-01")),
        (("b", "B", "10", "9"), ("10", "b")),
        (("1", "a"), ("1", "a")),
        (("9:00", "10:00"), ("10:00", "9:00")),
        ((None, ""), (None, None)),
        ((), (None, None)),
    ],
    ids=["numbers", "days", "texts", "half and half", "times", "blanks", "no records"],
)
def test_the_ends_are_those_of_what_most_cells_are(
    texts: Sequence[str | None], ends: tuple[float | str | None, float | str | None]
) -> None:
    field = describe(*texts)

    assert (field.minimum, field.maximum) == ends


def test_a_column_without_numbers_has_no_mean() -> None:
    assert describe("a", "2026-01-31").mean is None


def test_equally_frequent_examples_stand_in_order() -> None:
    assert describe("f", "e", "d", "c", "b", "a", "a").examples == ("a", "b", "c", "d", "e")


def test_a_long_text_is_shown_by_its_beginning_and_counted_by_its_whole() -> None:
    field = describe("x" * 200 + "a", "x" * 200 + "b", "x" * 200 + "b")

    assert (field.distinct, field.longest, field.minimum) == (2, 201, "x" * 100)
    assert field.examples == ("x" * 100, "x" * 100)


def test_different_texts_are_counted_up_to_a_limit() -> None:
    texts = [str(number) for number in range(1, MOST_DISTINCT + 2)]

    exact, more = describe(*texts[:-1], " ", ""), describe(*texts)

    assert (exact.distinct, exact.has_more_distinct) == (MOST_DISTINCT, False)
    assert (more.distinct, more.has_more_distinct) == (MOST_DISTINCT, True)
    assert (more.count, more.minimum, more.maximum) == (MOST_DISTINCT + 1, 1.0, MOST_DISTINCT + 1.0)


def test_of_many_columns_fewer_texts_are_kept() -> None:
    cells = pl.DataFrame({str(column): [str(row) for row in range(600)] for column in range(1_000)})

    fields = finish(measure(cells))

    assert {(field.distinct, field.has_more_distinct) for field in fields} == {(MOST_TEXTS // 1_000, True)}


def test_beyond_the_limit_examples_are_those_of_the_first_records() -> None:
    """A column of many notes, of which "none" is by far the most frequent."""
    first = [f"note {row}" if row % 2 else "none" for row in range(SAMPLE_ROWS)]
    later = [f"later note {row}" for row in range(2 * MOST_DISTINCT)]

    assert describe(*first, *later).examples == ("none", "note 1", "note 101", "note 103", "note 105")


def test_figures_survive_json() -> None:
    field = describe("2026-01-31", "3", "2026-02-01")

    assert FieldStatistics.model_validate_json(field.model_dump_json()) == field


texts = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "a", "b", "0042", "2026-01-31", "31/12/2025", "1:30", "TRUE", "#N/A", "x" * 150]),
    st.integers(-20, 20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(str),
    st.text(max_size=5),
)


@pytest.mark.parametrize("most_distinct", [2, MOST_DISTINCT], ids=["some crowded", "none crowded"])
@settings(deadline=None)
@given(rows=st.lists(st.tuples(texts, texts), max_size=30), cuts=st.lists(st.integers(0, 30), max_size=4))
def test_no_figure_knows_how_the_file_was_cut(
    most_distinct: int, rows: list[tuple[str | None, str | None]], cuts: list[int]
) -> None:
    cells = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counted_texts, "MOST_DISTINCT", most_distinct)
        patch.setattr(statistics, "SAMPLE_ROWS", 7)
        whole = finish(measure(cells))
        parts = [measure(cells[low:high], first_row=low) for low, high in zip(edges, edges[1:], strict=False)]
        told: list[Measured] = []  # of crowded columns, as soon as they are
        for low, high in zip(edges, edges[1:], strict=False):
            crowded = frozenset[int]().union(*(part.crowded for part in told))
            told.append(measure(cells[low:high], first_row=low, crowded=crowded))

        assert repr(finish(merge(parts))) == repr(whole)
        assert repr(finish(merge(told))) == repr(whole)
        assert repr(finish(reduce(lambda known, part: merge([part, known]), parts))) == repr(whole)


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=20))
def test_the_mean_is_the_exact_one_rounded_once(numbers: list[float]) -> None:
    field = describe(*(repr(number) for number in numbers))

    assert field.mean == float(sum(map(Fraction, numbers)) / len(numbers))
    assert (field.minimum, field.maximum) == (min(numbers), max(numbers))


def test_what_is_kept_does_not_grow_with_the_file() -> None:
    cells = pl.DataFrame({"id": [f"{row} {'x' * 150}" for row in range(3 * MOST_DISTINCT)]})

    kept = measure(cells, first_row=SAMPLE_ROWS)

    assert (kept.texts.height, kept.sample.height) == (2, 0)
    assert merge([kept, kept]).texts.height == 2
