"""Estate to device configurations: the files that a switch or a host must have, from one device model through jinja2."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_interface

import jinja2

from ringfence.catalogue import Catalogue
from ringfence.errors import InputError
from ringfence.estate import Estate
from ringfence.facts import Device, Site

Files = dict[str, str]
"""A device's files: absolute path on the device to text."""

FRR_MTU = 1500
RAIL_TABLE = 100  # a rail's own routing table is this plus its number
RAIL_METRIC = 100


@dataclass(frozen=True, slots=True)
class Port:
    """A cabled or addressed port as a template sees it."""

    name: str
    peer: str
    ipv4: str
    ipv6: str


def render(estate: Estate, site: str, catalogue: Catalogue) -> dict[str, Files]:
    """Return the files of every device of a site, by device name.

    Raises:
        InputError: a switch model whose system has no renderer, or a site that is not in the estate.
    """
    where = next((item for item in estate.sites if item.name == site), None)
    if where is None:
        raise InputError(f'no site "{site}" in this estate; there is {", ".join(item.name for item in estate.sites)}')
    peers = _peers(estate)
    roles = {device.name: device.role for device in estate.devices}
    made: dict[str, Files] = {}
    for device in estate.devices:
        if device.site == site:
            ends = peers.get(device.name, {})
            made[device.name] = (
                _host(device, ends, where) if device.role == "node" else _switch(device, ends, roles, where, catalogue)
            )
    return made


def _peers(estate: Estate) -> Mapping[str, dict[str, tuple[str, str]]]:
    """Return for each device the far end (device, port) of each of its ports."""
    ends: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for cable in estate.cables:
        ends[cable.a][cable.a_port] = (cable.b, cable.b_port)
        ends[cable.b][cable.b_port] = (cable.a, cable.a_port)
    return ends


def _switch(
    device: Device, ends: Mapping[str, tuple[str, str]], roles: Mapping[str, str], site: Site, catalogue: Catalogue
) -> Files:
    system = catalogue.switches[device.model].system
    if system != "frr":
        raise InputError(f"{device.name}: there is no renderer for {system} ({device.model}); its fabric cannot be applied")
    if any(port.mtu not in (0, FRR_MTU) for port in device.interfaces):
        # FRR sets no MTU. A host with larger packets than its switch loses them without a word.
        raise InputError(f"{device.declared}.mtu: {system} switches are rendered for an MTU of {FRR_MTU} only; set it to that")
    loopback = next(port for port in device.interfaces if port.name == "lo")
    ports = [
        Port(port.name, _described(ends.get(port.name)), port.ipv4, port.ipv6)
        for port in device.interfaces
        if port.network == "compute"
    ]
    uplinks = [
        Port(name, _described(end), "", "")
        for name, end in sorted(ends.items(), key=lambda item: _natural(item[0]))
        if roles[end[0]] != "node"
    ]
    router_id = str(ip_interface(loopback.ipv4).ip)
    template = _templates().get_template("frr.conf.j2")
    text = template.render(device=device, loopback=loopback, router_id=router_id, ports=ports, uplinks=uplinks, site=site)
    return {"/etc/frr/frr.conf": text}


def _host(device: Device, ends: Mapping[str, tuple[str, str]], site: Site) -> Files:
    template = _templates().get_template("rail.network.j2")
    rails = [port for port in device.interfaces if port.network == "compute"]
    files = {}
    for number, port in enumerate(rails, start=1):
        files[f"/etc/systemd/network/50-{port.name}.network"] = template.render(
            port=port, peer=_described(ends.get(port.name)), site=site, families=[_family(port.ipv4, site.compute4),
            _family(port.ipv6, site.compute6)], table=RAIL_TABLE + number, metric=RAIL_METRIC + number,
        )  # fmt: skip
    return files


def _family(address: str, block: str) -> dict[str, str]:
    """Return an address with the block that lies behind its leaf; the leaf has the even end of the link."""
    own = ip_interface(address)
    return {"own": str(own.ip), "gateway": str(own.network.network_address), "block": block}


def _described(end: tuple[str, str] | None) -> str:
    return f"{end[0]} {end[1]}" if end else "not cabled"


def _natural(port: str) -> tuple[str, int]:
    name = port.rstrip("0123456789")
    return name, int(port[len(name) :] or 0)


@cache
def _templates() -> jinja2.Environment:
    # Configurations are plain text for routers, not HTML; names and texts in them were limited when the file was loaded.
    loader = jinja2.PackageLoader("ringfence.configs", "templates")
    return jinja2.Environment(  # noqa: S701
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
