"""What deploy.sh says of money: a stranger's worst, an idle stage's least."""

from __future__ import annotations

import pytest

from deployment import checkout
from deployment.dollars import dollars_an_hour, standing_cost
from deployment.spending import Limits, limits, warning


def test_the_limits_are_the_parameters_or_the_templates() -> None:
    found = limits(checkout.template(), {"MaxDemos": "3"})
    assert found == Limits(max_tps=100_000, max_demos=3, max_duration_seconds=3600)


def test_the_warning_states_what_a_stranger_could_do_and_spend() -> None:
    said = warning(Limits(max_tps=1000, max_demos=3, max_duration_seconds=600), 12.4)
    for part in ("--auth none", "3 at once", "1,000 records/s", "600 s", "3,000 records/s"):
        assert part in said
    assert "about 12.40 US dollars an hour" in said


def test_what_a_stranger_could_spend_grows_with_the_limits_and_holds_the_data_sent() -> None:
    def spent(tps: int, demos: int, **parameters: str) -> float:
        guard = Limits(tps, demos, 3600)
        return dollars_an_hour(guard, checkout.template(), parameters, "us-east-1")

    assert spent(100_000, 5) == pytest.approx(5 * spent(100_000, 1))
    data_in = 100_000 * 3600 / 2**20 * 0.08  # each record rounded up to 1 KB, $0.08 a GB
    assert data_in < spent(100_000, 1) < 1.5 * data_in
    assert spent(100_000, 1, TaskCpu="1024", TaskMemory="2048") > spent(100_000, 1)
    assert spent(100_000, 1, Aggregation="on") < spent(100_000, 1)


def test_an_idle_stage_costs_its_kept_stream_and_little_else() -> None:
    def standing(**parameters: str) -> float:
        line = standing_cost(checkout.template(), parameters, "us-east-1")
        return float(line.partition(" ")[0])

    assert standing(Monitoring="off") == pytest.approx(0.04, abs=0.001)
    assert standing(Monitoring="off", KeptStream="no") < 0.001
    assert standing() >= standing(Monitoring="off")
