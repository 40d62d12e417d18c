"""Runs microburst in front of an endpoint: sets its rules, counts what fired, ends it.

    with FaultProxy(stack.endpoint, folder) as proxy:
        proxy.rules(put_records(probability=0.5, reset=True))
        ... a client with AWS_ENDPOINT_URL=proxy.endpoint ...
        assert proxy.fired() > 0

A rule is microburst's own: https://pypi.org/project/microburst/, "Rules".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chaos.served import Served

Rule = Mapping[str, Any]


def put_records(**effects: Any) -> Rule:
    """A rule for PutRecords alone, so that what a worker asks besides is left in peace."""
    return {"service": "kinesis", "operation": "PutRecords", **effects}


class FaultProxy(Served):
    """microburst as a process; without rules at first, and whenever it was started again."""

    module = "tests.chaos.microburst_process"
    control = "/_microburst/health"

    def rules(self, *rules: Rule) -> None:
        """Replace all rules, and count anew; the first that matches a request counts."""
        self.ask("POST", "/_microburst/rules", list(rules))

    def fired_each(self) -> list[int]:
        """How often each of the rules fired."""
        return [int(rule["fired_count"]) for rule in self.ask("GET", "/_microburst/rules")]

    def fired(self) -> int:
        """How many faults there were by these rules."""
        return sum(self.fired_each())

    def requests(self) -> int:
        """How many requests this process saw."""
        return int(self.ask("GET", "/_microburst/stats")["requests"]["total"])
