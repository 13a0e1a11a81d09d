"""`ringfence:network:Pod` and `ringfence:gpu:Pool`: switches, and nodes' fabric interfaces, configured over SSH."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from hardware.contract import Applied
from hardware.device_state import DeviceState
from hardware.provider.kind import Found, Inputs, Reach
from hardware.provider.properties import Values
from hardware.rollout import read_all, roll_out
from hardware.ssh import Device
from hardware.switch import Files, SwitchApplied, SwitchDriver, SwitchPlan
from ringfence.errors import InputError, OperationError, RingfenceError

_BARE = {"/etc/frr/frr.conf": "hostname {device}\n", "/etc/nftables.conf": "flush ruleset\n"}
"""Files that a device cannot do without, as they are when nothing is configured. (FRR loads no empty file.)"""


class DeviceInputs(BaseModel):
    """One device: its management address, and the digest of its configuration in the content-addressed store."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    address: str
    digest: str


class GroupInputs(Inputs):
    """A group of devices that is changed as one."""

    site: str
    name: str
    devices: dict[str, DeviceInputs]


class PodInputs(GroupInputs):
    """A fabric pod: the spines of a site, or the leaves of one scalable unit."""


class PoolInputs(GroupInputs):
    """A pool of GPU nodes; `devices` are the nodes."""

    server: str
    gpus: int
    tenancy: str
    classes: list[str]


BARE = "# Ringfence has taken its configuration off this device.\n"
"""A file that configures nothing, to a shell, nft and FRR alike; one without any text FRR does not load."""


@dataclass(frozen=True)
class _StoppableDriver:
    """A switch driver that is not started any more once Pulumi has been told to cancel."""

    driver: SwitchDriver
    reach: Reach

    @property
    def subject(self) -> str:
        return self.driver.subject

    def read(self) -> DeviceState:
        if self.reach.stopping.is_set():
            raise OperationError(f"{self.subject}: not touched: cancelled")
        return self.driver.read()

    def plan(self, wanted: Files, observed: DeviceState) -> SwitchPlan:
        return self.driver.plan(wanted, observed)

    def apply(self, plan: SwitchPlan) -> SwitchApplied:
        return self.driver.apply(plan)

    def confirm(self, applied: Applied[Files, DeviceState, str]) -> None:
        self.driver.confirm(applied)

    def rollback(self, applied: Applied[Files, DeviceState, str]) -> None:
        self.driver.rollback(applied)


class _Group:
    """Devices, by the switch driver. The id of a group is `<site>/<name>`."""

    def bring_about(self, wanted: GroupInputs, before: Values | None, reach: Reach) -> Found:
        """Configure every device; those that fail are named, and their record stays what it was."""
        texts = {name: reach.texts.get(device.digest) for name, device in wanted.devices.items()}
        addresses = {name: device.address for name, device in wanted.devices.items()}
        failed = roll_out(_drivers(addresses, reach), texts, say=reach.say).failed
        outputs = wanted.model_dump(mode="json", by_alias=True)
        known: Mapping[str, Any] = (before or {}).get("devices", {})
        for name in failed:
            outputs["devices"][name]["digest"] = known.get(name, {}).get("digest", "")
        return Found(f"{wanted.site}/{wanted.name}", outputs, unfinished=tuple(str(error) for error in failed.values()))

    def read(self, thing_id: str, before: Values, reach: Reach) -> Found | None:
        """Each device compared with the configuration on record; one that cannot be reached is an error, not a change."""
        if not before:
            raise InputError(f"{thing_id}: devices are not imported; `pulumi up` adopts each that is as declared")
        devices: Mapping[str, Mapping[str, str]] = before["devices"]
        known = {name: device["address"] for name, device in devices.items() if device["digest"]}
        drivers = _drivers(known, reach)
        drift = list[str]()
        for name, state in read_all(drivers).items():
            if isinstance(state, RingfenceError):
                raise state
            plan = drivers[name].plan(reach.texts.get(devices[name]["digest"]), state)
            drift += [str(change) for change in plan.changes]
        return Found(thing_id, before, tuple(drift))

    def delete(self, before: Values, reach: Reach) -> None:
        """Take our configuration off every device: our own files go, and those that it needs are bare again."""
        devices: Mapping[str, Mapping[str, str]] = before["devices"]
        addresses = {name: device["address"] for name, device in devices.items() if device["digest"]}
        bare = {
            name: {path: _BARE[path].format(device=name) for path in reach.texts.get(devices[name]["digest"]) if path in _BARE}
            for name in addresses
        }
        roll_out(_drivers(addresses, reach), bare, say=reach.say).raise_if_failed()

    def replace_on(self, old: Values, new: Values) -> frozenset[str]:
        """What makes it another thing."""
        return frozenset({"site", "name"})

    def explain(self, old: Values, new: Values, reach: Reach) -> Iterator[str]:
        """Each configuration line that would change, with its device and file."""
        before, after = old.get("devices", {}), new.get("devices", {})
        for name in sorted({*before, *after}):
            digests = [group.get(name, {}).get("digest", "") for group in (before, after)]
            if digests[0] != digests[1]:
                yield from reach.texts.difference(name, *digests)


class Pod(_Group):
    """Switches of a fabric."""

    resource_type = "ringfence:network:Pod"
    model = PodInputs


class Pool(_Group):
    """GPU nodes: their rails' addresses and routes."""

    resource_type = "ringfence:gpu:Pool"
    model = PoolInputs


def _drivers(addresses: Mapping[str, str], reach: Reach) -> dict[str, _StoppableDriver]:
    ssh = reach.connections().ssh
    if ssh is None:
        raise InputError("the connections file has no section ssh, so no device can be reached; add it")
    return {name: _StoppableDriver(SwitchDriver(Device(name, address), ssh), reach) for name, address in addresses.items()}
