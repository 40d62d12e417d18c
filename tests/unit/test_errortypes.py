"""A function's failure has the name of its class, found in the trace that MiniStack keeps."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from chalicelib.errors import ThresholdCrossed
from local.errortypes import UNNAMED, with_error_type


def failed(error: Exception, printed: str = "") -> dict[str, Any]:
    """What MiniStack makes of a Python function that raises this."""
    try:
        raise error
    except Exception as raised:
        log = "\n".join(filter(None, [printed, traceback.format_exc()]))
        return {
            "body": {"errorMessage": str(raised), "errorType": UNNAMED},
            "error": True,
            "log": log,
        }


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ThresholdCrossed("demo d is stopped: lost==0 is crossed: 5 records"), "ThresholdCrossed"),
        (ValueError(), "ValueError"),
        (ValueError("two\nlines: of it"), "ValueError"),
        (KeyError("key"), "KeyError"),
    ],
)
def test_a_failure_is_named_for_its_class(error: Exception, name: str) -> None:
    told = with_error_type(failed(error, printed="ValueError: printed before"))
    assert told["body"] == {"errorMessage": str(error), "errorType": name}


@pytest.mark.parametrize(
    "result",
    [
        {"body": {"errorType": UNNAMED, "errorMessage": "an answer of its own"}},
        {"body": {"errorType": "Sandbox.Timedout", "errorMessage": "x"}, "error": True},
        {"body": {"errorType": UNNAMED, "errorMessage": "x"}, "error": True, "log": "no trace"},
        {
            "body": {"errorType": UNNAMED, "errorMessage": "x"},
            "error": True,
            "log": "not a name: x",
        },
        {"body": None},
        {"body": "text", "error": True},
    ],
)
def test_anything_else_stays_as_it_is(result: dict[str, Any]) -> None:
    assert with_error_type(result) == result
