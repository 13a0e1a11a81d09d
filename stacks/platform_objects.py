"""A site's Kubernetes platform as manifests: tenants' namespaces with quotas and closed networks, and admission."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ringfence.estate import Estate
from ringfence.facts import Namespace
from ringfence.permit import resource_key
from stacks.resource import Resource

NAMESPACE = "kubernetes:core/v1:Namespace"
LABEL = "ringfence.dev"
IMAGE_POLICY = "ringfence-images"
_POLICY = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def resources(estate: Estate, site: str) -> tuple[Resource, ...]:
    """Namespaces with what belongs into each, priority classes, and the admission policy. Only for sites with pools."""
    if not any(pool.site == site for pool in estate.pools):
        return ()
    return (
        *_priorities(),
        *_image_policy(estate, site),
        *(each for item in estate.namespaces if item.site == site for each in _tenant(estate, item)),
    )


def _tenant(estate: Estate, item: Namespace) -> Iterator[Resource]:
    """A tenant's namespace and what is in it: limits of every kind, and a network that is closed but for name lookups."""
    yield Resource(NAMESPACE, item.name, _manifest("v1", "Namespace", item.name, labels=_labels(estate, item)))
    within = (resource_key(NAMESPACE, item.name),)
    for token, suffix, manifest in (
        ("core/v1:ResourceQuota", "quota", _quota(item)),
        ("core/v1:LimitRange", "limits", _limits(item)),
        ("networking.k8s.io/v1:NetworkPolicy", "closed", _closed(item)),
        ("networking.k8s.io/v1:NetworkPolicy", "dns", _dns(item)),
    ):
        yield Resource(f"kubernetes:{token}", f"{item.name}-{suffix}", manifest, within)


def _labels(estate: Estate, item: Namespace) -> dict[str, str]:
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    own = {"country": estate.country.code, "kind": item.kind, "tenant": item.name, "pool": item.pool}
    if len(item.classes) == 1:
        own["class"] = item.classes[0]
    return {**levels, **{f"{LABEL}/{name}": value for name, value in own.items()}}


def _quota(item: Namespace) -> dict[str, Any]:
    figures = _data()["quota"]
    one, times = (figures["per_gpu"], item.gpus) if item.gpus else (figures["smallest"], 1)
    cpu, memory = str(one["cpu"] * times), f"{one['memory_gib'] * times}Gi"
    hard = {
        "requests.nvidia.com/gpu": str(item.gpus),
        "requests.cpu": cpu,
        "limits.cpu": cpu,
        "requests.memory": memory,
        "limits.memory": memory,
        "pods": str(one["pods"] * times),
    }
    return {**_manifest("v1", "ResourceQuota", "quota", item.name), "spec": {"hard": hard}}


def _limits(item: Namespace) -> dict[str, Any]:
    figures = _data()["container"]
    limit = {"type": "Container", "default": figures["default"], "defaultRequest": figures["request"]}
    return {**_manifest("v1", "LimitRange", "limits", item.name), "spec": {"limits": [limit]}}


def _closed(item: Namespace) -> dict[str, Any]:
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return {**_manifest("networking.k8s.io/v1", "NetworkPolicy", "closed", item.name), "spec": spec}


def _dns(item: Namespace) -> dict[str, Any]:
    servers = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [servers], "ports": ports}]}
    return {**_manifest("networking.k8s.io/v1", "NetworkPolicy", "dns", item.name), "spec": spec}


def _priorities() -> Iterator[Resource]:
    for name, figures in _data()["priorities"].items():
        manifest = {
            **_manifest("scheduling.k8s.io/v1", "PriorityClass", name),
            "value": figures["value"],
            "preemptionPolicy": figures["preemption"],
            "description": figures["text"],
        }
        yield Resource("kubernetes:scheduling.k8s.io/v1:PriorityClass", name, manifest)


def _image_policy(estate: Estate, site: str) -> Iterator[Resource]:
    """Pods take images from the site's own registry or not at all; a site without one runs nothing."""
    registries = [item.host for item in estate.services if item.site == site and item.kind == "registry"]
    allowed = " || ".join(f"c.image.startsWith('{host}/')" for host in registries) or "false"
    validations = [
        {
            "expression": f"!has(object.spec.{group}) || object.spec.{group}.all(c, {allowed})",
            "message": f"{group}: images come from {' or '.join(registries) or 'no registry: the site declares none'}",
        }
        for group in _CONTAINERS
    ]
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["pods", "pods/ephemeralcontainers"],
        "scope": "Namespaced",
    }
    api = "admissionregistration.k8s.io/v1"
    policy = {
        **_manifest(api, "ValidatingAdmissionPolicy", IMAGE_POLICY),
        "spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rule]}, "validations": validations},
    }
    # The cluster's own parts are installed before there is a registry to take them from.
    system = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}
    binding = {
        **_manifest(api, "ValidatingAdmissionPolicyBinding", IMAGE_POLICY),
        "spec": {
            "policyName": IMAGE_POLICY,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchExpressions": [system]}},
        },
    }
    yield Resource(_POLICY, IMAGE_POLICY, policy)
    yield Resource(f"{_POLICY}Binding", IMAGE_POLICY, binding, (resource_key(_POLICY, IMAGE_POLICY),))


def _manifest(
    api: str, kind: str, name: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    if labels is not None:
        metadata["labels"] = dict(labels)
    return {"apiVersion": api, "kind": kind, "metadata": metadata}


@cache
def _data() -> Any:
    return yaml.safe_load(files("stacks").joinpath("platform.yaml").read_text(encoding="utf-8"))
