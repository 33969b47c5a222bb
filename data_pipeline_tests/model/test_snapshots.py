"""Rules of a manifest: it names a snapshot by all that the snapshot is a function of, and by nothing else."""

import datetime as dt
import uuid
from typing import Any

import pytest

from data_pipeline.model.snapshots import Completeness, Manifest, ManifestInput

MANIFEST: dict[str, Any] = {
    "pipeline": "stock_health",
    "business_date": dt.date(2025, 11, 25),
    "inputs": [
        {
            "store": "Miss Glam Padang",
            "file_name": "1. Miss Glam Padang.xlsx",
            "version": 1,
            "content_sha256": "aa",
            "cells_sha256": "bb",
            "rows": 6761,
        }
    ],
    "reference": {"stores.csv": "cc", "supplier_data.csv": "dd"},
    "spec_hash": "ee",
    "rule_set": "R3@ff",
    "code_version": "0.1.0+11",
}
OTHER: dict[str, Any] = {
    "pipeline": "po_snapshot",
    "business_date": dt.date(2025, 11, 26),
    "inputs": [],
    "reference": {"stores.csv": "cc", "supplier_data.csv": "other"},
    "spec_hash": "other",
    "rule_set": "R2@ff",
    "code_version": "0.1.1+11",
}
OTHER_INPUT: dict[str, Any] = {
    "store": "Miss Glam Aceh",
    "file_name": "other.xlsx",
    "version": 2,
    "content_sha256": "other",
    "cells_sha256": "other",
    "rows": 6760,
}


def manifest(**changes: Any) -> Manifest:
    return Manifest.model_validate({**MANIFEST, **changes})


def test_equal_manifests_have_one_hash_and_one_id() -> None:
    assert manifest().hash == manifest().hash
    assert manifest().snapshot_id == manifest().snapshot_id


def test_a_manifest_keeps_its_hash_when_it_is_stored_as_json() -> None:
    assert Manifest.model_validate_json(manifest().model_dump_json()).hash == manifest().hash


def test_the_order_of_reference_files_does_not_matter() -> None:
    turned = manifest(reference=dict(reversed(MANIFEST["reference"].items())))

    assert turned == manifest()
    assert turned.hash == manifest().hash


@pytest.mark.parametrize(("field", "value"), OTHER.items(), ids=OTHER)
def test_a_hash_changes_with_every_field(field: str, value: Any) -> None:
    changed = manifest(**{field: value})

    assert changed.hash != manifest().hash
    assert changed.snapshot_id != manifest().snapshot_id


@pytest.mark.parametrize(("field", "value"), OTHER_INPUT.items(), ids=OTHER_INPUT)
def test_a_hash_changes_with_every_field_of_an_input(field: str, value: Any) -> None:
    changed = manifest(inputs=[{**MANIFEST["inputs"][0], field: value}])

    assert changed.hash != manifest().hash


def test_every_field_has_a_case() -> None:
    assert list(OTHER) == list(Manifest.model_fields)
    assert list(OTHER_INPUT) == list(ManifestInput.model_fields)


def test_a_further_reference_file_changes_the_hash() -> None:
    assert manifest(reference={**MANIFEST["reference"], "top.csv": "gg"}).hash != manifest().hash


def test_a_snapshot_id_is_made_of_the_hash_on_every_machine() -> None:
    assert manifest().snapshot_id == uuid.uuid5(uuid.NAMESPACE_OID, manifest().hash)


@pytest.mark.parametrize(("missing", "is_final"), [((), True), (("Miss Glam Aceh",), False)], ids=["none", "one"])
def test_a_day_is_final_when_nobody_is_missing(missing: tuple[str, ...], is_final: bool) -> None:
    there = Completeness(stores_in=("Miss Glam Padang",), stores_missing=missing, stores_unexpected=("Kiosk",))

    assert there.is_final == is_final
