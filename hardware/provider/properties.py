"""Pulumi's property bags as plain values and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from ringfence.errors import InputError
from ringfence.inputs import InputsError
from ringfence.inputs import plain as permissible

Values = Mapping[str, Any]


def plain(properties: Struct) -> dict[str, Any]:
    """The values of a property bag; whole numbers, which Pulumi carries as floats, are integers again."""
    values: dict[str, Any] = _whole(MessageToDict(properties))
    return values


def struct(values: Values) -> Struct:
    """A property bag of JSON values."""
    bag = Struct()
    bag.update(values)
    return bag


def refused_values(values: Values) -> Iterator[tuple[str, str]]:
    """Path and reason of each input that no permit can be given for: not yet known, a secret, an asset."""
    for name, value in values.items():
        try:
            permissible(value, name)
        except InputsError as error:
            path, _, reason = str(error).partition(": ")
            yield path, reason


def recorded(values: Values, name: str) -> str:
    """A text that an earlier operation has put on record; InputError where the state lacks it."""
    value = values.get(name)
    if not isinstance(value, str):
        raise InputError(f"the state holds no text {name!r}; run `pulumi refresh`")
    return value


def step(path: str, key: str | int) -> str:
    """The path to a member of what `path` names, as Pulumi writes it."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key.replace("_", "a").isalnum():
        return f"{path}.{key}" if path else key
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{escaped}"]'


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
