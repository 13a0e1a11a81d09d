"""The driver of FRR and Linux devices, switches and hosts alike: files over SSH, with a commit that reverts by itself.

`apply` first arms a timer on the device that would put the previous files back, then makes the new ones live; `confirm`
opens a new connection and disarms it. A device that its new configuration cut off is back within `confirm_seconds`.
"""

from __future__ import annotations

import json
import shlex
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resource_files
from typing import Any

from hardware.connections import Ssh
from hardware.contract import Applied, Change, Plan
from hardware.device_state import (
    FACTS,
    DeviceState,
    file_changes,
    file_rules,
    rule_of,
    running_changes,
    running_drift,
)
from hardware.links import link_drift, missing_links
from hardware.ssh import Device, UnreachableError, connected, execute
from ringfence.errors import OperationError

Files = Mapping[str, str]
"""Wanted on one device: absolute path to text. In exclusive folders it is complete: other files there are removed."""
SwitchPlan = Plan[Files, DeviceState]
SwitchApplied = Applied[Files, DeviceState, str]

ANSWER_SECONDS = 60.0
"""The longest that the agent works on anything, on top of the time after which it reverts."""
RETRY_SECONDS = 0.5
_START_AGENT = "import sys; size = int(sys.argv.pop(1)); exec(compile(sys.stdin.buffer.read(size), 'agent', 'exec'), globals())"


@dataclass(frozen=True)
class SwitchDriver:
    """Drives one device; `confirm_seconds` is how long it waits for the confirmation before it reverts."""

    device: Device
    ssh: Ssh
    confirm_seconds: int = 60

    @property
    def subject(self) -> str:
        """Such as `device north-spine-1`."""
        return str(self.device)

    def read(self) -> DeviceState:
        """Our files, how the running configuration differs from them, addresses and BGP sessions."""
        return DeviceState.from_reply(self._ask({"operation": "read", "facts": FACTS}))

    def plan(self, wanted: Files, observed: DeviceState) -> SwitchPlan:
        """Every line, mode and running setting that would change; InputError for a path that is not ours to write."""
        subject = self.subject
        changes = [*file_changes(subject, wanted, observed), *running_changes(subject, wanted, observed)]
        changes += [drift.change(subject) for drift in link_drift(wanted, observed)]
        if observed.unconfirmed:
            changes.append(Change(subject, "commit", f"{observed.unconfirmed} was never confirmed: commit again"))
        unknown = tuple(f"{link}: the link does not exist" for link in missing_links(wanted, observed))
        return Plan(subject, wanted, observed, tuple(dict.fromkeys(changes)), unknown=unknown)

    def apply(self, plan: SwitchPlan) -> SwitchApplied:
        """Validate on the device, arm the revert, make live; what the device refuses changes nothing."""
        if plan.empty:
            return Applied(plan, "")
        state, commit = plan.observed, uuid.uuid4().hex[:12]
        unwanted = [path for path in state.files if path not in plan.wanted and rule_of(path).exclusive]
        drifted = {path for path, _ in running_drift(plan.wanted, state)}
        request = {
            "operation": "commit",
            "commit": commit,
            "expected": state.digest,
            "seconds": self.confirm_seconds,
            "files": {**{path: _wire(path, text) for path, text in plan.wanted.items()}, **dict.fromkeys(unwanted)},
            "activate": sorted({rule_of(path).name for path in drifted}),
            "repair": list(dict.fromkeys(drift.repair for drift in link_drift(plan.wanted, state))),
            "agent": _agent(),
            "boot_unit": _resource("device_revert.service"),
        }
        try:
            self._ask(request)
        except UnreachableError as error:
            raise OperationError(f"{error}; unless confirmed, it reverts by itself in {self.confirm_seconds} s") from None
        return Applied(plan, commit)

    def confirm(self, applied: SwitchApplied) -> None:
        """Reach the device anew, which proves that the way in still works, and make the change last."""
        if applied.way_back:
            self._ask({"operation": "confirm", "commit": applied.way_back}, patience=self.confirm_seconds)

    def rollback(self, applied: SwitchApplied) -> None:
        """Put the previous files back, or see that the device has done so itself."""
        if applied.way_back:
            # A device that is cut off comes back when its own timer has run out.
            self._ask({"operation": "revert", "commit": applied.way_back}, patience=self.confirm_seconds + 30)

    def _ask(self, request: dict[str, Any], *, patience: float = 0) -> dict[str, Any]:
        """Have the agent do one thing over a new connection; a silent device is tried again for `patience` seconds."""
        deadline = time.monotonic() + patience
        while True:
            try:
                return self._ask_once({**request, "rules": [rule.wire() for rule in file_rules()]})
            except UnreachableError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(RETRY_SECONDS)

    def _ask_once(self, request: dict[str, Any]) -> dict[str, Any]:
        agent = _agent().encode()
        command = f"sudo -n /usr/bin/python3 -c {shlex.quote(_START_AGENT)} {len(agent)}"
        with connected(self.device, self.ssh) as client:
            output = execute(
                client,
                self.device,
                command,
                agent + json.dumps(request).encode(),
                seconds=ANSWER_SECONDS + self.confirm_seconds,
            )
        try:
            reply = json.loads(output)
        except ValueError:
            raise OperationError(f"{self.device}: its answer is no JSON") from None
        if "error" in reply:
            raise OperationError(f"{self.device}: {reply['error']}")
        answer: dict[str, Any] = reply["ok"]
        return answer


def _agent() -> str:
    return _resource("device_agent.py")


def _resource(name: str) -> str:
    return resource_files("hardware").joinpath(name).read_text(encoding="utf-8")


def _wire(path: str, text: str) -> dict[str, str]:
    rule = rule_of(path)
    return {"text": text, "owner": rule.owner, "group": rule.group, "mode": rule.mode}
