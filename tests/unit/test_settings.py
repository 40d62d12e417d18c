"""A worker reads its phase from the environment, or says everything that is wrong with it."""

from fractions import Fraction

import pytest

from worker import fakes
from worker.contract import Env
from worker.errors import BadSettings
from worker.settings import read_settings


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = read_settings({})
    assert (settings.demo_id, settings.phase) == ("local", 1)
    assert settings.target_tps == 100
    assert (settings.stream_name, settings.region) == ("social-media-stream", "us-east-1")
    assert (settings.processes, settings.phase_ends_at) == (None, None)
    assert (settings.namespace, settings.publish_interval) == ("KinesisOnDemandDemo", 10.0)
    assert settings.metrics_enabled


def test_the_share_of_a_task_is_exact() -> None:
    settings = read_settings({"TARGET_TPS": "100", "TASK_COUNT": "3"})
    assert settings.task_tps == Fraction(100, 3)
    assert settings.task_tps * 3 == 100


def test_a_fractional_rate_is_read_exactly() -> None:
    assert read_settings({"TARGET_TPS": "0.1"}).target_tps == Fraction(1, 10)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (Env.CONTROLLER_MODE, "polling"),
        (Env.DEMO_PHASE, "5"),
        (Env.DEMO_PHASE, "0"),
        (Env.TARGET_TPS, "abc"),
        (Env.TARGET_TPS, "-1"),
        (Env.TARGET_TPS, "nan"),
        (Env.TARGET_TPS, "1/0"),
        (Env.TASK_COUNT, "0"),
        (Env.TASK_COUNT, "1.5"),
        (Env.PHASE_ENDS_AT, "tomorrow"),
        (Env.PHASE_ENDS_AT, "inf"),
        (Env.WORKER_PROCESSES, "none"),
        (Env.AGGREGATION, "maybe"),
        (Env.METRICS_PUBLISH_INTERVAL, "0"),
        (Env.ENABLE_CLOUDWATCH_METRICS, "perhaps"),
    ],
)
def test_a_bad_variable_is_named_with_its_value(name: Env, value: str) -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings({name: value})
    assert len(caught.value.problems) == 1
    assert f"{name}={value!r}" in caught.value.problems[0]


def test_all_bad_variables_are_named_at_once() -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings({"TARGET_TPS": "x", "TASK_COUNT": "y", "DEMO_PHASE": "z"})
    named = " ".join(caught.value.problems)
    assert len(caught.value.problems) == 3
    assert all(name in named for name in ("TARGET_TPS", "TASK_COUNT", "DEMO_PHASE"))


def test_a_pace_of_none_at_all_and_as_many_as_go() -> None:
    assert read_settings({"TARGET_TPS": "0"}).task_tps == 0
    assert read_settings({"TARGET_TPS": "MAX", "TASK_COUNT": "3"}).task_tps is None


def test_aggregation_and_the_length_of_posts_are_chosen() -> None:
    settings = read_settings({"AGGREGATION": "on", "POST_BYTES": "600"})
    assert (settings.aggregation, settings.post_bytes) == (True, 600)


def test_a_template_is_read_whole_and_its_mistakes_are_told_with_the_other_variables() -> None:
    good = read_settings({"RECORD_TEMPLATE": '{"template": {"id": {{uuid}}}}'}).record_template
    assert good is not None
    assert read_settings({"RECORD_TEMPLATE": " "}).record_template is None
    with pytest.raises(BadSettings) as caught:
        read_settings({"RECORD_TEMPLATE": '{"template": {"id": {{uid}}}}', "TARGET_TPS": "x"})
    assert len(caught.value.problems) == 2
    assert "RECORD_TEMPLATE, line 1, column 21: there is no function 'uid'" in str(caught.value)


def test_a_template_that_needs_faker_says_so_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template = {"RECORD_TEMPLATE": '{"template": {"who": {{faker.name}}}}'}
    assert read_settings(template).record_template is not None
    monkeypatch.setattr(fakes, "available", lambda: False)
    with pytest.raises(BadSettings, match=r"uses faker\.name, and Faker is not installed"):
        read_settings(template)
