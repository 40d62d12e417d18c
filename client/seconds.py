"""Asks the API for a demo second by second, as far as it knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from client.api import ApiError, DemoApi
from reporting.seconds import Seconds, joined, of_metrics, unix

NO_SUCH_ROUTE = (403, 404, 405)
"""What API Gateway or the API answer where it was deployed before it had the route."""


def seconds_of(api: DemoApi, demo: Mapping[str, Any]) -> tuple[Seconds, list[str]]:
    """A demo's seconds, and what a reader of them has to know. `demo` is GET's answer.

    An API without the route knows nothing by second, which is no reason to tell nothing at all.
    Raises ApiError for everything else.
    """
    began = int(unix(demo["startDate"]))
    try:
        answer = api.metrics(demo["demoId"])
        parts = [of_metrics(answer)]
        while _goes_on(answer, parts[-1], demo):
            answer = api.metrics(demo["demoId"], answer["end"], answer["period"])
            parts.append(of_metrics(answer))
    except ApiError as error:
        if error.status not in NO_SUCH_ROUTE:
            raise
        note = f"This API tells no seconds (HTTP {error.status}): deploy it anew."
        return Seconds(began, 1, {}), [note]
    return joined(parts), [] if answer["complete"] else [_INCOMPLETE]


_INCOMPLETE = (
    "The newest seconds may still be missing: workers publish them some ten seconds later, and a "
    "demo's last ones two minutes after its end at the latest."
)


def _goes_on(answer: Mapping[str, Any], part: Seconds, demo: Mapping[str, Any]) -> bool:
    ended = demo.get("stopDate")
    return bool(ended and not answer["complete"] and len(part) and answer["end"] < int(unix(ended)))
