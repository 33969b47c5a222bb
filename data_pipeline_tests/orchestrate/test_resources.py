"""Rules of trying a step again."""

import pytest

from data_pipeline.errors import RequestError, StoreError
from data_pipeline.model.spec import RetrySpec

pytestmark = pytest.mark.dagster


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 30), (1, 60), (2, 120)], ids=["first", "second", "third"])
def test_what_is_away_is_tried_again_after_twice_the_wait(attempt: int, seconds: int) -> None:
    import dagster as dg

    from data_pipeline.orchestrate.resources import retry_transient

    with (
        pytest.raises(dg.RetryRequested) as caught,
        retry_transient(RetrySpec(attempts=3, backoff_seconds=30), attempt=attempt),
    ):
        raise StoreError("no server")

    assert (caught.value.max_retries, caught.value.seconds_to_wait) == (2, seconds)


def test_what_would_only_fail_again_is_not_tried_again() -> None:
    from data_pipeline.orchestrate.resources import retry_transient

    with pytest.raises(RequestError, match="no such day"), retry_transient(RetrySpec(), attempt=0):
        raise RequestError("no such day")
