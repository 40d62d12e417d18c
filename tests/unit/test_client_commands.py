"""Each command asks the API what it should, shows the answer, and ends with the right code."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest

from client import watch
from client.__main__ import main
from client.api import ApiError, DemoApi
from client.arguments import parser
from client.commands import COMMANDS, Client
from client.console import Console
from tests.unit.test_client_show import demo

ENDED = {"stopDate": "2026-11-25T08:10:00Z", "currentPhase": None}


class Api:
    """Answers from lists, and keeps what it was asked."""

    base_url = "https://abc123.execute-api.eu-west-1.amazonaws.com/api"
    stream_model = ""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self._answers = [*answers]

    def __getattr__(self, name: str) -> Any:
        def ask(*given: Any, **more: Any) -> Any:
            self.asked.append((name, *given, *more.values()))
            answer = self._answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        return ask


class Clock:
    """Time passes only in sleep; each one is noted."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(watch, "time", made)
    return made


def run(api: Api, *words: str, poll_seconds: float = 5.0) -> tuple[int, str]:
    """The exit code, and what went to standard output."""
    arguments = parser().parse_args(words)
    out = StringIO()
    client = Client(
        cast(DemoApi, api),
        Console(out),
        as_json=arguments.output == "json",
        call="./kinesis-demo",
        poll_seconds=poll_seconds,
    )
    return COMMANDS[arguments.command](client, arguments), out.getvalue()


def test_a_start_sends_what_the_command_line_says_over_what_the_plan_says() -> None:
    api = Api({"demoId": "a"})
    words = ("--name", "a", "--stream", "fresh", "--warm-throughput", "50", "--phases", "1:2,-,-,-")
    code, out = run(api, "start", *words)
    body = {
        "phases": [{"target_tps": 1, "duration_seconds": 2}, None, None, None],
        "name": "a",
        "stream": {"mode": "fresh"},
        "warm_throughput_mibps": 50,
    }
    assert api.asked == [("start", body, False)]
    assert (code, out.splitlines()[-1]) == (0, "follow it with: ./kinesis-demo watch a")


def test_a_start_of_the_full_plan_sends_nothing_but_what_is_said() -> None:
    api = Api({"demoId": "a"})
    run(api, "start", "--plan", "full")
    assert api.asked == [("start", {}, False)]


def test_a_start_sends_the_text_of_a_template_and_shows_how_long_its_records_are(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"template": {}}')
    api = Api({"demoId": "a", "record": {"mean_bytes": 1_070, "most_bytes": 2_000}})
    _, out = run(api, "start", "--record", str(path))
    assert api.asked == [("start", {"record": '{"template": {}}'}, False)]
    assert "records by a template: about 1,070 bytes each, 2,000 at most" in out


def test_a_dry_run_asks_for_one_and_offers_nothing_to_follow() -> None:
    api = Api({"demoId": "a"})
    code, out = run(api, "start", "--dry-run")
    assert api.asked == [("start", {}, True)]
    assert (code, out) == (0, "demo a would be started; nothing was\n")


def test_a_page_of_demos_ends_with_how_to_get_the_next() -> None:
    api = Api({"demos": [demo()], "nextToken": "to'ken"})
    code, out = run(api, "list", "--limit", "1")
    assert api.asked == [("list", 1, None)]
    more = """more: ./kinesis-demo list --limit 1 --token='to'"'"'ken'"""
    assert (code, out.splitlines()[-1]) == (0, more)


def test_all_demos_are_all_pages_in_one() -> None:
    api = Api({"demos": [{"demoId": "a"}], "nextToken": "t"}, {"demos": [{}], "nextToken": None})
    _, out = run(api, "list", "--all", "--output", "json")
    assert api.asked == [("list", None, None), ("list", None, "t")]
    assert json.loads(out) == {"demos": [{"demoId": "a"}, {}], "nextToken": None}


def test_json_is_the_answer_as_it_is_in_one_document() -> None:
    for command in ("status", "stop", "report"):
        _, out = run(Api(demo()), "--output", "json", command, "friday")
        assert json.loads(out) == demo()


def test_a_watch_in_json_is_a_line_for_each_look() -> None:
    looks = [demo(), demo(currentPhase=3), demo(status="SUCCEEDED", **ENDED)]
    code, out = run(Api(*looks), "watch", "friday", "--output", "json")
    assert [json.loads(line) for line in out.splitlines()] == looks
    assert code == 0


def test_a_watched_start_in_json_has_the_starts_answer_as_its_first_line() -> None:
    api = Api({"demoId": "friday"}, demo(status="SUCCEEDED", **ENDED))
    _, out = run(api, "start", "--watch", "--output", "json")
    assert [json.loads(line)["demoId"] for line in out.splitlines()] == ["friday", "friday"]


@pytest.mark.parametrize(
    ("status", "code"), [("SUCCEEDED", 0), ("FAILED", 1), ("ABORTED", 1), ("TIMED_OUT", 1)]
)
def test_a_demo_that_did_not_succeed_is_a_failure(status: str, code: int) -> None:
    for words in (("report", "friday", "--output", "json"), ("watch", "friday")):
        assert run(Api(demo(status=status, **ENDED)), *words)[0] == code


def test_a_watch_without_an_id_is_of_the_newest_demo(capsys: pytest.CaptureFixture[str]) -> None:
    api = Api({"demos": [{"demoId": "friday"}]}, demo(status="SUCCEEDED", **ENDED))
    assert run(api, "watch")[0] == 0
    assert api.asked == [("list", 1), ("get", "friday")]
    assert run(Api({"demos": []}), "watch")[0] == 1
    assert "there is no demo to watch" in capsys.readouterr().err


def test_an_api_that_cannot_answer_for_the_moment_is_asked_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    passing = [ApiError(503, "busy"), ApiError(None, "gone"), ApiError(429, "slowly")]
    api = Api(*passing, demo(status="SUCCEEDED", **ENDED))
    assert run(api, "watch", "friday", "--output", "json")[0] == 0
    assert "can't answer just now: HTTP 503: busy" in capsys.readouterr().err


def test_who_watches_may_know_better_than_to_ask_again() -> None:
    def gone(trouble: str) -> None:
        raise LookupError(trouble)

    api = cast(DemoApi, Api(ApiError(503, "busy"), demo(status="SUCCEEDED", **ENDED)))
    with pytest.raises(LookupError, match="HTTP 503: busy"):
        watch.watch(api, "friday", Console(StringIO()), lambda _: None, on_trouble=gone)


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_demo_is_looked_at_as_often_as_its_api_should_be(clock: Clock, output: str) -> None:
    api = Api(demo(), demo(), demo(status="SUCCEEDED", **ENDED))
    run(api, "watch", "friday", "--output", output, poll_seconds=7.0)
    assert clock.slept == [7.0, 7.0]


def test_an_api_that_refuses_is_not_asked_again() -> None:
    with pytest.raises(ApiError, match="403"):
        run(Api(ApiError(403, "no")), "watch", "friday")


def test_a_demo_that_was_just_started_may_be_unknown_for_a_moment_only(clock: Clock) -> None:
    unknown = ApiError(404, "unknown")
    api = Api({"demoId": "friday"}, unknown, unknown, demo(status="SUCCEEDED", **ENDED))
    assert run(api, "start", "--watch")[0] == 0
    clock.slept.clear()
    with pytest.raises(ApiError, match="404"):
        run(Api(*[unknown] * 20), "watch", "friday")
    assert sum(clock.slept) == pytest.approx(watch.UNKNOWN_SECONDS, abs=1)
    with pytest.raises(ApiError, match="404"):
        run(Api(demo(), unknown, demo()), "watch", "friday")


def test_an_error_in_json_is_one_document_or_a_line_where_there_is_a_line_for_each_look(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> int:
        raise ApiError(404, "unknown", {"error": "UnknownDemo", "message": "unknown"})

    def said(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["kinesis-demo", "--url", "http://127.0.0.1:1", *words])
        assert main() == 1
        return capsys.readouterr().out

    for name in ("watch", "start", "status"):
        monkeypatch.setitem(cast(dict[str, Any], COMMANDS), name, refused)
    for words in (("watch", "friday"), ("start", "--watch")):
        assert len(said(*words, "--output", "json").splitlines()) == 1
    assert len(said("status", "friday", "--output", "json").splitlines()) > 1
    assert said("watch", "friday") == ""


def test_an_api_on_this_machine_is_looked_at_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[float] = []

    def noted(client: Client, _: object) -> int:
        found.append(client.poll_seconds)
        return 0

    monkeypatch.setitem(cast(dict[str, Any], COMMANDS), "status", noted)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for url in ("http://127.0.0.1:1", "http://localhost:1/x", "https://demo.example.com"):
        monkeypatch.setattr("sys.argv", ["kinesis-demo", "--url", url, "status", "friday"])
        main()
    assert found == [1.0, 1.0, watch.POLL_SECONDS]


@pytest.mark.parametrize(
    "words",
    [
        ("start", "--plan", "quick", "--phases", "1:1"),
        ("start", "--watch", "--dry-run"),
        ("list", "--all", "--token", "t"),
        ("status", "a/b"),
        ("status",),
        ("fly", "a"),
        ("watch", "--web", "--port", "65536"),
        ("--output", "xml", "list"),
    ],
)
def test_a_command_line_that_cannot_be_is_a_usage_error(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_common_options_may_stand_before_the_command_or_after() -> None:
    before = parser().parse_args(["--url", "u", "--output", "json", "list"])
    after = parser().parse_args(["list", "--url", "u", "--output", "json"])
    assert (before.url, before.output) == (after.url, after.output) == ("u", "json")
    assert parser().parse_args(["list"]).output == "text"


def test_times_are_told_from_now() -> None:
    _, out = run(Api(demo(startDate=datetime.now(UTC).isoformat())), "status", "friday")
    assert "running for 0 s" in out
