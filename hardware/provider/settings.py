"""Where this machine keeps what the gate, the provider and the program work with; a lab's places are the default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.paths import lab_dir


@dataclass(frozen=True)
class Settings:
    """Paths; none of what they name has to exist before it is used."""

    trust_root: Path
    connections: Path
    state: Path

    @classmethod
    def from_environment(cls) -> Settings:
        """What RINGFENCE_TRUST_ROOT, RINGFENCE_CONNECTIONS and RINGFENCE_STATE name, or else the lab's own."""
        return cls(
            trust_root=_path("RINGFENCE_TRUST_ROOT", "trust/trust.yaml"),
            connections=_path("RINGFENCE_CONNECTIONS", "connections.yaml"),
            state=_path("RINGFENCE_STATE", "state"),
        )

    @property
    def permits(self) -> Path:
        """The folder of the permit store."""
        return self.state / "permits"

    @property
    def texts(self) -> Path:
        """The content-addressed folder of device configurations."""
        return self.state / "texts"


def _path(variable: str, in_lab: str) -> Path:
    chosen = os.environ.get(variable)
    return Path(chosen).expanduser().absolute() if chosen else lab_dir() / in_lab
