"""The control API and the controller, as Chalice deploys them: routes, handlers, and which error
becomes which status. What they do is in chalicelib.
"""

from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Chalice, IAMAuthorizer, Request, Response

from chalicelib import aws_errors, controller, demo_series, demos, errors, log, settings, starting
from chalicelib.errors import DemoError, FieldProblem, InvalidPlan
from chalicelib.services import Services
from chalicelib.unsaid import without_proofs

app = Chalice(app_name="kinesis-demo", configure_logs=False)

_ROUTE: Mapping[str, Any] = {
    # Who may call is API Gateway's to check, by what Chalice tells it when it deploys: it imports
    # this module then, after it has put the functions' environment into its own
    # (chalice.cli.factory, load_chalice_app).
    "authorizer": IAMAuthorizer() if settings.guarded(os.environ) else None,
    # An empty list lets any pass: a body is read as JSON, or not at all, whatever it says it is.
    "content_types": [],
}

_STATUS: Mapping[type[DemoError], int] = {
    errors.InvalidPlan: 400,
    errors.InvalidPage: 400,
    errors.InvalidWindow: 400,
    errors.UnknownDemo: 404,
    errors.DemoExists: 409,
    errors.CommitmentNotEnabled: 409,
    errors.WarmThroughputUnsupported: 409,
    errors.TooManyDemos: 429,
    errors.AwsThrottled: 429,
    errors.AwsDenied: 502,
    errors.AwsRefused: 502,
    errors.AwsUnavailable: 503,
    errors.ConfigurationError: 503,
}
_CODE: Mapping[type[DemoError], str] = {errors.InvalidPlan: "InvalidDemo"}


@functools.cache
def services() -> Services:
    """One for the process: a warm Lambda keeps its clients."""
    return Services(os.environ)


View: TypeAlias = Callable[..., dict[str, Any] | Response]


def answers(status: int) -> Callable[[View], Callable[..., Response]]:
    """Makes a view of what returns a body: answers it with `status`, or an error with its own."""

    def decorate(view: View) -> Callable[..., Response]:
        @functools.wraps(view)
        def answer(**path: str) -> Response:
            try:
                body = view(**path)
                return body if isinstance(body, Response) else Response(body, status_code=status)
            except DemoError as error:
                return _refused(error)
            except (ClientError, BotoCoreError) as error:
                return _refused(aws_errors.classified(error), cause=str(error))
            except Exception:
                return _broken()

        return answer

    return decorate


@app.route("/demo", methods=["POST"], **_ROUTE)
@answers(201)
def post_demo() -> dict[str, Any] | Response:
    """Starts a demo; with ?dry_run=true, says what would be started."""
    query: Mapping[str, str] = _current_request().query_params or {}
    body = starting.start(_raw_body(), query, services())
    return Response(body, status_code=200) if starting.is_dry_run(query) else body


@app.route("/demo", methods=["GET"], **_ROUTE)
@answers(200)
def list_demos() -> dict[str, Any]:
    """Lists demos, newest first."""
    return demos.page(_current_request().query_params or {}, services())


@app.route("/demo/{demo_id}", methods=["GET"], **_ROUTE)
@answers(200)
def get_demo(demo_id: str) -> dict[str, Any]:
    """Shows a demo."""
    return demos.describe(demo_id, services())


@app.route("/demo/{demo_id}", methods=["DELETE"], **_ROUTE)
@answers(202)
def delete_demo(demo_id: str) -> dict[str, Any]:
    """Stops a demo."""
    return demos.stop(demo_id, services())


@app.route("/demo/{demo_id}/metrics", methods=["GET"], **_ROUTE)
@answers(200)
def get_metrics(demo_id: str) -> dict[str, Any]:
    """Shows a demo second by second."""
    return demo_series.of_demo(demo_id, _current_request().query_params or {}, services())


@app.lambda_function(name="controller")
def lambda_handler(event: object, context: object) -> dict[str, Any]:
    """One operation of the workflow. It raises what it can't do: see chalicelib/errors.py."""
    try:
        state = controller.handle(event, services())
    except ClientError as error:
        # The runtime writes the message into the log and into the workflow's history.
        error.args = (without_proofs(str(error)),)
        raise
    log.line(
        log.Level.INFO,
        str(state["status"]),
        demo_id=state["demo_id"],
        phase_number=state.get("phase_number"),
        request_id=getattr(context, "aws_request_id", None),
    )
    return state


def _current_request() -> Request:
    if app.current_request is None:
        raise RuntimeError("a view was called outside a request")
    return app.current_request


def _raw_body() -> bytes:
    try:
        body = _current_request().raw_body
    except ValueError as error:  # not base64, or not to be encoded
        problem = FieldProblem("body", f"can't be decoded ({error})", "send JSON in UTF-8")
        raise InvalidPlan([problem]) from None
    return body if isinstance(body, bytes) else body.encode()


def _refused(error: DemoError, **details: object) -> Response:
    status = _STATUS.get(type(error), 500)
    code = _CODE.get(type(error), type(error).__name__)
    body: dict[str, Any] = {"error": code, "message": str(error)}
    if isinstance(error, InvalidPlan):
        fields = ", ".join(problem.field for problem in error.problems)
        body["message"] = f"not acceptable: {fields}"
        body["fields"] = [
            {"field": problem.field, "problem": problem.problem, "try": problem.advice}
            for problem in error.problems
        ]
    level = log.Level.ERROR if status >= 500 else log.Level.WARNING
    log.line(level, code, status=status, message=str(error), **_request(), **details)
    return Response(body, status_code=status)


def _broken() -> Response:
    log.line(log.Level.ERROR, "InternalError", trace=traceback.format_exc(), **_request())
    message = "Something is wrong in the API itself: its log has the details."
    return Response({"error": "InternalError", "message": message}, status_code=500)


def _request() -> dict[str, Any]:
    request = _current_request()
    return {
        "request_id": request.context.get("requestId"),
        "method": request.method,
        "path": request.path,
        "demo_id": (request.uri_params or {}).get("demo_id"),
    }
