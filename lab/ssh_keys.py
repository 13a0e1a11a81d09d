"""SSH keys of the lab: one for the operator, one for each machine, and the file that pins the machines' keys."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab import durable
from lab.folder import LAB_MARK, LabFolder
from lab.topology import Machine


@dataclass(frozen=True)
class SshKeys:
    """The keys in one folder; `make` makes those that are missing."""

    home: Path

    @property
    def operator(self) -> Path:
        """The private key with which the drivers and Ansible log in."""
        return self.home / "operator"

    @property
    def operator_public(self) -> str:
        """The line for `authorized_keys`."""
        return _public(self.operator)

    @property
    def known_hosts(self) -> Path:
        """The file that pins the host keys."""
        return self.home / "known_hosts"

    def host(self, machine: str) -> tuple[str, str]:
        """A machine's host key: private and public text."""
        key = self._host_key(machine)
        return key.read_text(), _public(key)

    def make(self, machines: Iterable[Machine]) -> None:
        """Make the keys, and pin the machines' ones in `known_hosts` by name and by management address."""
        machines = tuple(machines)
        for key in (self.operator, *(self._host_key(machine.name) for machine in machines)):
            _ensure_key(key)
        lines = [f"{machine.name},{machine.address} {self.host(machine.name)[1]}" for machine in machines]
        durable.replace(self.known_hosts, "".join(sorted(lines)), mode=0o644)

    def _host_key(self, machine: str) -> Path:
        return self.home / f"host-{machine}"


def ssh_keys(folder: LabFolder) -> SshKeys:
    """The keys of a lab."""
    home = folder.keys / "ssh"
    home.mkdir(mode=0o700, exist_ok=True)
    return SshKeys(home)


def _ensure_key(path: Path) -> None:
    if path.exists():
        return
    unfinished = path.with_name(f".{path.name}.unfinished")
    for stale in (unfinished, _public_path(unfinished)):
        stale.unlink(missing_ok=True)
    # ssh-keygen, because `cryptography` cannot write the comment that marks a key as a lab's.
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", LAB_MARK, "-f", str(unfinished)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    _public_path(unfinished).replace(_public_path(path))
    unfinished.replace(path)


def _public_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.pub")


def _public(path: Path) -> str:
    return _public_path(path).read_text()
