"""A resource of a stack before Pulumi knows it: plain data, so that its digest can be permitted beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ringfence.estate import Estate, digest, encode
from ringfence.inputs import inputs_digest
from ringfence.permit import HOLDS_DATA, resource_key

PERMIT = "ringfence:gate:Permit"
SEAL = "ringfence:gate:Seal"
OURS = "ringfence:"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its Pulumi type, its name in the stack, its inputs as JSON values, and the keys that it waits for."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """How permits and dependencies name it: `<type>::<name>`."""
        return resource_key(self.type, self.name)

    @property
    def holds_data(self) -> bool:
        """Whether deleting it destroys what no `pulumi up` brings back."""
        return self.type in HOLDS_DATA

    @property
    def ours(self) -> bool:
        """Whether our own provider makes it, and so asks for a permit."""
        return self.type.startswith(OURS)


def permitted(resources: tuple[Resource, ...]) -> dict[str, str]:
    """What a permit for these resources names: the digest of the inputs of each of ours, by key."""
    return {resource.key: inputs_digest(resource.inputs) for resource in resources if resource.ours}


def judged(estate: Estate) -> Estate:
    """The facts alone: where they were read from makes no other estate."""
    return msgspec.structs.replace(estate, coverage=())


def estate_digest(estate: Estate) -> str:
    """The digest by which stacks and permits know an estate."""
    return digest(judged(estate))


def plain(fact: object) -> Any:
    """A fact as JSON values."""
    return msgspec.json.decode(encode(fact))
