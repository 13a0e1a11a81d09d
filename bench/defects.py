"""Defects in an Estate as it could be read from live devices: each in one node, port or address, each with a name."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from msgspec.structs import replace

from ringfence.estate import Estate
from ringfence.facts import Cable, Device, Interface

Expected = tuple[str, frozenset[str]]
"""A kind of defect, and the subjects of which a failing verdict must name one."""


def plant(estate: Estate, count: int, seed: int) -> tuple[Estate, list[Expected]]:
    """Return the estate with ``count`` defects, all kinds in turn, and what verdicts must name."""
    field = _Field(estate, Random(seed))  # noqa: S311 - a repeatable choice, nothing secret
    expected = [_KINDS[number % len(_KINDS)](field) for number in range(count)]
    return replace(estate, devices=tuple(field.devices), cables=tuple(field.cables)), expected


class _Field:
    """Where defects are planted: each takes devices of its own, so that none hides another."""

    def __init__(self, estate: Estate, random: Random) -> None:
        self.devices, self.cables = list(estate.devices), list(estate.cables)
        self.nodes = [at for at, device in enumerate(self.devices) if device.role == "node"]
        self.leaves = [at for at, device in enumerate(self.devices) if device.role == "leaf"]
        random.shuffle(self.nodes)
        random.shuffle(self.leaves)
        self.random = random
        self.cable_at = {(cable.a, cable.a_port): at for at, cable in enumerate(self.cables)}

    def node(self) -> tuple[int, Device, int]:
        """Take a node, and one of its rails by position among its ports."""
        at = self.nodes.pop()
        device = self.devices[at]
        rails = [number for number, port in enumerate(device.interfaces) if port.network == "compute"]
        return at, device, self.random.choice(rails)

    def change(self, at: int, port: int, **values: Any) -> str:
        """Change a port of a device and return the subject's name."""
        device = self.devices[at]
        ports: list[Interface] = list(device.interfaces)
        ports[port] = replace(ports[port], **values)
        self.devices[at] = replace(device, interfaces=tuple(ports))
        return f"{device.name}:{ports[port].name}"

    def cable(self, device: Device, port: int, **values: Any) -> Cable:
        """Change the cable of a node's port."""
        at = self.cable_at[device.name, device.interfaces[port].name]
        self.cables[at] = replace(self.cables[at], **values)
        return self.cables[at]


def _address_of_another(field: _Field) -> Expected:
    (at, _, port), (_, other, its) = field.node(), field.node()
    name = field.change(at, port, ipv4=other.interfaces[its].ipv4)
    return "address of another", frozenset({name, f"{other.name}:{other.interfaces[its].name}"})


def _address_outside(field: _Field) -> Expected:
    at, _, port = field.node()
    return "address outside its block", frozenset({field.change(at, port, ipv6="2001:db8::1/127")})


def _address_gone(field: _Field) -> Expected:
    at, _, port = field.node()
    return "address missing", frozenset({field.change(at, port, ipv4="")})


def _wrong_mtu(field: _Field) -> Expected:
    at, _, port = field.node()
    return "wrong MTU", frozenset({field.change(at, port, mtu=1500)})


def _port_gone(field: _Field) -> Expected:
    at, device, port = field.node()
    kept = tuple(item for number, item in enumerate(device.interfaces) if number != port)
    field.devices[at] = replace(device, interfaces=kept)
    return "rail missing", frozenset({f"{device.name}:{device.interfaces[port].name}"})


def _shared_asn(field: _Field) -> Expected:
    one, other = field.leaves.pop(), field.leaves.pop()
    field.devices[one] = replace(field.devices[one], asn=field.devices[other].asn)
    return "shared AS number", frozenset({field.devices[one].name, field.devices[other].name})


def _cable_to_nowhere(field: _Field) -> Expected:
    _, device, port = field.node()
    field.cable(device, port, b="north-su999-leaf1")
    far = field.cables[field.cable_at[device.name, device.interfaces[port].name]]
    return "cable to no device", frozenset({f"{far.b}:{far.b_port}", f"{device.name}:{device.interfaces[port].name}"})


def _port_used_twice(field: _Field) -> Expected:
    (_, device, port), (_, other, its) = field.node(), field.node()
    there = field.cables[field.cable_at[other.name, other.interfaces[its].name]]
    field.cable(device, port, b=there.b, b_port=there.b_port)
    return "two cables in a port", frozenset({f"{there.b}:{there.b_port}"})


_KINDS: tuple[Callable[[_Field], Expected], ...] = (
    _address_of_another, _address_outside, _address_gone, _wrong_mtu, _port_gone, _shared_asn, _cable_to_nowhere,
    _port_used_twice,
)  # fmt: skip
