"""How the pool asks AWS for what it can do without: once, and not for long: it has one thread."""

from __future__ import annotations

from botocore.config import Config

CONNECT_TIMEOUT_S = 1


def hasty(region: str, read_timeout: int) -> Config:
    """A client's configuration: no second try, and `read_timeout` seconds for an answer."""
    return Config(
        region_name=region,
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=read_timeout,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
