"""The edge: what `kinesis-demo` runs. Errors become a line on stderr and an exit code here."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys

from botocore.exceptions import BotoCoreError

from client import place
from client.api import ApiError, DemoApi, on_this_machine
from client.arguments import PROGRAM, parser
from client.commands import COMMANDS, FAILED, INTERRUPTED, Client
from client.console import Console
from client.nowhere import NoApi
from client.place import UnknownApi
from client.plans import BadPlan
from client.watch import POLL_SECONDS, POLL_SECONDS_HERE
from client.web.command import PortTaken
from reporting.folder import NoReport
from reporting.libraries import LibraryMissing
from simulation.errors import BadQuestion

USAGE = 2
WITHOUT_API = ("compare", "simulate")
"""Commands that may not need it."""


def main() -> int:
    """Carry out the command line; the exit code."""
    arguments = parser().parse_args()
    try:
        return COMMANDS[arguments.command](_client(arguments), arguments)
    except (BadPlan, BadQuestion, UnknownApi, NoReport, PortTaken) as error:
        return _told(error, USAGE)
    except ApiError as error:
        if arguments.output == "json" and error.body is not None:
            print(json.dumps(error.body, indent=None if _watching(arguments) else 2))
        return _told(error, FAILED)
    except BotoCoreError as error:
        return _told(f"the AWS credentials can't be used: {error}", FAILED)
    except KeyboardInterrupt:
        return _told("interrupted", INTERRUPTED)
    except BrokenPipeError:  # whoever read the output has had enough
        return FAILED
    except (LibraryMissing, OSError) as error:
        return _told(error, FAILED)


def _client(arguments: argparse.Namespace) -> Client:
    given = [f"--{name} {shlex.quote(getattr(arguments, name))}" for name in _given(arguments)]
    api = _api(arguments)
    return Client(
        api,
        Console(),
        as_json=arguments.output == "json",
        call=" ".join([f"./{PROGRAM}", *given]),
        poll_seconds=POLL_SECONDS_HERE if on_this_machine(api.base_url) else POLL_SECONDS,
    )


def _watching(arguments: argparse.Namespace) -> bool:
    """Whether the output has a line for each look."""
    return arguments.command == "watch" or getattr(arguments, "watch", False)


def _api(arguments: argparse.Namespace) -> DemoApi:
    try:
        url = place.find(arguments.url, arguments.stage, os.environ)
        return DemoApi(url, place.caller(url, arguments.region))
    except (UnknownApi, BotoCoreError) as error:
        if arguments.command in WITHOUT_API:
            return NoApi(error)
        raise


def _given(arguments: argparse.Namespace) -> list[str]:
    return [name for name in ("url", "stage", "region") if getattr(arguments, name)]


def _told(problem: object, code: int) -> int:
    print(f"error: {problem}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
