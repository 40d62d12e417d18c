"""A worker says when it is itself what limits it."""

import pytest

from worker.bottleneck import Limit, limited_by


@pytest.mark.parametrize(
    ("missed", "throttled", "cpu_share", "cpu_limit", "expected"),
    [
        (0, 0, 0.99, 1.0, None),
        (9, 5_000, 0.99, 1.0, None),
        (500, 0, 0.97, 1.0, Limit.CPU),
        (500, 9_000, 0.97, 1.0, Limit.CPU),
        (500, 0, 0.24, 0.25, Limit.CPU),
        (500, 9_000, 0.3, 1.0, Limit.THROTTLING),
        (500, 0, 0.3, 1.0, Limit.SERVICE),
    ],
)
def test_the_reason_is_told_apart(
    missed: int, throttled: int, cpu_share: float, cpu_limit: float, expected: Limit | None
) -> None:
    found = limited_by(
        generated=1_000,
        missed=missed,
        throttled=throttled,
        cpu_share=cpu_share,
        cpu_limit=cpu_limit,
    )
    assert found is expected
