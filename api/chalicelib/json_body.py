"""A request's body as a value, or every reason why it is none. Pure.

The standard parser forgives more than a plan may: a key given twice, NaN, a number of any size.
Here a repeated key is a problem, and a number that can't be held becomes an infinity, which the
plan's own checks then refuse by the field's name.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence

from chalicelib.errors import FieldProblem, InvalidPlan

MAX_BODY_BYTES = 16 * 1024
_BODY = "body"


def read(raw: bytes) -> tuple[object, tuple[FieldProblem, ...]]:
    """The value and the keys given twice; nothing at all reads as {}. InvalidPlan if unreadable."""
    if len(raw) > MAX_BODY_BYTES:
        raise _unreadable(f"has {len(raw)} bytes", f"send at most {MAX_BODY_BYTES}")
    repeated: list[FieldProblem] = []

    def unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
        for key, times in Counter(name for name, _ in pairs).items():
            if times > 1:
                repeated.append(FieldProblem(key, f"is given {times} times", "give it once"))
        return dict(pairs)

    try:
        text = raw.decode("utf-8").strip()
        value = json.loads(text or "{}", object_pairs_hook=unique, parse_int=_whole_number)
    except UnicodeDecodeError:
        raise _unreadable("is not UTF-8", "send JSON in UTF-8") from None
    except RecursionError:
        raise _unreadable("is nested too deeply", "send one object") from None
    except ValueError as error:
        raise _unreadable(
            f"is not JSON ({error})", 'send an object, such as {"name": "a"}'
        ) from None
    return value, tuple(repeated)


def _whole_number(digits: str) -> float:
    try:
        return int(digits)
    except ValueError:  # Python converts no more than 4,300 digits
        return math.inf


def _unreadable(problem: str, advice: str) -> InvalidPlan:
    return InvalidPlan([FieldProblem(_BODY, problem, advice)])
