"""Hostile texts in every field that takes one: nothing runs, nothing leaks, every answer is in the envelope."""

import json
from collections.abc import Callable

import httpx
import pytest

from data_pipeline_tests.serve.running import CONFIG, DAY, RunningApi, make_pipeline

pytestmark = pytest.mark.postgres

SQL = (
    "' or '1'='1", "'; drop table pipelines; --", "1; select pg_sleep(5)", "' union select digest from api_keys --",
    "\\'; delete from batches; --", "1) or (1=1", "$$; drop table owners; $$", "'||(select current_user)||'",
    "%27%20or%201=1", "';copy (select '') to program 'id > /tmp/owned'--", "pg_read_file('/etc/passwd')",
    "lo_import('/etc/passwd')", "read_csv('/etc/passwd')", "(select version())", "1 in (select 1)",
    "id; set role postgres",
)  # fmt: skip
PATHS = (
    "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "file:///etc/passwd", "%2e%2e%2f%2e%2e%2fetc",
    "....//....//etc/passwd", "~root/.ssh/id_rsa", "C:\\boot.ini", "\\\\server\\share", "a/b/../../c", ".",
    "..", "con.txt",
    "{pipeline}/{date}", "${HOME}", "$(id)", "`id`", "| id", "; id", "&& id",
)  # fmt: skip
MARKUP = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "<svg/onload=alert(1)>",
    "{{7*7}}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "{%print(7*7)%}", "<!--#exec cmd=\"id\"-->", "<?xml version='1.0'?>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>", "]]>", "__proto__", "constructor", "=cmd|' /C calc'!A0", "@SUM(1+1)",
)  # fmt: skip
HEADERS = ("a\r\nSet-Cookie: x=1", "a\nX-Evil: 1", "a%0d%0aX-Evil: 1", "a\r\n\r\n<html>", "\t", " ", "a\x0bb", "a\x7fb")
UNICODE = (
    "\u202egnp.exe", "\u200b", "\ufeff", "\uffff", "\U0010ffff", "e\u0301" * 50, "ﷺ" * 20, "İstanbul", "ß",
    "\u2028", "٣",
    "\u0000", "a\u0000b", "\x1b[31m", "\x08", "𝒮𝒬ℒ", "＜script＞", "ＯＲ １＝１", "\u0340", "Z̷͐a̸l̶g̵o̶",
)  # fmt: skip
OTHERS = (
    "",
    "null",
    "None",
    "true",
    "NaN",
    "-1",
    "1e309",
    "0x1F",
    "[]",
    "{}",
    "x" * 5000,
    "a" * 100_000,
    "%s%s%n",
    "%00",
)
TEXTS = (*SQL, *PATHS, *MARKUP, *HEADERS, *UNICODE, *OTHERS)
LEAKS = (
    "root:",
    "Traceback",
    "psycopg",
    "sqlalchemy",
    "select ",
    "site-packages",
    "data_pipeline/",
    "pg_catalog",
    "uid=0",
)

LONGEST_IN_A_LINE = 5000  # of what a client can be made to send
Ask = Callable[[httpx.Client, str, str], httpx.Response]


def post_json(path: str, build: Callable[[str], object]) -> Ask:
    """A request whose body holds the text."""

    def ask(client: httpx.Client, pipeline_id: str, text: str) -> httpx.Response:
        return client.post(path.format(pipeline_id), json=build(text))

    return ask


def get_with(path: str, name: str) -> Ask:
    """A request whose query holds the text."""

    def ask(client: httpx.Client, pipeline_id: str, text: str) -> httpx.Response:
        return client.get(path.format(pipeline_id), params={name: text[:LONGEST_IN_A_LINE]})

    return ask


def send_header(name: str) -> Ask:
    """A request with the text in a header, as far as a client can be made to send it."""

    def ask(client: httpx.Client, _: str, text: str) -> httpx.Response:
        sendable = "".join(letter for letter in text if letter >= " " and letter != "\x7f")
        value = sendable.strip()[:LONGEST_IN_A_LINE].encode("utf-8", "replace")
        return client.get("/pipelines", headers=[(name.encode(), value)])

    return ask


def upload(client: httpx.Client, pipeline_id: str, text: str) -> httpx.Response:
    """A file of that name."""
    path = f"/pipelines/{pipeline_id}/batches?business_date={DAY}"
    return client.post(path, files={"file": (text or "x", b"id,amount\n1,2\n")})


def visit_path(client: httpx.Client, _: str, text: str) -> httpx.Response:
    """The text as an id."""
    quoted = "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "replace"))[:6000]
    return client.get(f"/pipelines/{quoted}/batches")


def with_column(text: str) -> object:
    """A config with the text as a header."""
    columns = [*CONFIG["columns"], {"name": "x", "header": text, "type": "text"}]
    return {"name": f"header {hash(text)}", "config": {**CONFIG, "columns": columns}}


FIELDS: dict[str, Ask] = {
    "name": post_json("/pipelines", lambda text: {"name": text, "config": CONFIG}),
    "config value": post_json("/pipelines", lambda text: {"name": f"v {hash(text)}",
                                                          "config": {**CONFIG, "description": text}}),
    "config key": post_json("/pipelines", lambda text: {"name": f"k {hash(text)}", "config": {**CONFIG, text: text}}),
    "header of a column": post_json("/pipelines", with_column),
    "expression": post_json("/pipelines", lambda text: {
        "name": f"e {hash(text)}", "config": {**CONFIG, "processors": [{"use": "derive", "columns": {"x": text}}]}}),
    "path of a file": post_json("/pipelines", lambda text: {
        "name": f"p {hash(text)}", "config": {**CONFIG, "destination": {"kind": "csv", "name": "out", "path": text}}}),
    "web address": post_json("/pipelines", lambda text: {
        "name": f"u {hash(text)}", "config": {**CONFIG, "destination": {"kind": "webhook", "name": "w", "url": text}}}),
    "record value": post_json("/pipelines/{}/batches", lambda text: {
        "records": [{"id": text, "amount": 1}], "business_date": DAY}),
    "record key": post_json("/pipelines/{}/batches", lambda text: {"records": [{text: 1}], "business_date": DAY}),
    "business date": post_json("/pipelines/{}/batches", lambda text: {"records": [{}], "business_date": text}),
    "file name": upload,
    "id": visit_path,
    "name in a query": get_with("/pipelines", "name"),
    "cursor": get_with("/pipelines", "cursor"),
    "status": get_with("/pipelines", "status"),
    "condition": get_with(f"/pipelines/{{}}/snapshots/{DAY}", "where"),
    "columns": get_with(f"/pipelines/{{}}/snapshots/{DAY}", "columns"),
    "form": get_with(f"/pipelines/{{}}/snapshots/{DAY}", "format"),
    "key": send_header("X-API-Key"),
    "request id": send_header("X-Request-ID"),
    "media type": send_header("Content-Type"),
}  # fmt: skip


@pytest.fixture(scope="module")
def pipeline_id(api: RunningApi, client: httpx.Client) -> str:
    """A pipeline with a published date."""
    made = make_pipeline(client, "target")
    body = {"records": [{"id": "1", "amount": 1}], "business_date": DAY}
    assert client.post(f"/pipelines/{made}/batches", json=body).status_code == 202
    api.process()
    return made


@pytest.mark.parametrize("field", FIELDS)
def test_no_text_runs_or_leaks(api: RunningApi, client: httpx.Client, pipeline_id: str, field: str) -> None:
    for text in TEXTS:
        answer = FIELDS[field](client, pipeline_id, text)

        what = f"{field}: {text[:60]!r}: {answer.status_code} {answer.text[:200]}"
        assert answer.status_code < 500, what
        assert answer.headers["X-Content-Type-Options"] == "nosniff", what
        assert not {"x-evil", "set-cookie"} & {*answer.headers}, what
        if answer.status_code >= 400:
            error = json.loads(answer.content)["error"]
            told = json.dumps(error).replace(json.dumps(text)[1:-1], "")
            assert not [leak for leak in LEAKS if leak in told and leak not in text], what
            assert len(answer.content) < 20_000, what
    assert client.get(f"/pipelines/{pipeline_id}").status_code == 200, "what was there is there"


def test_hostile_records_are_kept_as_what_they_are(api: RunningApi, client: httpx.Client) -> None:
    made = make_pipeline(client, "kept")
    texts = [text for text in TEXTS if text.strip() == text and text and "\0" not in text and len(text) < 5000]
    body = {"records": [{"id": text, "amount": 1} for text in texts], "business_date": DAY}
    posted = client.post(f"/pipelines/{made}/batches", json=body)
    api.process()

    assert posted.status_code == 202
    rows = client.get(f"/pipelines/{made}/snapshots/{DAY}", params={"columns": "id", "limit": 1000}).json()
    kept = {row["id"] for row in rows}
    assert kept >= {text for text in texts if text.isascii() and text.isprintable()}


def test_there_are_more_than_200_inputs() -> None:
    assert len(set(TEXTS)) * len(FIELDS) > 1500
