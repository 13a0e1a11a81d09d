"""The lab's wiring: a network namespace for each machine, veth pairs as cables, one bridge as the management network.

Each end of a cable carries, as its interface alias, what it is plugged into, as real cables do: a cable that is missing,
half made or moved is seen by its label, and only such ones are touched.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import subprocess
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.topology import MANAGEMENT_PORT, Cable, Machine, Topology
from ringfence.errors import OperationError

_LABEL = "cable to "


@dataclass(frozen=True)
class Network:
    """The wiring of the lab with the id `lab`; everything it makes is named after that."""

    lab: str

    @property
    def bridge(self) -> str:
        """The management network, seen from the lab's own machine."""
        return f"rf{self.lab}"

    def namespace(self, machine: str) -> str:
        """The network namespace of a machine."""
        return f"{self.bridge}-{machine}"

    def connect(self, topology: Topology) -> bool:
        """Make the wiring that `topology` says, and remove what it does not. Says whether anything changed."""
        wanted = {self.namespace(machine.name) for machine in topology.machines}
        present = self.namespaces()
        whole = {name for name in present if _is_namespace(name)}
        changes = [f"netns delete {name}" for name in sorted(present - (wanted & whole))]
        changes += [f"netns add {name}" for name in sorted(wanted - whole)]
        _batch(changes)
        made_bridge = self._make_bridge(topology)
        plugged = [self._plug_in_management(machine) for machine in topology.machines]
        cabled = self._lay_cables(topology)
        return bool(changes) or made_bridge or any(plugged) or cabled

    def disconnect(self) -> None:
        """Remove every namespace, and with it each cable, and the bridge."""
        # The kernel takes namespaces down later, at its leisure: cables to the bridge must not outlive this call.
        ours = [name for name in _links() if name == self.bridge or name.startswith(f"{self.bridge}-")]
        _batch([f"link delete {name}" for name in ours] + [f"netns delete {name}" for name in sorted(self.namespaces())])

    def namespaces(self) -> set[str]:
        """The lab's network namespaces that exist."""
        return {entry["name"] for entry in _ip("netns", "list") if entry["name"].startswith(f"{self.bridge}-")}

    def _make_bridge(self, topology: Topology) -> bool:
        gateway = ipaddress.ip_interface(topology.gateway)
        self._refuse_taken(gateway)
        if [str(gateway)] == _addresses(self.bridge) and "UP" in _links()[self.bridge]["flags"]:
            return False
        create = [] if self.bridge in _links() else [f"link add {self.bridge} type bridge"]
        _batch([*create, f"address flush dev {self.bridge}"])
        # Machines talk to this machine and to each other, never through it to anywhere else.
        _set(f"ipv4/conf/{self.bridge}/forwarding", "0")
        _set(f"ipv6/conf/{self.bridge}/disable_ipv6", "1")
        _batch([f"address add {gateway} dev {self.bridge}", f"link set {self.bridge} up"])
        return True

    def _refuse_taken(self, gateway: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> None:
        for link in _ip("address", "show"):
            for address in link["addr_info"]:
                taken = ipaddress.ip_network(f"{address['local']}/{address['prefixlen']}", strict=False)
                if link["ifname"] != self.bridge and taken.version == gateway.version and taken.overlaps(gateway.network):
                    raise OperationError(
                        f"the management network {gateway.network} is in use on {link['ifname']}: another lab runs "
                        "(stop it, or run this one in a network namespace of its own), or the country's prefix is taken"
                    )

    def _plug_in_management(self, machine: Machine) -> bool:
        namespace = self.namespace(machine.name)
        outside = f"{self.bridge}-{hashlib.sha256(machine.name.encode()).hexdigest()[:6]}"
        label = f"{self.bridge} {machine.oob}"
        port = _links(namespace).get(MANAGEMENT_PORT)
        if port is not None and port.get("ifalias") == label:
            return False
        _batch([f"link delete {outside}"] if outside in _links() else [])
        _batch(
            [
                f"link add {outside} master {self.bridge} type veth peer name {MANAGEMENT_PORT} "
                f"address {_mac(machine.name, MANAGEMENT_PORT)} netns {namespace}",
                f"link set {outside} up",
            ]
        )
        _batch(
            [
                "link set lo up",
                f"address add {machine.oob} dev {MANAGEMENT_PORT}",
                f"link set {MANAGEMENT_PORT} up",
                f'link set {MANAGEMENT_PORT} alias "{label}"',  # Last: a port with its label is a finished one.
            ],
            namespace,
        )
        return True

    def _lay_cables(self, topology: Topology) -> bool:
        wanted = {machine.name: _wanted_labels(machine.name, topology) for machine in topology.machines}
        present = {name: _labels(self.namespace(name), labels) for name, labels in wanted.items()}
        # Both ends, or none: the other end may be stuck in a namespace that somebody deleted.
        whole = [
            cable
            for cable in topology.cables
            if all(present[name].get(port) == wanted[name][port] for name, port in _ends(cable))
        ]
        kept = {end for cable in whole for end in _ends(cable)}
        missing = [cable for cable in topology.cables if cable not in whole]
        for name, labels in present.items():
            for port in sorted(labels):
                # One at a time, and only if it is still there: a cable has two ends, and both go at once.
                if (name, port) not in kept and port in _links(self.namespace(name)):
                    _batch([f"link delete {port}"], self.namespace(name))
        _batch([self._cable_command(cable) for cable in missing])
        for name, labels in wanted.items():
            ports = sorted(port for cable in missing for owner, port in _ends(cable) if owner == name)
            _batch([f'link set {port} up alias "{labels[port]}"' for port in ports], self.namespace(name))
        return bool(missing)

    def _cable_command(self, cable: Cable) -> str:
        return (
            f"link add {cable.a_port} address {_mac(cable.a, cable.a_port)} netns {self.namespace(cable.a)} type veth "
            f"peer name {cable.b_port} address {_mac(cable.b, cable.b_port)} netns {self.namespace(cable.b)}"
        )


def _is_namespace(name: str) -> bool:
    """Whether a name in `ip netns` leads to a namespace: one that was killed while it was made is an empty file."""
    return Path("/run/netns", name).stat().st_dev == Path("/proc/self/ns/net").stat().st_dev


def _ends(cable: Cable) -> tuple[tuple[str, str], tuple[str, str]]:
    return (cable.a, cable.a_port), (cable.b, cable.b_port)


def _wanted_labels(machine: str, topology: Topology) -> dict[str, str]:
    """For each port of a machine, what the label on it says: the other end of its cable."""
    labels = {cable.a_port: f"{_LABEL}{cable.b} {cable.b_port}" for cable in topology.cables if cable.a == machine}
    return labels | {cable.b_port: f"{_LABEL}{cable.a} {cable.a_port}" for cable in topology.cables if cable.b == machine}


def _labels(namespace: str, ports: Container[str]) -> dict[str, str]:
    """The labels on links that are called as one of `ports` or labelled as a cable; what a machine made itself is its own."""
    labels = {name: str(link.get("ifalias", "")) for name, link in _links(namespace).items()}
    return {name: label for name, label in labels.items() if name in ports or label.startswith(_LABEL)}


def _links(namespace: str | None = None) -> Mapping[str, Any]:
    return {link["ifname"]: link for link in _ip("link", "show", namespace=namespace)}


def _addresses(link: str) -> list[str]:
    return [
        f"{address['local']}/{address['prefixlen']}"
        for entry in _ip("address", "show")
        if entry["ifname"] == link
        for address in entry["addr_info"]
    ]


def _mac(machine: str, port: str) -> str:
    """A locally administered address that stays the same when the cable is laid again."""
    digest = hashlib.sha256(f"{machine} {port}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))


def _set(name: str, value: str) -> None:
    Path("/proc/sys/net", name).write_text(value)


def _ip(*arguments: str, namespace: str | None = None) -> list[dict[str, Any]]:
    inside = ["-netns", namespace] if namespace else []
    done = subprocess.run(["ip", "-json", *inside, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OperationError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    answer: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return [entry for entry in answer if entry]


def _batch(commands: Sequence[str], namespace: str | None = None) -> None:
    if not commands:
        return
    inside = ["-netns", namespace] if namespace else []
    text = "".join(f"{command}\n" for command in commands)
    done = subprocess.run(["ip", *inside, "-batch", "-"], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OperationError(f"ip {'; '.join(commands)}: {done.stderr.strip()}")
