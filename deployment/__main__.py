"""The edge: what deploy.sh runs. Arguments in, an exit code out, errors told in a line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.unsaid import without_proofs
from deployment import checkout, deploy, destroy, dry_run, prerequisites, status, turn
from deployment.errors import DeploymentError
from deployment.stage import Stage

INTERRUPTED = 130

_EPILOGUE = """
deploy     infrastructure, worker image, API and controller, the clean-up rule's permission.
           Run it again to update, or to go on where it was interrupted.
destroy    removes all that deploy made, running demos first, and lists what it could not.
status     what is there; exit code 0: deployed and healthy, 1: not healthy, 3: not deployed.

AWS_ENDPOINT_URL, if set, says which AWS is meant; BUILD_DIR is the folder for the copy of api/
that Chalice deploys, with Chalice's record of it.
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="./deploy.sh",
        description="Deploys a stage of the demo, removes it again, or says what is there.",
        epilog=_EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "command", nargs="?", choices=("deploy", "destroy", "status"), default="deploy"
    )
    made.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and change nothing"
    )
    made.add_argument("--stage", default="production", help="which deployment (production)")
    made.add_argument("--region", help="AWS_REGION's, the profile's or us-east-1, if not given")
    made.add_argument(
        "--auth",
        choices=("iam", "none"),
        default="iam",
        help="who may call the API: iam, whoever the account lets (the default), or everybody",
    )
    made.add_argument(
        "--parameter",
        action="append",
        default=[],
        type=_key_and_value,
        metavar="Key=Value",
        help="one of infrastructure.yaml's; stays until another value is given",
    )
    return made


def main() -> int:
    """Does what the command line says."""
    arguments = parser().parse_intermixed_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _choose_region(arguments.region)
        return _done(arguments)
    except (DeploymentError, BotoCoreError, ClientError) as error:
        print(without_proofs(f"error: {error}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED


def _done(arguments: argparse.Namespace) -> int:
    stage = checkout.stage_named(arguments.stage)
    given = dict(arguments.parameter)
    build = Path(os.environ.get("BUILD_DIR", checkout.ROOT / ".build"))
    prerequisites.check(arguments.command, stage, given, dry_run=arguments.dry_run)
    if arguments.command == "status":
        return status.show(stage, _say)
    if not arguments.dry_run:
        _change(arguments, stage, given, build)
    elif arguments.command == "destroy":
        destroy.foretell(stage, build, _say)
    else:
        dry_run.show(stage, arguments.auth, given, _say)
    return 0


def _change(
    arguments: argparse.Namespace, stage: Stage, given: Mapping[str, str], build: Path
) -> None:
    """Deploys or destroys, when no other deployment of the stage is at work."""
    ours = turn.Turn(
        turn.ssm(),
        turn.parameter(stage),
        turn.holder(f"deploy.sh {arguments.command} --stage {stage.name}"),
    )
    waited = ours.take(_say)
    with turn.kept(ours, _say):
        if waited:  # what was in nobody's way may be by now
            prerequisites.check(arguments.command, stage, given, dry_run=False)
        if arguments.command == "destroy":
            destroy.destroy(stage, build, _say)
        else:
            deploy.deploy(stage, arguments.auth, given, build, _say)


def _choose_region(named: str | None) -> None:
    region = named or os.environ.get("AWS_REGION") or boto3.Session().region_name
    # boto3 takes the region from the second name, other SDKs from the first.
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        os.environ[name] = region or "us-east-1"


def _say(line: str) -> None:
    print(without_proofs(line), flush=True)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _key_and_value(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not Key=Value")
    return key, value


if __name__ == "__main__":
    sys.exit(main())
