"""`pulumi up` of the lab's site: a fabric that carries traffic, and a platform that refuses what it must."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException

from engine.progress import to_stderr
from engine.pulumi_cli import environment, find_pulumi, run
from hardware.connections import load_connections
from hardware.ssh import Device, connected, execute
from hardware.switch import SwitchDriver
from lab import Lab
from ringfence.cli.permitting import ask_to_destroy
from ringfence.estate import Estate
from ringfence.facts import Device as DeviceFact
from stacks.network import management
from stacks.up import ROOT, CountryUp, bring_up
from tests.conftest import COUNTRY

pytestmark = [pytest.mark.lab, pytest.mark.engine]
STACK = "lab.north"
SECONDS_TO_CONVERGE = 60
REGISTRY = "registry.north.atlantis.example"


@pytest.fixture(scope="module")
def standing(lab: Lab) -> CountryUp:
    return bring_up(COUNTRY, to_stderr)


@pytest.fixture
def core(lab: Lab, standing: CountryUp) -> Iterator[client.CoreV1Api]:
    with config.new_client_from_config(str(lab.kubeconfig)) as api:
        yield client.CoreV1Api(api)


def driver(lab: Lab, device: DeviceFact) -> SwitchDriver:
    ssh = load_connections(lab.connections, lab=True).ssh
    assert ssh is not None
    return SwitchDriver(Device(device.name, management(device)), ssh)


def shell(lab: Lab, device: DeviceFact, command: str) -> str:
    reached = driver(lab, device)
    with connected(reached.device, reached.ssh) as session:
        return execute(session, reached.device, command, b"", seconds=30).decode()


def pulumi(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(
        [*arguments, "--stack", STACK, "--color", "never"],
        env=environment(find_pulumi(to_stderr)), cwd=ROOT, timeout=180,
    )  # fmt: skip


@pytest.mark.usefixtures("standing")
def test_every_bgp_session_comes_up(lab: Lab, estate: Estate) -> None:
    deadline = time.monotonic() + SECONDS_TO_CONVERGE
    for device in estate.devices:
        if device.role in ("leaf", "spine"):
            sessions = driver(lab, device).read().bgp
            while set(sessions.values()) != {"Established"} and time.monotonic() < deadline:
                sessions = driver(lab, device).read().bgp
            assert sessions, device.name
            assert set(sessions.values()) == {"Established"}, device.name


@pytest.mark.usefixtures("standing")
def test_every_host_reaches_every_other_over_each_rail(lab: Lab, estate: Estate) -> None:
    hosts = [device for device in estate.devices if device.role == "node"]
    rails = [[port.ipv4.partition("/")[0] for port in host.interfaces if port.network == "compute"] for host in hosts]
    for near, own in zip(hosts, rails, strict=True):
        pairs = [(mine, theirs[number]) for theirs in rails if theirs != own for number, mine in enumerate(own)]
        script = " && ".join(f"ping -c 1 -W 5 -q -I {mine} {theirs} >/dev/null" for mine, theirs in pairs)
        shell(lab, near, script)


def test_a_second_up_changes_nothing(standing: CountryUp) -> None:
    assert bring_up(COUNTRY, to_stderr).changed == 0


def test_changes_by_hand_to_a_switch_and_a_namespace_are_named_and_mended(
    lab: Lab, estate: Estate, core: client.CoreV1Api
) -> None:
    leaf = next(device for device in estate.devices if device.role == "leaf")
    shell(lab, leaf, "sudo -n vtysh -c 'configure terminal' -c 'ip prefix-list by-hand seq 5 permit 192.0.2.0/24'")
    core.patch_namespace("clinic", {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}})
    found = pulumi("refresh", "--yes", "--skip-preview", "--diff").stdout
    assert f"device {leaf.name}: /etc/frr/frr.conf (running): - ip prefix-list by-hand seq 5 permit 192.0.2.0/24" in found
    assert 'pod-security.kubernetes.io/enforce: "restricted" => "privileged"' in found
    assert bring_up(COUNTRY, to_stderr).changed == 2
    assert "by-hand" not in shell(lab, leaf, "sudo -n vtysh -c 'show running-config'")
    assert core.read_namespace("clinic").metadata.labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_namespace_deleted_by_hand_comes_back_with_its_quota(core: client.CoreV1Api) -> None:
    core.delete_namespace("startup-coral")
    wait_until_gone(core, "startup-coral")
    assert bring_up(COUNTRY, to_stderr).changed == 5
    assert core.read_namespaced_resource_quota("quota", "startup-coral").spec.hard["requests.nvidia.com/gpu"] == "1"


def wait_until_gone(core: client.CoreV1Api, namespace: str) -> None:
    only = {"field_selector": f"metadata.name={namespace}"}
    if (there := core.list_namespace(**only)).items:
        since = {"resource_version": there.metadata.resource_version, "timeout_seconds": SECONDS_TO_CONVERGE}
        assert any(event["type"] == "DELETED" for event in watch.Watch().stream(core.list_namespace, **only, **since))


def pod(gpus: int, image: str) -> dict[str, Any]:
    allowed = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "c", "image": image, "securityContext": allowed,
        "resources": {"limits": {"nvidia.com/gpu": str(gpus), "cpu": "1", "memory": "1Gi"}},
    }  # fmt: skip
    context = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [container], "securityContext": context}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


def refusal(core: client.CoreV1Api, manifest: dict[str, Any]) -> str:
    """What the server says to a pod, which is not kept."""
    try:
        core.create_namespaced_pod("clinic", manifest, dry_run="All")
    except ApiException as error:
        return str(error.body)
    return ""


def test_a_pod_within_the_quota_from_the_sites_registry_is_admitted(core: client.CoreV1Api) -> None:
    assert refusal(core, pod(1, f"{REGISTRY}/a@sha256:{'0' * 64}")) == ""


def test_a_pod_over_the_quota_is_refused(core: client.CoreV1Api) -> None:
    assert "exceeded quota" in refusal(core, pod(2, f"{REGISTRY}/a@sha256:{'0' * 64}"))


def test_an_image_from_elsewhere_is_refused(core: client.CoreV1Api) -> None:
    assert f"images come from {REGISTRY}" in refusal(core, pod(1, "docker.io/library/nginx:latest"))


def test_a_privileged_pod_is_refused(core: client.CoreV1Api) -> None:
    manifest = pod(1, f"{REGISTRY}/a@sha256:{'0' * 64}")
    manifest["spec"]["hostNetwork"] = True
    assert "violates PodSecurity" in refusal(core, manifest)


def test_destroy_without_a_permit_deletes_not_even_kubernetes_objects(core: client.CoreV1Api) -> None:
    before = {item.metadata.name for item in core.list_namespace().items}
    refused = pulumi("destroy", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert f"run `ringfence permit --destroy {STACK}`" in refused.stdout
    assert {item.metadata.name for item in core.list_namespace().items} == before


@pytest.mark.usefixtures("standing")
def test_a_pod_that_was_destroyed_with_a_permit_is_configured_from_nothing(lab: Lab, estate: Estate) -> None:
    leaf = next(device for device in estate.devices if device.role == "leaf")
    ask_to_destroy(STACK, COUNTRY, data_loss=False, keys=(), say=to_stderr)
    urn = f"urn:pulumi:{STACK}::ringfence::ringfence:stacks:Network$ringfence:network:Pod::north-su{leaf.su}"
    gone = pulumi("destroy", "--yes", "--skip-preview", "--target", urn, "--target-dependents")
    assert gone.returncode == 0, gone.stdout
    assert "router bgp" not in shell(lab, leaf, "sudo -n vtysh -c 'show running-config'")
    assert bring_up(COUNTRY, to_stderr).changed == 2  # the pod, and the seal that waits for it
    assert f"router bgp {leaf.asn}" in shell(lab, leaf, "sudo -n vtysh -c 'show running-config'")
