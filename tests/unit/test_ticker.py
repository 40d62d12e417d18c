"""The pool's ticker: a sample a second, also when the clock is put forward or back."""

from dataclasses import dataclass, field

from worker.ticker import Ticker

START = 1_800_000_000.25


@dataclass
class Desk:
    """A ticker with two clocks, of which one may be wrong."""

    interval: float = 2.0
    wall: float = START
    seconds: float = 0.0
    sampled: list[int] = field(default_factory=list)
    published: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ticker = Ticker(
            self.interval,
            self.sampled.append,
            lambda: self.published.append(self.seconds),
            clock=lambda: self.wall,
            stopwatch=lambda: self.seconds,
        )

    def sleep(self, times: int = 1) -> None:
        """As the pool does."""
        for _ in range(times):
            asleep = self.ticker.seconds_to_next()
            self.wall += asleep
            self.seconds += asleep
            self.ticker.tick()


def test_each_second_is_sampled_when_it_is_over_and_published_at_the_interval() -> None:
    desk = Desk()
    desk.sleep(6)
    assert desk.sampled == [int(START) + n for n in range(6)]
    assert desk.published == [1.75, 3.75, 5.75]


def test_a_tick_within_the_second_does_nothing() -> None:
    desk = Desk()
    desk.ticker.tick()
    assert (desk.sampled, desk.published) == ([], [])


def test_a_clock_that_is_put_back_holds_nothing_up() -> None:
    desk = Desk()
    desk.sleep(2)
    desk.wall -= 3600
    before = desk.seconds
    desk.sleep(4)
    assert desk.seconds - before <= 4
    assert desk.sampled[2:] == [int(START) + n - 3600 for n in (3, 4, 5)]
    assert [at for at in desk.published if at > before]


def test_a_clock_that_is_put_forward_gives_the_new_time_to_what_follows() -> None:
    desk = Desk()
    desk.sleep(2)
    desk.wall += 3600
    desk.sleep(3)
    assert desk.sampled[2:] == [int(START) + n + 3600 for n in (1, 2, 3)]
