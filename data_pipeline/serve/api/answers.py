"""Answers that are made once and given often."""

import hashlib
from collections.abc import Callable

import msgspec
from fastapi import Response

from data_pipeline.serve.api.cache import Cache

SECONDS = 300.0
MOST_BYTES = 1 << 20
"""A larger answer is made each time."""


class Kept(msgspec.Struct):
    """An answer as it is sent."""

    body: bytes
    headers: dict[str, str]


DECODER = msgspec.msgpack.Decoder(Kept)


def keep_answer(cache: Cache, asked: str, make: Callable[[], Response]) -> Response:
    """The answer to what is asked; `asked` names everything that it depends on, so that it never grows old."""
    name = f"answer:{hashlib.sha256(asked.encode()).hexdigest()}"
    kept = cache.get(name)
    if kept is not None:
        known = DECODER.decode(kept)
        return Response(known.body, headers=known.headers)
    answer = make()
    body = bytes(answer.body)
    if len(body) <= MOST_BYTES:
        cache.set(name, msgspec.msgpack.encode(Kept(body, dict(answer.headers))), SECONDS)
    return answer
