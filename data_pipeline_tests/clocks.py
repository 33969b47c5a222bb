"""A clock that tests set, so that nobody waits."""

import datetime as dt

from data_pipeline.persist.protection import Clock

START = dt.datetime(2026, 1, 5, 3, 0, tzinfo=dt.UTC)


class TestClock:
    """Sleeping moves it on; `slept` keeps each wait, in seconds."""

    __test__ = False

    def __init__(self) -> None:
        self.moment = START
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Waits without waiting."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Lets time go by."""
        self.moment += dt.timedelta(seconds=seconds)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return (self.moment - START).total_seconds()

    @property
    def clock(self) -> Clock:
        """As the product takes it."""
        return Clock(now=lambda: self.moment, sleep=self.sleep)
