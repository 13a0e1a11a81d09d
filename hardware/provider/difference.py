"""What differs between the state and the wanted inputs, property by property, as Pulumi's detailed diff names it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff

from hardware.provider.properties import Values, step
from ringfence.estate import encode

DRIFT = "drift"
"""The output that holds, one line each, what is really otherwise than declared."""

_ADD, _DELETE, _UPDATE = PropertyDiff.ADD, PropertyDiff.DELETE, PropertyDiff.UPDATE
_REPLACING = {_ADD: PropertyDiff.ADD_REPLACE, _DELETE: PropertyDiff.DELETE_REPLACE, _UPDATE: PropertyDiff.UPDATE_REPLACE}
_ABSENT = object()


def difference(old: Values, new: Values, replace_on: Collection[str]) -> DiffResponse:
    """Compare recorded outputs with wanted inputs; outputs that are no inputs do not count, except `drift`.

    Of either bag only the wanted one has a `drift` when Pulumi asks in reverse, to show what a refresh has found.
    """
    detailed, replaces = dict[str, PropertyDiff](), list[str]()
    names = [*new, *([DRIFT] if DRIFT not in new and old.get(DRIFT) else [])]
    for name in names:
        for path, kind in _changes(old.get(name, _ABSENT), new.get(name, _ABSENT), step("", name)):
            in_place = name not in replace_on
            detailed[path] = PropertyDiff(kind=kind if in_place else _REPLACING[kind])
            replaces += [] if in_place else [path]
    return DiffResponse(
        changes=DiffResponse.DIFF_SOME if detailed else DiffResponse.DIFF_NONE,
        diffs=list(dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in detailed)),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        replaces=replaces,
        # Two things of one name cannot stand side by side.
        deleteBeforeReplace=bool(replaces),
    )


def differing_target(recorded: Values, inputs: Values) -> list[str]:
    """Paths at which recorded outputs name another thing than the inputs that a permit names.

    A permit to delete is over the inputs, and what is deleted is what the record names: whoever edits the state could
    otherwise turn the one into the other. Only a device's digest may differ: it is that of the last change that came to
    its end.
    """
    return [
        path
        for name in inputs
        if name != "facts"
        for path, _ in _changes(recorded.get(name, _ABSENT), inputs[name], step("", name))
        if not (name == "devices" and path.endswith(".digest"))
    ]


def _changes(old: Any, new: Any, path: str) -> Iterator[tuple[str, PropertyDiff.Kind.ValueType]]:
    if old is _ABSENT:
        yield path, _ADD
    elif new is _ABSENT:
        yield path, _DELETE
    elif encode(old) == encode(new):  # in Python, True == 1
        return
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(set(old) | set(new)):
            yield from _changes(old.get(key, _ABSENT), new.get(key, _ABSENT), step(path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _changes(_at(old, index), _at(new, index), step(path, index))
    else:
        yield path, _UPDATE


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _ABSENT
