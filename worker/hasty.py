"""How a worker asks AWS where nothing else goes on meanwhile: not often, and not for long."""

from __future__ import annotations

from botocore.config import Config

CONNECT_TIMEOUT_S = 1


def hasty(region: str, read_timeout: int, tries: int = 1) -> Config:
    """A client's configuration: `read_timeout` seconds for an answer, and so many `tries`."""
    return Config(
        region_name=region,
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=read_timeout,
        retries={"total_max_attempts": tries, "mode": "standard"},
    )
