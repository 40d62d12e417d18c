"""Asks the API in the browser's place, and no faster for many tabs than for one.

Whatever a browser asks to see is kept for as long as the API is to be left alone; those who ask
meanwhile get the same answer, errors included. Numbers by the second are put together here, so that
only the new ones are asked for, whoever is looking on and since when.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError

from client.api import ApiError, DemoApi
from client.series import Series

REMEMBERED = 64
"""Things asked for: demos, their numbers, pages of the list."""


@dataclass(frozen=True)
class Reply:
    """What the browser is to be answered."""

    status: int
    body: dict[str, Any]


class _Entry:
    """One thing that is asked for: when it was last, and what the answer was."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked_at: float | None = None
        self.reply = Reply(HTTPStatus.OK, {})
        self.series = Series()


class Relay:
    """One API, asked for each thing every `every` seconds at most."""

    def __init__(
        self, api: DemoApi, every: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.api = api
        self.every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, ...], _Entry] = OrderedDict()

    def demos(self, token: str | None) -> Reply:
        """A page of the list of demos."""
        key = "demos", token or ""
        return self._shared(key, lambda _: _reply(lambda: self.api.list(token=token)))

    def demo(self, demo_id: str) -> Reply:
        """One demo as it stands."""
        return self._shared(("demo", demo_id), lambda _: _reply(lambda: self.api.get(demo_id)))

    def metrics(self, demo_id: str, since: int | None) -> Reply:
        """Its numbers by the second, from the epoch second `since` on, or all."""

        def grown(entry: _Entry) -> Reply:
            def add() -> dict[str, Any]:
                if not entry.series.complete:
                    entry.series.add(self.api.metrics(demo_id, **entry.series.resume))
                return {}

            return _reply(add)

        entry = self._entry(("metrics", demo_id))
        reply = self._shared(("metrics", demo_id), grown)
        if reply.status != HTTPStatus.OK:
            return reply
        with entry.lock:
            return Reply(reply.status, {"demoId": demo_id, **entry.series.since(since)})

    def start(self, body: Mapping[str, Any], *, dry_run: bool) -> Reply:
        """Start a demo, or see what would be."""
        reply = _reply(lambda: self.api.start(body, dry_run=dry_run), HTTPStatus.CREATED)
        if not dry_run:
            self._forget("demos")
        return reply

    def stop(self, demo_id: str) -> Reply:
        """Stop a demo."""
        reply = _reply(lambda: self.api.stop(demo_id), HTTPStatus.ACCEPTED)
        self._forget("demos", "demo")
        return reply

    def _shared(self, key: tuple[str, ...], ask: Callable[[_Entry], Reply]) -> Reply:
        """The newest answer; asks for one if the last is too old. Who comes meanwhile, waits."""
        entry = self._entry(key)
        with entry.lock:
            now = self._clock()
            if entry.asked_at is None or now - entry.asked_at >= self.every:
                entry.asked_at = now
                entry.reply = ask(entry)
            return entry.reply

    def _entry(self, key: tuple[str, ...]) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > REMEMBERED:
                self._entries.popitem(last=False)
            return entry

    def _forget(self, *kinds: str) -> None:
        """What was just changed is looked at anew."""
        with self._lock:
            for key in [key for key in self._entries if key[0] in kinds]:
                del self._entries[key]


def _reply(ask: Callable[[], dict[str, Any]], status: int = HTTPStatus.OK) -> Reply:
    try:
        return Reply(status, ask())
    except ApiError as error:
        said = error.body if isinstance(error.body, dict) else {}
        fields = said.get("fields", [])
        body = {
            "error": said.get("error", "NoAnswer" if error.status is None else "Refused"),
            "message": said["message"] if fields else str(error),
            "fields": fields,
        }
        return Reply(error.status or HTTPStatus.BAD_GATEWAY, body)
    except BotoCoreError as error:
        message = f"the AWS credentials can't be used: {error}"
        return Reply(HTTPStatus.BAD_GATEWAY, {"error": "BadCredentials", "message": message})
