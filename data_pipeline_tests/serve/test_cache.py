"""Kept for a moment: the same rules in memory and in Redis, and what the API keeps there."""

import asyncio
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from limits.aio.storage import MemoryStorage
from pydantic import SecretStr

from data_pipeline.persist.keys import Key, Limits
from data_pipeline.serve.api.cache import Cache, MemoryCache, open_cache
from data_pipeline.serve.api.counts import Counts
from data_pipeline.serve.api.known_keys import KnownKeys
from data_pipeline.settings import Settings
from data_pipeline_tests.serve.running import DAY, RunningApi, in_days, make_pipeline, post_records, serving


class Away(MemoryStorage):
    """A store that several processes share, and that nobody reaches."""

    STORAGE_SCHEME = None  # type: ignore[assignment]  # it is found by no address
    base_exceptions = ConnectionError
    asked = 0

    async def acquire_sliding_window_entry(self, *_: object, **__: object) -> bool:
        """Nobody is there."""
        Away.asked += 1
        raise ConnectionError


def is_listening(host: str, port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of its own."""
    pytest.importorskip("redis", reason="the extra `redis` is not installed")
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine")
    folder: Path = tmp_path_factory.mktemp("redis")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        while not is_listening("127.0.0.1", port):
            time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    """Each kind."""
    if request.param == "memory":
        return MemoryCache()
    return open_cache(Settings(home=tmp_path, redis_url=SecretStr(request.getfixturevalue("redis_url"))))


def test_what_is_kept_is_found_until_it_is_deleted_or_old(cache: Cache) -> None:
    cache.set("one", b"1", 60)
    cache.set("two", b"2", 60)
    cache.set("short", b"3", 0.01)
    cache.delete("two")
    time.sleep(0.02)

    assert [cache.get(name) for name in ("one", "two", "short", "never")] == [b"1", None, None, None]
    cache.ping()


def test_memory_has_an_end() -> None:
    cache = MemoryCache(most_bytes=10)

    cache.set("a", b"1234", 60)
    cache.set("b", b"1234", 60)
    cache.get("a")
    cache.set("c", b"1234", 60)
    cache.set("d", b"12345678901", 60)

    assert [cache.get(name) is not None for name in "abcd"] == [True, False, True, False]


def test_a_redis_that_is_away_keeps_nothing_and_stops_nobody(tmp_path: Path) -> None:
    pytest.importorskip("redis", reason="the extra `redis` is not installed")
    cache = open_cache(Settings(home=tmp_path, redis_url=SecretStr("redis://127.0.0.1:1/0")))

    cache.set("one", b"1", 60)

    assert cache.get("one") is None


@pytest.mark.postgres
def test_a_redis_that_is_away_does_not_turn_good_keys_away(
    postgres_url: str, migrated_template: str, tmp_path: Path
) -> None:
    """They are counted in this process meanwhile, and nobody waits for Redis each time."""
    pytest.importorskip("redis", reason="the extra `redis` is not installed")
    away = SecretStr("redis://127.0.0.1:1/0")
    with (
        serving(postgres_url, migrated_template, tmp_path, redis_url=away) as api,
        api.client(limits=Limits(requests_per_minute=3)) as eager,
        api.client_with("wrong") as stranger,
    ):
        started = time.monotonic()
        answers = [eager.get("/pipelines") for _ in range(4)]
        seconds = time.monotonic() - started
        refused = stranger.get("/pipelines")

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit"].startswith('"key";r=2;')
    assert refused.status_code == 401
    assert seconds < 3


def test_counting_goes_on_alone_while_what_is_shared_is_away() -> None:
    counts = Counts(Away(wrap_exceptions=True))

    found = [asyncio.run(counts.hit(2, "key", "a")) for _ in range(3)]

    assert [(one.is_within, one.remaining) for one in found] == [(True, 1), (True, 0), (False, 0)]
    assert Away.asked == 1, "after a failure it is left alone for a while"


@pytest.mark.postgres
def test_rows_of_a_date_are_kept_until_it_is_published_again(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "cached")
    path = f"/pipelines/{pipeline_id}/snapshots/{DAY}"
    found = []

    for amount in (1, 2):
        post_records(client, pipeline_id, [{"id": str(amount), "amount": amount}])
        api.process()
        found += [client.get(path) for _ in range(2)]

    assert [one.json() == two.json() for one, two in (found[:2], found[2:])] == [True, True]
    assert [(len(one.json()), one.headers["X-Row-Count"]) for one in found] == [(1, "1")] * 2 + [(2, "2")] * 2
    assert [one.headers["content-type"] for one in found] == ["application/json"] * 4


def test_processes_that_share_a_redis_forget_a_key_together(tmp_path: Path, redis_url: str) -> None:
    settings = Settings(home=tmp_path, redis_url=SecretStr(redis_url))
    one, other, stranger = (KnownKeys(open_cache(settings), pepper) for pepper in (b"a" * 32, b"a" * 32, b"b" * 32))
    given = f"dp_live_{'0' * 12}_{'x' * 43}"
    key = Key(uuid.UUID(int=1), "acme", "0" * 12, frozenset({"admin"}), Limits(10, None, 5), in_days(1), None)

    one.keep(given, key)
    found = [other.find(given), other.find(given.replace("x", "y")), stranger.find(given)]
    other.forget(key.prefix)

    assert found == [key, None, None]
    assert one.find(given) is None
