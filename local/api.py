"""Speaks to the deployed API over HTTP, as anybody would with curl."""

from __future__ import annotations

from typing import Any

import urllib3

TIMEOUT_SECONDS = 30.0


class ApiError(Exception):
    """The API answered with an error, or not at all."""

    def __init__(self, status: int | None, message: str) -> None:
        super().__init__(message if status is None else f"HTTP {status}: {message}")
        self.status = status


class DemoApi:
    """The routes of one deployed API. Every method raises ApiError."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = urllib3.PoolManager(timeout=TIMEOUT_SECONDS, retries=False)

    def start(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", "/demo", body)

    def get(self, demo_id: str) -> dict[str, Any]:
        return self._call("GET", f"/demo/{demo_id}")

    def list(self, query: str = "") -> dict[str, Any]:
        return self._call("GET", f"/demo{query}")

    def stop(self, demo_id: str) -> dict[str, Any]:
        return self._call("DELETE", f"/demo/{demo_id}")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = self.base_url + path
        try:
            answer = self._http.request(method, url, json=body)
            content = answer.json()
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(None, f"{method} {url} got no answer: {error}") from error
        except ValueError as error:
            raise ApiError(answer.status, f"{method} {url} answered no JSON") from error
        if answer.status >= 400:
            raise ApiError(answer.status, _problem(content))
        result: dict[str, Any] = content
        return result


def _problem(content: dict[str, Any]) -> str:
    """An error's message, and what is wrong with each field that it names."""
    message = str(content.get("message") or content.get("Message") or content)
    fields = [f"{f['field']} {f['problem']}: {f['try']}" for f in content.get("fields", [])]
    return "\n  ".join([message, *fields])
