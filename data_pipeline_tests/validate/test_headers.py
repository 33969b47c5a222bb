"""Rules of columns that nobody declared: told, refused, kept together, or kept as columns; never dropped in silence."""

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.validate.judge import Judged, judge
from data_pipeline_tests.tables import raw_table

TABLE = """
SKU | Note | Unit price (IDR) | Source_Row | SKU 2
1   | n    | 5                | x          |
2   |      |                  |            |
"""


def ask(evolution: str, table: str = TABLE) -> Judged:
    """What becomes of the table's rows."""
    spec = PipelineSpec.model_validate(
        {
            "name": "shelf", "title": "Shelf", "description": "Of goods.", "grain": ["sku"],
            "source": {"evolution": evolution, "ignored_headers": ["SKU 2"], "reject_file_over_percent": 100},
            "process": {"processor": "a:b"},
            "columns": [{"name": "sku", "header": "SKU", "type": "text"}],
        }
    )  # fmt: skip
    return judge(raw_table(table), spec, name="a.csv")


def test_frozen_columns_are_told_and_nothing_else() -> None:
    judged = ask("freeze")

    assert judged.accepted.columns == ["sku", "source_sheet", "source_row"]
    assert judged.findings[0].details["columns"] == ["Note", "Unit price (IDR)", "Source_Row"]


def test_rescued_cells_are_kept_together() -> None:
    judged = ask("rescue")

    assert judged.accepted["rescued"].to_list() == ['{"Note":"n","Unit price (IDR)":"5","Source_Row":"x"}', None]
    assert [finding.code for finding in judged.findings] == ["UNKNOWN_COLUMNS"]


def test_added_columns_are_named_after_their_header_unless_that_name_is_taken() -> None:
    accepted = ask("add").accepted

    assert accepted.select("note", "unit_price_idr").rows() == [("n", "5"), (None, None)]
    assert accepted["rescued"].to_list() == ['{"Source_Row":"x"}', None]


def test_a_text_that_no_database_takes_goes_back_from_an_added_column_too() -> None:
    judged = ask("add", TABLE.replace("n    |", "n\0   |"))

    assert judged.accepted["sku"].to_list() == ["2"]
    assert judged.rejects.select("row_number", "column_name", "error_code", "error_message").rows() == [
        (2, "Note", "UNREADABLE_CELL",
         "expected text, found the character U+0000, which a text may not hold. Type it anew.")
    ]  # fmt: skip


@pytest.mark.parametrize("evolution", ["add", "rescue"])
def test_a_file_without_other_columns_has_the_same_shape(evolution: str) -> None:
    accepted = ask(evolution, "SKU\n1").accepted

    assert accepted.select("sku", "rescued").rows() == [("1", None)]


def test_what_is_refused_is_named() -> None:
    with pytest.raises(FileRejected, match=r"a\.csv: the header has 'Note', 'Unit price \(IDR\)'") as refused:
        ask("reject")

    assert refused.value.code == "UNEXPECTED_COLUMNS"
    assert ask("reject", "SKU | SKU 2\n1 | 2").accepted.height == 1
