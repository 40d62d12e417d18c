"""What schemathesis loads: it signs its requests, and stops every demo that it started.

It also draws requests within what the document can't say: the stack's budget, which texts are
templates, and that whole numbers are written without a fraction.
"""

import os
from typing import Any

import requests
import schemathesis
from botocore.awsrequest import AWSRequest
from requests.auth import AuthBase

from client.api import DemoApi
from client.signing import of_this_user

URL_VARIABLE = "KINESIS_DEMO_URL"
BUDGET = {"target_tps": 100_000, "task_count": 100, "duration_seconds": 900}
"""infrastructure.yaml's defaults of MaxTps, of the tasks that it takes, and of MaxDurationSeconds,
which four phases share."""
TEMPLATE = '{"template": {}}'
_signer = of_this_user(None)
_api = DemoApi(os.environ[URL_VARIABLE], _signer)


class SigV4(AuthBase):
    """Signs a request as the environment's AWS user."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        assert _signer
        signed = AWSRequest(request.method, request.url, data=request.body or b"")
        _signer.sign(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


schemathesis.auth.set_from_requests(SigV4())  # type: ignore[attr-defined] # put on at run time


@schemathesis.hook
def before_load_schema(_context: Any, raw_schema: dict[str, Any]) -> None:
    """Narrow the document to the stack's budget, and to texts that are templates."""
    schemas = raw_schema["components"]["schemas"]
    phase, demo = schemas["NewPhase"]["properties"], schemas["NewDemo"]["properties"]
    demo["record"]["enum"] = [TEMPLATE, *demo["record"]["examples"]]
    for name, most in BUDGET.items():
        phase[name]["maximum"] = most


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Write 3.0 as 3: for JSON Schema both are integers."""
    if isinstance(body, dict):
        return {key: map_body(None, value) for key, value in body.items()}
    if isinstance(body, list):
        return [map_body(None, value) for value in body]
    return int(body) if isinstance(body, float) and body.is_integer() else body


@schemathesis.hook
def after_call(_context: Any, _case: Any, response: Any) -> None:
    """Keep the stack small: a demo that runs is a thread of it."""
    if response.status_code == 201:
        _api.stop(response.json()["demoId"])
