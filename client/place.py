"""Where the API is, and who calls it: from the command line, the environment, the deployment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from client import signing
from client.signing import Signer
from deployment.api_url import NotDeployedError, api_url

ROOT = Path(__file__).resolve().parent.parent
URL_VARIABLE = "KINESIS_DEMO_URL"
DEFAULT_STAGE = "production"
_ON_AWS = re.compile(r"[\w-]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")


class UnknownApi(Exception):
    """There is no telling where the API is; the message says how to say so."""


def find(url: str | None, stage: str | None, environment: Mapping[str, str]) -> str:
    """The API's base URL. Raises UnknownApi.

    What is asked for by name comes first: `url`, then `stage`; then KINESIS_DEMO_URL, then what
    deploy.sh last deployed from this checkout as the default stage.
    """
    given = url or (None if stage else environment.get(URL_VARIABLE))
    if given is None:
        return _deployed(stage or DEFAULT_STAGE, environment)
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UnknownApi(f"{given!r} is no URL: give the API's address, as deploy.sh printed it")
    return given


def caller(url: str, region: str | None) -> Signer | None:
    """Who signs requests to the API at `url`; None without credentials. Raises BotoCoreError.

    An API's address on AWS names its region; `region` is for those that have another.
    """
    host = urlsplit(url).hostname or ""
    on_aws = _ON_AWS.fullmatch(host)
    return signing.of_this_user(region or (on_aws[1] if on_aws else None))


def _deployed(stage: str, environment: Mapping[str, str]) -> str:
    build = Path(environment.get("BUILD_DIR") or ROOT / ".build")
    try:
        return api_url(build / stage / "api", stage, environment.get("AWS_ENDPOINT_URL"))
    except NotDeployedError as error:
        raise UnknownApi(
            f"no API of stage {stage!r} is known here: say where it is with --url or "
            f"{URL_VARIABLE}; {error}"
        ) from None
