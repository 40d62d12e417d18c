"""What stands where no API could be found, for commands that may not need one."""

from __future__ import annotations

from collections.abc import Mapping

from client.api import Answer, DemoApi


class NoApi(DemoApi):
    """An API that answers every request by raising what kept it from being found."""

    def __init__(self, reason: Exception) -> None:
        super().__init__("", None)
        self._reason = reason

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Raise the reason."""
        del method, path, body, query
        raise self._reason
