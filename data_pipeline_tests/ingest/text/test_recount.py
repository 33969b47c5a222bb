"""Rules of counting records by quotes alone: as many as the csv module reads, wherever it reads on."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.by_record import check_count
from data_pipeline.ingest.text.records import BrokenRecord, read_records
from data_pipeline.ingest.text.recount import Recount
from data_pipeline.model.reading import Marks

MARKS = st.builds(
    Marks, st.sampled_from(",;|\t"), st.sampled_from(['"', "'", None]), st.sampled_from(["doubled", "backslash"])
)
TEXTS = st.lists(st.sampled_from([*"a;,|\t'\"\\\n", "\r\n", '",', ',"', '"\n', "';", '""', "\\\n", '\\"']), max_size=40)


def count(text: str, marks: Marks) -> tuple[list[int], list[int]]:
    """How many records there are after each, by the csv module up to where it breaks, and by their quotes."""
    recount = Recount(marks)
    read: list[int] = []
    counted: list[int] = []
    try:
        for number, _ in enumerate(read_records(recount.watch(io.StringIO(text, newline="\n")), marks), start=1):
            read.append(number)
            counted.append(recount.records)
    except BrokenRecord:
        pass
    return read, counted


@settings(max_examples=1000)
@given(TEXTS, MARKS)
def test_both_counts_agree_after_every_record_of_any_text(pieces: list[str], marks: Marks) -> None:
    read, counted = count("".join(pieces), marks)

    assert counted == read


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ('a,b\n5" x,"c\nd"\n\n"e""\nf",g\n', 4),
        ('a\n"b\n\n\n"', 2),
    ],
    ids=["quotes inside and around", "no end"],
)
def test_line_ends_within_quotes_end_no_record(text: str, records: int) -> None:
    assert count(text, Marks(",", '"', "doubled"))[1][-1] == records


def test_an_escaped_line_end_ends_no_record() -> None:
    assert count('a\\\n"b,c\nd\\,"\n"e\\"\n",f\n', Marks(",", '"', "backslash")) == ([1, 2, 3], [1, 2, 3])


def test_a_reader_that_counts_otherwise_fails_the_file() -> None:
    with pytest.raises(FileRejected) as refusal:
        check_count(11, 12, first_line=5, name="a.csv")

    assert (refusal.value.code, str(refusal.value)) == (
        "READER_DISAGREES",
        "a.csv: from line 5 on 12 records end, the reader gave 11. Check the quotes from there on and send the file "
        "again.",
    )
