"""One deployment of a stage at a time: who is second waits, and who is dead is in nobody's way."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from deployment import turn
from deployment.stage import Stage
from deployment.turn import (
    ABANDONED_SECONDS,
    RENEW_SECONDS,
    WAIT_SECONDS,
    Holder,
    Turn,
    TurnError,
    holder,
)

NAME = "/kinesis-demo-test/deploying"
ME = holder("deploy.sh deploy --stage test")
ELSEWHERE = Holder("deploy.sh deploy --stage test", "another machine", 1, "their token")


class Exists(Exception):
    pass


class Missing(Exception):
    pass


class Ssm:
    """SSM's parameters, as far as a turn uses them."""

    exceptions = SimpleNamespace(ParameterAlreadyExists=Exists, ParameterNotFound=Missing)

    def __init__(self) -> None:
        self.there: dict[str, tuple[str, int]] = {}

    def put_parameter(self, **asked: Any) -> None:
        assert asked["Type"] == "String"
        name = asked["Name"]
        if name in self.there and not asked.get("Overwrite"):
            raise Exists
        _, version = self.there.get(name, ("", 0))
        self.there[name] = asked["Value"], version + 1

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        if Name not in self.there:
            raise Missing
        value, version = self.there[Name]
        return {"Parameter": {"Value": value, "Version": version}}

    def delete_parameter(self, *, Name: str) -> None:  # noqa: N803
        if self.there.pop(Name, None) is None:
            raise Missing


class Lossy(Ssm):
    """The answer to the first write is lost, so botocore asks for it once more."""

    lost = False

    def put_parameter(self, **asked: Any) -> None:
        super().put_parameter(**asked)
        if not self.lost:
            self.lost = True
            super().put_parameter(**asked)


class Cut(Ssm):
    """Cannot be reached, or refuses everything, once there is an `error`."""

    error: Exception | None = None

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        if self.error:
            raise self.error
        return super().get_parameter(Name=Name)


class Clock:
    """Time that passes by sleeping; `meanwhile` is what others do in each second."""

    def __init__(self, meanwhile: Callable[[float], None] = lambda _: None) -> None:
        self.now = 0.0
        self._meanwhile = meanwhile

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._meanwhile(self.now)


def turn_of(who: Holder, ssm: Ssm, clock: Clock | None = None) -> Turn:
    moment = clock or Clock()
    return Turn(ssm, NAME, who, clock=moment, sleep=moment.sleep)


def of_another(who: Holder) -> Holder:
    """Another deployment's, though all else is the same."""
    token = f"not {who.token}"
    return replace(who, token=token)


def test_a_turns_parameter_is_the_stages_own() -> None:
    assert turn.parameter(Stage("test", "kinesis-demo", "kinesis-demo-test")) == NAME


def test_a_free_turn_is_taken_without_a_word_renewed_and_given_back() -> None:
    ssm, said = Ssm(), list[str]()
    mine = turn_of(ME, ssm)
    assert mine.take(said.append) is False
    mine.renew()
    assert ssm.there[NAME][1] == 2
    mine.give_back()
    assert (ssm.there, said) == ({}, [])


def test_who_comes_second_says_whom_it_waits_for_and_goes_on_when_that_one_is_done() -> None:
    ssm, said = Ssm(), list[str]()
    theirs = turn_of(ELSEWHERE, ssm)
    theirs.take(said.append)

    def at(now: float) -> None:
        theirs.give_back() if now >= 100 else theirs.renew()

    clock = Clock(at)
    assert turn_of(ME, ssm, clock).take(said.append) is True
    assert clock.now == 100
    assert len(said) == 1
    assert "`deploy.sh deploy --stage test` on another machine, process 1" in said[0]
    assert f"aws ssm delete-parameter --name {NAME}" in said[0]
    assert ME.token in ssm.there[NAME][0]


def test_a_turn_that_nobody_renews_is_taken_over_and_one_that_is_renewed_never() -> None:
    ssm, said = Ssm(), list[str]()
    turn_of(ELSEWHERE, ssm).take(said.append)
    clock = Clock()
    turn_of(ME, ssm, clock).take(said.append)
    assert clock.now == ABANDONED_SECONDS
    assert said[-1] == f"{NAME}: left by a deployment that was killed, taking it over"

    alive = Ssm()
    theirs = turn_of(ELSEWHERE, alive)
    theirs.take(said.append)
    with pytest.raises(TurnError, match="nothing was changed: another deployment of this stage"):
        turn_of(ME, alive, Clock(lambda _: theirs.renew())).take(said.append)
    theirs.renew()


def test_who_made_the_turn_without_hearing_so_has_it() -> None:
    ssm, clock, said = Lossy(), Clock(), list[str]()
    assert turn_of(ME, ssm, clock).take(said.append) is False
    assert (clock.now, said) == (0, [])
    assert ME.token in ssm.there[NAME][0]


def test_it_waits_no_longer_than_it_says() -> None:
    ssm = Ssm()
    theirs = turn_of(ELSEWHERE, ssm)
    theirs.take(print)
    clock = Clock(lambda _: theirs.renew())
    with pytest.raises(TurnError):
        turn_of(ME, ssm, clock).take(print)
    assert clock.now == WAIT_SECONDS


def test_a_turn_of_this_machines_whose_process_is_gone_is_taken_over_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(_: int, __: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", gone)
    for other, seconds in ((ME, 0.0), (replace(ME, host="elsewhere"), ABANDONED_SECONDS)):
        ssm, clock = Ssm(), Clock()
        turn_of(of_another(other), ssm).take(print)
        turn_of(ME, ssm, clock).take(print)
        assert clock.now == seconds


@pytest.mark.parametrize("error", [None, PermissionError])
def test_a_turn_of_this_machines_whose_process_lives_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception] | None
) -> None:
    def there(_: int, __: int) -> None:
        if error:
            raise error

    monkeypatch.setattr(os, "kill", there)
    ssm, clock = Ssm(), Clock()
    turn_of(of_another(ME), ssm).take(print)
    turn_of(ME, ssm, clock).take(print)
    assert clock.now == ABANDONED_SECONDS


def test_a_parameter_that_somebody_wrote_by_hand_is_taken_over_as_well() -> None:
    for value in ("x", "[]", '{"token": "x"}'):
        ssm, clock = Ssm(), Clock()
        ssm.put_parameter(Name=NAME, Value=value, Type="String")
        turn_of(ME, ssm, clock).take(print)
        assert clock.now == ABANDONED_SECONDS


def test_whose_turn_was_taken_away_is_told_by_whom_and_leaves_it_there() -> None:
    ssm = Ssm()
    mine = turn_of(ME, ssm)
    mine.take(print)
    ssm.there.clear()
    with pytest.raises(TurnError, match="was taken away by hand; run this again"):
        mine.renew()
    turn_of(ELSEWHERE, ssm).take(print)
    with pytest.raises(TurnError, match=r"taken away by `deploy\.sh deploy --stage test`"):
        mine.renew()
    mine.give_back()
    assert ELSEWHERE.token in ssm.there[NAME][0]


def test_a_turn_that_is_kept_is_given_back_however_the_work_ends() -> None:
    ssm = Ssm()
    for error in (KeyboardInterrupt, ZeroDivisionError):
        mine = turn_of(ME, ssm)
        mine.take(print)
        with pytest.raises(error), turn.kept(mine, print):
            raise error
        assert ssm.there == {}


@pytest.mark.parametrize(
    "cut",
    [
        EndpointConnectionError(endpoint_url="https://ssm"),
        ClientError({"Error": {"Code": "ExpiredTokenException"}}, "GetParameter"),
    ],
)
@pytest.mark.parametrize("end", [KeyboardInterrupt, ZeroDivisionError, None])
def test_a_turn_that_cannot_be_given_back_hides_no_end_of_the_work(
    cut: Exception, end: type[BaseException] | None
) -> None:
    ssm, said = Cut(), list[str]()
    mine = turn_of(ME, ssm)
    mine.take(print)

    def work() -> None:
        with turn.kept(mine, said.append):
            ssm.error = cut
            if end:
                raise end

    if end:
        with pytest.raises(end):
            work()
    else:
        work()
    assert said == [
        f"{NAME}: could not be given back ({cut}); the next deployment takes it over within 30 s"
    ]


def test_a_call_that_hangs_is_over_before_the_turn_looks_abandoned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config = turn.ssm().meta.config
    tries = config.retries["total_max_attempts"]
    a_call = tries * max(config.connect_timeout, config.read_timeout) + (tries - 1)
    assert RENEW_SECONDS + 2 * a_call < ABANDONED_SECONDS  # a renewal reads, then writes


def test_work_whose_turn_is_lost_is_ended_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(turn, "RENEW_SECONDS", 0.0)
    monkeypatch.setattr(os, "kill", lambda *_: ended.set())
    mine = turn_of(ME, Ssm())

    def work() -> None:
        assert ended.wait(60)
        raise KeyboardInterrupt

    with pytest.raises(TurnError, match="was taken away by hand"), turn.kept(mine, print):
        work()
