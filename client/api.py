"""Speaks to the deployed API over HTTP, as anybody would with curl, and signs what it says.

Proxies, certificates and connections are botocore's business, so that what lets the AWS tools reach
AWS lets this reach the API.
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import botocore.session
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import ConnectionError, HTTPClientError  # noqa: A004
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from client.refusal import explained
from client.signing import Signer
from client.unsaid import without_proofs

TIMEOUT_SECONDS = 30
"""API Gateway itself gives up after 29 s."""
MODEL_HEADER = "x-stream-model"
"""How an embedded stack tells that its streams follow a model, and which."""
_LOOK = "is the URL the API's own, as deploy.sh printed it, and is it up?"


class ApiError(Exception):
    """The API answered with an error, or not at all; then `status` and `body` are None."""

    def __init__(self, status: int | None, message: str, body: object = None) -> None:
        super().__init__(message if status is None else f"HTTP {status}: {message}")
        self.status = status
        self.body = body


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the body as JSON, and API Gateway's own word for an error."""

    status: int
    body: Any
    error_type: str = ""


class DemoApi:
    """The routes of one deployed API. Every method raises ApiError.

    Without a signer requests go unsigned, which only an API deployed with `--auth none` takes.
    """

    def __init__(self, base_url: str, signer: Signer | None) -> None:
        self.base_url = base_url.rstrip("/")
        self.stream_model = ""
        """What the last answer said of a model that the streams follow; nothing on AWS."""
        self._signer = signer
        self._http = URLLib3Session(
            verify=_certificates(base_url),  # type: ignore[arg-type] # or a path: the stubs' slip
            proxies=_proxies(base_url),
            timeout=TIMEOUT_SECONDS,
        )

    def start(self, body: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """POST /demo. A dry run checks the body and tells its cost, and starts nothing."""
        return self._call("POST", "/demo", body, {"dry_run": "true"} if dry_run else {})

    def get(self, demo_id: str) -> dict[str, Any]:
        """GET /demo/<id>."""
        return self._call("GET", f"/demo/{quote(demo_id, safe='')}")

    def metrics(
        self, demo_id: str, since: int | None = None, period: int | None = None
    ) -> dict[str, Any]:
        """GET /demo/<id>/metrics: the demo's series. `since` in epoch s, `period` in seconds."""
        query = _given(since=since, period=period)
        return self._call("GET", f"/demo/{quote(demo_id, safe='')}/metrics", query=query)

    def list(self, limit: int | None = None, token: str | None = None) -> dict[str, Any]:
        """GET /demo: a page of demos."""
        return self._call("GET", "/demo", query=_given(limit=limit, token=token))

    def stop(self, demo_id: str) -> dict[str, Any]:
        """DELETE /demo/<id>."""
        return self._call("DELETE", f"/demo/{quote(demo_id, safe='')}")

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Any request, and whatever is answered to it."""
        url = self.base_url + path
        if query:
            url += f"?{urlencode(query, quote_via=quote)}"
        request = AWSRequest(method=method, url=url)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.headers["Content-Type"] = "application/json"
        if self._signer:
            self._signer.sign(request)
        try:
            answer = self._http.send(request.prepare())
        except (HTTPClientError, ConnectionError) as error:
            raise ApiError(None, f"{method} {url} got no answer: {error}; {_LOOK}") from error
        self.stream_model = answer.headers.get(MODEL_HEADER, "")
        try:
            content = json.loads(_readable(answer))
        except ValueError as error:
            message = f"{method} {url} answered no JSON; {_LOOK}"
            raise ApiError(answer.status_code, message) from error
        return Answer(answer.status_code, content, answer.headers.get("x-amzn-errortype", ""))

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        answer = self.ask(method, path, body, query)
        if answer.status >= 400:
            message = _problem(answer.body)
            if answer.status == 403:
                identity = self._signer.described if self._signer else None
                message += "\n  " + explained(answer.error_type, message, identity)
            raise ApiError(answer.status, message, answer.body)
        result: dict[str, Any] = answer.body
        return result


def _readable(answer: AWSResponse) -> str:
    """The answer's text; a refusal's may repeat the request, which proves whose it is."""
    text: str = answer.content.decode()
    return text if answer.status_code < 400 else without_proofs(text)


def _given(**query: object) -> dict[str, str]:
    return {name: str(value) for name, value in query.items() if value is not None}


def _problem(content: object) -> str:
    """An error's message, and what is wrong with each field that it names."""
    if not isinstance(content, dict):
        return str(content)
    message = str(content.get("message") or content.get("Message") or content)
    fields = [f"{f['field']} {f['problem']}: {f['try']}" for f in content.get("fields", [])]
    return "\n  ".join([message, *fields])


def on_this_machine(url: str) -> bool:
    """Whether an address is this very machine's."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxies(url: str) -> dict[str, Any]:
    """The environment's proxies; none to this very machine, which no proxy would reach."""
    return {} if on_this_machine(url) else get_environ_proxies(url)


def _certificates(url: str) -> str | bool:
    """The bundle by which the AWS tools would check a certificate; True for their own.

    AWS_CA_BUNDLE, ca_bundle in the AWS configuration, REQUESTS_CA_BUNDLE, in botocore's own order
    (botocore.session, create_client; botocore.endpoint, EndpointCreator). Raises BotoCoreError.
    """
    if urlsplit(url).scheme != "https":
        return True
    named = botocore.session.get_session().get_config_variable("ca_bundle")
    return named or os.environ.get("REQUESTS_CA_BUNDLE") or True
