"""etcd: where the Kubernetes API keeps its objects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from lab import ask
from lab.folder import LAB_MARK, LabFolder
from lab.pki import Authority
from lab.server import Server

PORTS = {"etcd": "etcd", "etcd-peer": "etcd"}
"""Ports by the server that has them."""


def authority(folder: LabFolder) -> Authority:
    """The authority whose clients may read and write everything: only the API server's certificate comes from it."""
    return Authority(folder.keys / "etcd", f"{LAB_MARK} etcd")


def server(folder: LabFolder, ports: Mapping[str, int]) -> Server:
    """The one member; clients and peers need a certificate."""
    certificates = authority(folder)
    own, probe = certificates.server("server"), certificates.client("probe")
    url, peer_url = (f"https://127.0.0.1:{ports[name]}" for name in PORTS)
    options = {
        "name": "lab",
        "data-dir": folder.data / "etcd",
        "listen-client-urls": url,
        "advertise-client-urls": url,
        "listen-peer-urls": peer_url,
        "initial-advertise-peer-urls": peer_url,
        "initial-cluster": f"lab={peer_url}",
        "client-cert-auth": "true",
        "trusted-ca-file": certificates.certificate,
        "cert-file": own.certificate,
        "key-file": own.key,
        "peer-client-cert-auth": "true",
        "peer-trusted-ca-file": certificates.certificate,
        "peer-cert-file": own.certificate,
        "peer-key-file": own.key,
        "logger": "zap",
        "log-level": "warn",
    }
    return Server(
        name="etcd",
        address=url,
        command=("/usr/bin/etcd", *(f"--{option}={value}" for option, value in options.items())),
        complaint=partial(ask.https, ports["etcd"], "/health", certificates.certificate, probe),
        reads=(certificates.certificate, own.certificate),
    )
