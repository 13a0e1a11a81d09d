"""Live objects: what of them belongs in state, and what somebody changed by hand since we last looked."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from engine.kubernetes import kinds
from engine.kubernetes.properties import Path
from engine.kubernetes.tokens import Kind

# Says in the cluster which resource an object belongs to: a create that was cut off recognises its own work by it.
OWNER = "ringfence.pulumi/urn"

_SERVER_FIELDS = (
    "managedFields", "resourceVersion", "generation", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds",
)  # fmt: skip
_PER_OBJECT_FIELDS = ("uid", "creationTimestamp")
_ANNOTATIONS = (OWNER, "kubectl.kubernetes.io/last-applied-configuration")


def for_state(kind: Kind, live: dict[str, Any]) -> dict[str, Any]:
    """Return a live object without what the server alone decides: bookkeeping, status and managed fields."""
    kept = copy.deepcopy(live)
    kept.pop("status", None)
    for field in _SERVER_FIELDS:
        kept["metadata"].pop(field, None)
    for path in (*(("metadata", "annotations", name) for name in _ANNOTATIONS), *kinds.rules(kind).managed):
        _prune(kept, path)
    return kept


def desired(kind: Kind, live: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs that would declare a live object: what an import takes over, and what drift is judged on."""
    kept = for_state(kind, live)
    for field in _PER_OBJECT_FIELDS:
        kept["metadata"].pop(field, None)
    return {key: value for key, value in kept.items() if not key.startswith("__")}


def owner(live: dict[str, Any]) -> str | None:
    """Return the URN of the resource that an object was created for, as far as we created it."""
    annotations = live["metadata"].get("annotations") or {}
    urn = annotations.get(OWNER)
    return urn if isinstance(urn, str) else None


def is_going(live: dict[str, Any]) -> bool:
    """Say whether the object's deletion has begun."""
    return "deletionTimestamp" in live["metadata"]


def carry(inputs: Any, before: Any, after: Any) -> Any:
    """Return inputs with every change from `before` to `after` (two live values) made to them too.

    Comparing live with live leaves out what the server defaults or rewrites (`1000m` to `1`), so what is left was
    changed by somebody.
    """
    if before == after:
        return inputs
    if isinstance(inputs, dict | None) and isinstance(before, dict) and isinstance(after, dict):
        result = dict(inputs or {})
        for key in before.keys() | after.keys():
            if key not in after:
                result.pop(key, None)
            elif key not in before or before[key] != after[key]:
                carried = carry(result.get(key), before.get(key), after[key])
                result |= {} if carried is None else {key: carried}
        # What the program never mentioned and what somebody then removed is no input.
        return result if result or inputs is not None else None
    if isinstance(inputs, list) and isinstance(before, list) and isinstance(after, list):
        return _carry_list(inputs, before, after)
    return after


def _carry_list(inputs: list[Any], before: list[Any], after: list[Any]) -> list[Any]:
    if len(inputs) == len(before) == len(after):
        return [carry(*items) for items in zip(inputs, before, after, strict=True)]
    # Elements came or went: those that stayed as they were keep the program's wording of them.
    wording = list(zip(before, inputs, strict=False))
    return [next((mine for was, mine in wording if was == item), item) for item in after]


def _prune(value: dict[str, Any], path: Path) -> None:
    """Remove one field, and the labels or annotations around it where nothing else is in them."""
    parents = [value]
    for step in path[:-1]:
        child = parents[-1].get(str(step))
        if not isinstance(child, dict):
            return
        parents.append(child)
    parents[-1].pop(str(path[-1]), None)
    for parent, step in _innermost_first(parents, path):
        if not parent[step]:
            del parent[step]


def _innermost_first(parents: list[dict[str, Any]], path: Path) -> Iterable[tuple[dict[str, Any], str]]:
    steps = [str(step) for step in path[:-1]]
    return ((parent, step) for parent, step in reversed(list(zip(parents, steps, strict=False))) if step != "metadata")
