"""The dearest templates that fit into a template's 8 KiB, to be read and to be made records by.

Whoever may start a demo gives them to the API's function and to the workers. Reading is bounded in
CPU time, what a worker keeps for one in memory.
"""

from __future__ import annotations

import time
import tracemalloc
from contextlib import suppress

import pytest

from worker.generator import Origin
from worker.limits import SURE_TO_FIT_BYTES
from worker.template import BadTemplate, parse
from worker.template.parser import MOST_TEMPLATE_BYTES
from worker.template.providers import PROVIDERS
from worker.templated import TemplateGenerator

READING_SECONDS = 0.5
"""Measured: the dearest 0.02 s."""
KEPT_MB = 64
"""Measured: the dearest 28 MB, of a task's 512."""


def document(members: str, key: str = "") -> str:
    return f'{{"template": {{{members}}}{key}}}'


def times(number: int, call: str) -> str:
    return ",".join(f'"a{n}":{call}' for n in range(number))


TO_BE_READ = {
    "nested": '{"template": ' + "[" * 8_000,
    "opened": document('"a": "' + "{{" * 3_900),
    "opened lists": document('"a": [' + "{{uuid [ " * 850),
    "blanks": document('"a": {{choice [' + " " * 7_800 + "]}}"),
    "lines": document('"a": {{choice' + " \n" * 3_900 + "x}}"),
    "commas": document('"a": {{uuid ' + ", " * 3_900 + "}}"),
    "backslashes": document('"a": "' + "\\" * 7_900 + '"'),
    "braces": document('"a": "' + "{" * 7_900),
    "ranges": document(times(99, "{{integer 0 4095}}")),
    "people": document(",".join(f'"{name}":"{{{{faker.{name}}}}}"' for name in PROVIDERS)),
    "hot keys": document('"a":1', ',"partition_key":"' + "{{hot 0.5 1000}}" * 28 + '"'),
    "digits": document('"a": {{integer ' + "1" * 7_900 + "}}"),
    "signs": document('"a": {{choice [' + "-1." * 2_600 + "]}}"),
    "quotes": document('"a": {{choice [' + "'a" * 3_900),
    "escapes": document('"a": {{choice "' + "\\a" * 3_900),
    "names": document(",".join('"a":1' for _ in range(1_300))),
    "unknown functions": document('"a": [' + "{{uid}}," * 950 + "1]"),
    "a long name": document('"a": {{faker.' + "a" * 7_800 + "}}"),
    "fields": document(times(800, "1"), ',"partition_key":"' + "{{field zz}}" * 10 + '"'),
    "a path": document('"a":1', ',"partition_key":"{{field ' + "a." * 3_800 + '}}"'),
}
TO_BE_MADE = {
    "a list": document('"a": {{choice [' + "1 " * 3_900 + "]}}"),
    "curves": document(times(99, "{{normal 1 2 9}}")),
    "texts": document(times(99, '"{{text 10000}}"')),
    "a text": document('"a": "{{text 1000000}}"'),
    "keys": document('"a":1', ',"partition_key":"' + "{{uniform}}" * 28 + '"'),
}


@pytest.mark.parametrize("text", (TO_BE_READ | TO_BE_MADE).values(), ids=TO_BE_READ | TO_BE_MADE)
def test_no_template_takes_long_to_read(text: str) -> None:
    assert len(text) <= MOST_TEMPLATE_BYTES
    started = time.process_time()
    with suppress(BadTemplate):
        parse(text)
    assert time.process_time() - started < READING_SECONDS


def test_a_longer_template_is_not_even_looked_at() -> None:
    with pytest.raises(BadTemplate, match="has 1,0"):
        parse(document('"a": ' + "{{uuid}}" * 128_000))


@pytest.mark.parametrize("text", TO_BE_MADE.values(), ids=TO_BE_MADE)
def test_no_template_takes_much_memory_to_make_records_by(text: str) -> None:
    template = parse(text)
    tracemalloc.start()
    try:
        generator = TemplateGenerator(template, Origin("demo", 1, "p"), epoch_ns=0, seed=1)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < KEPT_MB * 1e6
    records = generator.posts([1] * 20)
    assert max(len(record.data) for record in records) <= template.most_bytes
    assert template.most_bytes <= SURE_TO_FIT_BYTES


def test_a_records_mean_length_heeds_the_weights() -> None:
    """What waits in memory, and the cost that is told before, are counted by it."""
    seldom = document("\"a\": {{choice ['', '" + "x" * 7_000 + "'] [1, 999]}}")
    assert parse(seldom).mean_bytes > 6_990
    assert parse(seldom.replace("[1, 999]", "[999, 1]")).mean_bytes < 150
