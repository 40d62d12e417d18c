"""Ctrl-C leaves a demo that costs money: what is left, and where to find it, is said."""

from __future__ import annotations

import pytest

from client.console import Console
from tests.unit.test_client_commands import Api, run
from tests.unit.test_client_show import demo


def test_interrupted_a_watch_leaves_the_demo_and_says_how_to_stop_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    api = Api(demo(), KeyboardInterrupt())
    assert run(api, "watch", "friday")[0] == 130
    assert [asked[0] for asked in api.asked] == ["get", "get"]
    said = capsys.readouterr().err
    assert said == "demo friday goes on; stop it with: ./kinesis-demo stop friday\n"


@pytest.mark.parametrize("more", [(), ("--watch",)])
def test_interrupted_before_the_answer_a_start_says_where_to_look_for_the_demo(
    more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(Api(KeyboardInterrupt()), "start", *more)[0] == 130
    assert capsys.readouterr().err == (
        "the demo may have started all the same; look with: ./kinesis-demo list\n"
    )


def test_interrupted_a_dry_run_has_started_nothing_to_look_for() -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Api(KeyboardInterrupt()), "start", "--dry-run")


@pytest.mark.parametrize("more", [(), ("--watch",), ("--watch", "--output", "json")])
def test_interrupted_while_it_shows_the_answer_a_start_says_how_to_stop_the_demo(
    more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Console, "say", interrupted)
    assert run(Api({"demoId": "friday"}), "start", *more)[0] == 130
    said = capsys.readouterr().err
    assert said == "demo friday goes on; stop it with: ./kinesis-demo stop friday\n"
