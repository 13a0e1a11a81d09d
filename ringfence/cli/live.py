"""The live estate: what switches, hosts and buckets say of themselves, laid over what is declared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hardware.bucket import BucketSettings, BucketSpec, Unknown, canonical_policy, tls_only_policy
from hardware.catalogue import load_catalogue
from hardware.connections import Connections
from hardware.device_state import DeviceState
from hardware.object_store import BucketDriver
from hardware.ssh import Device as SshDevice
from hardware.switch import SwitchDriver
from ringfence import facts
from ringfence.configs import render
from ringfence.errors import OperationError
from ringfence.estate import Coverage, Estate

_AT_ONCE = 16
Say = Callable[[str], object]


@dataclass
class Live:
    """What a reading found: the Estate, where things differ from the declaration, and what could not be read."""

    estate: Estate
    drift: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def read_live(declared: Estate, connections: Connections, say: Say) -> Live:
    """Read every device and bucket of a country; facts that nothing here can read keep the grade ``declared``.

    What does not answer stays in the Estate as declared and is named as missing in its coverage, so that every rule that
    reads it is unknown.
    """
    live = Live(declared)
    devices, missing_devices = _devices(live, declared, connections, say)
    buckets, missing_buckets = _buckets(live, declared, connections, say)
    measured = {
        "devices": Coverage("devices", "measured", "SSH to each device", tuple(sorted(missing_devices))),
        "buckets": Coverage("buckets", "measured", "the object stores' API", tuple(sorted(missing_buckets))),
    }
    coverage = tuple(measured.get(item.fact, item) for item in declared.coverage)
    live.estate = msgspec.structs.replace(declared, devices=devices, buckets=buckets, coverage=coverage)
    return live


def _devices(live: Live, declared: Estate, connections: Connections, say: Say) -> tuple[tuple[facts.Device, ...], list[str]]:
    ssh = connections.ssh
    if ssh is None:
        live.failures.append("the connections file has no section ssh, so no device can be read; add it")
        return declared.devices, [device.name for device in declared.devices]
    catalogue = load_catalogue()
    wanted = {name: files for site in declared.sites for name, files in render(declared, site.name, catalogue).items()}
    say(f"audit: reading {len(declared.devices)} devices")

    def read(device: facts.Device) -> tuple[DeviceState, list[str]]:
        address = next((port.ipv4.partition("/")[0] for port in device.interfaces if port.network == "oob"), "")
        if not address:
            raise OperationError(f"device {device.name}: it has no management address")
        driver = SwitchDriver(SshDevice(device.name, address), ssh)
        state = driver.read()
        plan = driver.plan(wanted.get(device.name, {}), state)
        return state, [*map(str, plan.changes), *(f"{driver.subject}: {what}" for what in plan.unknown)]

    seen, missing = [], []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running = [(device, pool.submit(read, device)) for device in declared.devices]
        for device, result in running:
            try:
                state, drift = result.result()
            except OperationError as error:
                live.failures.append(str(error))
                missing.append(device.name)
                seen.append(device)
                continue
            live.drift += drift
            seen.append(_as_read(device, state))
    return tuple(seen), missing


def _as_read(device: facts.Device, state: DeviceState) -> facts.Device:
    """Return a device with the addresses that its ports really have; a port with several of a family shows them all."""
    ports = []
    for port in device.interfaces:
        if port.name in state.addresses:
            has = sorted(state.addresses[port.name])
            four = port.ipv4 if port.ipv4 in has else ",".join(each for each in has if ":" not in each)
            six = port.ipv6 if port.ipv6 in has else ",".join(each for each in has if ":" in each)
            port = msgspec.structs.replace(port, ipv4=four, ipv6=six)
        ports.append(port)
    return msgspec.structs.replace(device, interfaces=tuple(ports))


def _buckets(live: Live, declared: Estate, connections: Connections, say: Say) -> tuple[tuple[facts.Bucket, ...], list[str]]:
    say(f"audit: reading {len(declared.buckets)} buckets")
    seen, missing = [], []
    for bucket in declared.buckets:
        access = connections.object_stores.get(bucket.place)
        try:
            if access is None:
                raise OperationError(f"bucket {bucket.name}: the connections file names no object store at {bucket.place}")
            driver = BucketDriver(access, bucket.place, BucketSpec(bucket.name, None))
            there = driver.read()
            if there is None:
                raise OperationError(f"{driver.subject}: it is declared, and the store has no such bucket")
            seen.append(_measured(bucket, there))
            live.drift += [f"{driver.subject}: {line}" for line in differences(bucket, seen[-1])]
            unknown = list(_untold(there))
            if unknown:
                live.drift.append(f"{driver.subject}: the store cannot tell {', '.join(unknown)}")
                missing.append(f"{bucket.name} ({', '.join(unknown)})")
        except OperationError as error:
            live.failures.append(str(error))
            missing.append(bucket.name)
            seen.append(bucket)
    return tuple(seen), missing


def _measured(bucket: facts.Bucket, there: BucketSettings) -> facts.Bucket:
    """Return a bucket as the store tells it. ``key`` stays: the store's API knows nothing of the country's HSM."""
    words = there.retention.split() if isinstance(there.retention, str) else []
    return msgspec.structs.replace(
        bucket,
        encrypted=isinstance(there.encryption, str),
        versioning=there.versioning is True,
        lock=words[0].lower() if words else "",
        retention_days=int(words[1]) if len(words) > 1 and words[1].isdigit() else 0,
        tls_only=_demands_tls(bucket.name, there.policy),
        public=_admits_everyone(there),
    )


def differences(declared: facts.Bucket, measured: facts.Bucket) -> list[str]:
    """Say in what a bucket differs from its declaration; how long nothing is kept without a lock is no difference."""
    names = ["encrypted", "versioning", "lock", "tls_only", "public", *(["retention_days"] if declared.lock else [])]
    pairs = [(name, getattr(declared, name), getattr(measured, name)) for name in names]
    return [f"{name} is {is_!r}, declared {wanted!r}" for name, wanted, is_ in pairs if wanted != is_]


def _demands_tls(bucket: str, policy: object) -> bool:
    """Return whether a bucket's policy holds the refusal of plain HTTP that every bucket of ours is made with."""
    return _statements(canonical_policy(tls_only_policy(bucket)))[0] in _statements(policy)


def _admits_everyone(there: BucketSettings) -> bool:
    """Return whether a policy lets everyone in, unless the store blocks all public access."""
    allowing = [statement for statement in _statements(there.policy) if statement.get("Effect") == "Allow"]
    anyone = any("NotPrincipal" in each or "*" in each.get("Principal", {}).get("AWS", ()) for each in allowing)
    return anyone and there.public_access_blocked is not True


def _statements(policy: object) -> list[dict[str, Any]]:
    """Return the statements of a policy in the canonical form that the driver gives."""
    return json.loads(policy) if isinstance(policy, str) else []


def _untold(there: BucketSettings) -> Iterator[str]:
    # Only what a verdict rests on: a store without an API for blocking public access still shows its policy.
    for setting in ("encryption", "versioning", "retention", "policy"):
        if isinstance(getattr(there, setting), Unknown):
            yield setting
