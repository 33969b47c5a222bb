"""The PO seeds hold the faults that their README names, and the command line shows what is declared."""

from pathlib import Path

import pytest

from data_pipeline_tests.installation import SEEDS, install
from data_pipeline_tests.pipelines.po_snapshots.files import judge_file, list_reasons

FOLDER = SEEDS / "po_snapshots"
MONDAY = FOLDER / "20260105" / "20260105.csv"


def test_mondays_faults_are_where_the_readme_says() -> None:
    """seeds/README.md: 6.0 in row 4, 31 February in row 9, the order and SKU of row 2 in row 30."""
    judged = judge_file(MONDAY)

    assert [reason[:3] for reason in list_reasons(judged)] == [
        (9, "UNREADABLE_CELL", "PO Released"), (30, "DUPLICATE_KEY", "No PO")
    ]  # fmt: skip
    [line] = [row for row in judged.accepted.to_dicts() if row["source_row"] == 4]
    assert line["qty"] == 6


@pytest.mark.parametrize("name", ["20260106/20260106.xlsx", "corrected/20260105.csv"])
def test_the_other_files_have_no_fault(name: str) -> None:
    assert list_reasons(judge_file(FOLDER / name)) == []


def test_the_correction_has_the_same_lines_without_three() -> None:
    first, corrected = (judge_file(path).accepted for path in (MONDAY, FOLDER / "corrected" / "20260105.csv"))

    key = ["po_number", "sku"]
    # 56 good lines and the one with the impossible date, less three
    assert (first.height, corrected.height) == (56, 54)
    assert first.join(corrected, on=key, how="anti").height == 3
    assert corrected.join(first, on=key, how="anti").height == 1


@pytest.mark.postgres
@pytest.mark.dagster
def test_the_command_line_shows_the_declared_summary_and_no_order_files(tmp_path: Path, database_url: str) -> None:
    installation = install(tmp_path / "home", database_url)
    day = ("--pipeline", "po_snapshots", "--date", "2026-01-05", "--input-dir", str(MONDAY.parent))

    code, output, errors = installation.run("process", *day)

    assert (code, errors) == (0, "")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if line.startswith("│")]
    assert cells[0] == ["purchasing", "1", "56", "2", "completed"]
    shown = installation.ask(
        "select stage, status, count(distinct po_number), count(*), sum(qty), sum(amount) "
        "from po_snapshots_snapshot group by 1, 2 order by 1"
    )
    assert cells[1:] == [[cell if isinstance(cell, str) else f"{cell:,.0f}" for cell in row] for row in shown]
    assert "order files" not in output
    assert not installation.settings.output_dir.exists()

    code, again, errors = installation.run("status", "--date", "2026-01-05")
    assert (code, errors) == (0, "")
    assert [line for line in again.splitlines() if line.startswith("│")] == [
        line for line in output.splitlines() if line.startswith("│")
    ]
    assert (
        installation.run("status", "--date", "2026-02-01")[1] == "2026-02-01: nothing was delivered to any pipeline\n"
    )
