"""Everything that one run of the benchmark found."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.contenders import Role
from bench.costs import Cost, Effort
from bench.holds import Hold, NotHeld
from bench.machine import Machine
from bench.real import Reading
from bench.templates import Making


@dataclass
class Results:
    """Sections that weren't run are empty."""

    machine: Machine
    effort: Effort
    costs: list[Cost] = field(default_factory=list)
    holds: dict[str, Hold | NotHeld] = field(default_factory=dict)
    """By key of the plan."""
    readings: list[Reading] = field(default_factory=list)
    makings: list[Making] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """What could not be measured of ours: any of it makes the benchmark fail."""
        return [
            *(
                f"{c.contender.label}: {c.failure}"
                for c in self.costs
                if c.failure and c.contender.role is Role.OURS
            ),
            *(
                f"{h.order.title}: {h.failure}"
                for h in self.holds.values()
                if isinstance(h, NotHeld)
            ),
            *(f"{r.title}: {r.failure}" for r in self.readings if r.failure),
        ]
