"""What each operation does with one object of the cluster; the gRPC around it is in `provider`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.kubernetes import change, live, naming, readiness
from engine.kubernetes.api import Api, Resource, UnknownKindError
from engine.kubernetes.connection import Connection
from engine.kubernetes.properties import has_unknown
from engine.kubernetes.refusal import RefusalError, UnreachableError
from engine.kubernetes.tokens import Kind
from engine.kubernetes.waiting import Deadline
from ringfence.errors import OperationError

Manifest = dict[str, Any]

_DEFAULT_SECONDS = 600.0


@dataclass(frozen=True)
class Outcome:
    """An object after an operation; `identity` is empty where a preview cannot tell it yet."""

    identity: str
    live: Manifest


class Cluster:
    """The objects of one cluster."""

    def __init__(self, connection: Connection) -> None:
        self.default_namespace = connection.namespace
        self._api = Api(connection.client())
        self._cancelled = threading.Event()
        self._unreachable = False
        self._taken_up: set[str] = set()

    def cancel(self) -> None:
        """End every wait now."""
        self._cancelled.set()

    def is_namespaced(self, kind: Kind) -> bool | None:
        """Say whether objects of a kind live in namespaces; None where the server cannot be asked or does not know."""
        if self._unreachable:
            return None
        try:
            return self._api.resource(kind).namespaced
        except UnknownKindError:
            return None
        except UnreachableError:
            # A preview may run without a cluster; it need not wait for it once per resource.
            self._unreachable = True
            return None

    def plan(self, act: Callable[[], Outcome], inputs: Manifest, warn: Callable[[str], None]) -> Outcome:
        """Run `act` as a server-side dry run, and plan by ourselves where the server cannot judge yet.

        That is: unknown inputs, a namespace or a definition that this very run will make, no server in reach, and
        admission, which judges against the objects of today.
        """
        local = Outcome("", inputs)
        if has_unknown(inputs) or self._unreachable:
            return local
        try:
            return act()
        except UnknownKindError:
            return local
        except UnreachableError as error:
            self._unreachable = True
            warn(f"{error}: planned without it")
            return local
        except RefusalError as error:
            if error.code == 404 and error.about == "namespaces":
                return local
            if error.code == 403:
                warn(f"would be refused as things stand: {error}")
                return local
            raise

    def create(self, kind: Kind, inputs: Manifest, urn: str, seconds: float, *, dry_run: bool = False) -> Outcome:
        """Make an object and wait until it is ready."""
        resource = self._api.resource(kind)
        namespace = self._namespace(resource, inputs["metadata"].get("namespace"))
        name = inputs["metadata"]["name"]
        path, identity = resource.path(namespace, name), naming.object_id(namespace, name)
        present = self._api.get(path)
        if present and live.is_going(present):
            # A run that was cut off began its deletion: the name is free only when it is gone.
            if not dry_run:
                readiness.wait_gone(self._api, path, present["metadata"]["uid"], self._deadline(seconds))
            present = None
        made = change.create(self._api, path, kind, inputs, urn, present, dry_run=dry_run)
        if dry_run:
            return Outcome(identity, made)
        if present:
            self._taken_up.add(made["metadata"]["uid"])
        return Outcome(identity, self._ready(resource, path, made, seconds))

    def read(self, kind: Kind, identity: str) -> Outcome | None:
        """Read an object; None when it is gone, or its whole kind is."""
        try:
            resource = self._api.resource(kind)
        except UnknownKindError:
            return None
        namespace, name = self._place(resource, identity)
        found = self._api.get(resource.path(namespace, name))
        return Outcome(naming.object_id(namespace, name), found) if found else None

    def update(
        self, kind: Kind, identity: str, *, old_inputs: Manifest, old_live: Manifest, inputs: Manifest, urn: str,
        seconds: float, dry_run: bool = False,
    ) -> Outcome:  # fmt: skip
        """Change an object and wait until it is ready."""
        resource = self._api.resource(kind)
        path = resource.path(*self._place(resource, identity))
        changed = change.update(
            self._api, path, kind, old_inputs=old_inputs, old_live=old_live, inputs=inputs, urn=urn, dry_run=dry_run
        )
        return Outcome(identity, changed if dry_run else self._ready(resource, path, changed, seconds))

    def delete(self, kind: Kind, identity: str, uid: str, seconds: float) -> None:
        """Delete an object, dependents first, and wait until it is gone.

        Raises:
            OperationError: it is the replacement too, because the program insists on making that one first.
        """
        if uid in self._taken_up:
            raise OperationError("the new object has the old one's name; leave delete_before_replace=False out")
        try:
            resource = self._api.resource(kind)
        except UnknownKindError:
            return
        path = resource.path(*self._place(resource, identity))
        self._api.delete(path, uid)
        readiness.wait_gone(self._api, path, uid, self._deadline(seconds))

    def _ready(self, resource: Resource, path: str, found: Manifest, seconds: float) -> Manifest:
        return readiness.wait_ready(self._api, resource, path, found, self._deadline(seconds))

    def _deadline(self, seconds: float) -> Deadline:
        return Deadline(seconds or _DEFAULT_SECONDS, self._cancelled)

    def _place(self, resource: Resource, identity: str) -> tuple[str | None, str]:
        namespace, name = naming.split_id(identity)
        return self._namespace(resource, namespace), name

    def _namespace(self, resource: Resource, namespace: str | None) -> str | None:
        return namespace or self.default_namespace if resource.namespaced else None


def desired(kind: Kind, old_inputs: Manifest, old_live: Manifest, found: Manifest) -> Manifest:
    """Return the inputs after a read: the old ones with what was changed by hand, or, at an import, all of them."""
    if not old_inputs or not old_live:
        return live.desired(kind, found)
    carried: Manifest = live.carry(old_inputs, live.desired(kind, old_live), live.desired(kind, found))
    return carried
