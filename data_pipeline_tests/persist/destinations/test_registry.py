"""Rules of the registry: what can be declared can be delivered, and shares a breaker with what is at the same place."""

from typing import get_args

from data_pipeline.model.destinations import Destination
from data_pipeline.persist.destinations.registry import KINDS, find_dependency
from data_pipeline_tests.persist.destinations.shipping import declare


def test_every_kind_that_can_be_declared_can_be_delivered() -> None:
    declared = [get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(Destination)[0])]

    assert sorted(declared) == sorted(KINDS)


def test_destinations_of_one_server_share_a_breaker() -> None:
    first, second, other = (
        declare(kind="webhook", url=url)
        for url in ("https://erp.example/a?x=1", "https://erp.example/b", "https://erp.example:8443/a")
    )

    assert [find_dependency(one) for one in (first, second, other)] == [
        "https://erp.example", "https://erp.example", "https://erp.example:8443"]  # fmt: skip
    assert (
        find_dependency(declare(kind="postgres", url_from="DESTINATION_SHOP", table="t")) == "postgres DESTINATION_SHOP"
    )
    assert find_dependency(declare(kind="csv")) is None
