"""The catalogue's types: what a server or a switch model can do. The figures are data in ``hardware/catalogue``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Server:
    """A GPU server model. ``rails`` is the number of compute ports (one per GPU index), speeds are Gbit/s, power is kW."""

    name: str
    gpus: int
    rails: int
    rail_gbps: int
    storage_ports: int
    power_kw: float
    rack_units: int


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch model. ``radix`` is its number of ports at ``gbps`` each; ``system`` is what renders its configuration."""

    name: str
    radix: int
    gbps: int
    link: str
    system: str
    power_kw: float
    rack_units: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All models by name."""

    servers: Mapping[str, Server]
    switches: Mapping[str, Switch]
