"""What a stack holds by its own record: the basis of a permit to destroy it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.pulumi_cli import run
from hardware.provider.authority import Urn
from ringfence.errors import InputError
from ringfence.inputs import inputs_digest
from ringfence.permit import resource_key
from stacks.resource import OURS

State = Mapping[str, Any]


@dataclass(frozen=True)
class Deployed:
    """A stack's record."""

    states: tuple[State, ...]
    """The resources as Pulumi exports them."""
    interrupted: bool
    """Whether a run was cut off while it worked on a resource."""
    salt: str = ""
    """What the state's passphrase was salted with; empty without resources, or with another kind of secrets provider."""

    @property
    def digests(self) -> dict[str, str]:
        """`<type>::<name>` of each resource of ours, with the digest of the inputs that it was made with."""
        digests = {}
        for state in self.states:
            if state["type"].startswith(OURS) and state.get("custom"):
                urn = Urn.parse(state["urn"])
                digests[resource_key(urn.type, urn.name)] = inputs_digest(state.get("inputs", {}))
        return digests


def deployed(stack: str, env: Mapping[str, str], root: Path) -> Deployed:
    """Read the record of `stack` through Pulumi, run in the environment `env` in the project's folder `root`.

    Raises:
        InputError: there is no such stack.
    """
    exported = run(["stack", "export", "--stack", stack], env=env, cwd=root)
    if exported.returncode != 0:
        raise InputError(f"stack {stack}: {exported.stderr.strip().removeprefix('error: ')}")
    deployment = json.loads(exported.stdout).get("deployment") or {}
    states = tuple(deployment.get("resources") or ())
    salt = ((deployment.get("secrets_providers") or {}).get("state") or {}).get("salt", "")
    return Deployed(states, interrupted=bool(deployment.get("pending_operations")), salt=salt)
