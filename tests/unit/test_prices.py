"""The price file: every price is dated, has a source and a unit, and docs/costs.md shows it."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest

from chalicelib import prices
from chalicelib.prices import Item
from local import costs

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = json.loads((ROOT / "api/chalicelib/prices.json").read_text())
ENTRIES = DOCUMENT["prices"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry['item']}-{entry['as_of']}")
def test_a_price_has_a_value_a_unit_regions_a_source_and_a_date(entry: dict[str, object]) -> None:
    assert set(entry) == {
        *("item", "value", "unit", "as_of", "checked", "regions", "source", "read_in")
    }
    assert isinstance(entry["value"], int | float)
    assert entry["value"] > 0
    assert entry["unit"]
    assert isinstance(entry["regions"], list)
    assert entry["regions"]
    assert isinstance(entry["checked"], bool)
    as_of = date.fromisoformat(str(entry["as_of"]))
    assert date(2025, 1, 1) <= as_of <= date.fromisoformat(DOCUMENT["compiled"])
    assert re.match(
        r"https://(aws\.amazon\.com|pricing\.us-east-1\.amazonaws\.com)/", str(entry["source"])
    )
    assert isinstance(entry["read_in"], list)
    assert set(entry["read_in"]) <= set(DOCUMENT["copies"])


def test_an_item_has_one_unit_everywhere() -> None:
    units = {(entry["item"], entry["unit"]) for entry in ENTRIES}
    assert len(units) == len(Item)


def test_every_item_has_a_price_in_us_east_1() -> None:
    at = prices.in_region("us-east-1")
    assert all(at.of(item).region == "us-east-1" for item in Item)


@pytest.mark.parametrize(
    "region", ["us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1"]
)
def test_other_regions_lack_only_the_commitment(region: str) -> None:
    at = prices.in_region(region)
    lacking = {item for item in Item if at.of(item).region != region}
    assert lacking == {Item.KINESIS_ADVANTAGE_IN, Item.KINESIS_ADVANTAGE_OUT}


def test_two_prices_for_one_thing_are_refused() -> None:
    twice = deepcopy(DOCUMENT)
    twice["prices"].append(twice["prices"][0])
    with pytest.raises(ValueError, match="kinesis_in has two prices in us-east-1"):
        prices.read(twice)


def test_docs_show_what_the_command_prints() -> None:
    page = (ROOT / "docs/costs.md").read_text()
    printed = "\n".join(costs.page("us-east-1"))
    assert printed in page, "docs/costs.md is out of date: put the output of `make costs` there"


def test_the_readme_names_the_default_plans_price() -> None:
    total = f"about ${costs.plan_cost('us-east-1').total:.2f} in us-east-1"
    assert total in (ROOT / "README.md").read_text()
