"""One deployment of a stage at a time, from whichever machine: who comes second waits.

CloudFormation refuses two changes of a stack at once, but a deployment is more than its stack: two
at once made two REST APIs, or left the stack of one with the functions of the other. AWS's own
means for it is an SSM parameter, of which only one can be made of a name: who made it has the turn,
writes it anew every few seconds while at work, and deletes it at the end.

A deployment that was killed can't delete it. Whoever finds it so takes the turn over: at once if
it was this machine's and the process is gone, else when it has not been written for as long as a
living one would never leave it. That is seen by its version, so no two clocks are compared.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from uuid import getnode, uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deployment.errors import DeploymentError
from deployment.stage import Stage

RENEW_SECONDS = 5.0
ABANDONED_SECONDS = 30.0
"""Six renewals: so long a silence is an end."""

POLL_SECONDS = 1.0
WAIT_SECONDS = 1_800.0
"""Twice as long as a deployment waits for CloudFormation."""


class TurnError(DeploymentError):
    """Another deployment of the stage is at work, or took this one for dead."""


@dataclass(frozen=True)
class Holder:
    """Who has the turn."""

    command: str
    host: str
    process: int
    token: str

    def __str__(self) -> str:
        return f"`{self.command}` on {self.host}, process {self.process}"


@dataclass(frozen=True)
class Seen:
    """The turn as it was read: whose it is, and how often it was written."""

    holder: Holder | None
    version: int


def holder(command: str) -> Holder:
    """This process."""
    # Laptops of one make are called the same; their network cards are not.
    host = f"{socket.gethostname()} ({getnode():012x})"
    return Holder(command, host, os.getpid(), uuid4().hex)


def parameter(stage: Stage) -> str:
    """The SSM parameter that is the turn."""
    return f"/{stage.stack}/deploying"


def ssm() -> Any:
    """A client whose calls are over, if AWS is silent, before their turn looks abandoned."""
    return boto3.client(
        "ssm",
        config=Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2}),
    )


class Turn:
    """A stage's turn, for one who wants it."""

    def __init__(
        self,
        client: Any,
        name: str,
        me: Holder,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`client` is as ssm() makes it; `name` the parameter."""
        self._client = client
        self.name = name
        self._me = me
        self._clock = clock
        self._sleep = sleep

    def take(self, say: Callable[[str], None]) -> bool:
        """Takes the turn, waiting for it; whether it had to. TurnError after WAIT_SECONDS."""
        began = self._clock()
        watched, since, waited = None, began, False
        while not self._made():
            seen, now = self._seen(), self._clock()
            if seen is None:
                continue
            if seen.holder == self._me:  # made, but the answer was lost and botocore asked again
                return waited
            if seen != watched:
                watched, since = seen, now
            if _gone(seen.holder, self._me) or now - since >= ABANDONED_SECONDS:
                say(f"{self.name}: left by a deployment that was killed, taking it over")
                self._delete()
                continue
            if now - began >= WAIT_SECONDS:
                raise TurnError(f"nothing was changed: {_waiting_for(seen, self.name)}")
            if not waited:
                say(f"waiting: {_waiting_for(seen, self.name)}")
            waited = True
            self._sleep(POLL_SECONDS)
        return waited

    def renew(self) -> None:
        """Shows that its holder lives. TurnError if it is another's by now."""
        seen = self._seen()
        if seen is None or seen.holder != self._me:
            by = f"by {seen.holder}" if seen and seen.holder else "by hand"
            raise TurnError(f"the turn {self.name} was taken away {by}; run this again")
        self._client.put_parameter(
            Name=self.name, Value=self._text(), Type="String", Overwrite=True
        )

    def give_back(self) -> None:
        """Lets the next one in, unless it is another's turn already."""
        seen = self._seen()
        if seen is not None and seen.holder == self._me:
            self._delete()

    def _made(self) -> bool:
        try:
            self._client.put_parameter(Name=self.name, Value=self._text(), Type="String")
        except self._client.exceptions.ParameterAlreadyExists:
            return False
        return True

    def _seen(self) -> Seen | None:
        try:
            found = self._client.get_parameter(Name=self.name)["Parameter"]
        except self._client.exceptions.ParameterNotFound:
            return None
        return Seen(_read(found["Value"]), found["Version"])

    def _delete(self) -> None:
        try:
            self._client.delete_parameter(Name=self.name)
        except self._client.exceptions.ParameterNotFound:
            return  # another one was faster

    def _text(self) -> str:
        return json.dumps(asdict(self._me))


@contextmanager
def kept(turn: Turn, say: Callable[[str], None]) -> Iterator[None]:
    """Renews a turn that was taken, and gives it back. Ends this process's work if it is lost."""
    done = threading.Event()
    lost: list[TurnError] = []

    def renew() -> None:
        while not done.wait(RENEW_SECONDS):
            try:
                turn.renew()
            except TurnError as error:
                lost.append(error)
                os.kill(os.getpid(), signal.SIGTERM)  # __main__ makes an interruption of it
                return
            except (BotoCoreError, ClientError):
                continue  # the next one may get through, in good time

    renewing = threading.Thread(target=renew, name="turn", daemon=True)
    renewing.start()
    try:
        yield
    except KeyboardInterrupt:
        if lost:
            raise lost[0] from None
        raise
    finally:
        done.set()
        renewing.join()
        _given_back(turn, say)


def _given_back(turn: Turn, say: Callable[[str], None]) -> None:
    """Where AWS can't be reached, how the work ended is what is to be told, and not that."""
    try:
        turn.give_back()
    except (BotoCoreError, ClientError) as error:
        say(
            f"{turn.name}: could not be given back ({error}); the next deployment takes it over"
            f" within {ABANDONED_SECONDS:.0f} s"
        )


def _waiting_for(seen: Seen, name: str) -> str:
    return (
        f"another deployment of this stage is at work ({seen.holder or 'unknown'}); if it is not, "
        f"`aws ssm delete-parameter --name {name}`"
    )


def _gone(other: Holder | None, me: Holder) -> bool:
    """Whether it was on this machine and its process has ended."""
    if other is None or other.host != me.host:
        return False
    try:
        os.kill(other.process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it is there, as another user's
        return False
    return False


def _read(text: str) -> Holder | None:
    try:
        found: dict[str, Any] = json.loads(text)
        return Holder(**found)
    except (ValueError, TypeError):
        return None
