"""The provider's configuration: which cluster, as whom, and the client made from it. Never shows a kubeconfig."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
import yaml
from kubernetes import client, config

from engine.kubernetes.properties import UNKNOWN
from ringfence.errors import InputError

_CARRIED = frozenset({"kubeconfig", "context", "cluster", "namespace", "clusterIdentifier"})
# Options that only tune the official plugin: to pass them over changes nothing that is built.
_TUNING = frozenset(
    {"suppressDeprecationWarnings", "suppressHelmHookWarnings", "kubeClientSettings", "helmReleaseSettings",
     "enableConfigMapMutable", "enableSecretMutable", "version", "pluginDownloadURL"}
)  # fmt: skip
_FILES = ("certificate-authority", "client-certificate", "client-key")
_SERVER_SIDE_APPLY = "enableServerSideApply"


def refused_options(options: dict[str, Any]) -> dict[str, str]:
    """Return option and reason for every provider option that would change what is built and that we do not carry."""
    refused = {}
    for name, value in options.items():
        on = str(value).lower() != "false"
        if name == _SERVER_SIDE_APPLY:
            if not on:
                refused[name] = "Ringfence's Kubernetes plugin always applies on the server's side; leave this option out"
        elif on and name not in _CARRIED | _TUNING:
            refused[name] = "not carried by Ringfence's Kubernetes plugin; leave it out or install the official plugin"
    return refused


@dataclass(frozen=True, repr=False)
class Connection:
    """A cluster, and the namespace that objects go to which name none."""

    configuration: dict[str, Any]
    context: str
    namespace: str

    def client(self) -> client.ApiClient:
        """Return a client of the cluster's API."""
        settings = client.Configuration()
        try:
            _keep_in_memory(self.configuration)
            config.load_kube_config_from_dict(  # type: ignore[no-untyped-call]
                self.configuration, context=self.context or None, client_configuration=settings
            )
        except (config.ConfigException, ValueError, OSError) as error:
            # The library's message may quote the kubeconfig, so only the kind of failure is told.
            raise InputError(f"kubeconfig: cannot be used ({type(error).__name__}); check it with kubectl") from None
        # Applying, patching, reading and deleting by uid can all be repeated, so every method may be.
        settings.retries = urllib3.Retry(
            total=4, connect=2, backoff_factor=0.2, status_forcelist=(429, 502, 503, 504), allowed_methods=None,
            raise_on_status=False,
        )  # fmt: skip
        settings.connection_pool_maxsize = 16
        return client.ApiClient(settings)


def connect(options: dict[str, Any]) -> Connection:
    """Read the provider's options.

    Raises:
        InputError: there is no usable kubeconfig; the message never quotes it.
    """
    configuration = _load(str(options.get("kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config"))
    name = str(options.get("context") or configuration.get("current-context") or "")
    context = _named(configuration, "contexts", name).get("context")
    if not isinstance(context, dict):
        raise InputError(f"kubeconfig: no context {name!r}; name one by the provider's `context` option")
    if cluster := options.get("cluster"):
        context["cluster"] = cluster
    return Connection(configuration, name, str(options.get("namespace") or context.get("namespace") or "default"))


def cluster_identity(options: dict[str, Any]) -> str | None:
    """Return a digest that changes when the options lead to another cluster; None where they cannot be read (yet)."""
    if identifier := options.get("clusterIdentifier"):
        return str(identifier)
    if UNKNOWN in options.values():
        return None
    try:
        connection = connect(options)
    except InputError:
        return None
    context = _named(connection.configuration, "contexts", connection.context)["context"]
    server = _named(connection.configuration, "clusters", str(context.get("cluster"))).get("cluster") or {}
    return hashlib.sha256(json.dumps(server.get("server")).encode()).hexdigest()


def is_text(kubeconfig: object) -> bool:
    """Say whether a `kubeconfig` option holds the configuration itself, which is secret, and not its path."""
    return isinstance(kubeconfig, str) and ("\n" in kubeconfig.strip() or kubeconfig.lstrip().startswith("{"))


def _load(kubeconfig: str) -> dict[str, Any]:
    if is_text(kubeconfig):
        return _parse(kubeconfig, "kubeconfig")
    path = Path(kubeconfig).expanduser()
    try:
        parsed = _parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot read this kubeconfig ({type(error).__name__})") from None
    _make_absolute(parsed, path.absolute().parent)
    return parsed


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError:
        parsed = None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("contexts"), list):
        raise InputError(f"{where}: not a kubeconfig; it needs clusters, users and contexts") from None
    return parsed


def _make_absolute(configuration: dict[str, Any], folder: Path) -> None:
    """A kubeconfig's relative paths start at its own folder."""
    for values in _entries(configuration):
        for field in (*_FILES, "tokenFile"):
            if field in values:
                values[field] = str(folder / values[field])


def _keep_in_memory(configuration: dict[str, Any]) -> None:
    """Turn keys and certificates that stand in the kubeconfig itself into files that only this process has.

    The client library would write them to the disk, where a killed process leaves them.
    """
    for values in _entries(configuration):
        for field in _FILES:
            if data := values.pop(f"{field}-data", None):
                descriptor = os.memfd_create(field)
                os.write(descriptor, base64.b64decode(data))
                values[field] = f"/proc/self/fd/{descriptor}"


def _entries(configuration: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for section, entry in (("clusters", "cluster"), ("users", "user")):
        for item in configuration.get(section) or []:
            yield item.get(entry) or {}


def _named(configuration: dict[str, Any], section: str, name: str) -> dict[str, Any]:
    entries = configuration.get(section) or []
    return next((entry for entry in entries if isinstance(entry, dict) and entry.get("name") == name), {})
