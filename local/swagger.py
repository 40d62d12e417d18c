"""An API's Swagger 2 document, as the API Gateway calls that make the same API piece by piece.

Chalice hands API Gateway a whole document (ImportRestApi, PutRestApi). MiniStack knows only the
single steps: a resource for each part of a path, a method on it, the method's integration. This
works out which steps lead from an API as it is to the API of the document. Pure: documents and
paths in, calls out.

What cannot be said in these steps is refused, so that no route is open here which would be guarded
on AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ROOT = "/"
_PATH_KEYS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
_KNOWN_EXTENSIONS = frozenset({"x-amazon-apigateway-binary-media-types"})


class UnsupportedSwaggerError(ValueError):
    """The document asks for something that the embedded API Gateway would silently leave out."""


@dataclass(frozen=True)
class Call:
    """One request of API Gateway's, below a resource that is named by its path.

    `suffix` continues the resource's own address: empty for the resource itself, which POST gives a
    child and DELETE removes, or the address of a method or its integration.
    """

    verb: Literal["POST", "PUT", "DELETE"]
    resource: str
    suffix: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def child(self) -> str | None:
        """The path of the resource that this call makes."""
        return _join(self.resource, self.body["pathPart"]) if self.verb == "POST" else None


def settings(document: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the CreateRestApi that the document stands for."""
    return {
        "name": document["info"]["title"],
        "version": document["info"]["version"],
        "binaryMediaTypes": document.get("x-amazon-apigateway-binary-media-types", []),
    }


def calls(document: Mapping[str, Any], existing: Mapping[str, Iterable[str]]) -> list[Call]:
    """The calls that turn an API into the document's.

    `existing` has the methods of each resource that the API has, by path; a new API has its root
    without methods. What stays is written again in place, so that a route which is in both answers
    all the time. Raises UnsupportedSwaggerError.
    """
    _refuse_unknown(document)
    wanted = {
        path: {name.upper(): operation for name, operation in item.items() if name in _PATH_KEYS}
        for path, item in document["paths"].items()
    }
    resources = {ancestor for path in wanted for ancestor in _lineage(path)} | {ROOT}
    return [
        *_creations(resources - existing.keys()),
        *_methods(wanted, document.get("securityDefinitions", {})),
        *_method_removals(wanted, existing, resources),
        *_resource_removals(existing.keys() - resources),
    ]


def _refuse_unknown(document: Mapping[str, Any]) -> None:
    unknown = {key for key in document if key.startswith("x-")} - _KNOWN_EXTENSIONS
    if unknown:
        raise UnsupportedSwaggerError(f"not supported here: {', '.join(sorted(unknown))}")


def _creations(missing: Iterable[str]) -> list[Call]:
    """Parents first: a child's call needs its parent's id."""
    return [
        Call("POST", _parent(path), body={"pathPart": path.rpartition("/")[2]})
        for path in sorted(missing)
    ]


def _methods(
    wanted: Mapping[str, Mapping[str, Any]], security: Mapping[str, Mapping[str, Any]]
) -> list[Call]:
    steps = []
    for path, operations in wanted.items():
        for method, operation in operations.items():
            suffix = f"/methods/{method}"
            guard = _authorization(operation, security)
            integration = _integration(operation["x-amazon-apigateway-integration"])
            steps.append(Call("PUT", path, suffix, guard))
            steps.append(Call("PUT", path, f"{suffix}/integration", integration))
    return steps


def _authorization(
    operation: Mapping[str, Any], security: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    guard: dict[str, Any] = {"authorizationType": "NONE", "apiKeyRequired": False}
    for name in (name for requirement in operation.get("security", []) for name in requirement):
        scheme = security.get(name, {})
        if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
            guard["authorizationType"] = "AWS_IAM"
        elif scheme.get("name") == "x-api-key":
            guard["apiKeyRequired"] = True
        else:
            raise UnsupportedSwaggerError(f"not supported here: the security scheme {name!r}")
    return guard


def _integration(extension: Mapping[str, Any]) -> dict[str, Any]:
    """PutIntegration's body, which spells in upper case what Swagger spells in lower case.

    The answers of a mock integration, which Chalice makes for CORS preflights, are left out:
    MiniStack answers every OPTIONS request by itself.
    """
    return {
        key: value.upper() if key in {"type", "passthroughBehavior"} else value
        for key, value in extension.items()
        if key != "responses"
    }


def _method_removals(
    wanted: Mapping[str, Mapping[str, Any]],
    existing: Mapping[str, Iterable[str]],
    resources: Iterable[str],
) -> list[Call]:
    return [
        Call("DELETE", path, f"/methods/{method}")
        for path in sorted(existing.keys() & set(resources))
        for method in sorted(set(existing[path]) - wanted.get(path, {}).keys())
    ]


def _resource_removals(stale: Iterable[str]) -> list[Call]:
    """Children first: MiniStack would keep a removed parent's children."""
    return [Call("DELETE", path) for path in sorted(stale, reverse=True)]


def _lineage(path: str) -> list[str]:
    """The path with everything above it, the root excepted."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[: n + 1]) for n in range(len(parts))] if path != ROOT else []


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or ROOT


def _join(parent: str, part: str) -> str:
    return f"{parent.rstrip('/')}/{part}"
