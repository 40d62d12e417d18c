"""A template is read whole, or everything that is wrong with it is told with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from worker import limits
from worker.template import BadTemplate, Call, Problem, Template, parse, parser
from worker.template.functions import FUNCTIONS
from worker.template.problems import MOST_TOLD
from worker.template.providers import PROVIDERS

FRAGMENTS = st.sampled_from(
    [
        *('{"template": {', "}}", "{{", "}", '"', "{{uuid}}", "{{faker.name}}", ": ", ", ", "\n"),
        *('"a"', "[", "]", "\\", '\\"', "{{choice [1, 'a']}}", "{{integer 1", "-", "1e999", "é"),
        *('"partition_key": "{{field a}}"', "null", "\x00", "\ud83d", "{{hot 0.5}}", " ", "{{text"),
    ]
)


def document(record: str, key: str = "") -> str:
    return f'{{"template": {record}{", " if key else ""}{key}}}'


def told(text: str) -> list[str]:
    with pytest.raises(BadTemplate) as caught:
        parse(text)
    return [str(problem) for problem in caught.value.problems]


def read_or_told(text: str) -> Template | Sequence[Problem]:
    try:
        return parse(text)
    except BadTemplate as error:
        return error.problems


def calls(template: Template) -> list[str]:
    return [call.function.name for call in template.calls]


@given(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=25).map("".join)))
@example('{"template": ' * 2_000)
@example("[" * 8_000)
@example('{"template": {"a": "' + '{{choice ["' * 300)
@example("{" + "{{uuid " * 1_000)
def test_any_text_is_a_template_or_its_faults_are_inside_it(text: str) -> None:
    read = read_or_told(text)
    if isinstance(read, Template):
        assert read.most_bytes <= parser.MOST_RECORD_BYTES
        return
    assert read
    lines = text.split("\n")
    for problem in read:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.reason
        assert problem.advice


def test_every_function_is_documented_as_its_usage_shows_it_and_no_other() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/templates.md").read_text()
    rows = "".join(line for line in page.splitlines() if line.startswith("| `{{"))
    shown = set(re.findall(r"\{\{.*?\}\}", rows))
    usages = [function.usage for function in FUNCTIONS.values() if function.provider is None]
    assert shown == {*re.findall(r"\{\{.*?\}\}", " ".join(usages)), "{{faker.name}}"}
    named = page.partition("providers there\nare: ")[2].partition(".\n")[0]
    assert [name.strip() for name in named.split(",")] == list(PROVIDERS)


def test_no_more_faults_are_told_than_anybody_reads() -> None:
    assert len(told(document("[" + "{{uid}} " * 900 + "]"))) == MOST_TOLD


def test_all_faults_are_told_at_once_with_their_places() -> None:
    text = (
        '{"template": {\n  "id": {{uid}},\n  "n": {{integer 9 1}},\n  "n": {{text}}},\n "kye": 1}'
    )
    assert told(text) == [
        "line 2, column 9: there is no function 'uid': did you mean uuid?",
        "line 3, column 8: integer has its bounds the wrong way round: write {{integer 1 100}}",
        "line 4, column 3: 'n' is there twice: name it once",
        "line 4, column 8: text takes 1, and has 0: write {{text 100}}",
        f"line 5, column 9: 'kye' is unknown: write {parser._FORM}",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is the end"),
        ("{}", "has no template"),
        ('{"id": {{uuid}}}', "has no template"),
        ('{"template": [1]}', "the record is no object"),
        (document('{"a" 1}'), "JSON has a colon here"),
        (document('{"a": 1,}'), "JSON has a name in double quotes here"),
        (document('{"a": [1, ]}'), "JSON has a value here"),
        (document('{"a": 1}') + "}", "JSON has nothing behind the closing brace here"),
        (document('{"a": tru}'), "'tru' is not JSON"),
        (document('{"a": 01}'), "'01' is not JSON"),
        (document('{"a": "x'), "the text is not closed on its line"),
        (document('{"a": "\\x"}'), "no escape that JSON has"),
        (document('{"a": "\\ud83d"}'), "a lone surrogate"),
        (document('{"a": "\ud83d"}'), "a lone surrogate"),
        (document('{"a": "\t"}'), "a control character"),
        (document('{"{{uuid}}": 1}'), "a placeholder in a name"),
        (document('{"a": {{}}}'), "a placeholder without a function"),
        ('{"template": {"a": {{uuid', "the placeholder is not closed"),
        (document('{"a": {{choice [1, 2}}}'), "'}}}}' is no number, text or list"),
        (document('{"a": {{choice []}}}'), "no list to choose from"),
        (document("{\"a\": {{choice ['a'] [0]}}}"), "a weight below 0, or none above"),
        (document("{\"a\": {{choice ['a'] [1, 2]}}}"), "one weight for each value"),
        (document('{"a": {{uuid 3}}}'), "takes nothing"),
        (document('{"a": {{integer 1 2.5}}}'), "takes whole numbers"),
        (document('{"a": {{integer 1 1e300}}}'), "beyond 10¹⁵"),
        (document('{"a": {{number 0 1e14 9}}}'), "more digits than"),
        (document('{"a": {{normal 0 -1}}}'), "a deviation below 0"),
        (document('{"a": {{text 2000000}}}'), "1 to 1,000,000 characters"),
        (document('{"a": {{text 900000}}, "b": {{text 900000}}}'), "a record may get 1,800,1"),
        (document('{"a": {{faker.nmae}}}'), "did you mean faker.name"),
        (
            document('{"a": {{faker.zzz}}}'),
            "there is no function 'faker.zzz': of Faker's there are name,",
        ),
        (document('{"a": {{uuid.__class__}}}'), "there is no function"),
        (document('{"a": {{hot 0.5}}}'), "hot chooses partition keys"),
        (document('{"_demo": 1}'), "_demo is what the worker adds"),
        (document('{"a": 1}', '"partition_key": "{{field b}}"'), "no field 'b': there are a"),
        (document('{"a": {}}', '"partition_key": "{{field a}}"'), "'a' is an object or a list"),
        (document('{"a": 1}', '"partition_key": ""'), "the key may be empty"),
        (document('{"a": 1}', "\"partition_key\": {{choice ['', 1]}}"), "the key may be empty"),
        (document('{"a": 1}', "\"partition_key\": {{choice ['b', 1]}}"), "sometimes a text"),
        (document('{"a": {{text 257}}}', '"partition_key": "{{field a}}"'), "may get 257 bytes"),
        (document('{"a": 1}', '"partition_key": "{{hot 1.5}}"'), "not above 0 and at most 1"),
        (document('{"a": [' + "[" * 40 + "]" * 41 + "}"), "nested too deeply"),
        (document('{"a": [' + "{{uuid}}," * 101 + "1]}"), "too many placeholders"),
        (document('{"a": "' + "é" * 5_000 + '"}'), "the template has 10,02"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    assert any(says in line for line in told(text)), told(text)


@pytest.mark.parametrize(
    "argument", ['["a", 1]', "['a', 1]", "[a, 1]", '[\\"a\\" 1]', "[ 'a'\n, 1.0]"]
)
def test_texts_in_a_placeholder_are_quoted_in_any_way(argument: str) -> None:
    template = parse(document(f'{{"a": "{{{{choice {argument}}}}}"}}'))
    assert template.calls[0].arguments == (("a", 1),)


def test_a_record_without_an_id_gets_one_as_its_last_member_and_another_stays_as_it_is() -> None:
    assert calls(parse(document("{}"))) == ["record_id", "uniform"]
    assert parse(document("{}")).parts[0] == b'{"_demo":"'
    own = parse(document('{"id": "r-{{record_id}}"}', '"partition_key": "k"'))
    assert (calls(own), own.parts[0], own.parts[-1]) == (["record_id"], b'{"id":"r-', b'"}')


def test_a_field_by_its_path_is_made_once_for_record_and_key() -> None:
    record = '{"customer": {"id": "c-{{integer 1 9}}"}, "a.b": 7}'
    template = parse(document(record, '"partition_key": "{{field customer.id}}/{{field a.b}}"'))
    assert calls(template) == ["integer", "record_id"]
    assert [part for part in template.key if isinstance(part, bytes)] == [b"c-", b"/7"]


def test_blanks_between_the_values_are_not_sent() -> None:
    spread = parse(document('{\n  "a" : [ 1 , "b c" ]\n}'))
    assert spread.parts[0] == b'{"a":[1,"b c"],"_demo":"'


def test_the_limits_are_those_of_the_other_parts() -> None:
    assert parser.MOST_RECORD_BYTES == limits.SURE_TO_FIT_BYTES
    assert 4 * parser.MOST_KEY_CHARACTERS == limits.MAX_KEY_BYTES


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_function_works_as_its_usage_shows_it(function: Any) -> None:
    shown = function.usage.split("{{")[1:]
    assert shown
    for usage in shown:
        call = "{{" + usage.partition("}}")[0] + "}}"
        record = '{"customer": {"id": 1}}' if function.for_keys else f'{{"a": {call}}}'
        key = f'"partition_key": "{call}"' if function.for_keys else ""
        template = parse(document(record, key))
        assert all(isinstance(part, bytes | Call) for part in template.parts)
