"""What people change by hand is named by Pulumi and by the audit, and mended by `up`, which disturbs nothing else."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from kubernetes import client
from pkcs11 import Attribute

from hardware.hsm_token import logged_in
from ringfence.facts import Device
from tests.end_to_end.country import Country
from tests.end_to_end.reality import cluster, hosts, reality, s3, shell, switches

pytestmark = [pytest.mark.lab, pytest.mark.engine, pytest.mark.slow]

BUCKET = "xa-notices-north"


def change_by_hand(country: Country) -> dict[str, list[str]]:
    """Change things of every kind, and return by stack what each is to be called."""
    national, north = country.stacks
    leaf, host = switches(country)[-1], hosts(country)[0]
    rail = next(port for port in host.interfaces if port.network == "compute")
    shell(country, leaf, "sudo -n vtysh -c 'configure terminal' -c 'ip route 198.51.100.0/24 blackhole'")
    shell(country, host, f"sudo -n ip address delete {rail.ipv4} dev {rail.name}")
    store = s3(country)
    store.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    store.delete_bucket_policy(Bucket=BUCKET)
    (access,) = country.connections.hsms.values()
    with logged_in(access) as session:
        for key in session.get_objects({Attribute.LABEL: "weights-kek"}):
            key[Attribute.ENCRYPT] = True
    with cluster(country) as api:
        core: Any = client.CoreV1Api(api)
        core.patch_namespaced_resource_quota("quota", "clinic", {"spec": {"hard": {"requests.nvidia.com/gpu": "64"}}})
        core.patch_namespace("clinic", {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}})
    return {
        national: [
            f"bucket {BUCKET} at north: versioning: off -> on",
            f"bucket {BUCKET} at north: policy: none -> ",
            "key weights-kek on national-hsm: secret ENCRYPT: True -> False",
        ],
        north: [
            f"device {leaf.name}: /etc/frr/frr.conf (running): - ip route 198.51.100.0/24 blackhole",
            f"device {host.name}: {rail.name}",
            'pod-security.kubernetes.io/enforce: "restricted" => "privileged"',
            "requests.nvidia.com/gpu",
        ],
    }


def sessions_began(country: Country) -> dict[str, int]:
    """By switch and neighbour: when its session came up, in seconds since 1970; FRR counts back, and errs by one.

    Sessions come up some seconds after the configuration that they follow from, so they are waited for.
    """
    deadline = time.monotonic() + 60
    began = dict[str, int]()
    for switch in switches(country):
        peers = _peers(country, switch)
        while not all("peerUptimeEstablishedEpoch" in peer for peer in peers.values()) and time.monotonic() < deadline:
            peers = _peers(country, switch)
        began |= {f"{switch.name} {name}": peer["peerUptimeEstablishedEpoch"] for name, peer in peers.items()}
    return began


def _peers(country: Country, switch: Device) -> dict[str, dict[str, int]]:
    summary = shell(country, switch, "sudo -n vtysh -c 'show bgp ipv4 unicast summary json'")
    peers: dict[str, dict[str, int]] = json.loads(summary)["peers"]
    return peers


def test_what_was_changed_by_hand_is_named_and_mended_and_nothing_else_is_touched(standing: Country) -> None:
    before, sessions = reality(standing), sessions_began(standing)
    called = change_by_hand(standing)

    audited = standing.ringfence("audit", str(standing.file)).stdout
    for name in (name for name in called[standing.stacks[1]] if name.startswith("device ")):
        assert f"differs from the declaration: {name}" in audited, audited
    assert f"bucket:{BUCKET}: answers over connections without TLS" in audited

    for stack, names in called.items():
        found = standing.pulumi("preview", "--refresh", "--diff", "--stack", stack)
        assert found.returncode == 0, found.stdout + found.stderr
        for name in names:
            assert name in found.stdout, found.stdout

    assert standing.up() == 6
    assert reality(standing) == before
    assert standing.up() == 0
    assert sessions_began(standing) == pytest.approx(sessions, abs=2)
