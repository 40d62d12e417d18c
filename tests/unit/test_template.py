"""The parameters that a deployment sends, and what depends on them."""

from __future__ import annotations

import pytest

from deployment import checkout
from deployment.template import (
    ParameterError,
    effective_parameters,
    image_tag,
    section,
)

TEMPLATE = """
Parameters:
  Architecture: {Type: String, Default: ARM64}
  MaxTps: {Type: Number, Default: 7}
  Name: {Type: String}
Outputs:
  Where: {Value: !GetAtt A.Arn}
  Many: {Value: !Join [",", [!Ref B, !Sub "${C}"]]}
"""


def test_a_section_is_read_whatever_functions_are_in_it() -> None:
    assert section(TEMPLATE, "Outputs").keys() == {"Where", "Many"}
    assert section(TEMPLATE, "Parameters")["MaxTps"]["Default"] == 7
    assert section(TEMPLATE, "Conditions") == {}


def test_a_given_parameter_wins_over_the_stacks_which_wins_over_the_default() -> None:
    previous = {"Name": "old", "MaxTps": "1", "GoneSince": "x"}
    assert effective_parameters(TEMPLATE, previous, {"MaxTps": "2"}) == {
        "Name": "old",
        "MaxTps": "2",
    }
    assert effective_parameters(TEMPLATE, {}, {}) == {}


def test_every_unknown_parameter_is_named() -> None:
    with pytest.raises(ParameterError, match=r"A, B: .* Architecture, MaxTps, Name"):
        effective_parameters(TEMPLATE, {}, {"B": "1", "A": "1", "Name": "1"})


def test_the_processor_is_the_parameters_or_the_templates() -> None:
    assert checkout.processor({}) == "X86_64"
    assert checkout.processor({"Architecture": "ARM64"}) == "ARM64"


def test_an_image_for_another_processor_is_another_image() -> None:
    sources = {"a": b"1"}
    assert image_tag(sources) == image_tag(sources, "X86_64") != image_tag(sources, "ARM64")


def test_the_images_tag_is_the_sources_unless_one_is_given() -> None:
    own = checkout.parameters({"WorkerImageTag": "from-before"}, {})["WorkerImageTag"]
    assert len(own) == 12
    assert checkout.parameters({}, {"WorkerImageTag": "mine"})["WorkerImageTag"] == "mine"
