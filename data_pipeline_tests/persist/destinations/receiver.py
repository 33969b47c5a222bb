"""A real HTTP server that takes rows as a careful receiver does, and fails as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One POST as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def rows(self) -> list[Row]:
        """Its rows, whichever way they are written."""
        if self.headers["content-type"] == "application/json":
            rows: list[Row] = json.loads(self.body)["rows"]
            return rows
        return [json.loads(line) for line in self.body.splitlines()]


@dataclass(frozen=True)
class Answer:
    """What a script lets the server say; `is_kept` says whether the rows were taken before."""

    status: int = 200
    words: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    is_kept: bool = False


class Receiver:
    """What came, and the rows that were taken: once for each idempotency key."""

    def __init__(self) -> None:
        self.script: Callable[[Request], Answer] = lambda _: Answer()
        self.requests: list[Request] = []
        self.taken: dict[str, list[Row]] = {}
        self.url = ""
        self._lock = threading.Lock()

    @property
    def rows(self) -> list[Row]:
        """All rows that were taken."""
        return [row for rows in self.taken.values() for row in rows]

    def receive(self, request: Request) -> Answer:
        """Keeps the rows of a request that goes well and was not kept before."""
        with self._lock:
            self.requests.append(request)
            answer = self.script(request)
            if answer.status < 300 or answer.is_kept:
                self.taken.setdefault(request.headers.get("idempotency-key", ""), request.rows)
            return answer


class Handler(BaseHTTPRequestHandler):
    """Hands requests over."""

    receiver: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Reads, asks, answers; status 0 means that the connection breaks without an answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.receiver.receive(Request({name.lower(): text for name, text in self.headers.items()}, body))
        if answer.status == 0:
            self.close_connection = True
            self.connection.close()
            return
        words = answer.words.encode()
        self.send_response(answer.status)
        for name, text in {**answer.headers, "Content-Length": str(len(words))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class Server(ThreadingHTTPServer):
    """One that does not print the errors that it is told to make."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a connection that was cut on purpose."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A server on a port of its own."""
    receiver = Receiver()
    with Server(("127.0.0.1", 0), type("Handler", (Handler,), {"receiver": receiver})) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/rows"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
