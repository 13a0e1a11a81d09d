"""Where a site's addresses and AS numbers come from: indexes and fixed capacities, never from order.

A site's IPv4 prefix is cut once: one half for compute links, an eighth each for storage, in-band, out-of-band and loopbacks.
IPv6 is cut in the same way, so that a port's offset is the same in both. Offsets are computed from the rack's place in its
row and the row's place after the rows with lower indexes, whose capacity is fixed; what is added later moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network

from ringfence.declaration.site import ComputeNetwork, Site

ASN_BASE = 4_200_000_000  # RFC 6996, private use, 4 octets
ASN_PER_SITE = 1_000_000
ASN_CORE, ASN_SPINE, ASN_LEAF = 1, 2, 1000


@dataclass(frozen=True, slots=True)
class Block:
    """A network's share of the site: its first addresses as integers and its size in IPv4 addresses."""

    name: str
    base4: int
    base6: int
    size: int

    def prefix4(self) -> str:
        """Return the block as an IPv4 prefix."""
        return f"{v4(self.base4)}/{32 - (self.size - 1).bit_length()}"

    def prefix6(self) -> str:
        """Return the block as an IPv6 prefix."""
        return f"{v6(self.base6)}/{128 - (self.size - 1).bit_length()}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A site's address plan. A slot is a place for a node; a site has ``slots`` of them, for ever."""

    compute: Block
    storage: Block
    inband: Block
    oob: Block
    loopback: Block
    rows: dict[int, int]
    slots: int
    rails: int
    rack_nodes: int
    su_nodes: int
    asn: int

    def slot(self, row: int, rack: int, unit: int) -> int:
        """Return the slot of a node: ``row``, ``rack`` and ``unit`` count from 1."""
        return (self.rows[row] + rack - 1) * self.rack_nodes + unit - 1

    def link(self, slot: int, rail: int) -> int:
        """Return the offset of the /31 (and /127) between a node's rail (from 1) and its leaf; the leaf has the even end."""
        return (slot * self.rails + rail - 1) * 2

    def oob_gateway(self) -> str:
        """Return the management network's gateway: the last usable address of its block."""
        return f"{v4(self.oob.base4 + self.oob.size - 2)}/{32 - (self.oob.size - 1).bit_length()}"

    @property
    def leaves(self) -> int:
        """Return the number of leaf positions that loopbacks and management addresses are set aside for."""
        return -(-self.slots // self.su_nodes) * self.rails


def plan(site: Site, compute: ComputeNetwork) -> Plan:
    """Compute the address plan of a site that has a compute fabric."""
    base, racks = {}, 0
    for row in sorted(site.rows, key=lambda row: row.index):
        base[row.index] = racks
        racks += row.capacity
    blocks = dict(_cut(site.prefixes.ipv4, site.prefixes.ipv6))
    return Plan(
        **blocks, rows=base, slots=racks * compute.rack_nodes, rails=compute.rails, rack_nodes=compute.rack_nodes,
        su_nodes=compute.su_nodes, asn=ASN_BASE + site.index * ASN_PER_SITE,
    )  # fmt: skip


def _cut(ipv4: IPv4Network, ipv6: IPv6Network) -> Iterator[tuple[str, Block]]:
    base4, base6, total = int(ipv4.network_address), int(ipv6.network_address), ipv4.num_addresses
    eighth = total // 8
    for name, start, size in (
        ("compute", 0, total // 2),
        ("storage", 4 * eighth, eighth),
        ("inband", 5 * eighth, eighth),
        ("oob", 6 * eighth, eighth),
        ("loopback", 7 * eighth, eighth),
    ):
        yield name, Block(name, base4 + start, base6 + start, size)


def shortfall(site: Site, compute: ComputeNetwork) -> str | None:
    """Say which block is too small for the capacity that is set aside, and the prefix that would do; ``None`` if all fit."""
    made = plan(site, compute)
    # Spines, and cores, have a quarter of the loopbacks and an eighth of the management addresses; with three tiers there
    # are at most so many of them as leaves, rounded up to a pod.
    switches = made.leaves + made.su_nodes + 1
    needed = max(2 * 2 * made.slots * made.rails, 8 * max(2 * made.slots + 4, 8 * switches), 8 * 4 * switches)
    if needed <= site.prefixes.ipv4.num_addresses:
        return None
    wanted = 32 - (needed - 1).bit_length()
    return (
        f"{site.prefixes.ipv4} is too small for {made.slots} node slots of {made.rails} rails; "
        f"it takes a /{wanted} (or fewer racks of capacity)"
    )


def v4(value: int) -> str:
    """Write an integer as an IPv4 address; by hand because ``ipaddress`` takes ten times as long for 300,000 ports."""
    return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


def v6(value: int) -> str:
    """Write an integer as an IPv6 address in RFC 5952 form; all but the last group is written once and kept."""
    low = value & 0xFFFF
    if low == 0:
        return str(IPv6Address(value))
    return f"{_head(value >> 16)}{low:x}"


@cache
def _head(groups: int) -> str:
    return str(IPv6Address(groups << 16 | 0xFFFF))[:-4]
