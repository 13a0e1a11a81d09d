"""Pulumi's stream of JSON events, as lines for people and as the outcome of a stack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.progress import Say
from hardware.provider.authority import Urn
from ringfence.errors import InputError

_DONE = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "create-replacement": "replaced",
    "delete-replaced": "removed the old one of",
    "replace": "replaced",
    "read": "read",
}
_NO_CHANGE = frozenset({"same", "read", "refresh"})
_SHOWN = frozenset({"info", "info#err", "warning", "error"})
_OF_NO_USE = ("using pulumi-resource-", "update failed", "an unhandled error occurred: the Python program ended")


@dataclass
class Events:
    """Takes the lines of `pulumi up --json` one by one, says what happens, and keeps what is to be told at the end."""

    stack: str
    say: Say
    counts: Mapping[str, int] = field(default_factory=dict)
    """Number of resources by Pulumi's name of the operation, once the update has ended."""
    errors: list[str] = field(default_factory=list)

    @property
    def resources(self) -> int:
        """How many resources the stack has; deleted ones do not count."""
        return sum(count for operation, count in self.counts.items() if not operation.startswith("delete"))

    @property
    def changed(self) -> int:
        """How many resources were made, changed or removed."""
        return sum(count for operation, count in self.counts.items() if operation not in _NO_CHANGE)

    def take(self, line: str) -> None:
        """Read one line of either stream; what is no event is said as it is."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            if line.strip():
                self.say(f"{self.stack}: {line.strip()}")
        elif "resOutputsEvent" in event:
            self._done(event["resOutputsEvent"]["metadata"])
        elif "diagnosticEvent" in event:
            self._told(event["diagnosticEvent"])
        elif "summaryEvent" in event:
            self.counts = event["summaryEvent"].get("resourceChanges") or {}

    def _done(self, metadata: Mapping[str, Any]) -> None:
        if metadata["op"] in _DONE and not metadata["type"].startswith(("pulumi:", "ringfence:stacks:")):
            self.say(f"{self.stack}: {_DONE[metadata['op']]} {_name(metadata['urn'])}")

    def _told(self, diagnostic: Mapping[str, Any]) -> None:
        severity, text = diagnostic["severity"], diagnostic["message"].strip()
        if severity not in _SHOWN or not text or text.startswith(_OF_NO_USE):
            return
        where = _name(diagnostic["urn"]) if diagnostic.get("urn") else ""
        lines = [line for line in text.splitlines() if line.strip()]
        if severity == "error":
            self.errors += lines
        elif not diagnostic.get("ephemeral"):
            for line in lines:
                self.say(f"{self.stack}: {where}: {line}" if where else f"{self.stack}: {line}")


def _name(urn: str) -> str:
    """A resource for people: the last word of its type, and its name."""
    try:
        parsed = Urn.parse(urn)
    except InputError:
        return urn
    return f"{parsed.type.rpartition(':')[2]} {parsed.name}"
