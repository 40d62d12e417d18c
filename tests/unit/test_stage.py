"""What belongs to a stage, by name, and which stages there can be."""

from __future__ import annotations

import pytest

from deployment.checkout import ROOT, stage_named
from deployment.stage import TITLE
from deployment.template import StageError, section

STAGE = stage_named("a")
STACK = "kinesis-demo-a"


@pytest.mark.parametrize("name", [STACK, f"{STACK}-controller", f"{STACK}-demo-1", f"{STACK}-b-x"])
def test_what_is_named_after_its_stack_is_a_stages(name: str) -> None:
    assert STAGE.owns(name)


@pytest.mark.parametrize("name", ["kinesis-demo-ab", "kinesis-demo", "x-kinesis-demo-a"])
def test_what_is_named_otherwise_is_not(name: str) -> None:
    assert not STAGE.owns(name)


def test_what_is_named_after_a_longer_stack_is_that_ones() -> None:
    others = [f"{STACK}-b", STACK, "kinesis-demo"]
    assert not STAGE.owns(f"{STACK}-b-stream", others)
    assert not STAGE.owns(f"{STACK}-b", others)
    assert STAGE.owns(f"{STACK}-stream", others)
    assert stage_named("a-b").owns(f"{STACK}-b-stream", others)


def test_a_stages_log_groups_are_named_exactly() -> None:
    assert set(STAGE.log_groups) == {
        f"/aws/lambda/{STACK}",
        f"/aws/lambda/{STACK}-controller",
        f"/ecs/{STACK}-worker",
        f"/aws/vendedlogs/states/{STACK}",
        f"/aws/ecs/containerinsights/{STACK}/performance",
    }


@pytest.mark.parametrize(
    "name", ["x-demo", "x-demo-y", "x-controller", "x-controller-2", "x-worker", "x-stream-2"]
)
def test_a_stage_whose_names_another_stage_would_have_is_refused(name: str) -> None:
    with pytest.raises(StageError, match="choose another --stage"):
        stage_named(name)


@pytest.mark.parametrize("name", ["demo", "controller", "demos-x", "x-demos"])
def test_a_stage_that_only_looks_like_one_is_taken(name: str) -> None:
    assert stage_named(name).stack == f"kinesis-demo-{name}"


def test_the_stacks_of_this_demo_are_known_by_their_description() -> None:
    template = (ROOT / "infrastructure.yaml").read_text()
    assert str(section(template, "Description")).startswith(TITLE)
