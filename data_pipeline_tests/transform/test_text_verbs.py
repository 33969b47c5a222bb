"""Verbs over texts, value by value, worked by hand."""

import hmac

import polars as pl
import pytest

from data_pipeline.errors import SpecError, StoreError
from data_pipeline.transform.step import Known
from data_pipeline_tests.transform.sample import KNOWN, compile_verb

CASES: list[tuple[str, dict[str, object], str | None, str | None]] = [
    ("trim", {}, "\u3000 Nivea\t\n", "Nivea"),
    ("trim", {}, "a  b", "a  b"),
    ("trim", {"blank_is_null": True}, "\u00a0", None),
    ("normalise", {}, "e\u0301", "é"),
    ("normalise", {"form": "NFKC"}, "ﬁ２", "fi2"),
    ("normalise", {"inner_blanks": "keep"}, "a  b", "a  b"),
    ("normalise", {}, "a \r\n\t b", "a b"),
    ("normalise", {"remove_invisible": False}, "a\u200bb", "a\u200bb"),
    ("normalise", {}, "so\u00adap\ufeff", "soap"),
    ("case", {"to": "upper"}, "straße", "STRASSE"),
    ("case", {"to": "lower"}, "ÅNGSTRÖM", "ångström"),
    ("case", {"to": "title"}, "miss glam", "Miss Glam"),
    ("strip_html", {}, "<script>alert('</p>')</script>ok", "ok"),
    ("strip_html", {}, "<STYLE>p{}</STYLE>a<br/>b", "a b"),
    ("strip_html", {}, "x<!-- hidden -->y", "xy"),
    ("strip_html", {}, "&lt;b&gt;bold&lt;/b&gt;", "bold"),
    ("strip_html", {}, "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;", ""),
    ("strip_html", {}, "<img src=x onerror=alert(1)>text", "text"),
    ("strip_html", {}, "<scr<script>ipt>alert(1)</script>", "ipt>alert(1)"),
    ("strip_html", {}, "AT&T &amp; 3 < 5", "AT&T & 3 < 5"),
    ("mask", {"first": 1, "last": 1}, "Ångström", "Å******m"),
    ("mask", {"first": 2, "last": 2}, "1234", "****"),
    ("mask", {}, "a\nb", "***"),
    ("mask", {"keep_length": False, "last": 2}, "a very long secret", "*****et"),
    ("mask", {"character": "$"}, "abc", "$$$"),
    ("mask", {}, "", ""),
]


@pytest.mark.parametrize(("use", "options", "text", "expected"), CASES)
def test_texts_become(use: str, options: dict[str, object], text: str | None, expected: str | None) -> None:
    step = compile_verb(use, columns=["text"], **options)

    made = step.apply(pl.DataFrame({"text": [text, None, text]}), KNOWN)

    assert made.rows["text"].to_list() == [expected, None, expected]
    assert (made.failed, made.removed, made.added) == (0, 0, 0)


def test_markup_however_often_it_was_escaped_is_gone() -> None:
    text = "<script>alert(1)</script>"
    for _ in range(20):
        text = text.replace("&", "&amp;").replace("<", "&lt;")

    made = compile_verb("strip_html", columns=["text"]).apply(pl.DataFrame({"text": [text]}), KNOWN)

    assert "<" not in made.rows["text"].item()


@pytest.mark.parametrize("use", ["trim", "normalise", "strip_html", "mask"])
def test_texts_alone_are_changed(use: str) -> None:
    with pytest.raises(SpecError) as caught:
        compile_verb(use, columns=["stock"]).apply(pl.DataFrame({"stock": [1]}), KNOWN)

    assert str(caught.value) == "expected 'stock' to be a text, found integer."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Sari@TOKO.CO.ID ", "Sari@toko.co.id"),
        ("sari@bücher.example", "sari@bücher.example"),
        ("sari@xn--bcher-kva.example", "sari@bücher.example"),
        ("", None),
        (None, None),
    ],
)
def test_an_address_gets_its_canonical_form(text: str | None, expected: str | None) -> None:
    made = compile_verb("email", column="mail").apply(pl.DataFrame({"mail": [text]}, schema={"mail": pl.String}), KNOWN)

    assert made.rows["mail"].to_list() == [expected]


@pytest.mark.parametrize(("otherwise", "kept"), [("reject", []), ("null", [None]), ("keep", [" no "])])
def test_what_is_no_address_goes_back_or_becomes_null_or_stays(otherwise: str, kept: list[str | None]) -> None:
    rows = pl.DataFrame({"mail": [" no "]})

    made = compile_verb("email", column="mail", otherwise=otherwise).apply(rows, KNOWN)

    assert made.rows["mail"].to_list() == kept
    assert made.failed == 1 - len(kept)


def test_equal_values_have_equal_hashes_under_one_key_and_purpose_alone() -> None:
    rows = pl.DataFrame({"id": [42, 42, None]})

    def hashed(secret: bytes, **options: object) -> list[str | None]:
        return compile_verb("hash", columns=["id"], **options).apply(rows, Known(secret=secret)).rows["id"].to_list()

    first, again, missing = hashed(b"key")
    assert first == again == hmac.new(b"key", b"42", "sha256").hexdigest()
    assert missing is None
    assert len({first, hashed(b"other")[0], hashed(b"key", purpose="a")[0], hashed(b"key", purpose="b")[0]}) == 4


def test_nothing_is_hashed_without_a_key() -> None:
    with pytest.raises(StoreError) as caught:
        compile_verb("hash", columns=["id"]).apply(pl.DataFrame({"id": ["1"]}), Known())

    assert str(caught.value) == (
        "expected a key to hash with, found none. Set DATA_PIPELINE_HASH_KEY to a long random text."
    )
