"""The gate's last leaf: no create, update or delete without a permit that the country's trust root vouches for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hardware.connections import Connections, load_connections
from hardware.provider.properties import Values
from hardware.provider.settings import Settings
from ringfence.errors import InputError
from ringfence.inputs import inputs_digest
from ringfence.permit import Operation
from ringfence.permit_store import PermitStore
from ringfence.statement import utc_now
from ringfence.trust import load_trust


@dataclass(frozen=True)
class Urn:
    """What Pulumi calls a resource."""

    stack: str
    type: str
    name: str

    @classmethod
    def parse(cls, urn: str) -> Urn:
        """Read `urn:pulumi:<stack>::<project>::<parent types$><type>::<name>`."""
        parts = urn.split("::", 3)
        if len(parts) != 4 or not parts[0].startswith("urn:pulumi:"):
            raise InputError(f"{urn!r} is no resource of Pulumi")
        return cls(parts[0].removeprefix("urn:pulumi:"), parts[2].rpartition("$")[2], parts[3])


@dataclass(frozen=True)
class Authority:
    """Asks for permits and for the way to real things. Files are read anew each time: what was withdrawn is gone."""

    settings: Settings
    now: Callable[[], datetime] = utc_now

    def demand(self, operation: Operation, urn: Urn, inputs: Values) -> None:
        """Raise PermitError unless a permit covers `operation` on this very resource with these very inputs."""
        PermitStore(self.settings.permits).authorise(
            urn.stack, operation, urn.type, urn.name, inputs_digest(inputs), self.now(), load_trust(self.settings.trust_root)
        )

    def connections(self) -> Connections:
        """How to reach the real things; what only a lab may use is refused unless the trust root calls this one a lab."""
        return load_connections(self.settings.connections, lab=load_trust(self.settings.trust_root).lab)
