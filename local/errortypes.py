"""Has MiniStack tell a failed Python function's error by its class's name, as Lambda does.

Step Functions retries and catches by that name. MiniStack tells `Runtime.HandlerError` of all, so
what no retry can mend would be retried for 35 s, and a demo that stops at a threshold wouldn't say
so. The name is in the stack trace that MiniStack keeps for the function's log.

This wraps a name inside the pinned version of MiniStack; another one that lacks it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import lambda_svc

UNNAMED = "Runtime.HandlerError"


def name_errors() -> None:
    """Wrap the function that invokes functions; AttributeError if there is none of that name."""
    invoke = lambda_svc._execute_function_warm

    def named(*arguments: Any) -> Any:
        return with_error_type(invoke(*arguments))

    lambda_svc._execute_function_warm = named


def with_error_type(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """An invocation's result; a failure's errorType is the class that its stack trace ends with."""
    body = result.get("body")
    if not (result.get("error") and isinstance(body, dict) and body.get("errorType") == UNNAMED):
        return result
    name = _class_name(str(result.get("log", "")), str(body.get("errorMessage", "")))
    return {**result, "body": {**body, "errorType": name}} if name else result


def _class_name(trace: str, message: str) -> str | None:
    """The name in a trace's last words: `a.b.Name: message`, or `a.b.Name` without a message."""
    said = f": {message}" if message else ""
    words, found, _ = trace.rstrip().rpartition(said) if said else (trace.rstrip(), "-", "")
    name = words.rpartition("\n")[2].rpartition(".")[2]
    return name if found and name.isidentifier() else None
