"""What every program that runs a platform does first, and what it may end with."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from shutil import rmtree
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError

from client.api import ApiError
from client.console import Console
from client.plans import BadPlan
from local.demo import LedgerMissing
from local.follower import FollowerEnded
from local.kinesis.settings import BadModelSettings
from local.platform import AgentEnded
from local.stack import StackError
from reporting.libraries import LibraryMissing

INTERRUPTED = 130
EXPECTED = (
    *(StackError, AgentEnded, FollowerEnded, ApiError, LedgerMissing, BadPlan),
    *(BadModelSettings, BotoCoreError, ClientError, OSError, LibraryMissing),
)
"""What can go wrong around a demo, and is told in a line."""
GIVEN_UP = (KeyboardInterrupt, BrokenPipeError)
"""Nobody waits for it any more, or reads what it says."""


def interrupt_on_sigterm() -> None:
    """Have SIGTERM do what Ctrl-C does."""
    signal.signal(signal.SIGTERM, _interrupt)


def forget_other_aws() -> None:
    """Drop what the environment says about AWS: a profile of the user's is no part of this."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


@contextmanager
def scratch(prefix: str, console: Console) -> Iterator[Path]:
    """A temporary folder, which stays only if something goes wrong that its files may explain."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    except GIVEN_UP:
        rmtree(folder, ignore_errors=True)
        raise
    except Exception as error:
        if isinstance(error, ApiError) and error.status == HTTPStatus.BAD_REQUEST:
            rmtree(folder, ignore_errors=True)  # the answer itself says what is wrong
        else:
            console.say(f"what the platform wrote is kept in {folder}")
        raise
    rmtree(folder, ignore_errors=True)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
