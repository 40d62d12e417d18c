"""Records by a template: of the shape that was written, numbered, and within Kinesis' limits."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from statistics import fmean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.reader import Post
from local.reader import parse as read_back
from worker import columns, fakes
from worker.generator import Origin
from worker.limits import MAX_RECORD_BYTES
from worker.template import parse
from worker.template.functions import FUNCTIONS, SPREAD_KEYS
from worker.template.providers import PROVIDERS
from worker.templated import TemplateGenerator

EPOCH_NS = 1_790_000_000_000_000_000
DEMO = "demo-20261125-071500-ab12"
ORIGIN = Origin(DEMO, 2, "0a1b2c3d-0")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOMENT = re.compile(r"2026-09-21T14:\d\d:\d\d\.\d{3}Z")

Check = Callable[[Any], bool]
Written = tuple[str, Check]
"""How a value is written in a template, and what it has to look like in a record."""


def constant(value: Any) -> Written:
    return json.dumps(value), lambda found: bool(found == value)


def text_of(before: str, call: Written, behind: str) -> Written:
    """The call within a text."""
    edges = [json.dumps(edge)[1:-1] for edge in (before, behind)]

    def check(found: Any) -> bool:
        inner = found[len(before) : len(found) - len(behind)] if isinstance(found, str) else ""
        return found == before + inner + behind and bool(inner)

    return f'"{edges[0]}{call[0]}{edges[1]}"', check


def obj(members: dict[str, Written]) -> Written:
    written = ",\n ".join(f"{json.dumps(name)} : {value[0]}" for name, value in members.items())

    def check(found: Any) -> bool:
        return list(found) == list(members) and all(
            value[1](found[name]) for name, value in members.items()
        )

    return f"{{{written}}}", check


def array(values: list[Written]) -> Written:
    def check(found: Any) -> bool:
        return len(found) == len(values) and all(
            value[1](each) for value, each in zip(values, found, strict=True)
        )

    return f"[{', '.join(value[0] for value in values)}]", check


CALLS: list[Written] = [
    ("{{uuid}}", lambda found: bool(UUID.fullmatch(found))),
    ("{{integer -5 5}}", lambda found: type(found) is int and -5 <= found <= 5),
    ("{{integer 0 1000000}}", lambda found: type(found) is int and 0 <= found <= 10**6),
    ("{{number -1 1}}", lambda found: type(found) is float and -1 <= found <= 1),
    ("{{number 0 1e6 3}}", lambda found: type(found) is float and 0 <= found <= 1e6),
    ("{{normal 0 1 0}}", lambda found: type(found) is int and -4 <= found <= 4),
    ("{{choice ['a', '\"', \"\\\\\\n\"]}}", lambda found: found in ("a", '"', "\\\n")),
    ("{{choice ['a', 1, null, true] [1, 1, 1, 0]}}", lambda found: found in ("a", 1, None)),
    ("{{text 17}}", lambda found: len(found) == 17),
    ("{{now}}", lambda found: bool(MOMENT.fullmatch(found))),
    ("{{timestamp}}", lambda found: 1_790_000_000_000 <= found <= 1_790_000_010_000),
    ("{{producer}}", lambda found: found == "0a1b2c3d-0"),
    ("{{demo}}", lambda found: found == DEMO),
    ("{{phase}}", lambda found: found == 2),
    ("{{record_id}}", lambda found: str(found).startswith(f"demo:{DEMO}:2:0a1b2c3d-0:")),
    ("{{sequence}}", lambda found: type(found) is int and found >= 0),
]
TEXTS = st.text(st.characters(codec="utf-8"), max_size=5).filter(lambda text: "{" not in text)
NAMES = st.text(st.characters(codec="utf-8"), max_size=5).filter(
    lambda text: "{{" not in text and text != "_demo"
)
VALUES: st.SearchStrategy[Written] = st.recursive(
    st.one_of(
        st.builds(constant, st.one_of(TEXTS, st.integers(), st.booleans(), st.none())),
        st.sampled_from(CALLS),
        st.builds(text_of, TEXTS, st.sampled_from(CALLS), TEXTS),
    ),
    lambda values: st.one_of(
        st.builds(array, st.lists(values, max_size=4)),
        st.builds(obj, st.dictionaries(NAMES, values, max_size=4)),
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(["{{uniform}}", "{{hot 0.5 3}}", "u-{{field n}}", "k{{choice ['\"', ü]}}"])


def generator(document: str, seed: int = 7, first: int = 0) -> TemplateGenerator:
    return TemplateGenerator(parse(document), ORIGIN, EPOCH_NS, seed, first)


def made(record: str, number: int = 2_000, key: str = "") -> list[Any]:
    """The records as JSON, or their keys if there is a template of one."""
    document = f'{{"template": {record}, "partition_key": "{key or "{{uniform}}"}"}}'
    records = generator(document).posts(range(0, number * 1_000_000, 1_000_000))
    return [r.partition_key if key else json.loads(r.data) for r in records]


@given(st.dictionaries(NAMES.filter(lambda name: name != "n"), VALUES, max_size=5), KEYS)
def test_every_record_has_the_shape_that_was_written(members: dict[str, Written], key: str) -> None:
    number: Written = ("{{sequence}}", lambda found: type(found) is int)
    written, fits = obj({**members, "n": number})
    template = parse(f'{{"partition_key": "{key}", "template": {written}}}')
    make = TemplateGenerator(template, ORIGIN, EPOCH_NS, 7, 41)
    records = [record for n in (1, 0, 3) for record in make.posts([5 * 10**9] * n)]
    for sequence, record in enumerate(records, start=41):
        fields = json.loads(record.data.decode())
        added = fields.pop("_demo", None)
        assert fits(fields)
        assert fields["n"] == sequence
        assert added is None or added == f"demo:{DEMO}:2:0a1b2c3d-0:{sequence:012}"
        assert read_back(record.data, 1.0) == Post(DEMO, 2, "0a1b2c3d-0", sequence, 1000)
        assert len(record.data) <= template.most_bytes <= MAX_RECORD_BYTES
        assert 1 <= len(record.partition_key) <= 256
        assert (record.due_ns, record.attempt) == (5 * 10**9, 0)
        if key == "u-{{field n}}":
            assert record.partition_key == f"u-{sequence}"


def test_the_largest_record_fits_with_the_longest_key() -> None:
    record = '{"a": {{text 1000000}}, "b": {{text 47000}}, "k": {{text 256}}}'
    document = f'{{"template": {record}, "partition_key": "{{{{field k}}}}"}}'
    (sent,) = generator(document).posts([0])
    assert 1_047_000 < sent.size <= MAX_RECORD_BYTES
    assert len(json.loads(sent.data)["a"]) == 1_000_000


def test_the_same_seed_gives_the_same_records_and_another_seed_others() -> None:
    document = '{"template": {"id": "{{uuid}}", "n": {{integer 1 1000000}}}}'
    first, again, other = (generator(document, seed).posts(range(50)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_demo_of_any_name_makes_json() -> None:
    origin = Origin('a"b%d\\', 1, "0a1b2c3d-0")
    make = TemplateGenerator(parse('{"template": {"of": {{demo}}}}'), origin, EPOCH_NS, 1)
    fields = json.loads(make.posts([0])[0].data)
    assert fields["of"] == origin.demo_id
    assert fields["_demo"] == f"demo:{origin.demo_id}:1:0a1b2c3d-0:{0:012}"


def test_uuids_are_different_and_of_version_4() -> None:
    found = [record["u"] for record in made('{"u": {{uuid}}}')]
    assert len(set(found)) == len(found)
    assert all(UUID.fullmatch(each) for each in found)
    assert {each[19] for each in found} == set("89ab")


@pytest.mark.parametrize(
    ("call", "low", "high"),
    [("{{integer 1 6}}", 1, 6), ("{{integer 1 1000000}}", 1, 1e6), ("{{number 0 1 6}}", 0, 1)],
)
def test_ranges_are_even_over_all_their_values(call: str, low: float, high: float) -> None:
    found = [record["n"] for record in made(f'{{"n": {call}}}', 6_000)]
    assert low <= min(found) <= max(found) <= high
    assert fmean(found) == pytest.approx((low + high) / 2, rel=0.05)
    thirds = Counter(int((each - low) * 3 / (high - low + 1e-9)) for each in found)
    assert min(thirds.values()) > 1_700


def test_a_normal_variable_has_its_mean_and_deviation() -> None:
    found = [record["n"] for record in made('{"n": {{normal -20 2.5}}}', 6_000)]
    assert fmean(found) == pytest.approx(-20, abs=0.2)
    assert stdev(found) == pytest.approx(2.5, rel=0.05)


def test_weights_are_kept() -> None:
    found = Counter(record["c"] for record in made('{"c": {{choice [a, b] [9, 1]}}}', 5_000))
    assert found["a"] / 5_000 == pytest.approx(0.9, abs=0.03)


def test_hot_keys_get_their_share_and_the_others_spread() -> None:
    keys = Counter(made("{}", 5_000, "{{hot 0.3}}"))
    assert keys["hot-0"] / 5_000 == pytest.approx(0.3, abs=0.04)
    assert len(keys) > 2_000
    assert set(Counter(made("{}", 1_000, "{{hot 1 3}}"))) == {"hot-0", "hot-1", "hot-2"}
    assert len(set(columns._keys(0))) == SPREAD_KEYS


def test_a_key_of_a_field_is_the_fields_own_text() -> None:
    record = '{"user": "é\\"{{integer 1 3}}"}'
    document = f'{{"template": {record}, "partition_key": "{{{{field user}}}}"}}'
    for sent in generator(document).posts(range(100)):
        assert sent.partition_key == json.loads(sent.data)["user"]


def test_every_function_has_a_maker() -> None:
    plain = {name for name, function in FUNCTIONS.items() if function.provider is None}
    assert plain == columns.MAKERS.keys() | {"field"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_fakers_values_are_there_and_as_long_as_the_table_says(provider: str) -> None:
    pool = fakes.pool(provider)
    mean, numeric = PROVIDERS[provider]
    assert len(pool) == fakes.POOL
    assert fmean(len(value.encode()) for value in pool) == pytest.approx(mean, rel=0.1, abs=1)
    values = [json.loads(value if numeric else f'"{value}"') for value in pool]
    assert all(isinstance(value, float if numeric else str) for value in values)


def test_the_mean_that_costs_go_by_is_about_right() -> None:
    record = (
        '{"id": "{{uuid}}", "n": {{normal 1000 300}}, "who": "{{faker.name}}", "i": {{integer 1 '
        '1000000}}, "c": {{choice [yes, no, "not at all"]}}, "t": "{{text 300}}", "at": {{now}}}'
    )
    template = parse(f'{{"template": {record}}}')
    sent = TemplateGenerator(template, ORIGIN, EPOCH_NS, 7, 5_000).posts(range(2_000))
    assert fmean(len(r.data) for r in sent) == pytest.approx(template.mean_bytes, rel=0.02)
