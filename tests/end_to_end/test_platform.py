"""What a country that was brought up can do: carry traffic, and let go of what is no longer declared."""

from __future__ import annotations

import time
from typing import Any

import pytest
from kubernetes import client

from tests.end_to_end.country import Country, Declaration
from tests.end_to_end.reality import cluster, driver, hosts, shell, switches

pytestmark = [pytest.mark.lab, pytest.mark.engine]

SECONDS_TO_CONVERGE = 60


def test_each_switch_holds_a_session_with_each_switch_that_it_is_cabled_to(standing: Country) -> None:
    found = switches(standing)
    cabled = {device.name: set[str]() for device in found}
    for cable in standing.estate.cables:
        if {cable.a, cable.b} <= set(cabled):
            cabled[cable.a].add(cable.a_port)
            cabled[cable.b].add(cable.b_port)
    assert len(found) == 6
    deadline = time.monotonic() + SECONDS_TO_CONVERGE
    for device in found:
        sessions = driver(standing, device).read().bgp
        while set(sessions.values()) != {"Established"} and time.monotonic() < deadline:
            sessions = driver(standing, device).read().bgp
        assert sessions == dict.fromkeys(cabled[device.name], "Established"), device.name


def test_every_host_reaches_every_address_of_every_other_over_the_fabric(standing: Country) -> None:
    nodes = hosts(standing)
    rails = {node.name: [port for port in node.interfaces if port.network == "compute"] for node in nodes}
    assert {len(ports) for ports in rails.values()} == {2}
    for near in nodes:
        far = [
            address.partition("/")[0]
            for name, ports in rails.items() if name != near.name for port in ports for address in (port.ipv4, port.ipv6)
        ]  # fmt: skip
        assert len(far) == 12
        pings = "\n".join(f"ping -n -c 1 -W 5 {address} >/dev/null || echo {address}" for address in far)
        routes = "\n".join(f"ip -o route get {address}" for address in far)
        assert shell(standing, near, pings) == "", f"{near.name} does not reach these"
        assert "oob0" not in shell(standing, near, routes), f"{near.name} goes over the management network"


@pytest.mark.slow
def test_a_tenant_that_is_no_longer_declared_leaves_the_cluster_and_comes_back_when_declared_again(standing: Country) -> None:
    def without_grants(declaration: Declaration) -> None:
        declaration["ecosystem"]["grants"] = []

    with cluster(standing) as api:
        core: Any = client.CoreV1Api(api)

        def tenants() -> set[str]:
            return {item.metadata.name for item in core.list_namespace().items}

        before = tenants()
        standing.declare(without_grants)
        standing.up()
        assert before - tenants() == {"startup-coral"}
        standing.declare()
        standing.up()
        assert tenants() == before
        assert core.read_namespaced_resource_quota("quota", "startup-coral").spec.hard["requests.nvidia.com/gpu"] == "1"
