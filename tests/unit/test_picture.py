"""The picture holds the story, says what isn't known by leaving it out, and is always the same."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reporting.canvas import COLOURS
from reporting.picture import Band, Story, draw, thinned

ROOT = Path(__file__).resolve().parents[2]
PHASES = (Band(1, "baseline", 0, 4), Band(2, "spike", 4, 10))


def story(seconds: int = 10, **changes: object) -> Story:
    told = Story(
        title="friday: 100 → 12,000 records/s",
        seconds=tuple(range(seconds)),
        offered=(12_000,) * seconds,
        accepted=(4_000,) * seconds,
        throttled=(8_000,) * seconds,
        shards=(4,) * seconds,
        tasks=(12,) * seconds,
        phases=PHASES,
        note="by a model",
    )
    return replace(told, **changes)  # type: ignore[arg-type]


def texts(svg: bytes) -> list[str]:
    return re.findall(r"<text [^>]*>([^<]*)</text>", svg.decode())


def test_the_picture_is_the_same_whenever_it_is_drawn_and_bears_no_date() -> None:
    svg = draw(story())
    assert svg == draw(story())
    assert b"<dc:date>" not in svg


def test_it_has_every_series_the_phases_and_thousands_with_separators() -> None:
    svg = draw(story())
    shown = texts(svg)
    assert {"offered", "accepted", "throttled", "open shards (right)", "tasks (right)"} <= {*shown}
    assert {"1 baseline", "2 spike", "12,000", "by a model", story().title} <= {*shown}
    assert all(colour.encode() in svg for colour in COLOURS.values())


def test_a_series_of_which_nothing_is_known_is_left_out_not_drawn_as_zero() -> None:
    svg = draw(story(shards=(None,) * 10, throttled=(None,) * 10))
    assert not {"open shards (right)", "throttled"} & {*texts(svg)}
    assert COLOURS["shards"].encode() not in svg


def test_a_story_without_seconds_is_an_empty_picture() -> None:
    nothing = story(0, phases=())
    assert "offered" not in texts(draw(nothing))


def test_a_long_story_is_drawn_by_means_that_say_so() -> None:
    hour = story(10, offered=(1, 3, None, 4, None, None, 7, 7, 7, 7))
    shown, span = thinned(hour, 5)
    assert (span, shown.seconds, shown.offered) == (2, (0, 2, 4, 6, 8), (2, 4, None, 7, 7))
    assert any("the mean of 4 s" in text for text in texts(draw(story(4_000))))


def test_a_png_is_one() -> None:
    assert draw(story(), "png").startswith(b"\x89PNG")


def test_values_that_do_not_match_the_seconds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"10 seconds.*'shards': 1"):
        story(shards=(4,))


def test_who_only_wants_the_data_does_not_load_the_drawing_library() -> None:
    code = "import sys, reporting.picture; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
