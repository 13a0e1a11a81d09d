"""The object store: MinIO with TLS, encryption by a local key management, versioning and object lock."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.gobuild import GoTool
from lab import ask, durable
from lab.folder import LAB_MARK, LabFolder
from lab.pki import Authority
from lab.server import Server

PORTS = {"minio": "minio"}
"""Ports by the server that has them."""
MINIO = GoTool(
    name="minio",
    version="v0.0.0-20260212201848-7aac2a2c5b7c",
    package="github.com/minio/minio",
    module_dir=Path(__file__).parent / "servers" / "minio",
)


@dataclass(frozen=True)
class Credentials:
    """Files that hold the store's access key and secret key."""

    access_key: Path
    secret_key: Path


def authority(folder: LabFolder) -> Authority:
    """The authority that clients of the store trust."""
    return Authority(folder.keys / "object-store", f"{LAB_MARK} object store")


def credentials(folder: LabFolder) -> Credentials:
    """The operator's credentials, made once."""
    home = _home(folder)
    return Credentials(
        access_key=durable.once(home / "access-key", lambda: f"lab-{secrets.token_hex(8)}"),
        secret_key=durable.once(home / "secret-key", lambda: secrets.token_urlsafe(32)),
    )


def server(folder: LabFolder, ports: Mapping[str, int], executable: Path) -> Server:
    """The store; every object is encrypted, whether its writer asks for that or not."""
    keys = credentials(folder)
    own = authority(folder).server("server")
    tls = _tls_folder(folder, own.certificate, own.key)
    kms = durable.once(_home(folder) / "kms-key", _kms_key)
    address = f"127.0.0.1:{ports['minio']}"
    data = folder.data / "minio"
    return Server(
        name="minio",
        address=f"https://{address}",
        command=(str(executable), "server", "--quiet", "--address", address, "--certs-dir", str(tls), str(data)),
        complaint=partial(ask.https, ports["minio"], "/minio/health/ready", authority(folder).certificate),
        environment={
            "HOME": str(folder.data),
            "MINIO_ROOT_USER_FILE": str(keys.access_key),
            "MINIO_ROOT_PASSWORD_FILE": str(keys.secret_key),
            "MINIO_KMS_SECRET_KEY_FILE": str(kms),
            "MINIO_KMS_AUTO_ENCRYPTION": "on",
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        },
        reads=(own.certificate, keys.access_key, keys.secret_key, kms),
    )


def _home(folder: LabFolder) -> Path:
    home = folder.keys / "object-store"
    home.mkdir(mode=0o700, exist_ok=True)
    return home


def _kms_key() -> str:
    """MinIO's format: the key's name and 256 bits."""
    return f"lab-store:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _tls_folder(folder: LabFolder, certificate: Path, key: Path) -> Path:
    """MinIO wants its certificate under names of its own choice."""
    tls = _home(folder) / "tls"
    tls.mkdir(mode=0o700, exist_ok=True)
    durable.replace(tls / "public.crt", certificate.read_text())
    durable.replace(tls / "private.key", key.read_text())
    (tls / "CAs").mkdir(mode=0o700, exist_ok=True)
    return tls
