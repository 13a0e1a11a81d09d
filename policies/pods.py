"""Pods: what a workload may ask of its node. What the pod security standards forbid, and what sovereignty adds."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.estate import Estate
from ringfence.facts import Pod
from ringfence.rule import rule
from ringfence.verdict import Finding

TENANT_LABEL = "ringfence.dev/tenant"


@rule(
    "RF-POD-001", "No privileged containers", severity="critical", mandatory="file plan audit", reads=["pods"],
    controls=["pss:baseline", "nist-800-53:AC-6"], remedy="Drop privileged and the added capabilities; ask for the device.",
    bad=[{"estate:pods[0].privileged": ["main"]}],
)  # fmt: skip
def no_privileged_containers(estate: Estate) -> Iterator[Finding]:
    """A privileged container is root on its node, and so on every tenant's data there."""
    for pod in estate.pods:
        if pod.privileged:
            yield _finding(pod, f"containers with the node's privileges: {', '.join(pod.privileged)}")


@rule(
    "RF-POD-002", "No way into the host", severity="critical", mandatory="file plan audit", reads=["pods"],
    controls=["pss:baseline", "nist-800-53:SC-39"], remedy="Use a volume claim, a service or a device plugin instead.",
    bad=[{"estate:pods[0].host_access": ["hostNetwork"]}, {"estate:pods[0].host_access": ["hostPath /var/run"]}],
)  # fmt: skip
def no_way_into_the_host(estate: Estate) -> Iterator[Finding]:
    """No pod shares the node's network, processes, IPC, ports or folders: they lead around every network policy."""
    for pod in estate.pods:
        if pod.host_access:
            yield _finding(pod, f"reaches into its node by {', '.join(pod.host_access)}")


@rule(
    "RF-POD-003", "Containers do not run as root", severity="high", mandatory="file plan audit", reads=["pods"],
    controls=["pss:restricted", "nist-800-53:AC-6"], remedy="Set runAsNonRoot: true and a user other than 0.",
    bad=[{"estate:pods[0].run_as_root": ["main"]}],
)  # fmt: skip
def containers_do_not_run_as_root(estate: Estate) -> Iterator[Finding]:
    """Each container says that it runs as a user other than root."""
    for pod in estate.pods:
        if pod.run_as_root:
            yield _finding(pod, f"containers that may run as root: {', '.join(pod.run_as_root)}")


@rule(
    "RF-POD-004", "Containers cannot gain privileges", severity="high", mandatory="file plan audit", reads=["pods"],
    controls=["pss:restricted", "nist-800-53:AC-6"], remedy="Set allowPrivilegeEscalation: false.",
    bad=[{"estate:pods[0].escalation": ["main"]}],
)  # fmt: skip
def containers_cannot_gain_privileges(estate: Estate) -> Iterator[Finding]:
    """No container may get more privileges than it started with."""
    for pod in estate.pods:
        if pod.escalation:
            yield _finding(pod, f"containers that may gain privileges: {', '.join(pod.escalation)}")


@rule(
    "RF-POD-005", "Containers have limits", severity="medium", mandatory="file plan audit", reads=["pods"],
    controls=["nist-800-53:SC-6"], remedy="Set limits for cpu and memory in every container.",
    bad=[{"estate:pods[0].limits_missing": ["main: memory"]}],
)  # fmt: skip
def containers_have_limits(estate: Estate) -> Iterator[Finding]:
    """One tenant cannot take the node from another: every container limits its processor and memory."""
    for pod in estate.pods:
        if pod.limits_missing:
            yield _finding(pod, f"without limits: {', '.join(pod.limits_missing)}")


@rule(
    "RF-POD-006", "Images are pinned by digest", severity="high", mandatory="file plan audit", reads=["pods"],
    controls=["nist-800-53:CM-14"], remedy="Name the image as registry/name@sha256:….",
    bad=[{"assistants.clinic.model.image": "registry.north.example/serve:latest"}],
)  # fmt: skip
def images_are_pinned(estate: Estate) -> Iterator[Finding]:
    """What runs is what was examined: a tag can be moved to another image, a digest cannot."""
    for pod in estate.pods:
        for image in pod.images:
            name, found, digest = image.partition("@sha256:")
            if not (name and found and len(digest) == 64):
                yield _finding(pod, f"image {image} has no digest")


@rule(
    "RF-POD-007", "Images come from the country's registry", severity="high", mandatory="file plan",
    reads=["pods", "services"], controls=["nist-800-53:CM-7(5)"],
    remedy="Mirror the image into the country's registry and name it there.",
    bad=[{"assistants.clinic.model.image": "docker.io/serve@sha256:" + 64 * "0"}, {"sites.north.services.registry": None}],
)  # fmt: skip
def images_come_from_home(estate: Estate) -> Iterator[Finding]:
    """A foreign registry sees what a country runs, and can stop it from running."""
    registries = tuple(f"{service.host}/" for service in estate.services if service.kind == "registry")
    for pod in estate.pods:
        for image in pod.images:
            if not image.startswith(registries):
                yield _finding(pod, f"image {image} is not from {', '.join(registries) or 'a declared registry'}")


@rule(
    "RF-POD-008", "GPU workloads name their tenant", severity="medium", mandatory="file plan audit", reads=["pods"],
    controls=["nist-800-53:CM-8"], remedy=f"Label the pod with {TENANT_LABEL}.", bad=[{"estate:pods[0].labels": []}],
)  # fmt: skip
def gpu_workloads_name_their_tenant(estate: Estate) -> Iterator[Finding]:
    """A pod that takes GPUs carries its tenant's label, by which it is charged and kept apart."""
    for pod in estate.pods:
        if pod.gpu_limits and TENANT_LABEL not in pod.labels:
            yield _finding(pod, f"takes {pod.gpu_limits} GPUs without the label {TENANT_LABEL}")


def _finding(pod: Pod, message: str) -> Finding:
    subject = f"pod:{pod.namespace or 'default'}/{pod.kind}/{pod.name}"
    return Finding(subject, message, pod.declared, file=pod.source, line=pod.line)
