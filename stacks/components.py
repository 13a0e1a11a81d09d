"""Resources as Pulumi sees them: grouped into components, each waiting for what it depends on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import pulumi

from stacks.resource import OURS, Resource

_GROUPS = {
    "ringfence:keys": "Keys",
    "ringfence:stores": "Stores",
    "ringfence:network": "Network",
    "ringfence:gpu": "Pools",
    "kubernetes": "Platform",
}
_OUTPUTS = {"ringfence:keys:Key": ("fingerprint",)}
"""What only the real thing can tell, by type."""


class Component(pulumi.ComponentResource):
    """A group of a part's resources: its keys, stores, network, pools or platform."""

    def __init__(self, group: str, part: str) -> None:
        """`group` is one of the names above."""
        super().__init__(f"ringfence:stacks:{group}", f"{part}-{group.lower()}")


class Thing(pulumi.CustomResource):
    """One resource of our own provider."""

    def __init__(self, resource: Resource, options: pulumi.ResourceOptions) -> None:
        """Register `resource` as it is."""
        told = dict.fromkeys(_OUTPUTS.get(resource.type, ()))
        super().__init__(resource.type, resource.name, {**resource.inputs, **told}, options)


def register(
    part: str,
    resources: Sequence[Resource],
    kubernetes: pulumi.ProviderResource | None,
    after: pulumi.Input[Sequence[pulumi.Resource]],
) -> Mapping[str, pulumi.CustomResource]:
    """Register `resources`, whose dependencies come first, and return them by key; the first one waits for `after`."""
    components: dict[str, Component] = {}
    made: dict[str, pulumi.CustomResource] = {}
    for resource in resources:
        group = _group(resource.type)
        if group and group not in components:
            components[group] = Component(group, part)
        options = pulumi.ResourceOptions(
            parent=components[group] if group else None,
            depends_on=[made[key] for key in resource.depends_on] or after,
        )
        if resource.type.startswith(OURS):
            made[resource.key] = Thing(resource, options)
        else:
            options.provider = kubernetes
            made[resource.key] = _kubernetes_object(resource, options)
    return made


def _group(resource_type: str) -> str | None:
    return next((group for prefix, group in _GROUPS.items() if resource_type.startswith(f"{prefix}:")), None)


def _kubernetes_object(resource: Resource, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """The class of `pulumi_kubernetes` that stands for `kubernetes:<group>/<version>:<Kind>`, given the manifest."""
    _, api, kind = resource.type.split(":")
    group, version = api.split("/")
    module = import_module(f"pulumi_kubernetes.{group.removesuffix('.k8s.io').partition('.')[0]}.{version}")
    arguments: dict[str, Any] = {_snake(name): value for name, value in resource.inputs.items()}
    made: pulumi.CustomResource = getattr(module, kind)(resource.name, opts=options, **arguments)
    return made


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)
