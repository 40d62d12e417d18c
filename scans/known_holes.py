"""Asks whether a pinned package has a known hole, for every lock file: pip-audit, the whole lock.

    .venv-lint/bin/python -m scans.known_holes

Advisories are somebody else's service, which a gate must neither need nor believe blindly. So it is
first asked about a package whose hole everybody knows. Where no answer tells of that one, the rest
is not asked, and the step says `not checked` and passes; where one does, a hole fails the step
(exit code 1), and a package that nothing was told about is named.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = tuple(sorted(path.stem for path in (ROOT / "requirements").glob("*.txt")))
CONTROL = ("jinja2==3.1.2", "CVE-2024-22195")
"""A release and one of its holes, which every source of advisories has."""
SERVICES = ("pypi", "osv")
SECONDS = 300.0
_PROGRAM = Path(sys.executable).with_name("pip-audit")
_OPTIONS = ("--disable-pip", "--format", "json", "--progress-spinner", "off", "--aliases", "on")


class NotAsked(Exception):
    """pip-audit gave no answer; the message is its last line."""


@dataclass(frozen=True)
class Hole:
    """A known hole of a pinned package."""

    package: str
    names: tuple[str, ...]
    """An advisory's, and what others call it."""
    mended_in: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"mended in {', '.join(self.mended_in)}" if self.mended_in else "not mended yet"
        return f"{self.package}: {', '.join(self.names)} ({mended})"


@dataclass(frozen=True)
class Answer:
    """What is known of a file's packages."""

    holes: tuple[Hole, ...] = ()
    unknown: tuple[str, ...] = ()
    """Packages that nothing was told about, each with the reason."""
    asked: int = 0


def answer_of(document: Mapping[str, Any]) -> Answer:
    """pip-audit's JSON."""
    holes, unknown = [], []
    for package in document["dependencies"]:
        if "skip_reason" in package:
            unknown.append(f"{package['name']} ({package['skip_reason']})")
            continue
        pinned = f"{package['name']} {package['version']}"
        for hole in package["vulns"]:
            names = (hole["id"], *hole.get("aliases", ()))
            holes.append(Hole(pinned, names, tuple(hole["fix_versions"])))
    return Answer(tuple(holes), tuple(unknown), len(document["dependencies"]))


def asked(service: str, file: Path, *options: str) -> Answer:
    """What a service knows of a requirements file. Raises NotAsked."""
    command = [str(_PROGRAM), *_OPTIONS, "--vulnerability-service", service, *options]
    try:
        done = subprocess.run(  # nosec B603 # pip-audit of this virtualenv, fixed arguments
            [*command, "--requirement", str(file)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return answer_of(json.loads(done.stdout))
    except subprocess.TimeoutExpired as error:
        raise NotAsked(f"no answer within {SECONDS:.0f} s") from error
    except json.JSONDecodeError as error:
        raise NotAsked((done.stderr.strip().splitlines() or ["it said nothing"])[-1]) from error


def service_that_knows(services: Sequence[str] = SERVICES) -> tuple[str | None, list[str]]:
    """The first service that tells of the control's hole, and why those before it don't count."""
    release, hole = CONTROL
    reasons = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "control.txt"
        file.write_text(f"{release}\n")
        for service in services:
            try:
                answer = asked(service, file, "--no-deps")
            except NotAsked as error:
                reasons.append(f"{service}: {error}")
                continue
            if any(hole in found.names for found in answer.holes):
                return service, reasons
            said = "; ".join(answer.unknown) or f"it knows nothing of {hole} in {release}"
            reasons.append(f"{service}: {said}")
    return None, reasons


def told(lock: str, answer: Answer) -> Iterable[str]:
    """A lock file's lines."""
    known = answer.asked - len(answer.unknown)
    yield f"holes: requirements/{lock}.txt: {len(answer.holes)} in {known} packages"
    yield from (f"  {hole}" for hole in answer.holes)
    yield from (f"  not checked: {package}" for package in answer.unknown)


def main() -> int:
    """Asks, and tells. 1 if a pinned package has a hole."""
    service, reasons = service_that_knows()
    if service is None:
        sys.stdout.write("holes: not checked: no source of advisories answers here\n")
        sys.stdout.writelines(f"  {reason[:200]}\n" for reason in reasons)
        return 0
    found = False
    for lock in LOCKS:
        try:
            answer = asked(service, ROOT / "requirements" / f"{lock}.txt", "--require-hashes")
        except NotAsked as error:
            sys.stdout.write(f"holes: not checked: requirements/{lock}.txt: {error}\n")
            continue
        sys.stdout.writelines(f"{line}\n" for line in told(lock, answer))
        found = found or bool(answer.holes)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
