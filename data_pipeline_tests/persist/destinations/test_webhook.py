"""Rules of destinations that are web addresses: chunks with keys of their own, faults told apart by the answer."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from data_pipeline.errors import DestinationError
from data_pipeline.persist.destinations.shipment import Refusal
from data_pipeline.persist.protection import PermanentFault, TransientFault
from data_pipeline_tests.persist.destinations.receiver import Answer, Receiver, receiving
from data_pipeline_tests.persist.destinations.shipping import MemoryJournal, declare, ship

ROWS = pl.DataFrame({"sku": [f"{number:02}" for number in range(7)]})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes everything."""
    with receiving() as running:
        yield running


def send(receiver: Receiver, rows: pl.DataFrame = ROWS, **declared: Any) -> list[Refusal]:
    """Delivers to the server."""
    secret, journal = declared.pop("secret", ""), declared.pop("journal", None)
    destination = declare(kind="webhook", url=receiver.url, chunk_rows=3, **declared)
    return ship(destination, rows, secret=secret, journal=journal)


def test_rows_go_out_in_chunks_and_in_order(receiver: Receiver) -> None:
    journal = MemoryJournal()

    assert send(receiver, journal=journal) == []

    assert [len(request.rows) for request in receiver.requests] == [3, 3, 1]
    assert [row["sku"] for row in receiver.rows] == ROWS["sku"].to_list()
    assert journal.chunks == [(0, 3, None), (3, 3, None), (6, 1, None)]


def test_a_request_says_what_it_is_under_a_key_that_stays_the_same(receiver: Receiver) -> None:
    send(receiver)
    send(receiver)

    first, again = receiver.requests[0].headers, receiver.requests[3].headers
    wanted = ("content-type", "x-pipeline", "x-business-date", "x-snapshot-version", "x-first-row", "x-row-count")
    assert [first[name] for name in wanted] == ["application/x-ndjson", "shelf", "2026-01-05", "3", "0", "3"]
    assert first["idempotency-key"] == again["idempotency-key"]
    assert len({request.headers["idempotency-key"] for request in receiver.requests}) == 3


def test_a_secret_goes_into_the_declared_header(receiver: Receiver) -> None:
    send(receiver, auth_from="DESTINATION_KEY", auth_header="X-Api-Key", secret="s3cret")

    assert {request.headers["x-api-key"] for request in receiver.requests} == {"s3cret"}


def test_json_is_one_object_that_says_what_it_is(receiver: Receiver) -> None:
    send(receiver, ROWS.head(2), format="json")

    [request] = receiver.requests
    assert request.body == (
        b'{"pipeline": "shelf", "business_date": "2026-01-05", "version": 3, "rows": [{"sku":"00"},{"sku":"01"}]}'
    )


def test_no_rows_are_no_request(receiver: Receiver) -> None:
    assert send(receiver, ROWS.clear()) == []
    assert receiver.requests == []


@pytest.mark.parametrize("status", [400, 413, 422])
def test_an_answer_about_the_rows_leads_to_the_one_that_is_refused(receiver: Receiver, status: int) -> None:
    receiver.script = lambda request: Answer(status if "04" in [row["sku"] for row in request.rows] else 200, "no 04")

    refusals = send(receiver)

    assert refusals == [Refusal(4, f"HTTP {status}: no 04")]
    assert [row["sku"] for row in receiver.rows] == ["00", "01", "02", "03", "05", "06"]


@pytest.mark.parametrize("status", [0, 408, 409, 425, 429, 500, 502, 503, 504])
def test_an_overloaded_or_restarting_server_is_transient(receiver: Receiver, status: int) -> None:
    receiver.script = lambda _: Answer(status, headers={"Retry-After": "7"})

    with pytest.raises(TransientFault) as caught:
        send(receiver)

    assert caught.value.retry_after_seconds == (7 if status else 0)


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 405])
def test_an_answer_that_no_row_can_mend_is_permanent(receiver: Receiver, status: int) -> None:
    receiver.script = lambda _: Answer(status, headers={"Location": receiver.url})

    with pytest.raises(PermanentFault, match=f"HTTP {status}"):
        send(receiver)

    assert len(receiver.requests) == 1


def test_a_server_that_is_not_there_or_silent_is_transient(receiver: Receiver) -> None:
    gone = declare(kind="webhook", url="http://127.0.0.1:1/rows")

    with pytest.raises(TransientFault, match="ConnectError"):
        ship(gone, ROWS)


def test_only_the_first_words_of_an_answer_are_kept(receiver: Receiver) -> None:
    receiver.script = lambda _: Answer(403, "no\x07 \n" + "x" * 1_000_000)

    with pytest.raises(PermanentFault) as caught:
        send(receiver)

    assert str(caught.value).startswith("HTTP 403: no xxx")
    assert len(str(caught.value)) < 220


def test_too_many_refused_rows_are_the_fault_of_all(receiver: Receiver) -> None:
    receiver.script = lambda _: Answer(422)

    with pytest.raises(DestinationError, match="refused more than 2 rows, the last with: HTTP 422"):
        send(receiver, most_refused_rows=2)
