"""Nothing of the lab can be reached from another machine."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from lab import Lab
from lab.cgroup import groups
from lab.folder import LabFolder

pytestmark = pytest.mark.lab

LISTEN = "0A"


def test_no_server_listens_outside_loopback(lab: Lab) -> None:
    own = {machine.name for machine in lab.topology.machines}
    listening = _listening_sockets()
    found = {}
    for name, processes in groups(LabFolder(lab.root).id).items():
        if name in own:
            continue  # A machine listens in its own network namespace.
        sockets = {link for pid in processes.processes() for link in _sockets(pid)}
        found[name] = {listening[inode] for inode in sockets if inode in listening}
    assert set(found) == {"etcd", "kube-apiserver", "kube-controller-manager", "minio"}
    assert all(found.values())
    assert {str(address) for addresses in found.values() for address in addresses if not address.is_loopback} == set()


def test_no_machine_shares_the_network_namespace_of_the_lab(lab: Lab) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    running = groups(LabFolder(lab.root).id)
    namespaces = {}
    for machine in lab.topology.machines:
        seen = {Path(f"/proc/{pid}/ns/net").readlink() for pid in running[machine.name].processes()[1:]}
        assert ours not in seen
        assert len(seen) == 1
        namespaces[machine.name] = seen.pop()
    assert len(set(namespaces.values())) == len(namespaces)


def _listening_sockets() -> dict[str, ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """By inode, where each TCP socket of this network namespace listens."""
    found: dict[str, ipaddress.IPv4Address | ipaddress.IPv6Address] = {}
    for file in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(file).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN:
                found[fields[9]] = _address(fields[1].partition(":")[0])
    return found


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The kernel prints addresses as 32-bit words in the machine's byte order."""
    words = bytes.fromhex(text)
    raw = b"".join(words[start : start + 4][::-1] for start in range(0, len(words), 4))
    return ipaddress.ip_address(raw)


def _sockets(pid: int) -> list[str]:
    links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()]
    return [link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")]
