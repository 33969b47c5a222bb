"""A request to something outside -> its answer, or one error that says whether waiting helps.

Transient faults are tried again after growing waits; a breaker that all processes share keeps everybody away from what
does not answer; requests keep the declared pace.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pybreaker
import tenacity

from data_pipeline.errors import DestinationError
from data_pipeline.model.destinations import PolicySpec
from data_pipeline.persist.dependencies import SharedState

Answer = TypeVar("Answer")


class TransientFault(Exception):
    """It may go through next time: no connection, a timeout, an overloaded or restarting server."""

    def __init__(self, message: str, *, retry_after_seconds: float = 0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PermanentFault(Exception):
    """It fails again however often it is tried: no rights, no such place, a wrong address."""


class RowsRefused(Exception):
    """The other side answers, and does not take these rows; fewer of them may go through."""


@dataclass(frozen=True)
class Clock:
    """What time it is, and how one waits."""

    now: Callable[[], dt.datetime]
    sleep: Callable[[float], None]


SYSTEM_CLOCK = Clock(now=lambda: dt.datetime.now(dt.UTC), sleep=time.sleep)


class Guard(Protocol):
    """Through which all requests go."""

    def call(self, request: Callable[[], Answer]) -> Answer:
        """The answer. Raises: DestinationError; RowsRefused passes."""


class Unguarded:
    """For folders of ours, where nothing is asked."""

    def call(self, request: Callable[[], Answer]) -> Answer:
        """The answer."""
        return request()


class Discreet:
    """Leaves out of what the other side says whatever it may quote of the rows."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def call(self, request: Callable[[], Answer]) -> Answer:
        """The answer. Raises: as the guard does, in words that quote nothing."""
        return self._guard.call(lambda: self._ask(request))

    def _ask(self, request: Callable[[], Answer]) -> Answer:
        try:
            return request()
        except TransientFault as fault:
            words, wait = cut_quote(str(fault)), fault.retry_after_seconds
            raise TransientFault(words, retry_after_seconds=wait) from None
        except (PermanentFault, RowsRefused) as fault:
            raise type(fault)(cut_quote(str(fault))) from None


def cut_quote(words: str) -> str:
    """The kind of an answer without its words.

    >>> cut_quote("HTTP 422: no such member: 'ann@example.org'")
    'HTTP 422: ***'
    """
    kind, colon, _ = words.partition(": ")
    return f"{kind}: ***" if colon else kind


class PolicyGuard:
    """Retry, breaker and pace as a destination declares them."""

    def __init__(self, policy: PolicySpec, state: SharedState, *, name: str, clock: Clock) -> None:
        self._policy, self._state, self._name, self._clock = policy, state, name, clock
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=policy.open_after_failures,
            reset_timeout=policy.reset_seconds,
            # A server that says no is there.
            exclude=[lambda error: not isinstance(error, TransientFault)],
            state_storage=state,
            name=state.name,
        )

    def call(self, request: Callable[[], Answer]) -> Answer:
        """The answer to a request, however many attempts it takes.

        Raises: DestinationError when there is none; RowsRefused when the rows are at fault.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientFault),
            stop=tenacity.stop_after_attempt(self._policy.attempts),
            wait=self._find_wait,
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            answer: Answer = retrying(self._ask, request)
        except TransientFault as fault:
            raise DestinationError(
                "DESTINATION_DOWN",
                f"destination {self._name!r} does not answer after {self._policy.attempts} attempts: {fault}. "
                "What it lacks is delivered when it is back.",
            ) from fault
        except PermanentFault as fault:
            raise DestinationError(
                "DESTINATION_REFUSES",
                f"destination {self._name!r} refuses all rows: {fault}. Mend its declaration or its rights, then "
                "deliver again.",
            ) from fault
        except pybreaker.CircuitBreakerError as error:
            raise DestinationError("DESTINATION_LEFT_ALONE", self._describe_open()) from error
        return answer

    def _ask(self, request: Callable[[], Answer]) -> Answer:
        """One attempt, when its turn has come."""
        answer: Answer = self._breaker.call(self._pace_and_send, request)
        return answer

    def _pace_and_send(self, request: Callable[[], Answer]) -> Answer:
        rate = self._policy.rate_per_second
        if rate is not None and (wait := self._state.reserve(1 / rate)) > 0:
            self._clock.sleep(wait)
        try:
            return request()
        except TransientFault as fault:
            self._state.last_error = str(fault)
            raise

    def _find_wait(self, retries: tenacity.RetryCallState) -> float:
        """Doubled each time, with jitter, and never less than the other side asks for."""
        policy = self._policy
        grown = tenacity.wait_exponential_jitter(
            multiplier=policy.backoff_seconds, max=policy.longest_backoff_seconds, jitter=policy.backoff_seconds
        )(retries)
        fault = retries.outcome.exception() if retries.outcome else None
        asked = fault.retry_after_seconds if isinstance(fault, TransientFault) else 0.0
        return max(grown, min(asked, policy.longest_backoff_seconds))

    def _describe_open(self) -> str:
        """Since when nobody asks, and why."""
        known = self._state.find()
        until = known["opened_at"] + dt.timedelta(seconds=self._policy.reset_seconds)
        return (
            f"destination {self._name!r} is left alone until {until:%Y-%m-%d %H:%M:%S %Z}: {self._state.name} failed "
            f"{known['failures']} times in a row, last with: {known['last_error']}. "
            "What it lacks is delivered when it is back."
        )
