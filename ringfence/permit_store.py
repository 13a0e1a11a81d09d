"""Where permits lie between the gate that issues them and the provider that asks for them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from ringfence.durable import write_once
from ringfence.errors import OperationError
from ringfence.permit import HOLDS_DATA, KIND_OF, MAX_LIFE, Operation, Permit, PermitError, command, open_permit, resource_key
from ringfence.statement import MAX_BYTES, StatementError, instant
from ringfence.trust import Kind, TrustRoot

_PERMIT = re.compile(r"[0-9a-f]{64}\.json")
_STACK = re.compile(r"[a-z0-9][a-z0-9.-]{0,100}")


class PermitStore:
    """A folder of permits: ``<folder>/<stack>/<kind>/<sha256 of the envelope>.json``.

    Files are written once and never change; whoever can write here can take permits away, but cannot make one, since
    each is verified against the trust root when it is used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trust: TrustRoot | None = None
        self._verified: dict[Path, Permit] = {}

    def add(self, envelope: bytes, kind: Kind, trust: TrustRoot, now: datetime) -> Permit:
        """Verify a permit and keep it; adding it again changes nothing. Those too old to hold are removed.

        Raises:
            StatementError: it cannot be relied on.
            OperationError: the folder cannot be written.
        """
        permit = open_permit(envelope, kind, trust, now)
        folder = self._of(permit.grant.stack, kind)
        try:
            for path in _newest_first(folder):
                if path.stat().st_mtime < (now - MAX_LIFE).timestamp():
                    path.unlink(missing_ok=True)
            write_once(folder / f"{permit.id.removeprefix('sha256:')}.json", envelope)
        except OSError as error:
            raise OperationError(f"{folder}: a permit cannot be kept here: {error.strerror}") from None
        return permit

    def authorise(
        self, stack: str, operation: Operation, type: str, name: str, inputs_digest: str, now: datetime, trust: TrustRoot
    ) -> Permit:
        """Return a permit that covers an operation on a resource with these inputs (for ``delete``: its present ones).

        A permit to delete ends with a later one to create or update the resource with the same inputs: what was brought
        up again, people have not agreed to destroy.

        Raises:
            PermitError: none does; the message says why the newest one does not, and which command asks for one.
        """
        resource = resource_key(type, name)
        objections: list[str] = []
        wanted_since = self._last_wanted(stack, resource, inputs_digest, now, trust) if operation == "delete" else None
        for found in self._permits(stack, KIND_OF[operation], trust, now):
            if isinstance(found, Permit):
                objection = found.objection(stack, operation, resource, inputs_digest, now)
                if objection is None and wanted_since is not None and found.issued < wanted_since:
                    objection = f"the resource was permitted anew at {instant(wanted_since)}, after it"
                if objection is None:
                    return found
                objections.append(f"the last permit does not count: {objection}")
            else:
                objections.append(f"the last permit does not count: {found}")
        why = objections[0] if objections else "none was issued"
        ask = command(stack, operation, loses_data=type in HOLDS_DATA)
        raise PermitError(f"no permit to {operation} {resource} in {stack}: {why}; run `{ask}`")

    def _last_wanted(self, stack: str, resource: str, inputs_digest: str, now: datetime, trust: TrustRoot) -> datetime | None:
        """Return when the newest permit to create or update a resource with these inputs was issued."""
        permits = (found for found in self._permits(stack, "permit", trust, now) if isinstance(found, Permit))
        return max((each.issued for each in permits if each.grant.resources.get(resource) == inputs_digest), default=None)

    def covering(
        self, stack: str, operation: Operation, resources: Mapping[str, str], now: datetime, trust: TrustRoot
    ) -> Permit | None:
        """Return a permit that covers an operation on every one of ``resources`` (``<type>::<name>`` to digest)."""
        for found in self._permits(stack, KIND_OF[operation], trust, now):
            if isinstance(found, Permit) and not any(
                found.objection(stack, operation, resource, inputs, now) for resource, inputs in resources.items()
            ):
                return found
        return None

    def _permits(self, stack: str, kind: Kind, trust: TrustRoot, now: datetime) -> Iterator[Permit | StatementError]:
        """Yield each permit that lies here, or why it cannot be relied on, the newest first."""
        if trust != self._trust:
            self._trust, self._verified = trust, {}
        try:
            for path in _newest_first(self._of(stack, kind)):
                # A file never changes, so that its signature is verified once; its expiry is looked at on each use.
                if path not in self._verified:
                    with path.open("rb") as stream:
                        envelope = stream.read(MAX_BYTES + 1)
                    try:
                        self._verified[path] = open_permit(envelope, kind, trust, now)
                    except StatementError as error:
                        yield error
                        continue
                yield self._verified[path]
        except OSError as error:
            raise OperationError(f"{self._folder}: the permits cannot be read: {error.strerror}") from None

    def _of(self, stack: str, kind: Kind) -> Path:
        if not _STACK.fullmatch(stack):
            raise PermitError(f"{stack[:60]!a} is not the name of a stack, as lab.north is")
        return self._folder / stack / kind


def _newest_first(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            found = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if _PERMIT.fullmatch(entry.name)]
    except FileNotFoundError:
        return []
    return [Path(path) for _, path in sorted(found, reverse=True)]
