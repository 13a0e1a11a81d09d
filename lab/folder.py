"""Where a lab keeps everything it has on disk, and the short id that keeps two labs on one machine apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from engine.paths import lab_dir
from lab import durable
from ringfence.errors import InputError

LAB_MARK = "ringfence-lab"
"""Stands in the comment of every SSH key and in every authority's name: no other country may trust them."""

_MARK = "This folder belongs to a Ringfence lab; `ringfence lab down` deletes it.\n"
_OTHER_ROOMS = {"pulumi", "pulumi-home", "pulumi-passphrase", "state", "trust"}
"""What others may have put into the folder before the lab is started for the first time."""


@dataclass(frozen=True)
class LabFolder:
    """The folder of one lab. Whatever the lab makes outside it (cgroups, namespaces, links) carries the lab's `id`."""

    root: Path

    @property
    def id(self) -> str:
        """Six hexadecimal digits of the folder's path: short enough for interface names, which hold 15 characters."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:6]

    @property
    def logs(self) -> Path:
        """One log file for each process."""
        return self.root / "logs"

    @property
    def keys(self) -> Path:
        """Private keys, certificates, passwords and PINs."""
        return self.root / "keys"

    @property
    def data(self) -> Path:
        """What the servers store."""
        return self.root / "data"

    @property
    def servers(self) -> Path:
        """The servers' configuration files."""
        return self.root / "servers"

    @property
    def machines(self) -> Path:
        """What each machine changed in its root file system."""
        return self.root / "machines"

    @property
    def lock(self) -> Path:
        """Held while the lab is started or stopped; outside the folder, so that it outlives it."""
        return Path("/run/lock") / f"ringfence-{self.id}.lock"

    @property
    def mark(self) -> Path:
        """Says that the folder is a lab's, to be deleted with it."""
        return self.root / "THIS-IS-A-LAB"

    @property
    def connections(self) -> Path:
        """How this machine reaches the lab's things."""
        return self.root / "connections.yaml"

    @property
    def state(self) -> Path:
        """Permits and the texts that they refer to."""
        return self.root / "state"

    @property
    def trust(self) -> Path:
        """The trust root and the lab's keys for its roles."""
        return self.root / "trust"

    def claim(self) -> None:
        """Mark the folder as a lab's, so that `down` may delete it; refuse one that holds somebody's other files."""
        if unfit := set(str(self.root)) & set(",:\\"):
            raise InputError(f"{self.root}: overlay mounts cannot have {min(unfit)!r} in a path; set RINGFENCE_LAB to another")
        if not self.mark.exists():
            strange = sorted({entry.name for entry in self.root.iterdir()} - _OTHER_ROOMS)
            if strange:
                raise InputError(f"{self.root}: holds {strange[0]}, which is no lab's; set RINGFENCE_LAB to an empty folder")
            durable.replace(self.mark, _MARK)
        self.prepare()

    def prepare(self) -> None:
        """Make what is missing of the folder, readable by its owner alone."""
        for part in (self.root, self.logs, self.keys, self.data, self.servers, self.machines, self.state):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)


def current() -> LabFolder:
    """The lab that this process means: `$RINGFENCE_LAB`, or the user's own."""
    return LabFolder(lab_dir())
