"""The page's server, as far as it decides: whom it answers, what it draws, how often it asks."""

import hashlib
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest

from client.api import ApiError, DemoApi
from client.web import files, workflow
from client.web.guard import Guard, Request
from client.web.relay import REMEMBERED, Relay
from tests.unit.test_client_commands import Api
from tests.unit.test_client_series import answer

ROOT = Path(__file__).resolve().parents[2]
GUARD = Guard(8765, "the-key")
OWN = "http://127.0.0.1:8765"


def request(**more: Any) -> Request:
    """As the page itself asks to stop a demo."""
    given = {
        "method": "DELETE",
        "path": "/api/demos/a",
        "hosts": ("127.0.0.1:8765",),
        "origin": OWN,
        "fetch_site": "same-origin",
        "key": "the-key",
    }
    return Request(**{**given, **more})


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"hosts": ("localhost:8765",), "origin": "http://localhost:8765"},
        {"method": "GET", "origin": None},
        {"fetch_site": None},
        {"method": "GET", "path": "/", "origin": None, "fetch_site": "cross-site", "key": None},
    ],
)
def test_the_page_is_answered(more: dict[str, Any]) -> None:
    assert GUARD.refusal(request(**more)) is None


@pytest.mark.parametrize(
    ("error", "more"),
    [
        ("ForeignHost", {"hosts": ("rebound.example:8765",)}),
        ("ForeignHost", {"hosts": ("127.0.0.1",)}),
        ("ForeignHost", {"hosts": ("127.0.0.1:8766",)}),
        ("ForeignHost", {"hosts": ()}),
        ("ForeignHost", {"hosts": ("127.0.0.1:8765", "127.0.0.1:8765")}),
        ("ForeignHost", {"method": "GET", "path": "/", "hosts": ("rebound.example:8765",)}),
        ("ForeignOrigin", {"origin": "http://elsewhere.example"}),
        ("ForeignOrigin", {"origin": "null"}),
        ("ForeignOrigin", {"origin": "http://localhost:8765"}),
        ("ForeignOrigin", {"origin": None}),
        ("ForeignOrigin", {"method": "POST", "path": "/api/demos", "origin": None}),
        ("ForeignOrigin", {"method": "GET", "origin": None, "fetch_site": "cross-site"}),
        ("ForeignOrigin", {"method": "GET", "origin": None, "fetch_site": "same-site"}),
        ("BadKey", {"key": None}),
        ("BadKey", {"key": "another"}),
        ("BadKey", {"key": "thé-key"}),
        ("BadKey", {"method": "GET", "origin": None, "key": ""}),
    ],
)
def test_nobody_else_is(error: str, more: dict[str, Any]) -> None:
    refusal = GUARD.refusal(request(**more))
    assert refusal is not None
    assert refusal.error == error


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def relay(api: Api, clock: Clock | None = None) -> Relay:
    return Relay(cast(DemoApi, api), 5.0, clock or Clock())


def test_the_api_is_asked_once_in_a_while_however_many_look() -> None:
    clock = Clock()
    api = Api({"demoId": "a"}, {"demoId": "b"}, {"demoId": "a", "status": "FAILED"})
    asked = relay(api, clock)
    assert [asked.demo("a").body for _ in range(3)] == [{"demoId": "a"}] * 3
    assert asked.demo("b").body == {"demoId": "b"}
    clock.now = 4.9
    asked.demo("a")
    assert len(api.asked) == 2
    clock.now = 5.0
    assert asked.demo("a").body["status"] == "FAILED"


def test_an_api_that_fails_is_left_alone_as_long() -> None:
    api = Api(ApiError(None, "got no answer"))
    asked = relay(api)
    for _ in range(3):
        reply = asked.demo("a")
        assert (reply.status, reply.body["error"]) == (HTTPStatus.BAD_GATEWAY, "NoAnswer")
    assert len(api.asked) == 1


def test_numbers_are_asked_for_where_they_ended_and_told_since_any_moment() -> None:
    clock = Clock()
    api = Api(answer(100, 1, 2), {**answer(102, 3), "complete": True})
    asked = relay(api, clock)
    assert asked.metrics("a", None).body["series"] == {"delivered": [1, 2]}
    clock.now = 5.0
    assert asked.metrics("a", 102).body["series"] == {"delivered": [3]}
    assert asked.metrics("a", 101).body["series"] == {"delivered": [2, 3]}
    clock.now = 10.0
    assert asked.metrics("a", None).body["complete"]
    assert api.asked == [("metrics", "a"), ("metrics", "a", 102, 1)]


def test_after_a_start_or_a_stop_the_list_is_looked_at_anew() -> None:
    api = Api({"demos": []}, {"demoId": "a"}, {"demos": ["a"]}, {"message": "m"}, {"demos": []})
    asked = relay(api)
    asked.demos(None)
    assert asked.start({}, dry_run=False).status == HTTPStatus.CREATED
    assert asked.demos(None).body == {"demos": ["a"]}
    assert asked.stop("a").status == HTTPStatus.ACCEPTED
    assert asked.demos(None).body == {"demos": []}


def test_a_refusal_is_told_with_its_fields() -> None:
    fields = [{"field": "phases", "problem": "is short", "try": "give four"}]
    body = {"error": "InvalidDemo", "message": "not acceptable: phases", "fields": fields}
    reply = relay(Api(ApiError(400, "long text", body))).start({}, dry_run=True)
    assert (reply.status, reply.body) == (400, body)


def test_what_nobody_asks_for_any_more_is_forgotten() -> None:
    api = Api(*({"demoId": str(number)} for number in range(REMEMBERED + 2)))
    asked = relay(api)
    for number in range(REMEMBERED + 1):
        asked.demo(str(number))
    asked.demo(str(REMEMBERED))
    assert asked.demo("0").body == {"demoId": str(REMEMBERED + 1)}


def test_the_state_machine_is_drawn_in_the_order_in_which_a_demo_goes() -> None:
    machine = json.loads((ROOT / "statemachine.json").read_text())
    drawn = workflow.drawn(machine)
    path = [state["name"] for state in drawn["path"]]
    phases = [
        f(n) for n in range(1, 5) for f in ("StartPhase{}".format, "WaitPhase{}Duration".format)
    ]
    assert path == ["InitializeDemo", *phases, "CleanupDemo", "DemoCompleted"]
    assert [state["name"] for state in drawn["failure"]] == ["DemoFailed", "Failed"]
    assert {*path, "DemoFailed", "Failed"} == machine["States"].keys()
    assert [phase["target_tps"] for phase in drawn["defaultPhases"]] == [100, 10_000, 50_000, 100]


def test_every_file_that_the_page_names_is_served_and_nothing_is_fetched_from_elsewhere() -> None:
    served = files.files()
    own = "".join(
        path.read_text() for path in (files.HERE / "page").iterdir() if path.suffix != ".md"
    )
    for name in (path.name for path in (files.HERE / "page").glob("*.js")):
        assert f"./{name}" in own or f"/{name}" in own, f"nothing imports {name}"
    assert {"/", "/index.html", "/app.js", "/style.css", "/uplot/uPlot.esm.js"} <= served.keys()
    assert "http://" not in own
    assert "https://" not in own
    assert not [path for path in served if ".." in path or path.endswith(".json")]


def test_the_charts_library_is_as_its_package_has_it() -> None:
    folder = files.HERE / files.UPLOT
    known = json.loads((folder / "version.json").read_text())["sha256"]
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "version.json"
    }
    assert found == known
