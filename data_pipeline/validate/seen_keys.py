"""Keys of a file's earlier chunks, as two hashes each, so that a later chunk knows which of its own came before.

A join with all earlier keys takes longer with each chunk. Here they lie in a few sorted runs, of which two of like
length become one, so that a look takes as many steps as the file has doublings. Most keys are new, which a map of bits
says without any step: one bit for the end of each hash that is there.
"""

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
LIKE = 2  # times as long
MAP_BITS = 26  # 8 MiB, of which an untouched page takes none


class SeenKeys:
    """16 bytes a key. Two hashes: a key is not to be called a repeat because it collides."""

    def __init__(self) -> None:
        self._runs: list[tuple[Hashes, Hashes]] = []
        self._map = np.zeros(1 << (MAP_BITS - 3), dtype=np.uint8)

    def __len__(self) -> int:
        return sum(len(first) for first, _ in self._runs)

    def find(self, first: Hashes, second: Hashes) -> npt.NDArray[np.bool_]:
        """Which keys were seen before."""
        is_seen = np.zeros(len(first), dtype=np.bool_)
        octets, bits = find_bits(first)
        marked = np.flatnonzero(self._map[octets] & bits)
        is_seen[marked] = self._look_up(first[marked], second[marked])
        return is_seen

    def _look_up(self, first: Hashes, second: Hashes) -> npt.NDArray[np.bool_]:
        """The same, run by run."""
        is_seen = np.zeros(len(first), dtype=np.bool_)
        for run, others in self._runs:
            places = np.minimum(np.searchsorted(run, first), len(run) - 1)
            is_near = run[places] == first
            is_same = others[places] == second
            is_seen |= is_near & is_same
            for key in np.flatnonzero(is_near & ~is_same):  # hardly ever: the first hash collides
                alike = slice(places[key], np.searchsorted(run, first[key], side="right"))
                is_seen[key] |= bool((others[alike] == second[key]).any())
        return is_seen

    def add(self, first: Hashes, second: Hashes) -> None:
        """Remembers keys, of which none was seen before and none occurs twice."""
        if not len(first):
            return
        octets, bits = find_bits(first)
        np.bitwise_or.at(self._map, octets, bits)
        while self._runs and len(self._runs[-1][0]) <= LIKE * len(first):
            before, others = self._runs.pop()
            first, second = np.concatenate([before, first]), np.concatenate([others, second])
        order = np.argsort(first, kind="stable")
        self._runs.append((first[order], second[order]))


def find_bits(hashes: Hashes) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    """Where in the map each hash stands: the octet, and in it the bit."""
    places = hashes & np.uint64((1 << MAP_BITS) - 1)
    return places >> np.uint64(3), np.left_shift(1, places & np.uint64(7), dtype=np.uint8, casting="unsafe")
