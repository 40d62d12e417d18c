"""One slot's books: generated = delivered + failed + pending, at every instant.

Nothing is counted as delivered before Kinesis said so, and nothing fails without a cause. `pending`
is not stored but derived, so the equation can't be broken by forgetting to write one side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Cause(StrEnum):
    """Why a record was given up."""

    THROTTLED = "throttled"
    """Its time-to-live passed, or the retry buffer was full, while the stream was throttling."""
    INTERNAL_FAILURE = "internal_failure"
    """The same, while Kinesis answered InternalFailure or a 5xx."""
    UNREACHABLE = "unreachable"
    """The same, while no answer came: connection refused, time-out, a reply that can't be read."""
    NOT_AUTHENTICATED = "not_authenticated"
    """The same, while there were no valid credentials, or the clock was wrong."""
    REJECTED = "rejected"
    """Kinesis refused the request for good: no such stream, access denied, record too large."""
    DRAIN_TIMEOUT = "drain_timeout"
    """The worker had to end before the record was acknowledged."""
    PROCESS_DIED = "process_died"
    """Its process was killed with the record in memory; it may or may not have arrived."""


@dataclass
class Ledger:
    """Counts of records (of refused entries for `retried`, `throttled`, `internal_failures`)."""

    generated: int = 0
    delivered: int = 0
    retried: int = 0
    throttled: int = 0
    internal_failures: int = 0
    failed_by_cause: dict[Cause, int] = field(default_factory=lambda: dict.fromkeys(Cause, 0))

    @property
    def failed(self) -> int:
        return sum(self.failed_by_cause.values())

    @property
    def pending(self) -> int:
        return self.generated - self.delivered - self.failed

    def fail(self, cause: Cause, count: int) -> None:
        """Give up `count` pending records."""
        self.failed_by_cause[cause] += count

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(
            self.generated + other.generated,
            self.delivered + other.delivered,
            self.retried + other.retried,
            self.throttled + other.throttled,
            self.internal_failures + other.internal_failures,
            {cause: self.failed_by_cause[cause] + other.failed_by_cause[cause] for cause in Cause},
        )

    def summary(self) -> dict[str, object]:
        """The books as they are logged: counts by name, causes only where something failed."""
        return {
            "generated": self.generated,
            "delivered": self.delivered,
            "failed": self.failed,
            "pending": self.pending,
            "retried": self.retried,
            "throttled": self.throttled,
            "internal_failures": self.internal_failures,
            "failed_by_cause": {c.value: n for c, n in self.failed_by_cause.items() if n},
        }
