"""A site's fabric: one resource for the spines and one for the leaves of each scalable unit, which people approve as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from ipaddress import ip_interface
from typing import Any

from hardware.provider.texts import Files, files_digest
from ringfence.errors import InputError
from ringfence.estate import Estate
from ringfence.facts import Device
from stacks.resource import Resource

TYPE = "ringfence:network:Pod"


def resources(estate: Estate, site: str, configs: Mapping[str, Files]) -> tuple[Resource, ...]:
    """The pods of a site: `<site>-spine` (and `-core`), `<site>-su1`, …"""
    pods: defaultdict[str, list[Device]] = defaultdict(list)
    for device in estate.devices:
        if device.site == site and device.role != "node":
            pods[f"su{device.su}" if device.role == "leaf" else device.role].append(device)
    return tuple(
        Resource(
            TYPE,
            f"{site}-{name}",
            # What single switches look like the devices tell, in an audit: a plan of 100,000 GPUs would drown in it.
            {"site": site, "name": name, "devices": device_inputs(devices, configs), "facts": {}},
        )
        for name, devices in sorted(pods.items())
    )


def device_inputs(devices: Iterable[Device], configs: Mapping[str, Files]) -> dict[str, Any]:
    """How each device is reached, and the digest of what it is to hold."""
    return {device.name: {"address": management(device), "digest": files_digest(configs[device.name])} for device in devices}


def management(device: Device) -> str:
    """The address at which a device is configured.

    Raises:
        InputError: it has no out-of-band port with an address.
    """
    for interface in device.interfaces:
        if interface.network == "oob" and (interface.ipv4 or interface.ipv6):
            return str(ip_interface(interface.ipv4 or interface.ipv6).ip)
    raise InputError(f"{device.name}: has no out-of-band address, so it cannot be reached; declare the oob network")
