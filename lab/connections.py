"""Writes `connections.yaml`: how this machine reaches the lab's things. It refers to secrets, it holds none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from lab import durable, hsm, kubernetes, object_store
from lab.folder import LabFolder
from lab.ssh_keys import ssh_keys


def write(folder: LabFolder, site: str, tokens: Sequence[str], user: str, ports: Mapping[str, int]) -> Path:
    """Write the file for one site and the HSM `tokens`, and return its path."""
    keys, store = ssh_keys(folder), object_store.credentials(folder)
    content = {
        "ringfence_connections": 1,
        "ssh": {
            "user": user,
            "private_key_file": str(keys.operator),
            "known_hosts_file": str(keys.known_hosts),
        },
        "object_stores": {
            site: {
                "endpoint": f"https://127.0.0.1:{ports['minio']}",
                "ca_file": str(object_store.authority(folder).certificate),
                "access_key_file": str(store.access_key),
                "secret_key_file": str(store.secret_key),
            }
        },
        "hsms": {label: _hsm(hsm.token(folder, label)) for label in tokens},
        "kubernetes": {site: {"kubeconfig": str(kubernetes.kubeconfig(folder, ports))}},
    }
    durable.replace(folder.connections, yaml.safe_dump(content, sort_keys=False))
    return folder.connections


def _hsm(token: hsm.Token) -> dict[str, object]:
    return {
        "module": str(hsm.MODULE),
        "token": token.label,
        "pin_file": str(token.pin),
        "environment": {"SOFTHSM2_CONF": str(token.configuration)},
    }
