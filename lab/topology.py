"""What the lab needs to know of an estate: its machines, the cables between them and their management addresses."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal

from ringfence.errors import InputError
from ringfence.estate import Estate
from ringfence.facts import Device, Site

MANAGEMENT = "oob"
"""The network that the lab makes of one bridge instead of cables."""
MANAGEMENT_PORT = "oob0"
MOST_MACHINES = 64
"""Each machine takes some 60 MB: beyond this it is no longer a country for one computer."""


@dataclass(frozen=True)
class Machine:
    """A switch or a host. `oob` is its management address with the prefix length."""

    name: str
    kind: Literal["switch", "host"]
    oob: str

    @property
    def address(self) -> str:
        """The management address alone."""
        return str(ipaddress.ip_interface(self.oob).ip)


@dataclass(frozen=True)
class Cable:
    """A cable between a port of machine `a` and a port of machine `b`."""

    a: str
    a_port: str
    b: str
    b_port: str


@dataclass(frozen=True)
class Topology:
    """All machines of one site. `gateway` is the lab's own address in the management network, with its prefix length."""

    site: str
    machines: tuple[Machine, ...]
    cables: tuple[Cable, ...]
    gateway: str

    def ports(self, machine: str) -> tuple[str, ...]:
        """The names of a machine's cabled ports."""
        ends = [(cable.a, cable.a_port) for cable in self.cables] + [(cable.b, cable.b_port) for cable in self.cables]
        return tuple(sorted(port for name, port in ends if name == machine))


def from_estate(estate: Estate) -> Topology:
    """The part of an estate that the lab builds as machines. Raises InputError for what does not fit on one computer."""
    if len(estate.sites) != 1:
        names = ", ".join(site.name for site in estate.sites) or "none"
        raise InputError(f"the lab holds one site, and {estate.country.name} declares {len(estate.sites)} ({names})")
    site = estate.sites[0]
    if len(estate.devices) > MOST_MACHINES:
        raise InputError(f"{site.name} has {len(estate.devices)} devices; the lab holds at most {MOST_MACHINES}")
    machines = tuple(_machine(device) for device in estate.devices)
    here = {machine.name for machine in machines}
    cables = tuple(
        Cable(cable.a, cable.a_port, cable.b, cable.b_port)
        for cable in estate.cables
        if cable.network != MANAGEMENT and {cable.a, cable.b} <= here
    )
    return Topology(site.name, machines, cables, _gateway(site))


def _machine(device: Device) -> Machine:
    address = next((port.ipv4 for port in device.interfaces if port.network == MANAGEMENT), "")
    if not address:
        raise InputError(f"{device.name} has no management address: declare the site's fabric.oob")
    return Machine(device.name, "host" if device.role == "node" else "switch", address)


def _gateway(site: Site) -> str:
    length = ipaddress.ip_network(site.oob4).prefixlen
    return f"{ipaddress.ip_interface(site.oob_gateway).ip}/{length}"
