"""Making and changing objects: whose they are, whose fields win, and what server-side apply leaves behind."""

from __future__ import annotations

import base64
import copy
from typing import Any

from engine.kubernetes import live as live_objects
from engine.kubernetes.api import Api
from engine.kubernetes.properties import Path
from engine.kubernetes.refusal import RefusalError
from engine.kubernetes.tokens import Kind
from ringfence.errors import OperationError

# The official plugin's annotation: take fields from whoever else set them, without asking.
PATCH_FORCE = "pulumi.com/patchForce"


def create(
    api: Api, path: str, kind: Kind, inputs: dict[str, Any], urn: str, present: dict[str, Any] | None, *,
    dry_run: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Make an object for the resource `urn`; one that a cut-off run made for the same resource is taken up again.

    `present` is the object that has the name now, if any.

    Raises:
        OperationError: an object of this name is there already and is not this resource's.
    """
    if present and live_objects.owner(present) != urn:
        whose = live_objects.owner(present) or "nobody"
        raise OperationError(
            f'exists already and belongs to {whose}: take it over with "pulumi import", '
            "give the resource an alias of its old name, or delete the object"
        )
    return api.apply(path, manifest(kind, inputs, urn), force=present is not None or _forced(inputs), dry_run=dry_run)


def update(
    api: Api, path: str, kind: Kind, *, old_inputs: dict[str, Any], old_live: dict[str, Any], inputs: dict[str, Any],
    urn: str, dry_run: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Change an object from its old to its new inputs.

    A field that somebody else set is taken back only when the state has seen their change, that is, when a person had
    the chance to see it in `pulumi refresh`.

    Raises:
        OperationError: the change would undo another's change that nobody has seen.
    """
    wanted = manifest(kind, inputs, urn)
    try:
        live = api.apply(path, wanted, force=_forced(inputs), dry_run=dry_run)
    except RefusalError as error:
        if error.code != 409 or not error.causes:
            raise
        current = api.get(path)
        if current is None or live_objects.desired(kind, current) != live_objects.desired(kind, old_live):
            raise OperationError(
                f"changed by others since Pulumi last looked ({'; '.join(error.causes)}): "
                'run "pulumi refresh" to see it, then "pulumi up" to take it back'
            ) from error
        live = api.apply(path, wanted, force=True, dry_run=dry_run)
    if dry_run:
        return live
    left = leftovers(as_sent(kind, old_inputs), wanted, live_objects.desired(kind, live))
    return api.patch(path, left) if left else live


def manifest(kind: Kind, inputs: dict[str, Any], urn: str) -> dict[str, Any]:
    """Return what we apply: the inputs, marked with the resource that they belong to."""
    body = as_sent(kind, inputs)
    metadata = body["metadata"]
    metadata["annotations"] = dict(metadata.get("annotations") or {}) | {live_objects.OWNER: urn}
    return body


def as_sent(kind: Kind, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return inputs in the form in which the server keeps them.

    A Secret's write-only `stringData` would not be removed from `data` when the program drops it, so we send `data`.
    """
    body = copy.deepcopy(inputs)
    if kind.key == "core/Secret" and (texts := body.pop("stringData", None)):
        encoded = {name: base64.b64encode(str(text).encode()).decode() for name, text in texts.items()}
        body["data"] = dict(body.get("data") or {}) | encoded
    return body


def leftovers(old: Any, new: Any, live: Any, path: Path = ()) -> list[dict[str, Any]]:
    """Return the JSON Patch that removes what is in old and live, but not in new.

    Server-side apply removes only what we alone own; what another added and a refresh took into our inputs stays.
    """
    if isinstance(old, list) and isinstance(new, list) and isinstance(live, list):
        return _list_leftovers(old, new, live, path)
    if not (isinstance(old, dict) and isinstance(new, dict) and isinstance(live, dict)):
        return []
    operations: list[dict[str, Any]] = []
    for key in sorted(old.keys() & live.keys()):
        if key in new:
            operations += leftovers(old[key], new[key], live[key], (*path, key))
        elif isinstance(old[key], dict) and key in ("labels", "annotations"):
            # Never the whole map: others' entries, and our own mark, are in it too.
            operations += leftovers(old[key], {}, live[key], (*path, key))
        elif old[key] == live[key]:
            operations.append({"op": "remove", "path": _pointer((*path, key))})
    return operations


def _list_leftovers(old: list[Any], new: list[Any], live: list[Any], path: Path) -> list[dict[str, Any]]:
    if old == new:
        return []
    if len(live) != len(new):
        return [{"op": "replace", "path": _pointer(path), "value": new}]
    inner = (leftovers(*items, (*path, index)) for index, items in enumerate(zip(old, new, live, strict=False)))
    return [operation for operations in inner for operation in operations]


def _pointer(path: Path) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _forced(inputs: dict[str, Any]) -> bool:
    return ((inputs.get("metadata") or {}).get("annotations") or {}).get(PATCH_FORCE) == "true"
