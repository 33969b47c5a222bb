"""Rules of identity: who may say what a file is, and that a doubt parks the file instead of guessing."""

import datetime as dt
from typing import Any

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.identity import Identity, choose_pipeline, collect_witnesses, decide_identity
from data_pipeline.model.batches import Prepared
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.store_names import StoreNames
from data_pipeline_tests.specs import declare_shelf, shelf_spec

PADANG, ACEH, MANSYUR = "Miss Glam Padang", "Miss Glam Aceh", "Miss Glam Dr. Mansyur"
NAMES = StoreNames.build([PADANG, ACEH, MANSYUR], {"DR MANSUR": MANSYUR}, ("Miss Glam",))
DAY = dt.date(2025, 11, 25)
EXPORTED = dt.datetime(2025, 11, 25, 9, 37, 52, tzinfo=dt.timezone(dt.timedelta(hours=7)))


def read(**found: Any) -> Prepared:
    """What reading a file gave."""
    nothing = {
        "pipeline": "shelf",
        "content_sha256": "aa",
        "cells_sha256": "bb",
        "sheet": "Sheet 1",
        "rows_read": 3,
        "rows_accepted": 3,
        "rows_rejected": 0,
        "measures": {},
        "stores": {},
        "sales_dates": {},
        "created_at": None,
        "findings": [],
        "statistics": [],
        "part": "aa.parquet",
        "rejects": "aa.rejects.parquet",
    }
    return Prepared.model_validate({**nothing, **found})


def speak(relative: str, prepared: Prepared | None = None, **stated: Any) -> list[tuple[str, str, str, str]]:
    """Subject, source, value and words of every witness."""
    witnesses = collect_witnesses(relative, prepared, NAMES, **stated)
    return [(witness.subject, witness.source, witness.value, witness.seen) for witness in witnesses]


def decide(relative: str, prepared: Prepared | None = None, *, needs_store: bool = True, **stated: Any) -> Identity:
    return decide_identity(collect_witnesses(relative, prepared, NAMES, **stated), needs_store=needs_store)


@pytest.mark.parametrize(
    ("relative", "prepared", "stated", "witness"),
    [
        ("drive/x.xlsx", None, {"stated_store": ACEH}, ("store", "operator", ACEH, ACEH)),
        ("drive/x.xlsx", None, {"stated_date": DAY}, ("business_date", "operator", "2025-11-25", "2025-11-25")),
        ("20251125/x.xlsx", None, {}, ("business_date", "folder", "2025-11-25", "20251125")),
        ("drive/20251125/input/x.xlsx", None, {}, ("business_date", "folder", "2025-11-25", "20251125")),
        ("drive/20251125_x.csv", None, {}, ("business_date", "file_name", "2025-11-25", "20251125")),
        ("drive/stock 20251125.csv", None, {}, ("business_date", "file_name", "2025-11-25", "20251125")),
        ("drive/26. Miss Glam dr Mansur .xlsx", None, {},
         ("store", "file_name", MANSYUR, "26. Miss Glam dr Mansur .xlsx")),
        ("drive/x.xlsx", read(stores={PADANG: 3}), {}, ("store", "store_column", PADANG, f"{PADANG} in 3 rows")),
        ("drive/x.xlsx", read(created_at=EXPORTED), {},
         ("business_date", "file_created", "2025-11-25", "2025-11-25T09:37:52+07:00")),
        ("drive/x.xlsx", read(sales_dates={"2025-11-24": 2, "2025-11-23": 1}), {},
         ("business_date", "sales_dates", "2025-11-25", "last sale on 2025-11-24 in 2 rows")),
    ],
    ids=["operator's store", "operator's date", "drive folder", "folder", "name begins with day", "day inside name",
         "file name", "store column", "file created", "sales dates"],
)  # fmt: skip
def test_each_witness_speaks_for_itself(
    relative: str, prepared: Prepared | None, stated: dict[str, Any], witness: tuple[str, ...]
) -> None:
    assert speak(relative, prepared, **stated) == [witness]


@pytest.mark.parametrize(
    "relative",
    ["drive/x.xlsx", "drive/20251399/x.xlsx", "drive/20250230/x.xlsx", "drive/2025-11-25/x.xlsx",
     "drive/day 20251125/x.xlsx", "drive/120251125/x.xlsx", "drive/8999920251125.xlsx", "drive/19991125/x.xlsx",
     "drive/251125.xlsx", "drive/Miss Glam Padang Panjang.xlsx", "drive/Padang stock.xlsx"],
)  # fmt: skip
def test_what_is_no_day_and_no_store_says_nothing(relative: str) -> None:
    assert speak(relative) == []


def test_the_file_name_does_not_speak_as_a_folder() -> None:
    assert [source for _, source, *_ in speak("drive/20251125")] == ["file_name"]


def test_the_export_counts_by_the_day_of_its_own_time_zone() -> None:
    early = dt.datetime(2025, 11, 25, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=7)))  # 24 November in UTC

    assert decide("drive/1. Miss Glam Padang.xlsx", read(created_at=early)).business_date == DAY


def test_equally_frequent_sales_days_are_decided_by_the_earliest() -> None:
    """Not by the order of rows."""
    one, other = ({"2025-11-24": 2, "2025-11-23": 2}, {"2025-11-23": 2, "2025-11-24": 2})

    assert speak("x", read(sales_dates=one)) == speak("x", read(sales_dates=other))
    assert speak("x", read(sales_dates=one))[0][2] == "2025-11-24"


@pytest.mark.parametrize("day", ["2025-1-5", "-2025-01-01", "9999-12-31"])
def test_an_odd_sales_day_harms_only_its_file(day: str) -> None:
    """validate.parse_date takes all three for days, and flow.prepare counts them as such."""
    assert speak("drive/x.xlsx", read(sales_dates={day: 3})) == []


def test_witnesses_that_agree_decide() -> None:
    prepared = read(stores={PADANG: 3}, created_at=EXPORTED, sales_dates={"2025-11-24": 3})

    identity = decide("20251125/1.Miss glam Padang.xlsx", prepared)

    assert (identity.store, identity.business_date) == (PADANG, DAY)
    assert (identity.doubts, identity.findings) == ((), ())
    assert [witness.source for witness in identity.witnesses] == [
        "folder",
        "file_name",
        "store_column",
        "file_created",
        "sales_dates",
    ]


def test_stores_that_disagree_park_the_file() -> None:
    identity = decide("20251125/28. Miss Glam Aceh.xlsx", read(stores={PADANG: 3}))

    assert (identity.store, identity.business_date) == (None, DAY)
    assert identity.doubts == (
        "the witnesses of the store disagree: file_name says Miss Glam Aceh ('28. Miss Glam Aceh.xlsx'), "
        "store_column says Miss Glam Padang ('Miss Glam Padang in 3 rows')",
    )


def test_two_stores_in_one_file_park_it() -> None:
    identity = decide("20251125/x.xlsx", read(stores={PADANG: 3, ACEH: 1}))

    assert identity.store is None
    assert "Miss Glam Padang in 3 rows" in identity.doubts[0]
    assert "Miss Glam Aceh in 1 rows" in identity.doubts[0]


def test_dates_that_disagree_park_the_file() -> None:
    """Yesterday's folder, today's export."""
    identity = decide("20251124/1. Miss Glam Padang.xlsx", read(created_at=EXPORTED))

    assert (identity.store, identity.business_date) == (PADANG, None)
    assert identity.doubts == (
        "the witnesses of the business date disagree: folder says 2025-11-24 ('20251124'), "
        "file_created says 2025-11-25 ('2025-11-25T09:37:52+07:00')",
    )


def test_two_days_in_one_path_park_the_file() -> None:
    assert decide("20251124/20251125/1. Miss Glam Padang.xlsx").business_date is None


def test_without_evidence_a_file_is_parked() -> None:
    """Never today's date."""
    identity = decide("drive/stok.xlsx", read())

    assert (identity.store, identity.business_date) == (None, None)
    assert identity.doubts == (
        "nothing says which store the file is for",
        "nothing says which business date the file is for",
    )


@pytest.mark.parametrize(
    ("last_sale", "agrees"),
    [("2025-11-25", False), ("2025-11-24", True), ("2025-11-23", True), ("2025-11-21", True), ("2025-11-20", False)],
    ids=["on the day", "the day before", "two days before", "four days before", "five days before"],
)
def test_sales_may_lag_behind_the_export_by_a_few_days(last_sale: str, agrees: bool) -> None:
    """A store may have been closed; of the real files 48 of 52 sold last on the day before."""
    identity = decide("20251125/1. Miss Glam Padang.xlsx", read(sales_dates={last_sale: 3}))

    assert identity.business_date == (DAY if agrees else None)
    assert (identity.doubts == ()) == agrees


def test_sales_decide_alone_when_nobody_else_speaks() -> None:
    assert decide("drive/1. Miss Glam Padang.xlsx", read(sales_dates={"2025-11-24": 3})).business_date == DAY


def test_what_an_operator_states_wins_and_the_contradiction_is_reported() -> None:
    prepared = read(stores={PADANG: 3}, created_at=EXPORTED, sales_dates={"2025-11-24": 3})

    identity = decide("drive/x.xlsx", prepared, stated_store=ACEH, stated_date=dt.date(2025, 11, 20))

    assert (identity.store, identity.business_date, identity.doubts) == (ACEH, dt.date(2025, 11, 20), ())
    assert [(finding.code, finding.message) for finding in identity.findings] == [
        (
            "IDENTITY_CONTRADICTED",
            "store Miss Glam Aceh was stated, but store_column says Miss Glam Padang ('Miss Glam Padang in 3 rows')",
        ),
        (
            "IDENTITY_CONTRADICTED",
            "business date 2025-11-20 was stated, but "
            "file_created says 2025-11-25 ('2025-11-25T09:37:52+07:00'), "
            "sales_dates says 2025-11-25 ('last sale on 2025-11-24 in 3 rows')",
        ),
    ]


def test_what_an_operator_states_and_others_confirm_is_no_finding() -> None:
    prepared = read(stores={PADANG: 3}, created_at=EXPORTED, sales_dates={"2025-11-23": 3})

    identity = decide("drive/x.xlsx", prepared, stated_store=PADANG, stated_date=DAY)

    assert (identity.store, identity.business_date, identity.findings) == (PADANG, DAY, ())


@pytest.mark.parametrize(
    ("relative", "store"),
    [("20251125/x.xlsx", None), ("20251125/28. Miss Glam Aceh.xlsx", ACEH)],
    ids=["unknown", "known"],
)
def test_a_file_that_cannot_be_read_needs_no_store(relative: str, store: str | None) -> None:
    """The date is enough to tell its sender."""
    identity = decide(relative, None, needs_store=False)

    assert (identity.store, identity.business_date, identity.doubts) == (store, DAY, ())


def pipelines(*names: str) -> list[PipelineSpec]:
    """Specs of one chain's pipelines; each but the first needs one column more, called like it."""
    columns = declare_shelf()["columns"]
    first, *others = names
    return [
        shelf_spec(name=first),
        *(shelf_spec(name=name, columns=[*columns, {"name": name, "header": name, "type": "text"}]) for name in others),
    ]


SHELF_HEADER = ["SKU", "Brand", "Toko", "Stok", "Daily Sales"]


def test_a_single_pipeline_needs_no_proof() -> None:
    (spec,) = pipelines("shelf")

    assert choose_pipeline(["anything"], [spec], name="a.xlsx") is spec


@pytest.mark.parametrize(
    "header",
    [SHELF_HEADER, ["SKU", "Brand", "Toko", "Stock", "Daily Sales"], [*SHELF_HEADER, "Something", "Last Sales"]],
    ids=["exact", "alias", "more columns"],
)
def test_the_header_tells_the_pipeline(header: list[str]) -> None:
    shelf, orders = pipelines("shelf", "orders")

    assert choose_pipeline(header, [orders, shelf], name="a.xlsx") is shelf


def test_a_header_that_fits_several_pipelines_is_refused() -> None:
    with pytest.raises(FileRejected) as caught:
        choose_pipeline([*SHELF_HEADER, "orders"], pipelines("shelf", "orders", "parts"), name="a.xlsx")

    assert caught.value.code == "UNKNOWN_PIPELINE"
    assert str(caught.value) == (
        "a.xlsx: the header fits several pipelines (shelf, orders). "
        "Found: SKU, Brand, Toko, Stok, Daily Sales, orders. "
        "Say which one with --pipeline."
    )


def test_a_header_that_fits_no_pipeline_is_refused_with_the_known_ones() -> None:
    with pytest.raises(FileRejected) as caught:
        choose_pipeline(["SKU", "Stok"], pipelines("shelf", "orders"), name="a.xlsx")

    assert str(caught.value) == (
        "a.xlsx: the header fits no pipeline (shelf, orders). Found: SKU, Stok. Say which one with --pipeline."
    )


def test_a_header_that_lacks_a_column_is_for_the_pipeline_that_has_most_of_it() -> None:
    """Whose judge then names the column."""
    specs = pipelines("shelf", "orders")

    assert choose_pipeline(SHELF_HEADER[1:], [specs[0]], name="a.xlsx") is specs[0]
    other = shelf_spec(
        name="other",
        columns=[{"name": "id", "header": "ID", "type": "text"}],
        rules=[], identity={}, grain=["id"], measures={}, outputs=[],
    )  # fmt: skip
    assert choose_pipeline(SHELF_HEADER[1:], [other, specs[0]], name="a.xlsx") is specs[0]
    with pytest.raises(FileRejected, match="fits no pipeline"):
        choose_pipeline(SHELF_HEADER[1:], specs, name="a.xlsx")
