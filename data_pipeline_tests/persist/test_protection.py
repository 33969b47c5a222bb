"""Rules of asking something outside: what is tried again, when nobody asks any more, and how fast one asks."""

from collections.abc import Callable

import pytest

from data_pipeline.errors import DestinationError
from data_pipeline.model.destinations import PolicySpec
from data_pipeline.persist.database import Database
from data_pipeline.persist.dependencies import SharedState
from data_pipeline.persist.protection import PermanentFault, PolicyGuard, RowsRefused, TransientFault
from data_pipeline_tests.clocks import TestClock

pytestmark = pytest.mark.postgres

SERVER = "https://erp.example"


class Server:
    """Answers by a list of faults; None is an answer."""

    def __init__(self, *faults: Exception | None) -> None:
        self.faults = list(faults)
        self.asked = 0

    def __call__(self) -> str:
        """The next one; the last for ever."""
        fault = self.faults[min(self.asked, len(self.faults) - 1)]
        self.asked += 1
        if fault is not None:
            raise fault
        return "fine"


def guard(database: Database, clock: TestClock, **policy: float) -> PolicyGuard:
    """A process of its own, as far as breakers can tell."""
    state = SharedState(database, SERVER, lambda: clock.moment)
    return PolicyGuard(PolicySpec.model_validate(policy), state, name="erp", clock=clock.clock)


def fail(call: Callable[[], object]) -> DestinationError:
    """The error that a call ends with."""
    with pytest.raises(DestinationError) as caught:
        call()
    return caught.value


AWAY = TransientFault("connection refused")


def test_a_transient_fault_is_tried_again_after_waits_that_double(database: Database) -> None:
    clock, server = TestClock(), Server(AWAY, AWAY, AWAY, None)

    assert guard(database, clock, attempts=4, backoff_seconds=2).call(server) == "fine"

    assert server.asked == 4
    assert [2 <= clock.slept[0] < 4, 4 <= clock.slept[1] < 6, 8 <= clock.slept[2] < 10] == [True] * 3


def test_no_wait_is_longer_than_the_longest(database: Database) -> None:
    clock = TestClock()

    guard(database, clock, attempts=4, backoff_seconds=10, longest_backoff_seconds=12).call(
        Server(AWAY, AWAY, AWAY, None)
    )

    assert max(clock.slept) == 12


def test_a_server_that_asks_for_time_gets_it(database: Database) -> None:
    clock = TestClock()

    guard(database, clock).call(Server(TransientFault("HTTP 429", retry_after_seconds=30), None))

    assert clock.slept == [30]


def test_attempts_that_are_used_up_are_one_error(database: Database) -> None:
    server = Server(AWAY)

    error = fail(lambda: guard(database, TestClock(), attempts=3).call(server))

    assert (error.code, server.asked) == ("DESTINATION_DOWN", 3)
    assert str(error) == (
        "destination 'erp' does not answer after 3 attempts: connection refused. What it lacks is delivered when it is "
        "back."
    )


def test_a_permanent_fault_is_not_tried_again(database: Database) -> None:
    server = Server(PermanentFault("HTTP 401: who are you?"))

    error = fail(lambda: guard(database, TestClock()).call(server))

    assert (error.code, server.asked) == ("DESTINATION_REFUSES", 1)
    assert str(error) == (
        "destination 'erp' refuses all rows: HTTP 401: who are you?. Mend its declaration or its rights, then deliver "
        "again."
    )


def test_refused_rows_are_the_callers_business_and_no_fault_of_the_server(database: Database) -> None:
    guarded = guard(database, TestClock(), open_after_failures=1)

    for _ in range(3):
        with pytest.raises(RowsRefused):
            guarded.call(Server(RowsRefused("no")))

    assert SharedState(database, SERVER, lambda: TestClock().moment).state == "closed"


def test_a_breaker_opens_for_every_process_lets_one_request_try_and_closes(database: Database) -> None:
    clock, server = TestClock(), Server(AWAY, AWAY, AWAY, None)
    policy = {"attempts": 1, "open_after_failures": 2, "reset_seconds": 60}
    ours, theirs = guard(database, clock, **policy), guard(database, clock, **policy)
    state = SharedState(database, SERVER, lambda: clock.moment)

    fail(lambda: ours.call(server))
    assert (state.state, state.counter) == ("closed", 1)
    error = fail(lambda: theirs.call(server))
    assert (state.state, state.counter, server.asked) == ("open", 2, 2)
    assert error.code == "DESTINATION_LEFT_ALONE"
    assert str(error) == (
        "destination 'erp' is left alone until 2026-01-05 03:01:00 UTC: https://erp.example failed 2 times in a row, "
        "last with: connection refused. What it lacks is delivered when it is back."
    )

    clock.advance(59)
    fail(lambda: ours.call(server))
    assert server.asked == 2

    clock.advance(2)
    fail(lambda: ours.call(server))
    assert (state.state, server.asked) == ("open", 3)

    clock.advance(61)
    assert theirs.call(server) == "fine"
    assert (state.state, state.counter, state.find()["last_error"]) == ("closed", 0, "connection refused")


def test_a_fault_after_an_answer_is_the_first_in_a_row(database: Database) -> None:
    clock = TestClock()
    guarded = guard(database, clock, attempts=2, open_after_failures=2)

    for _ in range(3):
        assert guarded.call(Server(AWAY, None)) == "fine"


def test_requests_of_all_processes_keep_the_pace_together(database: Database) -> None:
    clock, server = TestClock(), Server(None)
    ours, theirs = (guard(database, clock, rate_per_second=4) for _ in range(2))

    for guarded in (ours, theirs, ours, theirs, ours):
        guarded.call(server)

    assert clock.seconds == 1.0
    clock.advance(10)
    theirs.call(server)
    assert clock.seconds == 11.0


def test_without_a_rate_nobody_waits(database: Database) -> None:
    clock = TestClock()

    for _ in range(5):
        guard(database, clock).call(Server(None))

    assert clock.slept == []
