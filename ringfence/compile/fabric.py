"""The compute fabric: devices and cables of a rail-optimised leaf-spine(-core) network, built whole for its scalable units.

One leaf per rail in each scalable unit (SU); a leaf has as many uplinks as nodes below it, so nothing is oversubscribed.
Two tiers while each spine can reach every leaf, three beyond. The counts follow from the switches' radix and equal the
SuperPOD reference table at radix 64.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ringfence.catalogue import Catalogue
from ringfence.compile.addresses import ASN_CORE, ASN_LEAF, ASN_SPINE, Block, Plan, plan, v4, v6
from ringfence.declaration.site import ComputeNetwork, Pool, Site
from ringfence.declaration.site import Fabric as Networks
from ringfence.errors import RingfenceError
from ringfence.facts import Cable, Device, Interface

# In which quarter of the loopback block, and of the upper half of the management block, a role's addresses start.
TIER_QUARTER = {"leaf": 0, "spine": 2, "core": 3}


@dataclass(frozen=True, slots=True)
class Shape:
    """How many switches a fabric has, and how its spines are grouped in pods (one pod in two tiers)."""

    leaves: int
    spines: int
    cores: int
    uplinks: int
    leaves_per_pod: int
    spines_per_pod: int


def shape(su: int, rails: int, su_nodes: int, leaf_radix: int, spine_radix: int, core_radix: int) -> Shape | None:
    """Return the switch counts for ``su`` scalable units; ``None`` where the ports do not suffice."""
    leaves = su * rails
    if 2 * su_nodes > leaf_radix:
        return None
    if leaves <= spine_radix:
        spines = -(-leaves * su_nodes // spine_radix)
        return Shape(leaves, spines, 0, su_nodes, leaves, spines)
    half = spine_radix // 2
    pods = -(-leaves // half)
    spines = pods * su_nodes
    cores = -(-spines * half // core_radix)
    return Shape(leaves, spines, cores, su_nodes, half, su_nodes) if pods <= core_radix else None


def shape_of(net: ComputeNetwork, catalogue: Catalogue) -> Shape | None:
    """Return the shape of a compute fabric; its switch models must be in the catalogue."""
    radix = [catalogue.switches[name].radix for name in (net.leaf, net.spine, net.core or net.spine)]
    return shape(net.su, net.rails, net.su_nodes, *radix)


class Fabric:
    """Builds one site's devices and cables. ``devices`` and ``cables`` yield them in a fixed order."""

    def __init__(self, name: str, site: Site, fabric: Networks, catalogue: Catalogue) -> None:
        made = shape_of(fabric.compute, catalogue)
        if made is None:
            raise RingfenceError(f"sites.{name}.fabric.compute.su: the switches have too few ports; `load` tells before this")
        self.name, self.site, self.catalogue, self.shape = name, site, catalogue, made
        self.net, self.fabric = fabric.compute, fabric
        self.plan: Plan = plan(site, fabric.compute)
        self.declared = f"sites.{name}.fabric.compute"

    def leaf(self, su: int, rail: int) -> str:
        """Return the name of a leaf; ``su`` and ``rail`` count from 1."""
        return f"{self.name}-su{su}-leaf{rail}"

    def devices(self) -> Iterator[Device]:
        """Yield leaves, spines, cores, then nodes."""
        for su in range(1, self.net.su + 1):
            for rail in range(1, self.net.rails + 1):
                yield self._leaf(su, rail)
        for number in range(self.shape.spines):
            yield self._switch("spine", number, self.net.spine, self.plan.asn + ASN_SPINE)
        for number in range(self.shape.cores):
            model = self.net.core or self.net.spine
            yield self._switch("core", number, model, self.plan.asn + ASN_CORE)
        for name, pool in sorted(self.site.pools.items()):
            yield from self._nodes(name, pool)

    def cables(self) -> Iterator[Cable]:
        """Yield node-leaf cables, then leaf-spine, then spine-core."""
        for pool in (pool for _, pool in sorted(self.site.pools.items())):
            rails = self.catalogue.servers[pool.server].rails
            for row, rack, unit in places(pool, self.net.rack_nodes):
                slot = self.plan.slot(row, rack, unit)
                su, position = divmod(slot, self.net.su_nodes)
                node, port = self.node(row, rack, unit), f"swp{position + 1}"
                for rail in range(1, rails + 1):
                    yield Cable(node, f"rail{rail}", self.leaf(su + 1, rail), port, "compute")
        yield from self._leaf_spine()
        yield from self._spine_core()

    def node(self, row: int, rack: int, unit: int) -> str:
        """Return the name of a node."""
        return f"{self.name}-r{row}k{rack}n{unit}"

    def _leaf_spine(self) -> Iterator[Cable]:
        form, first = self.shape, self.net.su_nodes + 1
        for leaf in range(form.leaves):
            pod, position = divmod(leaf, form.leaves_per_pod)
            name = self.leaf(leaf // self.net.rails + 1, leaf % self.net.rails + 1)
            for up in range(form.uplinks):
                # Counting all uplinks of a pod in one line spreads them evenly, whatever the numbers.
                port, spine = divmod(position * form.uplinks + up, form.spines_per_pod)
                spine_name = f"{self.name}-spine{pod * form.spines_per_pod + spine + 1}"
                yield Cable(name, f"swp{first + up}", spine_name, f"swp{port + 1}", "compute")

    def _spine_core(self) -> Iterator[Cable]:
        if not self.shape.cores:
            return
        half = self.shape.leaves_per_pod
        for spine in range(self.shape.spines):
            for up in range(half):
                port, core = divmod(spine * half + up, self.shape.cores)
                name = f"{self.name}-spine{spine + 1}"
                yield Cable(name, f"swp{half + up + 1}", f"{self.name}-core{core + 1}", f"swp{port + 1}", "compute")

    def _leaf(self, su: int, rail: int) -> Device:
        net, number = self.net, (su - 1) * self.net.rails + rail - 1
        ports = self._own_ports("leaf", number)
        first = (su - 1) * net.su_nodes
        for position in range(net.su_nodes):
            if first + position >= self.plan.slots:
                break
            ports.append(self._link(f"swp{position + 1}", self.plan.link(first + position, rail), 0))
        return Device(
            self.leaf(su, rail), self.name, "leaf", net.leaf, 0, 0, 0, su, "", self.plan.asn + ASN_LEAF + number,
            tuple(ports), self.declared,
        )  # fmt: skip

    def _switch(self, role: Literal["spine", "core"], number: int, model: str, asn: int) -> Device:
        name, ports = f"{self.name}-{role}{number + 1}", tuple(self._own_ports(role, number))
        return Device(name, self.name, role, model, 0, 0, 0, 0, "", asn, ports, self.declared)

    def _own_ports(self, role: str, number: int) -> list[Interface]:
        """Return a switch's loopback and management port; each role has a part of the block of its own."""
        quarter = TIER_QUARTER[role]
        half = self.plan.oob.size // 2
        return [
            self._loopback(self.plan.loopback.size // 4 * quarter + number),
            self._oob(half + half // 4 * quarter + number),
        ]

    def _nodes(self, pool_name: str, pool: Pool) -> Iterator[Device]:
        server = self.catalogue.servers[pool.server]
        declared = f"sites.{self.name}.pools.{pool_name}"
        made, link, storage, inband = self.plan, self._link, self.plan.storage, self.plan.inband
        mtu_storage = self.fabric.storage.mtu if self.fabric.storage else 0
        mtu_inband = self.fabric.inband.mtu if self.fabric.inband else 0
        for row, rack, unit in places(pool, self.net.rack_nodes):
            slot = made.slot(row, rack, unit)
            ports = [self._oob(slot)]
            ports += [link(f"rail{rail}", made.link(slot, rail), 1) for rail in range(1, server.rails + 1)]
            if mtu_storage:
                ports.append(_flat("storage0", storage, slot, mtu_storage))
            if mtu_inband:
                ports.append(_flat("inband0", inband, slot, mtu_inband))
            yield Device(
                self.node(row, rack, unit), self.name, "node", pool.server, row, rack, unit, slot // made.su_nodes + 1,
                pool_name, 0, tuple(ports), declared,
            )  # fmt: skip

    def _link(self, port: str, offset: int, end: int) -> Interface:
        block = self.plan.compute
        return Interface(
            port,
            "compute",
            f"{v4(block.base4 + offset + end)}/31",
            f"{v6(block.base6 + offset + end)}/127",
            self.net.mtu,
        )

    def _loopback(self, offset: int) -> Interface:
        block = self.plan.loopback
        return Interface("lo", "loopback", f"{v4(block.base4 + offset)}/32", f"{v6(block.base6 + offset)}/128", 0)

    def _oob(self, offset: int) -> Interface:
        # The block's own address is no host's.
        return _flat("oob0", self.plan.oob, offset + 1, self.fabric.oob.mtu)


def _flat(port: str, block: Block, offset: int, mtu: int) -> Interface:
    length = 32 - (block.size - 1).bit_length()
    ipv4 = f"{v4(block.base4 + offset)}/{length}"
    return Interface(port, block.name, ipv4, f"{v6(block.base6 + offset)}/{length + 96}", mtu)


def places(pool: Pool, rack_nodes: int) -> Iterator[tuple[int, int, int]]:
    """Yield (row, rack, unit) of each node of a pool, from its first rack on."""
    for number in range(pool.nodes):
        rack, unit = divmod(number, rack_nodes)
        yield pool.row, pool.first_rack + rack, unit + 1
