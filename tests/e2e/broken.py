"""Makes the deployed workflow fail: some of its states call a Lambda that raises."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.platform import LocalPlatform
from tests.e2e.demos import client


@contextmanager
def broken_from_phase_2(platform: LocalPlatform, *states: str) -> Iterator[None]:
    """Demos that are started meanwhile fail in phase 2, and in their own cleanup unless told."""
    machine = platform.output("StateMachineArn")
    sfn = client(platform, "stepfunctions")
    original = sfn.describe_state_machine(stateMachineArn=machine)["definition"]
    definition = json.loads(original)
    function = broken_function(client(platform, "lambda"))
    for name in states or ("StartPhase2", "DemoFailed"):
        state = definition["States"][name]
        state["Parameters"]["FunctionName"] = function
        state["Retry"] = []
    sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
    try:
        yield
    finally:
        sfn.update_state_machine(stateMachineArn=machine, definition=original)


def broken_function(functions: Any) -> str:
    """A Lambda that raises, naming the state that called it if its event does; returns its ARN."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "broken.py",
            "def handler(event, context):\n"
            "    raise RuntimeError('broken on purpose at ' + event.get('state', 'some state'))\n",
        )
    try:
        return str(functions.get_function(FunctionName="broken")["Configuration"]["FunctionArn"])
    except functions.exceptions.ResourceNotFoundException:
        made = functions.create_function(
            FunctionName="broken",
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/any",
            Handler="broken.handler",
            Code={"ZipFile": code.getvalue()},
        )
        return str(made["FunctionArn"])
