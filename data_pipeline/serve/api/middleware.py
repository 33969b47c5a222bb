"""What every request goes through: an id, a limit on its body, a line in the access log, an answer whatever happens."""

import asyncio
import re
import time
import uuid

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from data_pipeline.flow import tracing
from data_pipeline.serve.api.problems import answer

log = structlog.get_logger("data_pipeline.access")

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
SILENT_SECONDS = 30.0
"""A client that sends nothing for so long is let go."""
GRACE_SECONDS, SLOWEST_BYTES = 60.0, 64
"""A body that drips is let go as well: so many bytes a second on average, after some time to begin."""
CLOSE = {"Connection": "close"}
STREAMED = ("application/x-ndjson", "application/jsonl", "application/ndjson", "multipart/form-data",
            "application/octet-stream")  # fmt: skip
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class RequestFrame:
    """Wraps the whole application."""

    def __init__(self, app: FastAPI, *, body_bytes: int, stream_bytes: int) -> None:
        """`body_bytes`: of bodies that are held in memory; `stream_bytes`: of those that go to disk as they come."""
        self.app = app
        self._body_bytes, self._stream_bytes = body_bytes, stream_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            scope["request_id"], scope["answer_headers"] = uuid.uuid4().hex, {}
            await self.app(scope, receive, send)
            return
        with tracing.serving(scope["method"], Headers(scope=scope)) as (span, parent):
            # A batch that is posted names this request as its parent, and never what is no trace.
            others = [(name, value) for name, value in scope["headers"] if name != tracing.HEADER.encode()]
            scope["headers"] = [*others, *([(tracing.HEADER.encode(), parent.encode())] if parent else [])]
            exchange = Exchange(scope, receive, send, self._find_limit(scope))
            await self._answer(scope, exchange)
            tracing.finish_request(span, name_route(scope), exchange.status)

    async def _answer(self, scope: Scope, exchange: "Exchange") -> None:
        try:
            if exchange.is_declared_too_large():
                await exchange.refuse_too_large()
            else:
                await self.app(scope, exchange.receive, exchange.send)
        except Exception:  # noqa: BLE001 - it was answered and logged by the handler of panics; the server goes on
            await exchange.make_sure_of_an_answer()
        finally:
            self.app.state.meters.count(scope["method"], name_route(scope), exchange.status, exchange.seconds)
            exchange.write_log()

    def end_streams(self) -> None:
        """The process is about to end."""
        self.app.state.viewers.close()

    def _find_limit(self, scope: Scope) -> int:
        kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
        return self._stream_bytes if kind in STREAMED else self._body_bytes


def name_route(scope: Scope) -> str:
    """Which endpoint it was: 'none' for a request that fits none, or strangers could make names."""
    # Newer releases of the framework leave out the prefix that a router is included with.
    return str(getattr(scope.get("route"), "path", "none")).removeprefix("/api/v1")


class Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self._scope, self._receive, self._send, self._limit = scope, receive, send, limit
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        self.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope["request_id"] = self.request_id
        scope["answer_headers"] = {}
        self._declared = headers.get("content-length", "")
        self._received = 0
        self.status = 0
        self._started_at = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since it came."""
        return time.perf_counter() - self._started_at

    def is_declared_too_large(self) -> bool:
        """By its own word."""
        return self._declared.isdecimal() and int(self._declared) > self._limit

    async def refuse_too_large(self) -> None:
        """Without reading what comes; the connection is of no use afterwards."""
        response = answer(self.request_id, "BODY_TOO_LARGE", self._describe_limit(), headers=CLOSE)
        await response(self._scope, self._receive, self.send)

    async def receive(self) -> Message:
        """The next message; the limit counts bytes that came, whatever was declared."""
        try:
            message = await asyncio.wait_for(self._receive(), None if self.status else SILENT_SECONDS)
        except TimeoutError:
            raise HTTPException(408, f"nothing came for {SILENT_SECONDS:g} s", headers=CLOSE) from None
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._limit:
                raise HTTPException(413, self._describe_limit(), headers=CLOSE)
            if message.get("more_body") and self._received < (self.seconds - GRACE_SECONDS) * SLOWEST_BYTES:
                slow = f"a body comes at {SLOWEST_BYTES} bytes a second or more, after {GRACE_SECONDS:g} s"
                raise HTTPException(408, slow, headers=CLOSE)
        return message

    async def send(self, message: Message) -> None:
        """Passes the answer on with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.request_id
            for name, value in {**SAFE_HEADERS, **self._scope["answer_headers"]}.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def make_sure_of_an_answer(self) -> None:
        """Nothing was sent: then this is."""
        if not self.status:
            await answer(self.request_id, "INTERNAL_ERROR", "something went wrong here. Tell us the request_id.")(
                self._scope, self._receive, self.send
            )

    def write_log(self) -> None:
        """One line: who asked what, and how it ended."""
        client = self._scope.get("client")
        log.info(
            "request",
            request_id=self.request_id,
            method=self._scope["method"],
            path=self._scope["path"],
            status=self.status,
            duration_ms=round(self.seconds * 1000, 2),
            remote_addr=client[0] if client else "",
            key=self._scope.get("key_prefix", ""),
            bytes_in=self._received,
        )

    def _describe_limit(self) -> str:
        return (
            f"expected a body of at most {self._limit} bytes. Stream records as application/x-ndjson, or upload a file."
        )
