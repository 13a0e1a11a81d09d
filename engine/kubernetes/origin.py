"""Which Kubernetes plugin wrote a resource's state: the two must never take turns on one object unnoticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ringfence.errors import InputError

# An output, because that is what both plugins keep in state, and nothing else that they write has this name.
MARK = "__ringfence_provider"

Origin = Literal["ringfence", "official"]


def written_by(resource_state: Mapping[str, Any]) -> Origin:
    """Say which plugin wrote one Kubernetes resource of an exported state (an element of `deployment.resources`)."""
    outputs = resource_state.get("outputs") or {}
    return "ringfence" if MARK in outputs else "official"


def require_ours(outputs: Mapping[str, Any], what: str) -> None:
    """Refuse to go on from outputs that the official plugin wrote.

    Raises:
        InputError: the outputs do not carry our mark.
    """
    if outputs and MARK not in outputs:
        raise InputError(
            f"{what}: its state was written by the official Kubernetes plugin; run Pulumi with that plugin, "
            f'or take the object over with "pulumi state delete" and "pulumi import"'
        )
