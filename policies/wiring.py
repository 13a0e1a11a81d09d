"""Wiring: addresses, cables, MTUs, AS numbers and rails, each as declared or as read from the devices.

These rules judge a hundred thousand GPUs in a second or two: one pass each, no regular expressions, addresses as bytes.
Each names the one port, cable or device that differs from the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network
from socket import AF_INET, AF_INET6, inet_pton

from ringfence.estate import Estate
from ringfence.facts import Interface, Site
from ringfence.rule import rule
from ringfence.verdict import Finding

Port = tuple[str, str]
Range = tuple[bytes, bytes]


@rule(
    "RF-NET-006", "Addresses lie in their site's block", severity="high", mandatory="file audit",
    reads=["devices", "sites"], controls=["nist-800-53:CM-8"],
    remedy="Give the port the address that its place in the declaration means.",
    bad=[{"estate:devices[0].interfaces[0].ipv4": "10.99.0.1/32"}, {"estate:devices[0].interfaces[0].ipv6": "fd99::1/128"}],
)  # fmt: skip
def addresses_lie_in_their_block(estate: Estate) -> Iterator[Finding]:
    """Each address lies in the part of its site's address space that is set aside for its network."""
    blocks = {site.name: _blocks(site) for site in estate.sites}
    for device in estate.devices:
        block = blocks.get(device.site)
        if block is None:
            yield Finding(device.name, f"stands at {device.site!r}, which is no site", device.declared)
            continue
        for port in device.interfaces:
            low4, high4, low6, high6 = block.get(port.network) or block[""]
            if port.ipv4 and not low4 <= packed(port.ipv4) <= high4:
                yield _stray(device.name, port, port.ipv4, device.declared)
            if port.ipv6 and not low6 <= packed(port.ipv6) <= high6:
                yield _stray(device.name, port, port.ipv6, device.declared)


@rule(
    "RF-NET-007", "Both ends of a link share its subnet", severity="high", mandatory="file audit",
    reads=["cables", "devices"], controls=["nist-800-53:CM-8"],
    remedy="Give each end its own half of the link's subnet, as its place in the declaration means.",
    bad=[{"estate:cables[0].b_port": "swp2"}], overrides=["RF-NET-008"],
)  # fmt: skip
def link_ends_share_a_subnet(estate: Estate) -> Iterator[Finding]:
    """The addresses at both ends of a cable are the two of one /31 (IPv4) and one /127 (IPv6)."""
    ports = _ports(estate)
    for cable in estate.cables:
        one, other = ports.get((cable.a, cable.a_port)), ports.get((cable.b, cable.b_port))
        if one is None or other is None:
            continue
        if not (_paired(one.ipv4, other.ipv4) and _paired(one.ipv6, other.ipv6)):
            ends = f"{one.ipv4 or one.ipv6 or 'no address'} faces {other.ipv4 or other.ipv6 or 'no address'}"
            if _paired(one.ipv4, other.ipv4):
                ends = f"{one.ipv6 or 'no address'} faces {other.ipv6 or 'no address'}"
            yield Finding(f"{cable.a}:{cable.a_port}", f"{ends} on {cable.b}:{cable.b_port}; they share no link")


@rule(
    "RF-NET-008", "A port has one cable, and both its ends exist", severity="high", mandatory="file audit",
    reads=["cables", "devices"], controls=["nist-800-53:CM-8"], remedy="Move the cable to the port that is meant for it.",
    bad=[
        {"estate:cables[1].b_port": "swp1", "estate:cables[1].b": "north-su1-leaf1"},
        {"estate:cables[0].b": "north-su9-leaf9"},
        {"estate:cables[0].a_port": "rail9"},
    ],
    overrides=["RF-NET-007", "RF-NET-011", "RF-NET-012"],
)  # fmt: skip
def ports_have_one_cable(estate: Estate) -> Iterator[Finding]:
    """No port takes two cables, and a cable leads from a port that exists to a port that exists."""
    devices = {device.name: device for device in estate.devices}
    nodes = {d.name: {port.name for port in d.interfaces} for d in estate.devices if d.role == "node"}
    used: dict[Port, Port] = {}
    claim = used.setdefault
    for cable in estate.cables:
        one, other = (cable.a, cable.a_port), (cable.b, cable.b_port)
        for end, far in ((one, other), (other, one)):
            name, port = end
            if name not in devices:
                yield Finding(f"{name}:{port}", f"a cable from {far[0]}:{far[1]} leads to it, and there is no {name}")
            elif name in nodes and port not in nodes[name]:
                yield Finding(f"{name}:{port}", f"a cable from {far[0]}:{far[1]} leads to it, and {name} has no such port")
            if (first := claim(end, far)) is not far:
                yield Finding(f"{name}:{port}", f"has two cables, to {first[0]}:{first[1]} and to {far[0]}:{far[1]}")


@rule(
    "RF-NET-009", "Each leaf has an AS number of its own", severity="high", mandatory="file audit",
    reads=["devices"], remedy="Give the leaf the AS number that its place in the declaration means.",
    bad=[{"estate:devices[1].asn": 4_201_001_000, "estate:devices[0].asn": 4_201_001_000}, {"estate:devices[0].asn": 0}],
)  # fmt: skip
def leaves_have_their_own_asn(estate: Estate) -> Iterator[Finding]:
    """With BGP down to the leaf, two leaves of one AS number refuse each other's routes."""
    owners: dict[int, str] = {}
    for device in estate.devices:
        if device.role != "leaf":
            continue
        other = owners.setdefault(device.asn, device.name)
        if not device.asn:
            yield Finding(device.name, "has no AS number", device.declared)
        elif other != device.name:
            yield Finding(device.name, f"has AS number {device.asn}, which is that of {other}", device.declared)


@rule(
    "RF-NET-010", "A network has one MTU", severity="high", mandatory="file audit", reads=["devices"],
    remedy="Set the MTU that the declaration gives the network; where ends differ, large packets vanish.",
    bad=[{"estate:devices[0].interfaces[2].mtu": 9000}],
)  # fmt: skip
def networks_have_one_mtu(estate: Estate) -> Iterator[Finding]:
    """All ports of a site's network have the MTU that most of them have."""
    seen: Counter[tuple[str, str, int]] = Counter()
    for device in estate.devices:
        site = device.site
        seen.update([(site, port.network, port.mtu) for port in device.interfaces])
    usual: dict[tuple[str, str], int] = {}
    for (site, network, mtu), _ in seen.most_common():
        usual.setdefault((site, network), mtu)
    if len(usual) == len(seen):
        return
    for device in estate.devices:
        for port in device.interfaces:
            mtu = usual[device.site, port.network]
            if port.mtu != mtu:
                message = f"has MTU {port.mtu}; the {port.network} network of {device.site} has {mtu}"
                yield Finding(f"{device.name}:{port.name}", message, device.declared)


@rule(
    "RF-NET-011", "Every node has all its rails", severity="high", mandatory="file audit",
    reads=["devices", "cables", "pools"], remedy="Cable the rail, or bring its port up: the job runs at the slowest rail.",
    bad=[{"estate:cables[0].a_port": "rail9"}], overrides=["RF-NET-008", "RF-NET-012"],
)  # fmt: skip
def nodes_have_all_rails(estate: Estate) -> Iterator[Finding]:
    """A node has every compute port that the others of its pool have, each with a cable; a pool has all its nodes."""
    cabled = {(cable.a, cable.a_port) for cable in estate.cables}
    cabled.update([(cable.b, cable.b_port) for cable in estate.cables])
    nodes = [device for device in estate.devices if device.role == "node"]
    rails: dict[str, dict[str, None]] = {}
    for node in nodes:
        rails.setdefault(node.pool, {}).update([(p.name, None) for p in node.interfaces if p.network == "compute"])
    for node in nodes:
        own = {port.name for port in node.interfaces}
        for rail in rails[node.pool]:
            if rail not in own:
                yield Finding(f"{node.name}:{rail}", f"the node lacks the port {rail}", node.declared)
            elif (node.name, rail) not in cabled:
                yield Finding(f"{node.name}:{rail}", f"no cable leads to {rail}", node.declared)
    there = Counter(node.pool for node in nodes)
    for pool in estate.pools:
        if there[pool.name] != pool.nodes:
            yield Finding(f"pool:{pool.name}", f"has {there[pool.name]} nodes of {pool.nodes}", pool.declared)


@rule(
    "RF-NET-012", "A leaf serves one rail of one scalable unit", severity="medium", mandatory="file audit",
    reads=["cables", "devices"], remedy="Swap the cable back: rail k goes to leaf k of the node's own scalable unit.",
    bad=[{"estate:cables[0].b": "north-su1-leaf2", "estate:cables[1].b": "north-su1-leaf1"}],
    overrides=["RF-NET-007"],
)  # fmt: skip
def leaves_serve_one_rail(estate: Estate) -> Iterator[Finding]:
    """In a rail-optimised fabric each rail of the nodes of a scalable unit meets on one leaf, so that it needs no spine."""
    units = {device.name: (device.site, device.su) for device in estate.devices if device.role == "node"}
    leaves = {device.name for device in estate.devices if device.role == "leaf"}
    links = [(c.b, units[c.a], c.a_port, c.a) for c in estate.cables if c.a in units and c.b in leaves]
    links += [(c.a, units[c.b], c.b_port, c.b) for c in estate.cables if c.b in units and c.a in leaves]
    seen = Counter((unit, rail, leaf) for leaf, unit, rail, _ in links)
    usual: dict[tuple[tuple[str, int], str], str] = {}
    for (unit, rail, leaf), _ in seen.most_common():
        usual.setdefault((unit, rail), leaf)
    if len(usual) == len(seen):
        return
    for leaf, unit, rail, node in links:
        if leaf != (meets := usual[unit, rail]):
            yield Finding(f"{node}:{rail}", f"is cabled to {leaf}; {rail} of SU {unit[1]} at {unit[0]} meets on {meets}")


def packed(address: str) -> bytes:
    """Return the bytes of an address (``address`` or ``address/length``); empty, so out of every range, if it is not one."""
    host, _, length = address.partition("/")
    try:
        return inet_pton(AF_INET6 if ":" in host else AF_INET, host) if "," not in length else b""
    except (OSError, ValueError):
        return b""


def _blocks(site: Site) -> dict[str, tuple[bytes, bytes, bytes, bytes]]:
    """Return the lowest and highest address, IPv4 then IPv6, of each network; of the site under the empty name."""
    whole = (*_range(site.ipv4), *_range(site.ipv6))
    made = {"": whole}
    if site.compute4 and site.compute6:
        made["compute"] = (*_range(site.compute4), *_range(site.compute6))
    if site.oob4:
        made["oob"] = (*_range(site.oob4), *whole[2:])
    return made


def _range(prefix: str) -> Range:
    network = ip_network(prefix)
    return network.network_address.packed, network.broadcast_address.packed


def _stray(device: str, port: Interface, address: str, declared: str) -> Finding:
    what = f"{address} is no single address" if "," in address else f"{address} is not"
    return Finding(f"{device}:{port.name}", f"{what} in the {port.network} block of its site", declared)


def _ports(estate: Estate) -> dict[Port, Interface]:
    return {(device.name, port.name): port for device in estate.devices for port in device.interfaces}


def _paired(one: str, other: str) -> bool:
    """Return whether two addresses are the two of one link, or both are absent (an unnumbered link)."""
    if not one or not other:
        return one == other
    a, b = packed(one), packed(other)
    return len(a) == len(b) > 0 and a[:-1] == b[:-1] and a[-1] ^ b[-1] == 1
