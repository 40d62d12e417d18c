"""Which demos load the same stream: one's traffic explains another's throttling.

A demo on the stack's stream shares it with every other that isn't on a stream of its own. Which
those are, only an execution's input tells, and Step Functions tells one input a call. So at most
MAX_LOOKED_AT are asked about, newest first, each once in a process's life; beyond, the answer says
that it is not complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import stream_choice
from chalicelib.stream_choice import StreamChoice, StreamMode
from chalicelib.workflow import MAX_PAGE, Execution, Page, Workflow

MAX_LOOKED_AT = 20
"""DescribeExecution: 10 to 15 calls a second are refilled, region by region (Step Functions
developer guide, quotas on API throttling)."""


@dataclass(frozen=True)
class Sharing:
    """The demos on the same stream, newest first, and whether these are all."""

    demo_ids: tuple[str, ...]
    complete: bool

    def to_json(self) -> dict[str, Any]:
        """As POST and GET answer it, within `stream`."""
        return {"shared_with": list(self.demo_ids), "shared_with_complete": self.complete}


ALONE = Sharing((), complete=True)


def now(choice: StreamChoice, running: Page, workflow: Workflow) -> Sharing:
    """The demos that run now on the stream that a new one would load."""
    if choice.fresh:
        return ALONE
    return _on_the_kept_stream(running.executions, running.next_token is None, workflow)


def meanwhile(
    choice: StreamChoice, execution: Execution, now: float, workflow: Workflow
) -> Sharing:
    """The demos that ran at some time while this one did; `now` in epoch seconds."""
    if choice.fresh:
        return ALONE
    began, ended = execution.started_at, execution.stopped_at or now
    page = workflow.page(MAX_PAGE, None)
    at_the_same_time = [
        other
        for other in page.executions
        if other.demo_id != execution.demo_id
        and other.started_at < ended
        and (other.stopped_at or now) > began
    ]
    # Those that ended last come first: behind one that ended before, there is none that didn't.
    whole = page.next_token is None or any(
        other.stopped_at is not None and other.stopped_at <= began for other in page.executions
    )
    return _on_the_kept_stream(at_the_same_time, whole, workflow)


def _on_the_kept_stream(
    executions: Sequence[Execution], whole: bool, workflow: Workflow
) -> Sharing:
    looked_at = executions[:MAX_LOOKED_AT]
    kept = [
        other.demo_id
        for other in looked_at
        if stream_choice.read_mode(workflow.input_of(other.arn)) is StreamMode.KEPT
    ]
    return Sharing(tuple(kept), whole and len(looked_at) == len(executions))
