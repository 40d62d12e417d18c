"""Has MiniStack keep the logs of a function's newest invocations only.

It makes a log stream of each invocation, three kilobytes, and keeps all. A demo that is watched
makes two a second, so that hours of it are hundreds of megabytes of START, END and REPORT.

This is a name inside the pinned version of MiniStack; another one that lacks it is refused.
"""

from __future__ import annotations

from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc

INVOCATIONS = 100
_OF_FUNCTIONS = "/aws/lambda/"


def keep_newest_logs() -> None:
    """Replace what writes a function's log; AttributeError if MiniStack has none of its name."""
    write = lambda_svc._emit_lambda_logs

    def written(*arguments: Any, **named: Any) -> None:
        write(*arguments, **named)
        for name, group in cloudwatch_logs._log_groups.items():
            if name.startswith(_OF_FUNCTIONS):
                _shorten(group["streams"])

    lambda_svc._emit_lambda_logs = written


def _shorten(streams: dict[str, Any]) -> None:
    """Drop the oldest, which are the first; the dictionary may be added to meanwhile."""
    for name in list(streams)[:-INVOCATIONS]:
        streams.pop(name, None)
