"""Asks the API for a demo second by second, as far as it knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from client.api import ApiError, DemoApi
from client.series import Series
from reporting.seconds import Seconds, of_metrics, unix

NO_SUCH_ROUTE = (403, 404, 405)
"""What API Gateway or the API answer where it was deployed before it had the route."""


def seconds_of(api: DemoApi, demo: Mapping[str, Any]) -> tuple[Seconds, list[str]]:
    """A demo's seconds, and what a reader of them has to know. `demo` is GET's answer.

    An API without the route knows nothing by second, which is no reason to tell nothing at all.
    Raises ApiError for everything else.
    """
    began = int(unix(demo["startDate"]))
    try:
        series = Series()
        answer = api.metrics(demo["demoId"])
        series.add(answer)
        while _goes_on(answer, demo):
            answer = api.metrics(demo["demoId"], **series.resume)
            series.add(answer)
    except ApiError as error:
        if error.status not in NO_SUCH_ROUTE:
            raise
        note = f"This API tells no seconds (HTTP {error.status}): deploy it anew."
        return Seconds(began, 1, {}), [note]
    return of_metrics(series.since(None)), [] if series.complete else [_INCOMPLETE]


_INCOMPLETE = (
    "The newest seconds may still be missing: workers publish them some ten seconds later, and a "
    "demo's last ones two minutes after its end at the latest."
)


def _goes_on(answer: Mapping[str, Any], demo: Mapping[str, Any]) -> bool:
    ended, some = demo.get("stopDate"), answer["end"] > answer["begin"]
    return bool(ended and not answer["complete"] and some and answer["end"] < int(unix(ended)))
