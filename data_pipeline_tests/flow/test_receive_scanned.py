"""Rules of taking in files when a virus scanner is asked: no reader sees what it did not pass."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_pipeline.errors import StoreError
from data_pipeline.flow.repair import list_failed, retry_failed
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import (
    ANGGREK,
    BUKIT,
    DAY,
    PIPELINE,
    ask,
    drop,
    receive,
    show_batches,
    show_receipts,
    stage,
)
from data_pipeline_tests.ingest.scanners import EICAR, FakeClamd, running_clamd

pytestmark = pytest.mark.postgres

FOUND = (
    "2. Toko Kirana Bukit Raya.csv: the virus scanner found 'Eicar-Signature'. Clean the computer that it comes from."
)


@pytest.fixture
def clamd(tmp_path: Path) -> Iterator[FakeClamd]:
    """A scanner."""
    with running_clamd(tmp_path) as daemon:
        yield daemon


def wanting(workspace: Workspace, clamd: str) -> Workspace:
    """The same installation with a scanner."""
    return dataclasses.replace(workspace, settings=workspace.settings.model_copy(update={"clamd": clamd}))


def test_an_infected_file_fails_alone_and_no_reader_sees_it(workspace: Workspace, clamd: FakeClamd) -> None:
    scanned = wanting(workspace, clamd.address)
    drop(scanned, ANGGREK)
    infected = drop(scanned, BUKIT, store="Bukit Raya")
    infected.write_bytes(infected.read_bytes() + EICAR)

    receipts = receive(scanned)

    assert sorted(show_receipts(receipts).rows()) == [
        ("1. Toko Kirana Anggrek.csv", "batch", "first delivery"),
        ("2. Toko Kirana Bukit Raya.csv", "failed", FOUND),
    ]
    [failed] = list_failed(scanned, PIPELINE, DAY)
    assert (failed["error_code"], failed["error_message"]) == ("INFECTED_FILE", FOUND)


def test_an_infected_file_is_scanned_again_before_it_is_tried_again(workspace: Workspace, clamd: FakeClamd) -> None:
    scanned = wanting(workspace, clamd.address)
    drop(scanned, BUKIT, store="Bukit Raya").write_bytes(EICAR)
    receive(scanned)

    retry_failed(scanned, PIPELINE, DAY)
    [batch] = stage(scanned)

    assert batch.fault is not None
    assert (batch.fault.code, batch.fault.message) == ("INFECTED_FILE", FOUND)
    assert clamd.scans == 2


def test_a_file_is_scanned_once(workspace: Workspace, clamd: FakeClamd) -> None:
    scanned = wanting(workspace, clamd.address)
    drop(scanned, ANGGREK)

    receive(scanned)
    receive(scanned)
    stage(scanned)

    assert clamd.scans == 1


def test_while_the_scanner_is_away_nothing_is_read_and_nothing_recorded(workspace: Workspace) -> None:
    scanned = wanting(workspace, "unix:/nowhere/clamd.ctl")
    drop(scanned, ANGGREK)

    with pytest.raises(StoreError, match=r"virus scanner unix:/nowhere/clamd\.ctl: cannot be asked"):
        receive(scanned)

    assert show_batches(scanned).is_empty()
    assert ask(scanned, "select path from arrivals").is_empty()


def test_when_the_scanner_is_back_the_file_is_taken(workspace: Workspace, clamd: FakeClamd) -> None:
    drop(workspace, ANGGREK)
    with pytest.raises(StoreError):
        receive(wanting(workspace, "unix:/nowhere/clamd.ctl"))

    receipts = receive(wanting(workspace, clamd.address))

    assert [receipt.outcome for receipt in receipts] == ["batch"]


def test_a_name_that_no_screen_shows_stops_no_other_file(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    drop(workspace, "20260105/2. Toko\nKirana Bukit Raya.csv", store="Bukit Raya")

    receipts = receive(workspace)

    assert sorted(show_receipts(receipts).rows()) == [
        ("1. Toko Kirana Anggrek.csv", "batch", "first delivery"),
        (
            "2. Toko\nKirana Bukit Raya.csv",
            "unreadable",
            "its name holds the character '\\n', which no screen shows; rename it",
        ),
    ]
