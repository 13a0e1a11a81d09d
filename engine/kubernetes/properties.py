"""Pulumi's wire format of properties, as plain values and the paths at which they are secret.

Unknown values (outputs that a preview cannot tell yet) stay in the plain values as the string `UNKNOWN`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from ringfence.errors import InputError

Path = tuple[str | int, ...]

UNKNOWN: str = rpc.UNKNOWN


@dataclass(frozen=True)
class Properties:
    """Plain properties (JSON types), and the paths in them that are secret."""

    values: dict[str, Any]
    secrets: frozenset[Path] = field(default_factory=frozenset)

    def secret_texts(self) -> frozenset[str]:
        """Every string at or below a secret path: what may not appear in a message."""
        return frozenset(text for path in self.secrets for text in _texts(value_at(self.values, path)))

    def public(self) -> dict[str, Any]:
        """The values without what is secret."""
        result = copy.deepcopy(self.values)
        for path in sorted(self.secrets, key=len):
            parent = value_at(result, path[:-1])
            if isinstance(parent, dict):
                parent.pop(str(path[-1]), None)
        return result


def read(struct: struct_pb2.Struct) -> Properties:
    """Turn properties off the wire into plain values; null members count as absent."""
    secrets: set[Path] = set()
    values = {key: _read(value, (key,), secrets) for key, value in struct.fields.items() if not _is_null(value)}
    return Properties(values, frozenset(secrets))


def write(properties: Properties) -> struct_pb2.Struct:
    """Turn plain values into the wire format; a secret path that does not exist is passed over."""
    struct = struct_pb2.Struct()
    for key, value in properties.values.items():
        struct.fields[key].CopyFrom(_write(value, (key,), properties.secrets))
    return struct


def has_unknown(value: object) -> bool:
    """Say whether anything at or below `value` is unknown."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value == UNKNOWN


def value_at(value: Any, path: Path) -> Any:
    """Return what lies at `path`, None where there is nothing, UNKNOWN below an unknown value."""
    for step in path:
        if value == UNKNOWN:
            return UNKNOWN
        if isinstance(value, Mapping):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(path: Iterable[str | int]) -> str:
    """Write a path in Pulumi's syntax: `spec.hard["requests.cpu"]`, `spec.rules[0].verbs`."""
    result = ""
    for step in path:
        if isinstance(step, int):
            result += f"[{step}]"
        elif step.replace("_", "a").isalnum():
            result += f".{step}" if result else step
        else:
            escaped = step.replace("\\", "\\\\").replace('"', '\\"')
            result += f'["{escaped}"]'
    return result


def _read(value: struct_pb2.Value, path: Path, secrets: set[Path]) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _read_struct(value.struct_value, path, secrets)
        case "list_value":
            # The server may reorder or extend a list, so a secret inside one makes the whole list secret.
            inner: set[Path] = set()
            items = [_read(item, path, inner) for item in value.list_value.values]
            if inner:
                secrets.add(path)
            return items
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "string_value":
            return value.string_value
    return None


def _read_struct(struct: struct_pb2.Struct, path: Path, secrets: set[Path]) -> Any:
    fields = struct.fields
    if rpc._special_sig_key not in fields:
        return {key: _read(item, (*path, key), secrets) for key, item in fields.items() if not _is_null(item)}
    if fields[rpc._special_sig_key].string_value == rpc._special_secret_sig:
        secrets.add(path)
        return _read(fields["value"], path, secrets)
    raise InputError(f"{text(path)}: assets, archives and resources cannot be a field of a Kubernetes object")


def _write(value: Any, path: Path, secrets: frozenset[Path]) -> struct_pb2.Value:
    result = struct_pb2.Value()
    if isinstance(value, Mapping):
        result.struct_value.SetInParent()
        for key, item in value.items():
            result.struct_value.fields[key].CopyFrom(_write(item, (*path, key), secrets))
    elif isinstance(value, list):
        result.list_value.SetInParent()
        result.list_value.values.extend(_write(item, (*path, index), secrets) for index, item in enumerate(value))
    elif isinstance(value, bool):
        result.bool_value = value
    elif isinstance(value, int | float):
        result.number_value = value
    elif isinstance(value, str):
        result.string_value = value
    else:
        result.null_value = struct_pb2.NULL_VALUE
    return _sealed(result) if path in secrets else result


def _sealed(value: struct_pb2.Value) -> struct_pb2.Value:
    result = struct_pb2.Value()
    result.struct_value.fields[rpc._special_sig_key].string_value = rpc._special_secret_sig
    result.struct_value.fields["value"].CopyFrom(value)
    return result


def _is_null(value: struct_pb2.Value) -> bool:
    return value.WhichOneof("kind") == "null_value"


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) and value != UNKNOWN:
        yield value
