"""A site's GPU pools: one resource each, which gives its nodes their addresses and routes on the fabric."""

from __future__ import annotations

from collections.abc import Mapping

from hardware.provider.texts import Files
from ringfence.estate import Estate
from ringfence.facts import Pool
from stacks.network import device_inputs
from stacks.resource import Resource, plain

TYPE = "ringfence:gpu:Pool"


def resources(estate: Estate, site: str, configs: Mapping[str, Files]) -> tuple[Resource, ...]:
    """The pools of a site: `<site>-<pool>`."""
    return tuple(_pool(estate, pool, configs) for pool in estate.pools if pool.site == site)


def _pool(estate: Estate, pool: Pool, configs: Mapping[str, Files]) -> Resource:
    nodes = [device for device in estate.devices if device.site == pool.site and device.pool == pool.name]
    inputs = {
        "site": pool.site,
        "name": pool.name,
        "server": pool.server,
        "gpus": pool.gpus,
        "tenancy": pool.tenancy,
        "classes": list(pool.classes),
        "devices": device_inputs(nodes, configs),
        "facts": {"pools": [plain(pool)]},
    }
    return Resource(TYPE, f"{pool.site}-{pool.name}", inputs)
