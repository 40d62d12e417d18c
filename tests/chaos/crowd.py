"""Many callers of the API at a fixed rate, whatever it answers: open loop, signed, by aiohttp.

Who waits for an answer before the next request measures a service that is slow as one that is asked
seldom. Here a request is due when it is due, and its latency counts from then.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp
from botocore.awsrequest import AWSRequest

from client.signing import Signer
from local.platform import LocalPlatform, signer_of

ANSWER_SECONDS = 60.0
CONNECTIONS = 500
"""More than are let in and wait in line, so that requests are refused and not just late."""


@dataclass
class Answers:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter)
    bodies: dict[tuple[str, int], set[bytes]] = field(default_factory=dict)
    """The different bodies by path and status."""
    latencies: list[float] = field(default_factory=list)
    """Seconds from when each was due."""
    seconds: float = 0.0
    """Until the last one was answered."""

    def note(self, path: str, status: int, body: bytes) -> None:
        self.statuses[str(status)] += 1
        self.bodies.setdefault((path, status), set()).add(body)

    def percentile(self, part: float) -> float:
        return sorted(self.latencies)[int(part * (len(self.latencies) - 1))]


def ask(
    platform: LocalPlatform, paths: Sequence[str], per_second: float, seconds: float
) -> Answers:
    """GET the paths in turn. What gets no answer is counted by its error's name."""
    base, signer = platform.api.base_url, signer_of(platform.stack)
    signed = {path: _signed(base + path, signer) for path in paths}
    return asyncio.run(_ask(base, signed, per_second, seconds))


async def _ask(
    base: str, signed: Mapping[str, Mapping[str, str]], per_second: float, seconds: float
) -> Answers:
    answers, paths = Answers(), [*signed]
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    patience = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    began = time.monotonic()
    async with aiohttp.ClientSession(connector=connector, timeout=patience) as session:

        async def one(path: str, due: float) -> None:
            try:
                async with session.get(base + path, headers=signed[path]) as answer:
                    answers.note(path, answer.status, await answer.read())
            except (aiohttp.ClientError, TimeoutError) as error:
                answers.statuses[type(error).__name__] += 1
            answers.latencies.append(time.monotonic() - due)

        under_way = []
        for number in range(round(per_second * seconds)):
            due = began + number / per_second
            if (pause := due - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            under_way.append(asyncio.create_task(one(paths[number % len(paths)], due)))
        await asyncio.gather(*under_way)
    answers.seconds = time.monotonic() - began
    return answers


def _signed(url: str, signer: Signer) -> dict[str, str]:
    """Once for all requests of a path: a signature holds for five minutes."""
    request = AWSRequest("GET", url)
    signer.sign(request)
    return dict(request.headers.items())
