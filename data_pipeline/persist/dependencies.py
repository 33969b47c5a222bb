"""How everything outside is doing, in Postgres: circuit breakers and paces that all processes share."""

import datetime as dt
from collections.abc import Callable

import pybreaker

from data_pipeline.persist.database import Database
from data_pipeline.persist.tracking import Row, rows_of, run


class SharedState(pybreaker.CircuitBreakerStorage):
    """A breaker's state in table `dependencies`; pybreaker asks it before and tells it after every request.

    pybreaker reads the wall clock itself, so it is told for how long the breaker has been open by ours.
    """

    def __init__(self, database: Database, name: str, now: Callable[[], dt.datetime]) -> None:
        super().__init__(name)
        self._database, self._now = database, now
        self.last_error = ""
        self._change("ensure_dependency")

    def _change(self, query: str, **parameters: object) -> None:
        with self._database.transaction() as connection:
            run(connection, query, name=self.name, **parameters)

    def find(self) -> Row:
        """Everything that is known."""
        with self._database.transaction() as connection:
            return rows_of(connection, "find_dependency", name=self.name)[0]

    @property
    def state(self) -> str:
        """closed, open or half-open."""
        return str(self.find()["state"])

    @state.setter
    def state(self, state: str) -> None:
        """For every process."""
        self._change("set_dependency_state", state=state, now=self._now())

    @property
    def opened_at(self) -> dt.datetime | None:
        """When it opened last, as pybreaker's clock would say it."""
        opened: dt.datetime | None = self.find()["opened_at"]
        return None if opened is None else dt.datetime.now(dt.UTC) - (self._now() - opened)

    @opened_at.setter
    def opened_at(self, datetime: dt.datetime) -> None:
        """By our clock."""
        self._change("set_dependency_opened", now=self._now())

    @property
    def counter(self) -> int:
        """Transient faults in a row."""
        return int(self.find()["failures"])

    def increment_counter(self) -> None:
        """One more, with its words."""
        self._change("count_dependency_failure", error=self.last_error, now=self._now())

    def reset_counter(self) -> None:
        """It answers."""
        self._change("clear_dependency_failures")

    @property
    def success_counter(self) -> int:
        """Answers in a row while half-open."""
        return int(self.find()["successes"])

    def increment_success_counter(self) -> None:
        """One more."""
        self._change("count_dependency_success")

    def reset_success_counter(self) -> None:
        """Counts anew."""
        self._change("clear_dependency_successes")

    def reserve(self, interval_seconds: float) -> float:
        """Seconds until the moment that is now reserved for a request of ours."""
        now = self._now()
        with self._database.transaction() as connection:
            [row] = rows_of(connection, "reserve_request", name=self.name, now=now, interval_seconds=interval_seconds)
        wait: float = (row["starts_at"] - now).total_seconds()
        return max(wait, 0.0)
