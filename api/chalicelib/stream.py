"""The streams under load: how large one is, made ready before a demo, taken away after it.

Kinesis changes a stream in the background and says by its status when it is done, so making one
ready is a loop: look, ask for the one step that is missing, wait. A stream that isn't ready in time
is an error, and Step Functions' Retry goes on where this try ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from chalicelib import log
from chalicelib.errors import DemoStopped, StreamNotReady, StreamTaken
from chalicelib.pauses import Pauses

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import StreamDescriptionSummaryTypeDef

READY_SECONDS = 50.0
"""The longest wait in one invocation of the controller, which may last 60 s."""

ENCRYPTION_KEY = "alias/aws/kinesis"
"""The key that AWS manages in the account for Kinesis: no monthly price, and no permission of the
workers'; its requests are billed (usage.kms_requests)."""

_ACTIVE, _DELETING = "ACTIVE", "DELETING"
# A stream is the demo's if it was made after the demo began, by clocks that agree to this.
_CLOCK_TOLERANCE_SECONDS = 60.0


@dataclass(frozen=True)
class StreamSize:
    """How many shards take records now; None if there is no such stream (any more)."""

    name: str
    open_shards: int | None


class _Step(Enum):
    MAKE = auto()
    WAIT = auto()
    ENCRYPT = auto()


class Streams:
    """The account's streams. AWS's errors pass through as botocore raises them.

    DescribeStreamSummary may be called 20 times a second and account, the calls that change a
    stream 5 times (botocore's texts on each).
    """

    def __init__(
        self,
        kinesis: KinesisClient,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._kinesis = kinesis
        self._clock = clock
        self._sleep = sleep

    def size_if_any(self, name: str) -> StreamSize:
        """How large the stream is, if there is one."""
        found = self._found(name)
        return StreamSize(name, None if found is None else found["OpenShardCount"])

    def warm(self, name: str, mibps: int) -> None:
        """Brings a stream that is there to so many MiB/s. StreamNotReady if that takes longer."""
        pauses = Pauses(self._clock, self._sleep, READY_SECONDS)
        asked = False
        while True:
            found = self._described(name)
            if found["StreamStatus"] == _ACTIVE:
                if found.get("WarmThroughput", {}).get("TargetMiBps") == mibps:
                    return
                if not asked:
                    self._kinesis.update_stream_warm_throughput(
                        StreamName=name, WarmThroughputMiBps=mibps
                    )
                    asked = True
            if not pauses.another():
                raise StreamNotReady(f"stream {name} is not warmed to {mibps} MiB/s yet")

    def make(
        self, name: str, mibps: int | None, since: float, still_wanted: Callable[[], bool]
    ) -> None:
        """Makes a demo's own stream, encrypted and active; goes on with one that it began.

        `since` is when the demo began (epoch seconds): a stream that is older is somebody else's,
        StreamTaken. DemoStopped if it is no longer wanted when it would be made. StreamNotReady if
        it takes longer.
        """
        pauses = Pauses(self._clock, self._sleep, READY_SECONDS)
        taken: set[_Step] = set()
        while (step := _missing(self._found(name), name, since)) is not None:
            if step is _Step.MAKE and step not in taken:
                if not still_wanted():
                    raise DemoStopped(f"the demo was stopped before its stream {name} was made")
                self._make(name, mibps)
            elif step is _Step.ENCRYPT and step not in taken:
                self._kinesis.start_stream_encryption(
                    StreamName=name, EncryptionType="KMS", KeyId=ENCRYPTION_KEY
                )
            taken.add(step)
            if not pauses.another():
                raise StreamNotReady(f"stream {name} is not ready yet")

    def is_of_demo(self, name: str, since: float) -> bool:
        """Whether there is such a stream, made after this moment and not being deleted already."""
        return self._demos_own(name, since) is not None

    def remove(self, name: str, since: float, patience: float) -> bool:
        """Deletes a demo's own stream; whether it is gone, or about to be.

        A stream that is being made or changed can't be deleted; this waits so many seconds for it.
        """
        pauses = Pauses(self._clock, self._sleep, patience)
        while (found := self._demos_own(name, since)) is not None:
            if found["StreamStatus"] == _ACTIVE and self._deleted(name):
                return True
            if not pauses.another():
                return False
        return True

    def _demos_own(self, name: str, since: float) -> StreamDescriptionSummaryTypeDef | None:
        found = self._found(name)
        if found is None or found["StreamStatus"] == _DELETING:
            return None
        if not _is_of_demo(found, since):
            log.line(log.Level.WARNING, "stream_is_not_the_demos", stream=name)
            return None
        return found

    def _described(self, name: str) -> StreamDescriptionSummaryTypeDef:
        return self._kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]

    def _found(self, name: str) -> StreamDescriptionSummaryTypeDef | None:
        try:
            return self._described(name)
        except self._kinesis.exceptions.ResourceNotFoundException:
            return None

    def _make(self, name: str, mibps: int | None) -> None:
        try:
            if mibps is None:
                self._kinesis.create_stream(
                    StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"}
                )
            else:
                self._kinesis.create_stream(
                    StreamName=name,
                    StreamModeDetails={"StreamMode": "ON_DEMAND"},
                    WarmThroughputMiBps=mibps,
                )
        except self._kinesis.exceptions.ResourceInUseException:
            return  # an earlier try made it after all; the next look says whose it is

    def _deleted(self, name: str) -> bool:
        """Deletes it; False if something else was faster, and the next look says what."""
        try:
            self._kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
        except self._kinesis.exceptions.ResourceNotFoundException:
            return True  # another cleanup of the same demo
        except self._kinesis.exceptions.ResourceInUseException:
            return False
        return True


def _missing(
    found: StreamDescriptionSummaryTypeDef | None, name: str, since: float
) -> _Step | None:
    """The step that a demo's own stream needs next; None if it is ready. Raises StreamTaken."""
    if found is None:
        return _Step.MAKE
    if not _is_of_demo(found, since):
        raise StreamTaken(
            f"a stream {name} was there before this demo, and is left alone: delete it, or name"
            " the demo otherwise"
        )
    if found["StreamStatus"] != _ACTIVE:
        return _Step.WAIT
    return None if found.get("EncryptionType") == "KMS" else _Step.ENCRYPT


def _is_of_demo(found: StreamDescriptionSummaryTypeDef, since: float) -> bool:
    made = found["StreamCreationTimestamp"].timestamp()
    return made >= since - _CLOCK_TOLERANCE_SECONDS
