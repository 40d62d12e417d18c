"""What is taken away when a demo is over, however it ended: tasks first, then its own stream.

Its service and revisions always, and its stream if it had one. Workers that were told to stop drain
for up to 25 s, so the stream goes when they are gone; but not later than ECS has killed them.
"""

from __future__ import annotations

from chalicelib import names
from chalicelib.errors import StreamNotReady
from chalicelib.pauses import Pauses
from chalicelib.services import Services

TASKS_SECONDS = 45.0
"""Past this no worker sends, whatever ECS still says: their stopTimeout is 35 s
(infrastructure.yaml)."""

_STREAM_SECONDS = 8.0
"""For a stream that is just being made; with the above within the controller's 60 s."""


def take_away(demo_id: str, since: float, services: Services) -> None:
    """Takes away all that is left of a demo that began at `since` (epoch seconds), and waits.

    Repeating it is harmless. StreamNotReady if the stream can't be deleted yet.
    """
    services.fleet.take_down(demo_id)
    stream = own_stream(demo_id, services)
    if stream is None or not services.streams.is_of_demo(stream, since):
        return
    pauses = Pauses(services.clock, services.sleep, TASKS_SECONDS)
    while services.fleet.has_tasks(demo_id) and pauses.another():
        pass
    if not services.streams.remove(stream, since, _STREAM_SECONDS):
        raise StreamNotReady(f"stream {stream} is being made or changed: it can't be deleted yet")


def take_away_at_once(demo_id: str, since: float, services: Services) -> None:
    """The same for a caller who can't wait: a stream that is still in use stays for the event.

    DELETE ends the workflow, and the event of that (infrastructure.yaml) has the controller come
    and wait.
    """
    services.fleet.take_down(demo_id)
    stream = own_stream(demo_id, services)
    if stream is None or not services.streams.is_of_demo(stream, since):
        return
    if not services.fleet.has_tasks(demo_id):
        services.streams.remove(stream, since, patience=0)


def own_stream(demo_id: str, services: Services) -> str | None:
    """What the demo's own stream is called, if it has one; None if no stream can be called so."""
    name = names.stream_of(demo_id, services.settings.task_definition_family)
    return name if len(name) <= names.MAX_STREAM_NAME_LENGTH else None
