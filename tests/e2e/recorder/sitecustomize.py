"""Notes the AWS calls of every Python process that has this folder on its PYTHONPATH.

Python imports a module of this name before anything else. One JSON line a call and process goes to
$RECORD_CALLS_TO: who called (the Lambda function's name, or none), what, and the parameters that
name a resource.
"""

from __future__ import annotations

import json
import os
from typing import Any

import botocore.session

_BULK = {"Records", "MetricData", "MetricDataQueries", "containerDefinitions"}
_noted: set[str] = set()


def note(**event: Any) -> None:
    """Takes botocore's documented event `provide-client-params`, emitted once for every call."""
    params, model = event["params"], event["model"]
    line = json.dumps(
        {
            "function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
            "service": model.service_model.service_name,
            "operation": model.name,
            "parameters": {k: v for k, v in params.items() if k not in _BULK},
        },
        default=str,
    )
    if line in _noted:
        return
    _noted.add(line)
    file = os.open(os.environ["RECORD_CALLS_TO"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{line}\n".encode())
    os.close(file)


def noting(env_vars: Any = None) -> botocore.session.Session:
    """A session whose clients' calls are noted; boto3's are made by the same function."""
    session = _made_by_botocore(env_vars)
    session.register("provide-client-params", note)
    return session


if "RECORD_CALLS_TO" in os.environ:
    _made_by_botocore = botocore.session.get_session
    botocore.session.get_session = noting
