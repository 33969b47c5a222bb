"""Rules of keys that were seen before: the same answer as a set gives, however they come and wherever they lie."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_pipeline.validate import seen_keys
from data_pipeline.validate.seen_keys import Hashes, SeenKeys

# Few values, so that first hashes collide and second ones do not always; at both ends of the map.
HASHES = st.sampled_from([0, 1, 64, 2**40, 2**63, 2**64 - 1])
KEYS = st.sets(st.tuples(HASHES, st.integers(0, 5)), max_size=6)


def take_hashes(keys: list[tuple[int, int]]) -> tuple[Hashes, Hashes]:
    """Both of each key."""
    pairs = np.array(keys, dtype=np.uint64).reshape(-1, 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


@pytest.mark.parametrize(("run_keys", "most_runs"), [(10**6, 32), (10**6, 2), (5, 32), (1, 1)],
                         ids=["in memory", "merged", "on disk", "each on disk"])  # fmt: skip
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(KEYS, max_size=8))
def test_a_key_is_seen_when_it_was_added(
    run_keys: int, most_runs: int, monkeypatch: pytest.MonkeyPatch, chunks: list[set[tuple[int, int]]]
) -> None:
    monkeypatch.setattr(seen_keys, "RUN_KEYS", run_keys)
    monkeypatch.setattr(seen_keys, "MOST_RUNS", most_runs)
    seen, expected = SeenKeys(), set[tuple[int, int]]()
    for chunk in chunks:
        keys = sorted(chunk)
        first, second = take_hashes(keys)

        found = seen.find(first, second)

        assert found.tolist() == [key in expected for key in keys]
        seen.add(first[~found], second[~found])
        expected |= chunk
    assert len(seen) == len(expected)


def test_keys_are_found_however_often_the_map_grew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_keys, "LEAST_BITS", 4)
    monkeypatch.setattr(seen_keys, "MOST_BITS", 8)
    monkeypatch.setattr(seen_keys, "RUN_KEYS", 300)
    hashes = np.random.default_rng(5).integers(0, 2**64, (20, 2, 100), dtype=np.uint64)
    seen = SeenKeys()
    for first, second in hashes:
        order = np.argsort(first)
        assert not seen.find(first[order], second[order]).any()
        seen.add(first[order], second[order])

    for first, second in hashes:
        order = np.argsort(first)
        assert seen.find(first[order], second[order]).all()
        assert not seen.find(first[order], second[order] + np.uint64(1)).any()
