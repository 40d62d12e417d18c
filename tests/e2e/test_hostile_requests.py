"""What nobody should send: the API refuses it in its own words, or the gateway in AWS's.

Never a status of 500 and more, never a demo that was started by it, and a good request goes
through afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.platform import LocalPlatform
from tests.e2e.raw_http import Reply, say

DRY = b"/demo?dry_run=true"
LIMIT = 16_384
"""The API's own, of a body; API Gateway's is 10 MB."""
GATEWAYS = 10 * 1024 * 1024


def phase(target: bytes, seconds: bytes = b"1") -> bytes:
    """A plan whose first phase has these numbers, as they are written."""
    entry = b'{"target_tps": %s, "duration_seconds": %s}' % (target, seconds)
    return b'{"phases": [%s, null, null, null]}' % entry


BODIES: dict[str, tuple[bytes, str]] = {
    "nested far too deeply": (b"[" * 6_000 + b"]" * 6_000, "body"),
    "objects nested too deeply": (b'{"a":' * 2_500 + b"1" + b"}" * 2_500, "body"),
    "a field nested too deeply": (b'{"phases":' + b"[" * 7_000 + b"]" * 7_000 + b"}", "body"),
    "NaN": (phase(b"NaN"), "phases[0].target_tps"),
    "infinities": (phase(b"Infinity", b"-Infinity"), "phases[0].target_tps"),
    "beyond a float": (phase(b"1e999"), "phases[0].target_tps"),
    "an integer of 400 digits": (phase(b"9" * 400), "phases[0].target_tps"),
    "an integer of 5,000 digits": (phase(b"9" * 5_000), "phases[0].target_tps"),
    "minus zero": (phase(b"-0.0"), "phases[0].target_tps"),
    "a duration that is no integer": (phase(b"1", b"1.0"), "phases[0].duration_seconds"),
    "a key twice": (b'{"name": "a", "name": "b"}', "name"),
    "an unknown key": (b'{"__proto__": {}}', "__proto__"),
    "half a character as name": (b'{"name": "\\ud800"}', "name"),
    "half a character as key": (b'{"\\ud800": 1}', "\ud800"),
    "half a character in a template": (b'{"record": "\\ud800"}', "record"),
    "half a character in UTF-8": (b'{"name": "\xed\xa0\x80"}', "name"),
    "half a character in a threshold": (b'{"thresholds": ["\\ud800"]}', "thresholds[0]"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "body"),
    "UTF-16": ("{}".encode("utf-16"), "body"),
    "no text at all": (b"\x00\xff\xfe", "body"),
    "something behind the object": (b"{}{}", "body"),
    "null": (b"null", "body"),
    "a text": (b'"x"', "body"),
    "a list": (b"[]", "body"),
    "an accent in a name": ('{"name": "démo"}'.encode(), "name"),
    "a face as name": ('{"name": "\U0001f600"}'.encode(), "name"),
    "digits of another script as name": ('{"name": "١٢"}'.encode(), "name"),
    "a zero byte in a name": (b'{"name": "a\\u0000"}', "name"),
    "a line's end in a name": (b'{"name": "a\\n"}', "name"),
    "a path as name": (b'{"name": "../../etc"}', "name"),
    "a name of 65": (b'{"name": "%s"}' % (b"a" * 65), "name"),
    "an empty name": (b'{"name": ""}', "name"),
    "a list as name": (b'{"name": ["a"]}', "name"),
    "a form": (b"name=a", "body"),
}

UNKNOWN = [
    *(b"/demo/%00", b"/demo/a%00", b"/demo/%2500", b"/demo/a%252fmetrics", b"/demo/%ff%fe"),
    *(b"/demo/%E2%98%83", b"/demo/%F0%9F%98%80", b"/demo/%0d%0aX:y", b"/demo/%20a", b"/demo/*"),
    *(b"/demo/" + b"a" * 81, b"/demo/" + b"a" * 9_000, b"/demo/{demo_id}", b"/demo/a;x=1"),
    *(b"/demo/'%20or%201=1", b"/demo/$(id)", b"/demo/a\\", b"/demo/%252e%252e%252f"),
]
NOT_THERE = [b"/", b"/demo/../demo", b"/demo/%2e%2e/demo", b"/demo/..%2fdemo", b"/DEMO"]
BAD_QUERIES = [
    *(b"limit=0", b"limit=101", b"limit=", b"limit=%ff", b"limit=1e1", b"limit=%D9%A1"),
    *(b"limit=-1", b"limit=1%00", b"limit=" + b"9" * 5_000, b"limit=1%26token=2"),
    *(b"token=", b"token=%00", b"token=" + b"a" * 3_097, b"token=%F0%9F%98%80"),
]
HARMLESS = [
    *(b"Content-Type: application/xml", b"Content-Type: ;;;", b"Content-Type: ", b"TE: trailers"),
    *(b"Content-Type: application/json; charset=utf-16", b"Content-Type: image/png"),
    *(b"Content-Encoding: gzip", b"X-Long: " + b"a" * 9_000, b"X-Bytes: \xff\xfe"),
    *(b"Accept: application/xml", b"Accept: image/png", b"Range: bytes=0-1"),
    *(b"X-HTTP-Method-Override: DELETE", b"Expect: 100-continue"),
]
METHODS = ("PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "FOO")


def post(platform: LocalPlatform, body: bytes, *headers: bytes) -> Reply:
    return say(platform, "POST", DRY, body, headers)


def demo_ids(platform: LocalPlatform) -> list[str]:
    """Of all demos, not how they stand: another test's may be about to end."""
    return [demo["demoId"] for demo in platform.api.list(100)["demos"]]


def get(platform: LocalPlatform, path: bytes) -> Reply:
    return say(platform, "GET", path)


@pytest.fixture(autouse=True)
def nothing_happens(platform: LocalPlatform) -> Iterator[None]:
    """No demo may come of any of this. (A dry run would start none; a mistake might.)"""
    before = demo_ids(platform)
    yield
    assert demo_ids(platform) == before


@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_is_no_plan_is_refused_by_the_name_of_what_is_wrong(
    platform: LocalPlatform, case: str
) -> None:
    body, field = BODIES[case]
    reply = post(platform, body)
    assert (reply.status, reply.json["error"]) == (400, "InvalidDemo")
    assert field in [named["field"] for named in reply.json["fields"]]


def test_a_body_is_taken_up_to_its_limit_and_refused_beyond_with_the_limit_named(
    platform: LocalPlatform,
) -> None:
    assert post(platform, b"{}".rjust(LIMIT)).status == 200
    for size in (LIMIT + 1, 262_145, 1_000_000, GATEWAYS):
        reply = post(platform, b"{}".rjust(size))
        (named,) = reply.json["fields"]
        assert (reply.status, named["field"]) == (400, "body")
        assert (named["problem"], named["try"]) == (f"has {size} bytes", f"send at most {LIMIT}")
    for size in (GATEWAYS + 1, 2 * GATEWAYS):
        reply = post(platform, b"{}".rjust(size))
        assert reply.status == 413
        assert reply.json == {"message": f"HTTP content length exceeded {GATEWAYS} bytes."}


def test_a_path_that_is_no_id_is_unknown_and_one_that_is_no_route_is_forbidden(
    platform: LocalPlatform,
) -> None:
    for path in UNKNOWN:
        for method in ("GET", "DELETE"):
            reply = say(platform, method, path)
            assert (reply.status, reply.json["error"]) == (404, "UnknownDemo"), (method, path)
    for path in NOT_THERE:
        assert get(platform, path).status == 403, path
    assert get(platform, b"/demo/" + b"a" * 70_000).status == 431
    for method in METHODS:
        for path in (b"/demo", b"/demo/none", b"/demo/none/metrics"):
            assert say(platform, method, path).status == 403, (method, path)


def test_slashes_too_many_mean_the_same_route(platform: LocalPlatform) -> None:
    for path in (b"/demo/", b"/demo//", b"//demo"):
        assert get(platform, path).status == 200, path
    assert get(platform, b"/demo/none/").status == 404


def test_a_query_that_means_nothing_is_refused_by_name(platform: LocalPlatform) -> None:
    for query in BAD_QUERIES:
        reply = get(platform, b"/demo?" + query)
        assert (reply.status, reply.json["error"]) == (400, "InvalidPage"), query
    for query in (b"", b"=1", b"&&&", b"limit=1&limit=2", b"x[]=1"):
        assert get(platform, b"/demo?" + query).status == 200, query
    for said in (b"TRUE", b"1", b"", b"%00"):
        reply = say(platform, "POST", b"/demo?dry_run=" + said, b"{}")
        assert (reply.status, reply.json["error"]) == (400, "InvalidDemo"), said


def test_headers_change_nothing_and_too_many_are_refused(platform: LocalPlatform) -> None:
    for header in HARMLESS:
        assert post(platform, b"{}", header).status == 200, header
    twice = (b"Content-Type: application/json", b"Content-Type: text/plain")
    assert post(platform, b"{}", *twice).status == 200
    assert post(platform, b"{}", *(b"X-%d: a" % n for n in range(300))).status == 200
    assert post(platform, b"{}", b"X-Long: " + b"a" * 100_000).status == 431
    assert post(platform, b'\xff{"name"', b"Content-Type: image/png").status == 400
