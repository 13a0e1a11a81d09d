"""The package schema that `pulumi package get-schema` shows: our types, from the same models that check them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hardware.provider.difference import DRIFT
from hardware.provider.kind import Kind
from ringfence import __version__

_SCALARS = {"string", "integer", "number", "boolean"}


def schema(kinds: Mapping[str, Kind[Any]]) -> str:
    """The schema of `kinds`, as JSON."""
    types = dict[str, Any]()
    resources = {token: _resource(kind, types) for token, kind in kinds.items()}
    package = {
        "name": "ringfence",
        "version": __version__,
        "description": "Real things of a sovereign AI data centre. Every change needs a permit.",
        "meta": {"moduleFormat": "(.*)"},
        "types": types,
        "resources": resources,
    }
    return json.dumps(package)


def _resource(kind: Kind[Any], types: dict[str, Any]) -> dict[str, Any]:
    model = kind.model.model_json_schema(by_alias=True)
    for name, definition in model.get("$defs", {}).items():
        types[_type_token(kind, name)] = {**_members(kind, definition), "type": "object"}
    members = _members(kind, model)
    drift = {"type": "array", "items": {"type": "string"}, "description": "What is really otherwise than declared."}
    return {
        "description": _text(kind.__doc__),
        "inputProperties": members["properties"],
        "requiredInputs": members["required"],
        "properties": {**members["properties"], DRIFT: drift},
        "required": [*members["required"], DRIFT],
    }


def _members(kind: Kind[Any], model: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: _property(kind, member) for name, member in model.get("properties", {}).items()}
    return {"description": _text(model.get("description")), "properties": properties, "required": model.get("required", [])}


def _property(kind: Kind[Any], member: Mapping[str, Any]) -> dict[str, Any]:
    if reference := member.get("$ref"):
        return {"$ref": f"#/types/{_type_token(kind, reference.rpartition('/')[2])}"}
    if member.get("type") == "array":
        return {"type": "array", "items": _property(kind, member["items"])}
    if member.get("type") == "object":
        return {"type": "object", "additionalProperties": _property(kind, member.get("additionalProperties") or {})}
    if member.get("type") in _SCALARS:
        return {"type": member["type"]}
    return {"$ref": "pulumi.json#/Any"}


def _type_token(kind: Kind[Any], name: str) -> str:
    return kind.resource_type.rpartition(":")[0] + f":{name}"


def _text(text: str | None) -> str:
    return " ".join((text or "").split())
