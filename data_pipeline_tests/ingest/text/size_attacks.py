"""Attacks by size: lines, fields, columns, records; files of up to 100 MB, written piece by piece."""

import random
from pathlib import Path

from data_pipeline_tests.ingest.siege import Attack
from data_pipeline_tests.ingest.text.attack import (
    BEYOND,
    HEADER,
    HEADER_LINE,
    LINES,
    MIB,
    SOUND,
    changed,
    expect,
    join,
    list_records,
    ragged,
    read_as,
    refused,
    with_pieces,
)
from data_pipeline_tests.ingest.text.reading import mark_ragged, shorten

FIELD = "x" * (3 * MIB // 2)  # longer than the sample
MANY = 10_000_000
TOO_LONG = ("RECORD_TOO_LONG", "UNCLOSED_QUOTE", "BROKEN_QUOTES")


def sparse(path: Path) -> None:
    """A file of a GiB that takes no place: zeros behind a list."""
    path.write_text(LINES, encoding="utf-8")
    with path.open("ab") as stream:
        stream.truncate(1 << 30)


def scrambled(path: Path) -> None:
    """A list in which some characters that matter were exchanged by chance."""
    dice = random.Random(7)
    text = list(join([HEADER, *list_records(BEYOND)]))
    for _ in range(5000):
        text[dice.randrange(len(text))] = dice.choice('",\n\r;\\')
    path.write_text("".join(text), encoding="utf-8", newline="")


LENGTHS: list[Attack] = [
    refused("a line of 100 MB", with_pieces((HEADER_LINE, 1), ("x", 100 * MIB)), "RECORD_TOO_LONG"),
    refused("a file of one line of 100 MB", with_pieces(("x", 100 * MIB)), "RECORD_TOO_LONG", "EMPTY_FILE"),
    refused("a line of 100 MB behind the sample", with_pieces((HEADER_LINE, 1), ("1,2,3\n", 200_000),
            ("x", 100 * MIB), ("\n1,2,3\n", 1)), "RECORD_TOO_LONG"),
    refused("a field of 50 MB in quotes", with_pieces((HEADER_LINE + '1,"', 1), ("x", 50 * MIB), ('",7\n', 1)),
            "RECORD_TOO_LONG", "UNCLOSED_QUOTE", "BROKEN_QUOTES"),
    refused("a field of 50 MB of lines in quotes", with_pieces((HEADER_LINE + '1,"', 1),
            (f"x,y,{'z' * 500}\n", 100_000), ('",7\n', 1)), "RECORD_TOO_LONG", "UNCLOSED_QUOTE", "BROKEN_QUOTES"),
    refused("a quote that opens above 100 MB of records", with_pieces((HEADER_LINE, 1),
            ('1,"Sabun,7\n2,"Kopi",8\n', 1), ("1,Sabun,7\n", MANY)), "BROKEN_QUOTES", "UNCLOSED_QUOTE"),
    refused("100 MB of quotes", with_pieces(('"', 100 * MIB)), "BROKEN_QUOTES", "UNCLOSED_QUOTE", "RECORD_TOO_LONG"),
    refused("100 MB of quotes and commas", with_pieces(('",', 50 * MIB)), "BROKEN_QUOTES", "UNCLOSED_QUOTE",
            "RECORD_TOO_LONG", "TOO_MANY_COLUMNS", "AMBIGUOUS_DIALECT"),
    refused("100 MB of commas", with_pieces((",", 100 * MIB)), "TOO_MANY_COLUMNS", "RECORD_TOO_LONG"),
    refused("100 MB of blanks", with_pieces((" ", 100 * MIB)), "RECORD_TOO_LONG", "EMPTY_FILE"),
    refused("100 MB of backslashes", with_pieces((HEADER_LINE, 1), ("\\", 100 * MIB)), "RECORD_TOO_LONG",
            "AMBIGUOUS_DIALECT", "BROKEN_QUOTES"),
    refused("a line of 100 MB behind inches", with_pieces((HEADER_LINE + '1,Pipa 5",7\n' + "2,Kopi,8\n" * 99, 1),
            ("x", 100 * MIB)), "RECORD_TOO_LONG"),
    refused("a line of 100 MB of commas behind inches", with_pieces((HEADER_LINE + '1,Pipa 5",7\n', 1),
            ("1,Kopi,8\n", 200_000), (",", 100 * MIB)), "RECORD_TOO_LONG"),
    refused("a field of 32 MB of lines behind inches", with_pieces((HEADER_LINE + '1,Pipa 5",7\n', 1),
            ("1,Kopi,8\n", 200_000), ('2,"', 1), ("a,b\n", 8 * MIB)), "RECORD_TOO_LONG", "UNCLOSED_QUOTE",
            "BROKEN_QUOTES"),
    refused("a list and a GiB of zeros", sparse, "NUL_BYTES"),
    refused("30 MB of carriage returns", with_pieces(("\r", 30 * MIB)), "EMPTY_FILE"),
    read_as("a record longer than the sample", HEADER_LINE + f"1,{FIELD},7\n" + join(list_records(30)),
            lambda: shorten([HEADER, ("1", FIELD, "7"), *list_records(30)])),
    read_as("a quoted record longer than the sample", HEADER_LINE + f'1,"{FIELD},",7\n' + join(list_records(30)),
            lambda: shorten([HEADER, ("1", FIELD + ",", "7"), *list_records(30)]), unless=TOO_LONG),
    read_as("a quoted record longer than the sample, of lines",
            HEADER_LINE + '1,"' + "a,b\n" * 300_000 + '",7\n' + join(list_records(30)),
            lambda: shorten([HEADER, ("1", "a,b\n" * 300_000, "7"), *list_records(30)]), unless=TOO_LONG),
    read_as("a long record behind the sample", changed(BEYOND, {60_000: f"1,{FIELD},7\n"}),
            expect(BEYOND, {60_000: ("1", FIELD, "7")})),
    read_as("a long record behind inches", changed(BEYOND, {50_000: '1,Pipa 5",7\n', 60_000: f"1,{FIELD},7\n"}),
            expect(BEYOND, {50_000: ("1", 'Pipa 5"', "7"), 60_000: ("1", FIELD, "7")}), unless=("RECORD_TOO_LONG",)),
    read_as("a record that ends where the sample does", HEADER_LINE + f"1,{'x' * (MIB - 14 - 5)},7\n" + "2,y,8\n" * 9,
            lambda: shorten([HEADER, ("1", "x" * (MIB - 14 - 5), "7"), *[("2", "y", "8")] * 9])),
    read_as("a quote that the sample's end cuts", HEADER_LINE + "1,x,7\n" * 174_759 + '2,"a ""b"" c",8\n' * 999,
            lambda: shorten([HEADER, *[("1", "x", "7")] * 174_759, *[("2", 'a "b" c', "8")] * 999])),
]  # fmt: skip

COUNTS: list[Attack] = [
    refused("a million columns", with_pieces(("a,", 1_000_000), ("b\n", 1), ("1,", 1_000_000), ("2\n", 1)),
            "TOO_MANY_COLUMNS"),
    refused("a million columns, each with a name", ",".join(f"c{number}" for number in range(1_000_000)) + "\n",
            "TOO_MANY_COLUMNS"),
    refused("2,001 columns", join([tuple(f"c{n}" for n in range(2001)), ("x",) * 2001, ("y",) * 2001]),
            "TOO_MANY_COLUMNS"),
    read_as("2,000 columns", join([tuple(f"c{n}" for n in range(2000)), ("x",) * 2000, ("y",) * 2000]),
            lambda: shorten([tuple(f"c{n}" for n in range(2000)), ("x",) * 2000, ("y",) * 2000])),
    read_as("a record of a million fields behind the sample", changed(BEYOND, {60_000: "1," * 1_000_000 + "\n"}),
            expect(BEYOND, {60_000: mark_ragged(1_000_001, "1," * 1000)})),
    refused("10 million blank lines", with_pieces(("\n", MANY)), "EMPTY_FILE"),
    refused("10 million blank lines of an old Mac and none else", with_pieces(("\r", MANY)), "EMPTY_FILE"),
    refused("10 million blank lines below a header", with_pieces((HEADER_LINE, 1), ("\n", MANY)), "EMPTY_FILE"),
    read_as("10 million blank lines below the records", with_pieces((LINES, 1), ("\n", MANY)), SOUND, "BLANK_ROWS"),
    read_as("10 million blank lines of Windows below the records", with_pieces((LINES.replace("\n", "\r\n"), 1),
            ("\r\n", MANY)), SOUND, "BLANK_ROWS"),
    read_as("10 million blank lines between the records", with_pieces((LINES, 1), ("\n", MANY), ("0003,Teh,1\n", 1)),
            (*SOUND, ("0003", "Teh", "1")), "BLANK_ROWS"),
    read_as("2 million blank lines above the header", with_pieces(("\n", 2_000_000), (LINES, 1)), SOUND,
            unless=("NO_HEADER",)),
    read_as("100,000 blank lines below 2,000 columns", "a," + ",".join(f"c{n}" for n in range(1999)) + "\n"
            + ",".join("x" * 2000) + "\n" + "\n" * 100_000,
            lambda: shorten([("a", *(f"c{n}" for n in range(1999))), ("x",) * 2000]), "BLANK_ROWS"),
    read_as("100,000 short rows below 2,000 columns", "a," + ",".join(f"c{n}" for n in range(1999)) + "\n"
            + (",".join("x" * 2000) + "\n") * 300 + "1\n" * 100_000,
            lambda: shorten([("a", *(f"c{n}" for n in range(1999))), *[("x",) * 2000] * 300,
                             *[ragged("1")] * 100_000])),
    refused("10 million rows of delimiters", with_pieces((HEADER_LINE, 1), (",,\n", MANY)), "EMPTY_FILE"),
    read_as("300,000 records", with_pieces((HEADER_LINE, 1), ("1,Sabun,7\n", 300_000)),
            lambda: shorten([HEADER, *[("1", "Sabun", "7")] * 300_000])),
    read_as("a million records of one character", with_pieces(("A\n", 1), ("x\n", 1_000_000)),
            lambda: shorten([("A",), *[("x",)] * 1_000_000])),
    read_as("100,000 ragged records behind the sample",
            with_pieces((HEADER_LINE, 1), ("1,Sabun,7\n", 2 * BEYOND), ("1,Sabun\n", 100_000)),
            lambda: shorten([HEADER, *[("1", "Sabun", "7")] * (2 * BEYOND), *[ragged("1,Sabun")] * 100_000])),
    read_as("30,000 long ragged records behind the sample",
            with_pieces((HEADER_LINE, 1), ("1,Sabun,7\n", 2 * BEYOND), (f"1,{'x' * 1000}\n", 30_000)),
            lambda: shorten([HEADER, *[("1", "Sabun", "7")] * (2 * BEYOND), *[ragged(f"1,{'x' * 1000}")] * 30_000])),
    read_as("100,000 quoted records of several lines", with_pieces((HEADER_LINE, 1), ('1,"a\n,""\nb",7\n', 100_000)),
            lambda: shorten([HEADER, *[("1", 'a\n,"\nb', "7")] * 100_000])),
    refused("a list that was scrambled", scrambled, "BROKEN_QUOTES", "AMBIGUOUS_DIALECT", "MIXED_LINE_ENDS"),
]  # fmt: skip

SIZE_ATTACKS = [*LENGTHS, *COUNTS]
