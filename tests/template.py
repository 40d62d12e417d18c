"""infrastructure.yaml as tests read it: its short forms spelled out, and ways to look around."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = (ROOT / "infrastructure.yaml").read_text()
WORKFLOW = (ROOT / "statemachine.json").read_text()


class CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, `!Ref X` read as {"Ref": "X"}."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            raise AssertionError(node)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


CloudFormationLoader.add_multi_constructor("!", _function)


def parsed(text: str) -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(text, CloudFormationLoader)  # noqa: S506 (a SafeLoader)
    return template


DOCUMENT = parsed(TEMPLATE)
RESOURCES: dict[str, Any] = DOCUMENT["Resources"]


def properties(name: str) -> dict[str, Any]:
    """A resource's properties."""
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by its name in the template."""
    return {
        name: resource.get("Properties", {})
        for name, resource in RESOURCES.items()
        if resource["Type"] == kind
    }


def walked(node: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value in a tree."""
    if isinstance(node, dict):
        yield from node.items()
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from walked(child)


def references(node: Any) -> set[str]:
    """The names that Ref, GetAtt and Sub in a tree refer to."""
    found: set[str] = set()
    for key, value in walked(node):
        if key == "Ref":
            found.add(value)
        elif key == "Fn::GetAtt":
            found.add(value.split(".")[0])
        elif key == "Fn::Sub":
            found |= set(re.findall(r"\$\{([\w:]+)\}", value))
    return found


def listed(value: Any) -> list[Any]:
    """What IAM takes as one or as a list of them."""
    return value if isinstance(value, list) else [value]
