"""What differs between two sets of inputs, field by field, and which differences need a new object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from engine.kubernetes import kinds, naming
from engine.kubernetes.properties import UNKNOWN, Path, text, value_at
from engine.kubernetes.tokens import Kind

ChangeKind = Literal["add", "delete", "update"]


@dataclass(frozen=True)
class Change:
    """One field that differs; `replaces` when the server cannot change it in place."""

    path: Path
    kind: ChangeKind
    replaces: bool = False

    def __str__(self) -> str:
        return text(self.path)


def changes(old: Any, new: Any, path: Path = ()) -> list[Change]:
    """List the deepest fields that differ between two plain values, in a stable order."""
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[Change] = []
        for key in sorted(old.keys() | new.keys()):
            if key not in new:
                found.append(Change((*path, key), "delete"))
            elif key not in old:
                found.append(Change((*path, key), "add"))
            else:
                found.extend(changes(old[key], new[key], (*path, key)))
        return found
    if isinstance(old, list) and isinstance(new, list):
        shared = min(len(old), len(new))
        found = [change for index in range(shared) for change in changes(old[index], new[index], (*path, index))]
        found.extend(Change((*path, index), "delete") for index in range(shared, len(old)))
        found.extend(Change((*path, index), "add") for index in range(shared, len(new)))
        return found
    return [] if _same(old, new) else [Change(path, "update")]


def input_changes(kind: Kind, object_id: str, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """List the changes from old to new inputs of the object `object_id`, marked where they need a new object."""
    return [
        Change(change.path, change.kind, replaces=_replaces(kind, change, old, new))
        for change in changes(naming.with_identity(kind, old, object_id), new)
    ]


def _replaces(kind: Kind, change: Change, old: dict[str, Any], new: dict[str, Any]) -> bool:
    rules = kinds.rules(kind)
    patterns = rules.immutable + (rules.sealed if old.get("immutable") is True else ())
    if any(kinds.matches(change.path, pattern) for pattern in rules.mutable):
        return False
    return any(kinds.matches(change.path, pattern) or _hides(change.path, pattern, old, new) for pattern in patterns)


def _hides(path: Path, pattern: Path, old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Say whether a change of a whole branch changes the immutable field `pattern` inside it."""
    if not kinds.matches(pattern, path) or value_at(new, path) == UNKNOWN:
        return False
    return bool(value_at(old, pattern) != value_at(new, pattern))


def _same(old: object, new: object) -> bool:
    # In Python True == 1, in Kubernetes they are different types.
    return old == new and isinstance(old, bool) == isinstance(new, bool)
