"""Identity of an object: its name (given, or made from the resource's name), its namespace and its Pulumi id."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from engine.kubernetes.properties import UNKNOWN, Properties
from engine.kubernetes.tokens import Kind
from ringfence.errors import InputError

# The official plugin's annotation, so that a state reads the same whoever wrote it.
AUTONAMED = "pulumi.com/autonamed"


@dataclass(frozen=True)
class AutoName:
    """How to name an object whose program gives no `metadata.name`."""

    resource: str
    urn: str
    proposed: str = ""
    disabled: bool = False

    def make(self, inputs: Properties) -> str:
        """Return the name of the object that these inputs declare.

        It is a digest and not random, because a run that is cut off after a create and before its state is written
        would otherwise leave an object behind and make another one. What is secret stays out of the digest.
        """
        if self.proposed:
            return self.proposed
        text = json.dumps([self.urn, _nameless(inputs.public())], sort_keys=True)
        return f"{self.resource}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def complete(
    kind: Kind,
    news: Properties,
    olds: dict[str, Any],
    auto: AutoName,
    *,
    namespaced: bool | None,
    default_namespace: str,
) -> dict[str, Any]:
    """Return the program's inputs with identity filled in; `namespaced` is None where the server cannot be asked.

    Raises:
        InputError: the inputs contradict their type or cannot be named.
    """
    inputs = copy.deepcopy(news.values)
    for field, wanted in (("apiVersion", kind.api_version), ("kind", kind.name)):
        if inputs.setdefault(field, wanted) not in (wanted, UNKNOWN):
            raise InputError(f"{field}: {inputs[field]!r} contradicts the resource's type, which says {wanted!r}")
    metadata = inputs.setdefault("metadata", {})
    if metadata == UNKNOWN:
        return inputs
    if not isinstance(metadata, dict):
        raise InputError("metadata: must be an object")
    if "generateName" in metadata:
        raise InputError("metadata.generateName: not carried; leave metadata.name out to have a unique name made")
    if "name" not in metadata:
        _name(metadata, olds.get("metadata"), auto, news)
    if namespaced is False and "namespace" in metadata:
        raise InputError(f"metadata.namespace: a {kind.name} belongs to no namespace; leave it out")
    if namespaced:
        metadata.setdefault("namespace", default_namespace)
    return inputs


def autonamed(inputs: dict[str, Any]) -> bool:
    """Say whether we made up the object's name."""
    metadata = inputs.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(annotations, dict) and annotations.get(AUTONAMED) == "true"


def object_id(namespace: str | None, name: str) -> str:
    """Return the Pulumi id: `namespace/name`, or `name` where there is no namespace."""
    return f"{namespace}/{name}" if namespace else name


def split_id(text: str) -> tuple[str | None, str]:
    """Return namespace (None where the id has none) and name.

    Raises:
        InputError: it is not an id.
    """
    namespace, slash, name = text.rpartition("/")
    if not name or (slash and not namespace) or "/" in namespace:
        raise InputError(f"{text!r}: not the id of a Kubernetes object; write NAMESPACE/NAME or NAME")
    return namespace or None, name


def with_identity(kind: Kind, inputs: dict[str, Any], identity: str) -> dict[str, Any]:
    """Return inputs with the namespace and name that the object really has.

    Inputs that were checked while the server could not be asked may lack the namespace; that is no change.
    """
    namespace, name = split_id(identity)
    metadata = dict(inputs.get("metadata") or {}) | {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": kind.api_version, "kind": kind.name} | inputs | {"metadata": metadata}


def _name(metadata: dict[str, Any], old: object, auto: AutoName, news: Properties) -> None:
    """Give an object its old made-up name, or a new one."""
    if isinstance(old, dict) and autonamed({"metadata": old}):
        metadata["name"] = old["name"]
    elif auto.disabled:
        raise InputError("metadata.name: missing, and autonaming is switched off for this stack")
    else:
        metadata["name"] = auto.make(news)
    annotations = metadata.setdefault("annotations", {})
    if isinstance(annotations, dict):
        annotations[AUTONAMED] = "true"


def _nameless(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return inputs without what `complete` adds, so that a name can be made again from completed inputs."""
    rest = {key: value for key, value in inputs.items() if key not in ("apiVersion", "kind")}
    if isinstance(metadata := rest.pop("metadata", None), dict):
        kept = {key: value for key, value in metadata.items() if key not in ("name", "namespace")}
        if isinstance(annotations := kept.get("annotations"), dict):
            kept["annotations"] = {key: value for key, value in annotations.items() if key != AUTONAMED}
        rest["metadata"] = {key: value for key, value in kept.items() if value}
    return {key: value for key, value in rest.items() if value != {}}
