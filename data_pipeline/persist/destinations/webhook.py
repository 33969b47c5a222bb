"""Shipment -> POST requests to a web address, each chunk under an idempotency key that outlives this process."""

import json
import uuid
from collections.abc import Iterator, Sequence

import httpx
import polars as pl

from data_pipeline.model.destinations import WebhookDestination
from data_pipeline.persist.destinations.bisection import Bisection
from data_pipeline.persist.destinations.json_text import write_lines
from data_pipeline.persist.destinations.shipment import Means, Refusal, Shipment
from data_pipeline.persist.protection import PermanentFault, RowsRefused, TransientFault

OF_THE_ROWS = {400, 413, 422}
# Also 409: the first request under this key is still worked on.
TRANSIENT = {408, 409, 425, 429}
FIRST_SERVER_ERROR = 500
SHOWN_CHARACTERS = 200  # of an answer
PERMANENT_ERRORS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)


def name_webhook(destination: WebhookDestination) -> str:
    """The server that answers."""
    url = httpx.URL(destination.url)
    return f"{url.scheme}://{url.netloc.decode()}"


def deliver_to_webhook(destination: WebhookDestination, shipment: Shipment, means: Means) -> list[Refusal]:
    """Sends what nobody answered for yet, in order; returns all that was refused, before or now.

    Raises: DestinationError when the server is away or does not take anything.
    """
    headers = {"X-Pipeline": shipment.pipeline, "X-Business-Date": shipment.business_date.isoformat(),
               "X-Snapshot-Version": str(shipment.version)}  # fmt: skip
    if destination.auth_from is not None:
        headers[destination.auth_header] = means.read_secret(destination.auth_from)
    with httpx.Client(headers=headers, timeout=destination.policy.timeout_seconds) as client:

        def write(first: int, rows: pl.DataFrame) -> None:
            request = build_request(client, destination, shipment, first, rows)
            means.guard.call(lambda: post(client, request))
            means.journal.note(first, rows.height, None)

        bisection = Bisection(
            write,
            name=destination.name,
            most_refused=destination.most_refused_rows,
            on_refusal=lambda refusal: means.journal.note(refusal.position, 1, refusal.reason),
            already_refused=len(means.journal.list_refusals()),
        )
        chunks = list(cut(means.journal.find_open(shipment.rows.height), destination.chunk_rows))
        for (first, _), rows in zip(chunks, shipment.rows.take(chunks), strict=True):
            bisection.run(first, rows)
    return sorted(means.journal.list_refusals(), key=lambda refusal: refusal.position)


def cut(ranges: Sequence[tuple[int, int]], most: int) -> Iterator[tuple[int, int]]:
    """Ranges in pieces.

    >>> list(cut([(0, 5), (7, 2)], 3))
    [(0, 3), (3, 2), (7, 2)]
    """
    for first, count in ranges:
        for start in range(first, first + count, most):
            yield start, min(most, first + count - start)


def build_request(
    client: httpx.Client, destination: WebhookDestination, shipment: Shipment, first: int, rows: pl.DataFrame
) -> httpx.Request:
    """One chunk; its key depends on the delivery and the rows alone."""
    lines = write_lines(rows, shipment.literals)
    key = str(uuid.uuid5(shipment.delivery_id, f"{first}+{rows.height}"))
    is_json = destination.format == "json"
    content = wrap(shipment, lines) if is_json else lines
    kind = "application/json" if is_json else "application/x-ndjson"
    place = {"X-First-Row": str(first), "X-Row-Count": str(rows.height)}
    headers = {destination.key_header: key, "Content-Type": kind, **place}
    return client.build_request("POST", destination.url, content=content, headers=headers)


def wrap(shipment: Shipment, lines: bytes) -> bytes:
    """Lines as one JSON object that says what they are."""
    about = {"pipeline": shipment.pipeline, "business_date": shipment.business_date.isoformat()}
    start = json.dumps({**about, "version": shipment.version, "rows": []}).encode()
    return start[:-2] + lines.rstrip(b"\n").replace(b"\n", b",") + b"]}"


def post(client: httpx.Client, request: httpx.Request) -> None:
    """Sends a request and reads how it was answered; a redirect is not followed, it would carry the secret along.

    Raises: TransientFault, PermanentFault, RowsRefused.
    """
    try:
        response = client.send(request, stream=True)
        try:
            status, words = response.status_code, read_start(response)
        finally:
            response.close()
    except httpx.TransportError as error:
        kind = PermanentFault if isinstance(error, PERMANENT_ERRORS) or "CERTIFICATE" in str(error) else TransientFault
        raise kind(f"{type(error).__name__}: {error}") from error
    if 200 <= status < 300:
        return
    answer = f"HTTP {status}: {words}" if words else f"HTTP {status}"
    if status in OF_THE_ROWS:
        raise RowsRefused(answer)
    if status in TRANSIENT or status >= FIRST_SERVER_ERROR:
        raise TransientFault(answer, retry_after_seconds=read_wait(response))
    raise PermanentFault(answer)


def read_start(response: httpx.Response) -> str:
    """The first words of an answer, whatever its size."""
    if response.is_success:
        return ""
    first = next(response.iter_bytes(SHOWN_CHARACTERS), b"")
    text = first.decode(errors="replace")
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def read_wait(response: httpx.Response) -> float:
    """How many seconds the server asks to be left alone; 0 when it does not say, or says a date."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0
