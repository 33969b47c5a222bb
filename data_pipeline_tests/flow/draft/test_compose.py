"""Rules of drafting: what is declared of a sample, and what is asked instead of guessed."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from data_pipeline.flow.draft.survey import survey_file
from data_pipeline.model.reading import Limits
from data_pipeline_tests.flow.draft.samples import (
    describe_columns,
    draft_from,
    find_rules,
    write_book,
    write_sample,
)

SALES = """
    Toko;Kode Barang;Nama;Qty;Harga Satuan;Tanggal;Anggota;Telp
    Utara;00123;Sabun;3;1,25;05/01/2026;ya;081234567890
    Utara;00124;Teh, hijau;12;1234,5;05/01/2026;tidak;081234567891
    Utara;10125;;1;0,75;05/01/2026;ya;081234567892
"""


def test_types_are_those_of_the_texts(tmp_path: Path) -> None:
    _, spec = draft_from(write_sample(tmp_path / "sales.csv", SALES))

    assert describe_columns(spec) == {
        "store": "text",
        "kode_barang": "text",
        "nama": "text?",
        "qty": "integer",
        "harga_satuan": "number",
        "tanggal": "date",
        "anggota": "boolean",
        "telp": "text",
    }


def test_the_store_the_day_and_the_key_are_found(tmp_path: Path) -> None:
    draft, spec = draft_from(write_sample(tmp_path / "sales.csv", SALES))

    assert spec.identity.store_column == "store"
    assert spec.identity.date_column == "tanggal"
    assert spec.grain == ("store", "kode_barang")
    assert find_rules(spec, "unique") == [{"name": "key_once", "columns": ("kode_barang",)}]
    assert list(spec.measures) == ["qty"]
    assert draft.decisions[0] == "store: 'Toko' says 'Utara' in every row: a file is of one store"


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "2", "30"], "integer"),
        (["1.5", "2", "30"], "number"),
        (["6.0", "7.0", "8.0"], "integer"),
        (["1e3", "2", "3"], "integer"),
        (["01", "2", "3"], "text"),
        (["1234567890123456", "1", "2"], "text"),
        (["899270200001", "899270200002", "899270200003"], "text"),
        (["2026-01-05", "2026-01-06", "2026-01-07"], "date"),
        (["2026-01-05 08:30", "2026-01-06", "2026-01-07"], "datetime"),
        (["2026-01-05T08:30:00Z", "2026-01-05T08:31:00+07:00", "2026-01-05T08:32:00Z"], "datetime"),
        (["yes", "No", "TRUE"], "boolean"),
        (["1", "0", "1"], "integer"),
        (["A", "2", "3"], "text"),
        (["08:30", "09:30", "10:30"], "text"),
        (["2026-02-30", "2026-01-06", "2026-01-07"], "text"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_column_is_of_the_type_that_all_its_texts_are_of(texts: list[str], kind: str, tmp_path: Path) -> None:
    lines = "\n".join(f"row {position} x,{text}" for position, text in enumerate(texts))

    _, spec = draft_from(write_sample(tmp_path / "one.csv", f"Name,Value\n{lines}"))

    assert describe_columns(spec)["value"] == kind


def test_words_for_nothing_are_declared_and_words_for_no_number_are_not(tmp_path: Path) -> None:
    """NAN is a fault of the sender's program, as in the real stock files; - is how people leave a cell out."""
    filled = "\n".join(f"P{number},{number},2026-01-{number % 28 + 1:02d}" for number in range(100))

    odd = "P200,NAN,0000-00-00\nP201,-,2026-01-05"
    _, spec = draft_from(write_sample(tmp_path / "one.csv", f"Item,Pieces,Seen\n{filled}\n{odd}"))

    assert describe_columns(spec) == {"item": "text", "pieces": "integer?", "seen": "date?"}
    assert [column.blank_as for column in spec.columns] == [(), ("-",), ("0000-00-00",)]


def test_marks_that_nothing_tells_apart_are_declared_as_usual_and_asked(tmp_path: Path) -> None:
    text = "Item;Price;Day\nP1;1.234;03/04/2026\nP2;2.500;04/05/2026"

    draft, spec = draft_from(write_sample(tmp_path / "one.csv", text))

    reading = spec.source.reading
    assert (reading.decimal_mark, reading.date_order) == (",", "dmy")
    assert [doubt.partition(":")[0] for doubt in draft.doubts] == [
        "no number shows which mark is decimal",
        "no date shows whether day or month stands in front",
    ]


def test_marks_that_other_texts_show_are_declared_without_a_question(tmp_path: Path) -> None:
    draft, spec = draft_from(
        write_sample(tmp_path / "one.csv", "Item;Price;Day\nP1;1.234;03/04/2026\nP2;2.5;04/31/2026\nP3;3;12/31/2026")
    )

    assert (spec.source.reading.decimal_mark, draft.doubts) == (".", ())


def test_a_file_of_many_stores_has_a_sender(tmp_path: Path) -> None:
    """Then the store is part of the key."""
    rows = "\n".join(f"{store},S{sku},{sku}" for store in ("North", "South") for sku in range(5))

    draft, spec = draft_from(write_sample(tmp_path / "chain 20260105.csv", f"Branch,SKU,Stock\n{rows}"), "chain")

    assert (spec.identity.store_column, spec.identity.sender) == (None, "chain")
    assert set(spec.grain) == {"branch", "sku"}
    assert draft.decisions[1].startswith("business date: the file's name says the day")


def test_rows_that_nothing_identifies_are_told(tmp_path: Path) -> None:
    draft, spec = draft_from(write_sample(tmp_path / "one.csv", "Item,Price\nA,1.5\nA,1.5\nB,2.5"))

    assert spec.grain == ("item",)
    assert draft.doubts == ("nothing identifies a row: 1 rows repeat item and go back as doubled.",)


def test_a_faulty_sample_does_not_hide_the_key(tmp_path: Path) -> None:
    """One SKU comes twice, one is missing: those rows go back, and no odd pair of columns takes the SKU's place."""
    rows = "\n".join(f"S{number:03d},{number * 7}" for number in range(100))

    draft, spec = draft_from(write_sample(tmp_path / "one.csv", f"SKU,Stock\n{rows}\nS001,4\n,5"))

    assert (spec.grain, spec.column("sku").nullable) == (("sku",), False)
    assert draft.doubts == ("nothing identifies a row: 1 rows repeat sku and go back as doubled.",)


def test_a_line_of_a_document_is_identified_by_both(tmp_path: Path) -> None:
    rows = "\n".join(f"D{number // 3:02d},{number % 3},{number},P{number % 7}" for number in range(30))

    _, spec = draft_from(write_sample(tmp_path / "one.csv", f"Invoice,Line,Pieces,Product\n{rows}"))

    assert spec.grain == ("invoice", "line")


def test_a_column_of_numbers_with_too_many_words_is_text_and_told(tmp_path: Path) -> None:
    rows = "\n".join(f"S{number:03d},{'INF' if number % 5 == 0 else number}" for number in range(100))

    draft, spec = draft_from(write_sample(tmp_path / "one.csv", f"SKU,Cover\n{rows}"))

    assert spec.column("cover").type == "text"
    assert draft.doubts == ("'Cover' is text, since 20 cells are no number, such as 'INF'.",)


def test_rules_leave_room_and_warn(tmp_path: Path) -> None:
    rows = "\n".join(f"PO-{number:04d},{'ABC'[number % 3]},{number - 8},u{number}@example.org" for number in range(40))

    _, spec = draft_from(write_sample(tmp_path / "one.csv", f"Order No,Grade,Stock,Mail\n{rows}"))

    assert find_rules(spec, "pattern") == [
        {"name": "order_no_form", "column": "order_no", "pattern": "[A-Z]{2}-[0-9]{4}", "severity": "warn"}
    ]
    assert find_rules(spec, "enum") == [
        {"name": "grade_known", "column": "grade", "values": ("A", "B", "C"), "severity": "warn"}
    ]
    assert find_rules(spec, "range") == [
        {"name": "stock_usual", "column": "stock", "minimum": -100.0, "maximum": 100.0, "severity": "warn"}
    ]
    assert find_rules(spec, "email") == [{"name": "mail_form", "column": "mail", "severity": "warn"}]


def test_a_workbook_is_drafted_as_a_text_is(tmp_path: Path) -> None:
    stock = {"Stok": [1, 2, 3], "Harga": [1.234, 2.5, 3]}
    rows = pl.DataFrame({"Toko": ["Utara"] * 3, "SKU": ["001", "002", "010"], **stock})

    _, spec = draft_from(write_book(tmp_path / "stock.xlsx", rows, texts=("Toko", "SKU")))

    assert describe_columns(spec) == {"store": "text", "sku": "text", "stok": "integer", "harga": "number"}
    assert spec.source.reading.model_dump(exclude_unset=True) == {}


def test_records_of_json_lines_are_drafted_too(tmp_path: Path) -> None:
    readings = [(f"s{number % 3}", f"2026-01-05T08:0{number}:00Z", number + 0.5) for number in range(9)]
    lines = [f'{{"sensorId": "{sensor}", "at": "{at}", "value": {value}}}' for sensor, at, value in readings]

    _, spec = draft_from(write_sample(tmp_path / "readings.jsonl", "\n".join(lines)))

    assert describe_columns(spec) == {"sensor_id": "text", "at": "datetime", "value": "number"}
    assert spec.identity.date_column == "at"
    assert spec.source.patterns[0] == "*.jsonl"


def test_a_wide_list_stays_readable(tmp_path: Path) -> None:
    header = ",".join(f"Column {number}" for number in range(200))
    rows = "\n".join(",".join([f"K{row}", *(str(row * column) for column in range(1, 200))]) for row in range(30))

    draft, spec = draft_from(write_sample(tmp_path / "wide.csv", f"{header}\n{rows}"))

    assert len(spec.columns) == 60
    assert len(draft.text.splitlines()) < 120
    assert draft.doubts == ("140 columns beyond the first 60 are not declared; every file tells them.",)


def test_headers_of_any_script_and_with_marks_of_yaml_are_quoted(tmp_path: Path) -> None:
    headers = ["店铺: 1", "# no", "- item", "yes", "a 'b' {c}", "Größe, cm", "null"]
    path = tmp_path / "odd.tsv"
    path.write_text("\n".join("\t".join(row) for row in [headers, ["a b"] * 7, ["c d"] * 7]) + "\n", encoding="utf-8")

    draft, spec = draft_from(path)

    assert [column.header for column in spec.columns] == headers
    assert [column.name for column in spec.columns] == ["dian_pu_1", "no", "item", "yes", "a_b_c", "grosse_cm", "null_"]
    assert yaml.safe_load(draft.text)["columns"][0]["header"] == headers[0]


def test_a_file_name_cannot_break_out_of_its_comment(tmp_path: Path) -> None:
    path = write_sample(tmp_path / "x\ngrain: [evil]\r.csv", "Item,Price\nA,1.5\nB,2.5")

    _, spec = draft_from(path)

    assert spec.grain == ("item",)


def test_where_others_take_such_files_the_draft_takes_none_by_itself(tmp_path: Path) -> None:
    _, alone = draft_from(write_sample(tmp_path / "sales.csv", SALES))
    draft, rival = draft_from(tmp_path / "sales.csv", rivals=("till_sales",))

    assert (alone.source.only_named, rival.source.only_named) == (False, True)
    assert "till_sales" in draft.text


def test_a_survey_leaves_out_records_of_another_length(tmp_path: Path) -> None:
    path = write_sample(tmp_path / "one.csv", "Item,Price,Unit\nA,1.5,kg\nB,2.5\nC,4.5,kg\nD,5.5,kg")

    survey = survey_file(path, path.name, Limits())

    assert survey.cells["Item"].to_list() == ["A", "C", "D"]
