"""What is taken away when a demo is over, however it ended: tasks first, then its own stream.

Its service and revisions always, and its stream if it asked for one. Workers that were told to stop
drain for up to 25 s, so the stream goes when they are gone; but not later than ECS has killed them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import names
from chalicelib.errors import StreamNotReady
from chalicelib.pauses import Pauses
from chalicelib.services import Services

TASKS_SECONDS = 45.0
"""Past this no worker sends, whatever ECS still says: their stopTimeout is 35 s
(infrastructure.yaml)."""

SECONDS = 56.0
"""How long an invocation of the controller waits in all; it may last 60 s. What tasks leave of it
is for a stream that is just being made."""


@dataclass(frozen=True)
class Remains:
    """What to look for: whose, since when (epoch seconds), and whether a stream may be among it.

    A demo on the stack's stream has none of its own, whatever else may be called as if it had.
    """

    demo_id: str
    since: float
    fresh_stream: bool


def take_away(
    remains: Remains,
    services: Services,
    until: float,
    overtaken: Callable[[], bool] = lambda: False,
) -> bool:
    """Takes away all that is left of a demo, and waits; whether it did, or was overtaken.

    Repeating it is harmless. StreamNotReady if the stream can't be deleted by `until` (epoch
    seconds). The wait is long enough for a redrive, so `overtaken` is asked after it.
    """
    demo_id = remains.demo_id
    services.fleet.take_down(demo_id)
    stream = _stream_there(remains, services)
    if stream is None:
        return True
    pauses = Pauses(services.clock, services.sleep, TASKS_SECONDS)
    while services.fleet.has_tasks(demo_id) and pauses.another():
        pass
    if overtaken():
        return False
    if not services.streams.remove(stream, remains.since, until - services.clock()):
        raise StreamNotReady(f"stream {stream} is being made or changed: it can't be deleted yet")
    return True


def take_away_at_once(remains: Remains, services: Services) -> None:
    """The same for a caller who can't wait: a stream that is still in use stays for the event.

    DELETE ends the workflow, and the event of that (infrastructure.yaml) has the controller come
    and wait.
    """
    services.fleet.take_down(remains.demo_id)
    stream = _stream_there(remains, services)
    if stream is not None and not services.fleet.has_tasks(remains.demo_id):
        services.streams.remove(stream, remains.since, patience=0)


def own_stream(demo_id: str, services: Services) -> str | None:
    """What the demo's own stream is called, if it has one; None if no stream can be called so."""
    name = names.stream_of(demo_id, services.settings.task_definition_family)
    return name if len(name) <= names.MAX_STREAM_NAME_LENGTH else None


def _stream_there(remains: Remains, services: Services) -> str | None:
    if not remains.fresh_stream:
        return None
    stream = own_stream(remains.demo_id, services)
    there = stream is not None and services.streams.is_of_demo(stream, remains.since)
    return stream if there else None
