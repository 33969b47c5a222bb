"""Rules of keys that were seen before: the same answer as a set gives, however they come in."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.validate.seen_keys import SeenKeys

# Few values, so that first hashes collide and second ones do not always.
KEYS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=4)


@given(st.lists(KEYS, max_size=8))
def test_a_key_is_seen_when_it_was_added(chunks: list[set[tuple[int, int]]]) -> None:
    seen, expected = SeenKeys(), set[tuple[int, int]]()
    for chunk in chunks:
        keys = sorted(chunk)
        first = np.array([key[0] for key in keys], dtype=np.uint64)
        second = np.array([key[1] for key in keys], dtype=np.uint64)

        found = seen.find(first, second)

        assert found.tolist() == [key in expected for key in keys]
        seen.add(first[~found], second[~found])
        expected |= chunk
    assert (len(seen) > 0) == bool(expected)
