"""What a call in a reader process tells its parent before it has an answer."""

from dataclasses import dataclass
from multiprocessing.connection import Connection


class Parent:
    """The way to the process that made the running call."""

    pipe: Connection | None = None


@dataclass(frozen=True)
class Told:
    """Something on the way to an answer."""

    value: object


def report(value: object) -> None:
    """Tells the parent how far the call is, and its patience begins anew; outside a reader process, nobody."""
    if Parent.pipe is not None:
        Parent.pipe.send(Told(value))
