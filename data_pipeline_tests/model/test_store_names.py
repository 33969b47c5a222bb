"""Rules of spellings: one store, however its name is written, and never another one."""

import pytest

from data_pipeline.model.store_names import StoreNames, short_name

CHAIN = ("Miss Glam", "Toko Kirana")
STORES = ["Miss Glam Padang", "Miss Glam P. Sidimpuan", "Miss Glam Dr. Mansyur", "Miss Glam Aceh"]
ALIASES = {"DR MANSUR": "Miss Glam Dr. Mansyur", "PADANG SIDIMPUAN": "Miss Glam P. Sidimpuan"}


def build_names() -> StoreNames:
    return StoreNames.build(STORES, ALIASES, CHAIN)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("1.Miss glam Padang", "PADANG"),
        ("1. Miss Glam Padang", "PADANG"),
        ("26. Miss Glam dr Mansur ", "DR MANSUR"),
        ("27. Miss Glam P. Sidimpuan", "P. SIDIMPUAN"),
        ("Miss Glam\u00a0Padang", "PADANG"),
        ("  Miss   Glam  Padang  ", "PADANG"),
        ("PADANG", "PADANG"),
        ("3. Toko Kirana Cempaka", "CEMPAKA"),
        ("7. Miss Glam Duri 2", "DURI 2"),
        ("Swalayan Padang", "SWALAYAN PADANG"),
        ("Miss Glamour Padang", "MISS GLAMOUR PADANG"),
        ("", ""),
        ("12.", ""),
    ],
    ids=["old file name", "new file name", "trailing blank", "dot in name", "no-break space", "many blanks",
         "contribution list", "second chain", "number in name", "other chain", "longer word", "empty", "only number"],
)  # fmt: skip
def test_number_chain_blanks_and_case_do_not_matter(text: str, short: str) -> None:
    """The file names are those of both deliveries in November 2025."""
    assert short_name(text, CHAIN) == short


@pytest.mark.parametrize(
    ("text", "store"),
    [
        ("1.Miss glam Padang", "Miss Glam Padang"),
        ("27. Miss Glam Padang Sidimpuan", "Miss Glam P. Sidimpuan"),
        ("27. Miss Glam P. Sidimpuan", "Miss Glam P. Sidimpuan"),
        ("26. Miss Glam dr Mansur ", "Miss Glam Dr. Mansyur"),
        ("DR. MANSYUR", "Miss Glam Dr. Mansyur"),
        ("aceh", "Miss Glam Aceh"),
    ],
)
def test_every_known_spelling_leads_to_its_store(text: str, store: str) -> None:
    assert build_names().find(text) == store


@pytest.mark.parametrize(
    "text", ["Miss Glam Padang Panjang", "Miss Glam Pad", "Miss Glam", "", "22. Miss Glam Pasamanan Barat"]
)
def test_a_spelling_that_nobody_taught_is_no_store(text: str) -> None:
    """Padang Panjang is not Padang: only an exact match counts."""
    assert build_names().find(text) is None


def test_a_taught_alias_wins_over_a_stores_own_name() -> None:
    names = StoreNames.build(STORES, {"PADANG": "Miss Glam Aceh"}, CHAIN)

    assert names.find("1. Miss Glam Padang") == "Miss Glam Aceh"


def test_without_stores_nothing_is_found() -> None:
    assert StoreNames.build([], {}, CHAIN).find("Miss Glam Padang") is None
