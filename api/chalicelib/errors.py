"""What can go wrong, as types.

Each is raised where it is found out and handled once, at an edge: app.py turns it into a status,
Step Functions into a Retry or a Catch (by the class's name, which statemachine.json repeats for
those that no retry can mend).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DemoError(Exception):
    """The root of all that this control plane raises itself."""


@dataclass(frozen=True)
class FieldProblem:
    """One field that can't be accepted: where it is, what is wrong, and what to do."""

    field: str
    problem: str
    advice: str


class InvalidPlan(DemoError):
    """A demo's input can't be accepted; `problems` names every bad field."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field} {p.problem}: {p.advice}" for p in self.problems))


class InvalidPage(InvalidPlan):
    """`limit` or `token` of a listing can't be accepted."""


class InvalidWindow(InvalidPlan):
    """`since` or `period` of a demo's series can't be accepted."""


class InvalidEvent(DemoError):
    """The controller was called with something that it has no operation for."""


class ConfigurationError(DemoError):
    """The environment lacks settings or has unreadable ones; the message names all of them."""


class UnknownDemo(DemoError):
    """There is no demo of that id."""


class DemoExists(DemoError):
    """A demo of that name exists already."""


class DemoStopped(DemoError):
    """The workflow was stopped while its phase was being started; the fleet is down again."""


class ThresholdCrossed(DemoError):
    """A threshold is crossed, whatever may still come, and the demo is to stop at that."""


class TooManyDemos(DemoError):
    """As many demos run as the budget allows."""


class CommitmentNotEnabled(DemoError):
    """The account hasn't committed itself to what warm throughput needs; the message has prices."""


class WarmThroughputUnsupported(DemoError):
    """This AWS knows no warm throughput."""


class StreamNotReady(DemoError):
    """Kinesis is still at work on a stream; trying again goes on where this try ended."""


class StreamTaken(DemoError):
    """A demo's own stream would be called like one that was there before it."""


class AwsThrottled(DemoError):
    """AWS asks to slow down."""


class AwsDenied(DemoError):
    """AWS refuses these credentials, or this action to them."""


class AwsUnavailable(DemoError):
    """AWS can't be reached, fails, or lacks what deploy.sh makes."""


class AwsRefused(DemoError):
    """AWS refused a call for a reason that this control plane has no better word for."""
