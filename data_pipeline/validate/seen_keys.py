"""Keys of a file's earlier chunks, as two hashes each, so that a later chunk knows which of its own came before.

A join with all earlier keys takes longer with each chunk. Here a map of bits answers for nearly all: it says of a new
key that it is surely new. The others are looked up in sorted runs, of which the long ones lie in temporary files
without a name. So memory holds the map, which has a limit, and half a million keys, whatever the number of records.
Peak of a reader at one and at ten million records: 418 and 496 MB.
"""

import mmap
import tempfile
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_pipeline.model.repeats import append

Hashes = npt.NDArray[np.uint64]
RUN_KEYS = 1 << 19  # 8 MiB; so many go to disk together
MOST_RUNS = 32  # in memory; of small chunks there would be hundreds to look into
# Of the map, in words of 64 bits: 8 MiB, of which an untouched page takes none, up to 128 MiB.
LEAST_BITS, MOST_BITS = 20, 24
KEYS_A_WORD = 2  # twice as many make the answers ten times as often doubtful
SIX = 6  # bits that name one of 64


@dataclass(frozen=True)
class Run:
    """Some keys, ascending by the first hash."""

    first: Hashes
    second: Hashes
    mapped: mmap.mmap | None = None
    """The file in which they lie."""

    def find(self, first: Hashes, second: Hashes) -> npt.NDArray[np.bool_]:
        """Which keys are among them."""
        places = np.minimum(np.searchsorted(self.first, first), len(self.first) - 1)
        is_near = self.first[places] == first
        is_same: npt.NDArray[np.bool_] = is_near & (self.second[places] == second)
        for key in np.flatnonzero(is_near & ~is_same):  # hardly ever: the first hash collides
            alike = slice(places[key], np.searchsorted(self.first, first[key], side="right"))
            is_same[key] = bool((self.second[alike] == second[key]).any())
        self.release()
        return is_same

    def release(self) -> None:
        """Gives back the memory of what was looked at; the pages stay with the kernel as long as it has room."""
        if self.mapped is not None:
            self.mapped.madvise(mmap.MADV_DONTNEED)


class SeenKeys:
    """16 bytes a key, on disk if there are many. Two hashes: a key is not to be called a repeat because it collides.

    All keys that come in ascend by the first hash.
    """

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._files: list[Run] = []
        self._map = np.zeros(0, dtype=np.uint64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def find(self, first: Hashes, second: Hashes) -> npt.NDArray[np.bool_]:
        """Which keys were seen before."""
        is_seen = np.zeros(len(first), dtype=np.bool_)
        if self._count and len(first):
            bits = choose_bits(first)
            marked = np.flatnonzero(self._map[self._find_words(first)] & bits == bits)
            keys = first[marked], second[marked]
            for run in (*self._runs, *self._files) if len(marked) else ():
                is_seen[marked] |= run.find(*keys)
        return is_seen

    def add(self, first: Hashes, second: Hashes) -> None:
        """Remembers keys, of which none was seen before and none occurs twice.

        Raises: StoreError when the folder of temporary files is full.
        """
        if not len(first):
            return
        self._count += len(first)
        self._runs.append(Run(first, second))
        most = KEYS_A_WORD * len(self._map)
        if self._count > most and len(self._map) < 1 << MOST_BITS:
            self._grow()
        else:
            self._mark(first)
        if sum(len(run.first) for run in self._runs) >= RUN_KEYS:
            self._files.append(write_run(merge(self._runs)))
            self._runs = []
        elif len(self._runs) > MOST_RUNS:
            self._runs = [merge(self._runs)]

    def _grow(self) -> None:
        """Makes the map as large as the keys so far want it."""
        bits = max(LEAST_BITS, min(MOST_BITS, (self._count // KEYS_A_WORD).bit_length()))
        self._map = np.zeros(0, dtype=np.uint64)  # the old one goes before the new one comes
        self._map = np.zeros(1 << bits, dtype=np.uint64)
        for run in (*self._runs, *self._files):
            self._mark(run.first)
            run.release()

    def _mark(self, first: Hashes) -> None:
        """Notes keys in the map."""
        words = self._find_words(first)
        starts = np.flatnonzero(np.diff(words, prepend=-1))
        self._map[words[starts]] |= np.bitwise_or.reduceat(choose_bits(first), starts)

    def _find_words(self, first: Hashes) -> npt.NDArray[np.int64]:
        """Where in the map each hash stands, by its upper bits: hashes that ascend stand beside each other."""
        return (first >> np.uint64(65 - len(self._map).bit_length())).astype(np.int64)


def choose_bits(hashes: Hashes) -> Hashes:
    """Up to three bits of a word for each hash, by its lower bits."""
    marks = np.zeros(len(hashes), dtype=np.uint64)
    for place in range(3):
        marks |= np.uint64(1) << ((hashes >> np.uint64(place * SIX)) & np.uint64((1 << SIX) - 1))
    return marks


def merge(runs: list[Run]) -> Run:
    """Several as one."""
    first = np.concatenate([run.first for run in runs])
    order = np.argsort(first, kind="stable")
    return Run(first[order], np.concatenate([run.second for run in runs])[order])


def write_run(run: Run) -> Run:
    """The same, on disk. Raises: StoreError when there is no room."""
    with tempfile.TemporaryFile() as file:
        append(run.first.tobytes(), file)
        append(run.second.tobytes(), file)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    both = np.frombuffer(mapped, dtype=np.uint64)
    return Run(both[: len(run.first)], both[len(run.first) :], mapped)
