"""Pulumi's type tokens (`kubernetes:apps/v1:Deployment`) as Kubernetes group, version and kind."""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.errors import InputError

_NOT_CARRIED = {
    "helm.sh": "Helm charts and releases",
    "yaml": "ConfigFile and ConfigGroup",
    "kustomize": "kustomize directories",
}


@dataclass(frozen=True)
class Kind:
    """A kind of Kubernetes object; `group` is empty for the core group."""

    group: str
    version: str
    name: str

    @property
    def api_version(self) -> str:
        """The manifest's `apiVersion`: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> str:
        """The version-free name under which `kinds.yaml` lists the kind: `core/Pod`, `apps/Deployment`."""
        return f"{self.group or 'core'}/{self.name}"


def parse(token: str) -> Kind:
    """Read a resource type token.

    Raises:
        InputError: it is no Kubernetes object, or one that this plugin does not carry.
    """
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    if package != "kubernetes" or not name:
        raise InputError(f"{token}: not a type of Kubernetes object")
    group, slash, version = module.partition("/")
    if group in _NOT_CARRIED:
        raise InputError(_refusal(token, _NOT_CARRIED[group]))
    if not slash:
        group, version = "", module
    group = "" if group == "core" else group
    if _is_built_in(group) and name.endswith(("Patch", "List")):
        raise InputError(_refusal(token, f"{'patches' if name.endswith('Patch') else 'lists'} of objects"))
    return Kind(group, version, name)


def _is_built_in(group: str) -> bool:
    # Kinds whose names end like this are the SDK's own inventions there; a custom resource may well be an "AllowList".
    return "." not in group or group.endswith(".k8s.io")


def _refusal(token: str, what: str) -> str:
    return (
        f"{token}: Ringfence's Kubernetes plugin does not carry {what}; declare the objects one by one, "
        "or install the official plugin"
    )
