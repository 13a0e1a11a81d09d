"""A Kubernetes object to the pods that it makes, as facts. Whatever is not said counts as what Kubernetes would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ringfence.facts import Pod
from ringfence.yamltext import Path

GPU_RESOURCES = ("nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915")
LIMITED = ("cpu", "memory")
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")

WORKLOADS = frozenset({
    "Pod", "PodTemplate", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", "CronJob",
})  # fmt: skip

# What the baseline pod security standard lets a container have.
BASELINE_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
    "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
SAFE_SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
})  # fmt: skip

# Objects of these API groups make pods only through a pod template. Any other may have a controller that makes some.
_BUILT_IN = frozenset({"", "apps", "batch", "autoscaling", "policy", "extensions"})
_LIST_FIELDS = frozenset({"apiVersion", "kind", "metadata", "items"})
_UNRENDERED = frozenset({"kustomize.config.k8s.io", "kustomize.toolkit.fluxcd.io"})


class ShapeError(ValueError):
    """A part of an object is not of the type that Kubernetes gives it; ``path`` leads there."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


def templates(value: Any, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield each pod template inside an object with its path: of any kind, also of custom resources.

    A pod template is a mapping under a key that ends in ``template`` whose ``spec`` has containers. Plain templates lie at
    one place; custom resources (training jobs and the like) have one for each role, at places of their own. What has
    containers without being a template (``podSpec: {containers: …}``) is yielded as one.
    """
    todo: list[tuple[Path, Any]] = [(path, value)]
    while todo:
        here, item = todo.pop()
        if isinstance(item, list):
            todo.extend(((*here, at), inner) for at, inner in enumerate(item) if isinstance(inner, dict | list))
        elif isinstance(item, dict):
            if here != path and _is_template(here) and _has_containers(item):
                yield here, item
            elif here != path and any(_lists_containers(item.get(key)) for key in CONTAINERS):
                yield here, {"spec": item}
            else:
                todo.extend(((*here, key), inner) for key, inner in item.items() if isinstance(inner, dict | list))


def objects(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield an object, or those of a list: to Kubernetes' tools, whatever has ``items`` is a list, of whatever kind."""
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list):
        yield path, value
        return
    if set(value) - _LIST_FIELDS:
        yield path, {key: inner for key, inner in value.items() if key != "items"}
    for at, item in enumerate(items):
        yield from objects(item, (*path, "items", at))


def pods(manifest: Mapping[str, Any], declared: str = "") -> Iterator[tuple[Path, Pod]]:
    """Yield the pods that an object makes, each with its path in the object.

    Raises:
        ShapeError: it says something that the Kubernetes API would refuse.
    """
    metadata = _mapping(manifest, "metadata", ())
    name, kind = str(metadata.get("name") or metadata.get("generateName") or "unnamed"), str(manifest.get("kind", ""))
    namespace = str(metadata.get("namespace") or "")
    found: list[tuple[Path, Mapping[str, Any]]] = [((), manifest)] if kind == "Pod" else list(templates(manifest))
    if kind in WORKLOADS and not found:
        raise ShapeError((), f"{kind} {name} has no pod template with containers")
    for number, (path, template) in enumerate(reversed(found)):
        suffix = f"-{number + 1}" if len(found) > 1 else ""
        yield path, _pod(template, path, f"{name}{suffix}", namespace, kind, declared)


def opaque_group(manifest: Mapping[str, Any]) -> str | None:
    """Return the API group of an object that may make pods in a way of its own; ``None`` if it does not.

    A custom resource with a pod template makes its pods from that.
    """
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    if group in _BUILT_IN or (group.endswith(".k8s.io") and group not in _UNRENDERED):
        return None
    return None if any(_is_template(path) for path, _ in templates(manifest)) else group


def _pod(template: Mapping[str, Any], path: Path, name: str, namespace: str, kind: str, declared: str) -> Pod:
    spec, here = _mapping(template, "spec", path), (*path, "spec")
    containers = [item for key in CONTAINERS for item in _items(spec, key, here)]
    if not containers:
        raise ShapeError(here, f"{kind} {name} has no containers")
    security = _mapping(spec, "securityContext", here)
    labels = _mapping(_mapping(template, "metadata", path), "labels", (*path, "metadata"))
    return Pod(
        name=name, namespace=namespace, kind=kind,
        images=tuple(dict.fromkeys(str(image) for image in _images(spec, containers, here) if image)),
        host_access=tuple(_host_access(spec, containers, here)),
        privileged=(*_pod_privileges(security, here), *(p for item in containers for p in _privileges(item, here))),
        gpu_limits=sum(_gpus(item, here) for item in containers),
        limits_missing=tuple(missing for item in containers for missing in _missing_limits(item, here)),
        run_as_root=tuple(_name(item) for item in containers if _may_be_root(item, security, here)),
        escalation=tuple(_name(item) for item in containers if _may_escalate(item, here)),
        labels=tuple(sorted(map(str, labels))), declared=declared,
    )  # fmt: skip


def _images(spec: Mapping[str, Any], containers: list[dict[str, Any]], here: Path) -> Iterator[object]:
    yield from (item.get("image") for item in containers)
    yield from (_mapping(volume, "image", here).get("reference") for volume in _items(spec, "volumes", here))


def _host_access(spec: Mapping[str, Any], containers: list[dict[str, Any]], here: Path) -> Iterator[str]:
    yield from (key for key in ("hostNetwork", "hostPID", "hostIPC") if _on(spec.get(key)))
    for volume in _items(spec, "volumes", here):
        if "hostPath" in volume:
            yield f"hostPath {_mapping(volume, 'hostPath', here).get('path', '')}"
    for container in containers:
        for port in _items(container, "ports", here):
            if port.get("hostPort"):
                yield f"hostPort {port['hostPort']}"


def _privileges(container: Mapping[str, Any], here: Path) -> Iterator[str]:
    name, context = _name(container), _mapping(container, "securityContext", here)
    if _on(context.get("privileged")):
        yield name
    added = _mapping(context, "capabilities", here).get("add") or []
    if not isinstance(added, list):
        raise ShapeError(here, f"the capabilities that {name} adds are no list")
    yield from (f"{name} with {item}" for item in added if str(item).removeprefix("CAP_") not in BASELINE_CAPABILITIES)
    if context.get("procMount") not in (None, "Default"):
        yield f"{name} with the node's /proc"
    yield from (f"{name} {what}" for what in _pod_privileges(context, here))


def _pod_privileges(context: Mapping[str, Any], here: Path) -> Iterator[str]:
    """Yield what a security context of a pod or a container switches off or asks of the node."""
    for key in ("seccompProfile", "appArmorProfile"):
        if _mapping(context, key, here).get("type") == "Unconfined":
            yield f"without {key}"
    if _on(_mapping(context, "windowsOptions", here).get("hostProcess")):
        yield "as a host process"
    for sysctl in _items(context, "sysctls", here):
        if sysctl.get("name") not in SAFE_SYSCTLS:
            yield f"setting {sysctl.get('name')}"


def _may_be_root(container: Mapping[str, Any], pod: Mapping[str, Any], here: Path) -> bool:
    """Return whether a container may run as user 0; its own context goes before the pod's, as in Kubernetes."""
    own = _mapping(container, "securityContext", here)
    user, non_root = (own.get(key, pod.get(key)) for key in ("runAsUser", "runAsNonRoot"))
    return user == 0 or non_root is not True


def _may_escalate(container: Mapping[str, Any], here: Path) -> bool:
    return _mapping(container, "securityContext", here).get("allowPrivilegeEscalation") is not False


def _missing_limits(container: Mapping[str, Any], here: Path) -> Iterator[str]:
    limits = _mapping(_mapping(container, "resources", here), "limits", here)
    yield from (f"{_name(container)}: {what}" for what in LIMITED if limits.get(what) in (None, "", 0, "0"))


def _gpus(container: Mapping[str, Any], here: Path) -> int:
    resources = _mapping(container, "resources", here)
    limits = {**_mapping(resources, "requests", here), **_mapping(resources, "limits", here)}
    total = 0
    for key in GPU_RESOURCES:
        amount = str(limits.get(key, 0)).removesuffix(".0")
        if not amount.isdigit():
            raise ShapeError(here, f"{_name(container)} asks for {amount[:40]!r} of {key}; give a whole number")
        total += int(amount)
    return total


def _on(value: object) -> bool:
    """Return whether a switch is not surely off: ``yes`` is true to Kubernetes, though not in YAML 1.2."""
    return value not in (None, False)


def _name(container: Mapping[str, Any]) -> str:
    return str(container.get("name") or "unnamed")


def _is_template(path: Path) -> bool:
    return str(path[-1]).lower().endswith("template")


def _lists_containers(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _has_containers(template: Mapping[str, Any]) -> bool:
    spec = template.get("spec")
    return isinstance(spec, dict) and "containers" in spec


def _mapping(holder: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    value = holder.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ShapeError((*path, key), f"{key} is no mapping")
    return value


def _items(holder: Mapping[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    value = holder.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ShapeError((*path, key), f"{key} is no list of mappings")
    return value
