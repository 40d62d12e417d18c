"""Whose requests the page's server answers. Pure.

It acts with the user's credentials, so it has to tell its own page from any other that the same
browser shows, and the user from others on the machine:

- a Host that is not this server's own: a foreign name that was made to resolve to 127.0.0.1
- an Origin that is not this server's own, or none with a request that changes something
- Sec-Fetch-Site, where the browser sends it, that is not the page's own
- no key, or another than the one in the address that was printed
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

API = "/api/"
KEY_HEADER = "X-Page-Key"
_SAFE = ("GET", "HEAD")
_OWN_SITE = (None, "same-origin", "none")


@dataclass(frozen=True)
class Request:
    """What a request says of where it comes from."""

    method: str
    path: str
    hosts: tuple[str, ...]
    origin: str | None
    fetch_site: str | None
    key: str | None


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered: its kind, and what to try."""

    error: str
    message: str


@dataclass(frozen=True)
class Guard:
    """Lets the pages of one server through."""

    port: int
    key: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which a browser on this machine reaches the server."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    def refusal(self, request: Request) -> Refusal | None:
        """Why not to answer; None to answer."""
        if len(request.hosts) != 1 or request.hosts[0] not in self.hosts:
            return Refusal("ForeignHost", f"this server is http://{self.hosts[0]} and no other")
        own_origin = f"http://{request.hosts[0]}"
        if request.origin not in (None, own_origin):
            return Refusal("ForeignOrigin", "another site's page can't ask here")
        if request.method not in _SAFE and request.origin is None:
            return Refusal("ForeignOrigin", "a change has to come from the page: Origin is missing")
        if not request.path.startswith(API):
            return None
        if request.fetch_site not in _OWN_SITE:
            return Refusal("ForeignOrigin", "another site's page can't ask here")
        if not hmac.compare_digest((request.key or "").encode(), self.key.encode()):
            return Refusal(
                "BadKey", "the key is missing or wrong: open the address that the program printed"
            )
        return None
