"""The API's verdicts on a demo, with what the stream itself proves in place of what was counted.

Pure. The API knows what workers published; here every record was read back, which is the stricter
witness of what was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt
from typing import Any

from local.ledgers import PoolLedger
from local.proof import Proof

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "==": eq,
}


def proven(
    verdicts: Sequence[Mapping[str, Any]], ledgers: Sequence[PoolLedger], proof: Proof
) -> tuple[Mapping[str, Any], ...]:
    """The verdicts; those on `lost` by the proof, if any record was generated."""
    return tuple(
        _by_proof(verdict, ledgers, proof) if verdict["metric"] == "lost" else verdict
        for verdict in verdicts
    )


def _by_proof(
    verdict: Mapping[str, Any], ledgers: Sequence[PoolLedger], proof: Proof
) -> Mapping[str, Any]:
    made = {
        producer: generated
        for ledger in ledgers
        if verdict["phase"] in (None, ledger.phase)
        for producer, generated in ledger.generated_by_producer.items()
    }
    generated = sum(made.values())
    if not generated:
        return verdict
    if proof.lost is None:
        return {**verdict, "value": None, "ok": None}
    lost = sum(proof.lost_by_producer.get(producer, 0) for producer in made)
    value = 100 * lost / generated if verdict["unit"] == "%" else lost
    return {**verdict, "value": value, "ok": _HOLDS[verdict["operator"]](value, verdict["limit"])}
