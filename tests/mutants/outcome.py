"""What a mutation run found, and what is to be thought of it. Pure.

A mutant that survives has to be listed with a reason; a listed one that doesn't survive any more
has to leave the list. So the list is always the truth.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Mutant:
    """A module's changed lines before and after."""

    module: str
    was: str
    became: str


@dataclass(frozen=True)
class Outcome:
    """What became of all mutants of a module."""

    module: str
    mutants: int
    survivors: tuple[Mutant, ...]
    """With repetitions: two operators may make the same line, and two places may have it."""


class MutationFailed(Exception):
    """The tests fail without any mutation, or cosmic-ray itself failed."""


def read_outcome(module: str, dump: str) -> Outcome:
    """Read cosmic-ray's dump: a line a mutant, [what was to be done, what came of it]."""
    results = [json.loads(line)[1] for line in dump.splitlines()]
    if not results or any(result is None for result in results):
        raise MutationFailed(f"{module}: {len(results)} mutants, and not all of them were run")
    results = [result for result in results if result["worker_outcome"] != "skipped"]
    abnormal = [result for result in results if result["worker_outcome"] != "normal"]
    if abnormal:
        raise MutationFailed(f"{module}: {abnormal[0]['worker_outcome']}: {abnormal[0]['output']}")
    survived = [result["diff"] for result in results if result["test_outcome"] == "survived"]
    return Outcome(module, len(results), tuple(read_mutant(module, diff) for diff in survived))


def read_mutant(module: str, diff: str) -> Mutant:
    """The changed lines of a unified diff, without its two lines of file names."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    was, became = (
        "\n".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return Mutant(module, was, became)


def read_reasons(text: str) -> dict[Mutant, str]:
    """Why each mutant that survives doesn't matter."""
    return {
        Mutant(entry["module"], entry["was"], became): entry["reason"]
        for entry in tomllib.loads(text).get("survivor", [])
        for became in entry["became"]
    }


def complaints(outcomes: Sequence[Outcome], reasons: Mapping[Mutant, str]) -> Iterator[str]:
    """Say what survived without a reason, and which reasons are needed no more."""
    found = {mutant for outcome in outcomes for mutant in outcome.survivors}
    modules = {outcome.module for outcome in outcomes}
    for mutant in sorted(found - reasons.keys()):
        yield f"survived: {mutant.module}: {mutant.was}  ->  {mutant.became}"
    for mutant in sorted(mutant for mutant in reasons.keys() - found if mutant.module in modules):
        yield f"listed, but noticed or gone: {mutant.module}: {mutant.was}  ->  {mutant.became}"


def total(outcomes: Sequence[Outcome]) -> str:
    """One line for a person."""
    mutants = sum(outcome.mutants for outcome in outcomes)
    survived = sum(len(outcome.survivors) for outcome in outcomes)
    return f"{mutants:,} mutants, {mutants - survived:,} noticed, {survived:,} survived"
