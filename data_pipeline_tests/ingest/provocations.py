"""Functions that do to a reader process what hostile files do; light to import, since each new process imports them."""

import os
import re
import time
from pathlib import Path

from data_pipeline.errors import FileRejected, StoreError


class Panic(BaseException):
    """As a panic of a Rust library arrives."""


def echo(value: object) -> object:
    return value


def tell_process() -> int:
    return os.getpid()


def abort() -> None:
    os.abort()


def use_memory() -> int:
    return len(bytearray(1 << 30))


def use_memory_for_a_while() -> int:
    """MB that count against the limit some seconds after two tables, the second larger than the first, are gone."""
    import polars as pl

    for megabytes in (50, 70):
        pl.zeros(megabytes << 17, eager=True)
    for _ in range(8):  # what is freed is given back in a while, not at once
        time.sleep(0.5)
        pl.zeros(1 << 17, eager=True)
    (line,) = re.findall(r"VmData:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(line) >> 10


def refuse() -> None:
    raise FileRejected("EMPTY_FILE", "a.xlsx: expected records, found none.")


def fill_disk() -> None:
    raise StoreError("staging/a.parquet: cannot be written: No space left on device.")


def stumble() -> None:
    raise ZeroDivisionError("division by zero")


def panic() -> None:
    raise Panic("called `Option::unwrap()` on a `None` value")


def exit_softly() -> None:
    raise SystemExit(4)


def answer_with_what_cannot_travel() -> object:
    return lambda: None


def oversleep() -> None:
    time.sleep(60)


def play(name: str) -> object:
    """The provocation of that name, or the name itself."""
    provocation = globals().get(name)
    return name if provocation is None else provocation()


def shout() -> None:
    os.write(1, b"printed by a reader")
