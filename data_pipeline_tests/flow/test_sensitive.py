"""Rules of sensitive columns: what stands in them is read nowhere but in landed files and published rows."""

import json
import uuid
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from data_pipeline.errors import DestinationError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.deliveries import deliver_all
from data_pipeline.flow.inspect import inspect_file
from data_pipeline.flow.publish import load_published, publish
from data_pipeline.flow.receive import receive_files
from data_pipeline.flow.record import Receipt, Statement
from data_pipeline.flow.sensitive import CELLS, MARK, QUOTING, cut_quotes, hide_quote
from data_pipeline.flow.stage import StagedBatch, stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.drive import LocalDrive
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline_tests.clocks import TestClock
from data_pipeline_tests.flow.days import DAY, ask
from data_pipeline_tests.persist.destinations.receiver import Answer, receiving
from data_pipeline_tests.test_conventions import read_findings

pytestmark = pytest.mark.postgres

SECRET = "S3NT1N3L"
MEMBERS: dict[str, Any] = yaml.safe_load("""
name: members
title: Members
description: Who joined on a business date.
source: {patterns: ["members *.csv"], reject_file_over_percent: 90}
columns:
  - {name: number, header: Line, type: integer}
  - {name: mail, header: Mail, type: text, sensitive: true}
  - {name: salary, header: Salary, type: number, sensitive: true, minimum: 0, maximum: 900}
  - {name: born, header: Born, type: date, nullable: true, sensitive: true}
  - {name: town, header: Town, type: text}
rules:
  - {kind: email, name: mail_form, column: mail}
  - {kind: condition, name: town_known, condition: "town <> 'Nowhere'"}
steps:
  - {use: split, column: mail, by: "@", into: [account, domain]}
  - {use: map_values, column: domain, values: {known.org: known, shop.org: shop}}
  - {use: lookup, column: account, file: accounts.csv, key: Account, value: Level, into: level, missing: reject}
identity: {sender: office}
grain: [number]
destinations:
  - {kind: csv, name: failed, of: rejects}
""")
LINES = f"""
Line,Mail,Salary,Born,Town
1,{SECRET}.a@known.org,777.25,1971-02-03,Padang
2,b@known.org,{SECRET}-x,,Padang
3,c@known.org,500,{SECRET}-y,Padang
4,{SECRET} is no address,500,,Padang
5,e@{SECRET}-z.org,500,,Padang
6,{SECRET}.f@known.org,500,,Padang
7,g@known.org,90777.25,,Padang
8,{SECRET}.h@known.org,500,,Nowhere
9,{SECRET}.i@known.org,500,,Padang,one too many
10,j@known.org,500,{SECRET},Nowhere
"""
ACCOUNTS = f"Account,Level\n{SECRET}.a,gold\n"
REASONS = "select row_number, column_name, raw_text, error_message from batch_errors order by row_number, id"
KEPT_RECORD = "select record_data from batch_errors where row_number = 3"


def declare(workspace: Workspace, **changes: Any) -> Pipeline:
    """The pipeline in the installation's own folder."""
    path = workspace.settings.pipelines_dir / "members" / "pipeline.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({**MEMBERS, **changes}), encoding="utf-8")
    return workspace.pipeline("members")


def deliver_file(workspace: Workspace, content: str) -> list[Receipt]:
    """A file on the drive, taken in."""
    (workspace.settings.reference_dir / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    path = workspace.settings.drive_folder / "20260105" / "members 1.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content.lstrip(), encoding="utf-8")
    return receive_files(workspace, LocalDrive(workspace.settings.drive_folder).list_files(), Statement("members"))


def stage(workspace: Workspace, pipeline: Pipeline) -> list[StagedBatch]:
    """Judges what waits."""
    with track_run(workspace, pipeline, DAY, dagster_run_id=str(uuid.uuid4()), trigger="test") as run_id:
        return stage_batches(workspace, pipeline, DAY, run_id)


def run_day(workspace: Workspace, pipeline: Pipeline) -> None:
    """Everything that a run does."""
    stage(workspace, pipeline)
    publish(workspace, pipeline, compute_candidate(workspace, pipeline, DAY))
    deliver_all(workspace, pipeline, DAY, workspace.settings.output_dir, clock=TestClock().clock)


def find_in_files(workspace: Workspace, words: str) -> list[str]:
    """Files that hold the words, but for those that are meant to."""
    meant = ("drive", "reference", "landing", "lake", "pipelines")
    paths = [path for path in workspace.home.rglob("*") if path.is_file()]
    others = [path for path in paths if path.relative_to(workspace.home).parts[0] not in meant]
    kept = [path for path in others if path.suffix != ".parquet" or path.name.endswith(".rejects.parquet")]
    assert {path.suffix for path in kept} >= {".json", ".parquet", ".csv"}
    return [str(path) for path in kept if words in read_text(path)]


def read_text(path: Path) -> str:
    """What a file holds, unpacked."""
    is_table = path.suffix == ".parquet"
    return pl.read_parquet(path).write_csv() if is_table else path.read_text(encoding="utf-8", errors="replace")


def find_in_tables(workspace: Workspace, words: str) -> list[str]:
    """Tables of the ledger with a row that holds the words."""
    tables = ask(workspace, "select tablename from pg_tables where schemaname = 'public'")["tablename"].to_list()
    assert {"batch_errors", "batches", "arrivals"} <= {*tables}
    rows = {table: ask(workspace, f"select t::text from {table} t")["t"] for table in tables}  # noqa: S608 - our own names
    return [table for table, texts in rows.items() if any(words in text for text in texts)]


def test_a_sensitive_text_stands_in_the_landed_file_and_in_published_rows_alone(workspace: Workspace) -> None:
    pipeline = declare(workspace)
    deliver_file(workspace, LINES)

    run_day(workspace, pipeline)

    assert load_published(workspace, pipeline, DAY)["mail"].to_list() == [f"{SECRET}.a@known.org"]
    assert (find_in_files(workspace, SECRET), find_in_tables(workspace, SECRET)) == ([], [])
    for figure in ("777.25", "1971-02-03"):
        assert (find_in_files(workspace, figure), find_in_tables(workspace, figure)) == ([], [])


def test_the_sender_is_told_row_and_column_and_why(workspace: Workspace) -> None:
    pipeline = declare(workspace)
    deliver_file(workspace, LINES)

    run_day(workspace, pipeline)

    reasons = {(row[0], row[1]): row[2:] for row in ask(workspace, REASONS).iter_rows()}
    number = "expected a number, found '***'. Write digits without thousands marks or units."
    assert reasons[("3", "Salary")] == (MARK, number)
    assert reasons[("5", "Mail")] == (MARK, "rule 'mail_form': expected an e-mail address, found '***'. Correct it.")
    assert reasons[("6", "domain")][0] == reasons[("7", "account")][0] == MARK
    assert reasons[("8", "Salary")] == (MARK, "rule 'salary': expected 0 to 900, found '***'. Correct it.")
    assert [key for key in reasons if key[0] in ("9", "10")] == [("9", None), ("10", None)]
    assert reasons[("10", None)][0] == MARK
    [record] = ask(workspace, KEPT_RECORD)["record_data"]
    assert "'Mail': '***'" in record
    assert "'Town': 'Padang'" in record


@pytest.mark.parametrize("percent", [10, 0], ids=["many", "any"])
def test_a_refused_file_does_not_quote_it_either(workspace: Workspace, percent: int) -> None:
    declare(workspace, source={**MEMBERS["source"], "reject_file_over_percent": percent})

    [receipt] = deliver_file(workspace, LINES)

    assert receipt.outcome == "failed"
    assert "First: row 3, column 'Salary': expected a number, found '***'." in receipt.note
    assert find_in_tables(workspace, SECRET) == []


@pytest.mark.parametrize("head", [f"{SECRET} 5,1,2,3,4\n", f"List of {SECRET}\n\nLine,Mail,Salary,Born,Town\n"],
                         ids=["no header", "title"])  # fmt: skip
def test_rows_that_are_no_records_are_not_quoted(workspace: Workspace, head: str) -> None:
    declare(workspace)

    deliver_file(workspace, head + f"1,{SECRET}@known.org,5,,Padang\n2,{SECRET}.b@known.org,5,,Padang\n")

    assert ask(workspace, "select id from batches").height == 1
    assert find_in_tables(workspace, SECRET) == []


def test_inspecting_a_file_shows_none_of_it(workspace: Workspace) -> None:
    pipeline = declare(workspace)
    deliver_file(workspace, LINES)
    path = workspace.settings.drive_folder / "20260105" / "members 1.csv"

    seen = inspect_file(workspace.sandbox, path, spec=pipeline.spec, limits=workspace.settings.limits)

    assert SECRET not in seen.model_dump_json()
    [mail] = [column for column in seen.columns if column.name == "Mail"]
    assert (mail.examples, mail.minimum, mail.maximum, mail.distinct) == ((MARK,), None, None, 10)
    assert seen.verdict is not None
    assert seen.verdict.rejected == 8  # the ninth fails at a step that looks at the whole date


def test_a_destination_that_quotes_a_row_is_not_quoted(workspace: Workspace) -> None:
    with receiving() as receiver:
        receiver.script = lambda request: Answer(422, f"bad: {request.rows[0]['mail']}")
        hook = {"kind": "webhook", "name": "crm", "url": receiver.url, "most_refused_rows": 5}
        pipeline = declare(workspace, destinations=[hook])
        deliver_file(workspace, LINES)

        run_day(workspace, pipeline)

    assert SECRET in str(receiver.requests[0].rows)
    told = ask(workspace, "select error_message, record_data from batch_errors where destination = 'crm'")
    assert told["error_message"].to_list() == [
        "destination 'crm' refused the row: HTTP 422: ***. Correct it, or what the destination takes."
    ]
    assert find_in_tables(workspace, SECRET) == []


def test_a_destination_that_takes_nothing_is_not_quoted(workspace: Workspace) -> None:
    with receiving() as receiver:
        receiver.script = lambda request: Answer(422, f"bad: {request.rows[0]['mail']}")
        pipeline = declare(workspace, destinations=[{"kind": "webhook", "name": "crm", "url": receiver.url,
                                                     "most_refused_rows": 0}])  # fmt: skip
        deliver_file(workspace, LINES)

        run_day(workspace, pipeline)

    assert find_in_tables(workspace, SECRET) == []
    assert ask(workspace, "select error_code from deliveries")["error_code"].to_list() == ["TOO_MANY_REFUSED"]
    assert issubclass(DestinationError, Exception)


def test_words_that_quote_cells_are_cut_where_they_do() -> None:
    """Every code whose message quotes cells, by its example in the docs; one has two messages, and the other there."""
    examples = {code: message for code, message in read_findings() if code in QUOTING}

    cut = {code: cut_quotes(code, message) for code, message in examples.items()}

    assert {*examples} == {*QUOTING}
    assert [code for code, message in cut.items() if not message.endswith(MARK)] == ["BROKEN_QUOTES"]
    assert cut_quotes("BROKEN_QUOTES", "a.csv: 3 records hold a field such as ' \"x': expected its quote").endswith(
        MARK
    )
    assert cut["PREAMBLE_ROWS"].endswith("first: row 1: ***")
    assert CELLS == ("texts", "places")


@pytest.mark.parametrize(
    ("message", "text", "expected"),
    [
        ("expected 1 to 9, found '1'. Correct it.", "1", "expected 1 to 9, found '***'. Correct it."),
        ('found "it\'s". Correct it.', "it's ", "found '***'. Correct it."),
        ("found 5: 'a\\tb'", "a\tb", "found 5: '***'"),
        ("found secret as it is", "secret", "found *** as it is"),
        ("found nothing", None, "found nothing"),
    ],
    ids=["short", "quote", "escape", "bare", "blank"],
)
def test_a_quoted_text_is_hidden_however_it_is_spelled(message: str, text: str | None, expected: str) -> None:
    assert hide_quote(message, text) == expected
    assert json.dumps(expected)
