"""How long and how much a connection may send without coming to the point: what no middleware sees.

uvicorn waits for the end of a request's headers for ever, and keeps as many of them as come.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0
"""From a connection's start, or a request's first byte, to the end of its headers."""
MOST_HEADER_BYTES = 32 << 10
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """One connection: closed when headers, or a body that nobody reads any more, go on for too long."""

    header_seconds = HEADER_SECONDS
    _limit: asyncio.TimerHandle | None = None
    _idle_bytes = 0  # since the last byte of a body, or the last whole request: headers, trailers, and what is neither

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """The first request is awaited."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """There is nothing to wait for."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Whatever comes between an answer and the next whole headers counts against them."""
        if self.cycle is None or self.cycle.response_complete:
            self._await_headers()
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > MOST_HEADER_BYTES and not self.transport.is_closing():
            self._end(TOO_LARGE)

    def on_headers_complete(self) -> None:
        """A request is there."""
        self._stop_waiting()
        self._idle_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Its body is counted by the application."""
        self._idle_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The next request has as much room."""
        self._idle_bytes = 0
        super().on_message_complete()

    def _await_headers(self) -> None:
        if self._limit is None:
            self._limit = self.loop.call_later(self.header_seconds, self._end, TOO_SLOW)

    def _stop_waiting(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _end(self, answer: bytes) -> None:
        """Told why, unless it said nothing, or another answer is under way or was the last."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self._idle_bytes and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(answer)
        self.transport.close()
