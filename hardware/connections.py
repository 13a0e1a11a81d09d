"""How this machine reaches the real things: `connections.yaml`, which holds references to secrets and never secrets.

Only a country that its trust root calls a lab may use SoftHSM, loopback endpoints or the lab's own keys; for any other
country they are refused here, before a single packet leaves.
"""

from __future__ import annotations

import stat
from base64 import b64decode
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from cryptography.x509 import load_pem_x509_certificates
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ringfence.errors import InputError

LAB_KEY_MARK = "ringfence-lab"
"""The lab puts this in the comment of its SSH keys and in its CA's subject, so that no other country trusts them."""


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise ValueError("must be an https:// address without a user name or password in it")
    return url


FilePath = Annotated[Path, AfterValidator(_absolute)]
HttpsUrl = Annotated[str, AfterValidator(_https)]


class _Strict(BaseModel):
    # hide_input: a secret that someone pasted where a path belongs must not come back in an error.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Ssh(_Strict):
    """Login to switches and hosts: one user, one key, every host key pinned."""

    user: str = Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")
    private_key_file: FilePath
    known_hosts_file: FilePath


class ObjectStoreEndpoint(_Strict):
    """The S3 API of one site."""

    endpoint: HttpsUrl
    ca_file: FilePath | None = None
    access_key_file: FilePath
    secret_key_file: FilePath
    region: str = "us-east-1"


class HsmAccess(_Strict):
    """One token of an HSM, through its PKCS#11 module."""

    module: FilePath
    token: str = Field(min_length=1, max_length=32)
    pin_file: FilePath
    environment: Mapping[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], str] = {}


class Kubernetes(_Strict):
    """The Kubernetes API of one site."""

    kubeconfig: FilePath


class Connections(_Strict):
    """All that this machine can reach; keys are names of the declaration (sites, HSMs)."""

    ringfence_connections: Literal[1]
    ssh: Ssh | None = None
    object_stores: Mapping[str, ObjectStoreEndpoint] = {}
    hsms: Mapping[str, HsmAccess] = {}
    kubernetes: Mapping[str, Kubernetes] = {}


def load_connections(path: Path, *, lab: bool) -> Connections:
    """Read `path`; `lab` is what the country's trust root says of itself.

    Raises InputError, one line, where the file cannot be used or names what only a lab may use.
    """
    try:
        loaded = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{path}:{line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputError(f"{path}: not valid YAML in UTF-8") from None
    try:
        connections = Connections.model_validate(loaded)
    except ValidationError as error:
        raise InputError(f"{path}: {_first(error)}") from None
    if not lab:
        for refusal in lab_only(connections):
            raise InputError(f"{path}: {refusal}; only a country that its trust root calls a lab may use it")
    return connections


def _first(error: ValidationError) -> str:
    details: Any = error.errors(include_input=False, include_url=False, include_context=False)
    where = ".".join(str(part) for part in details[0]["loc"]) or "the file"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return f"{where}: {details[0]['msg'].removeprefix('Value error, ')}{more}"


def lab_only(connections: Connections) -> Iterator[str]:
    """What in `connections` only a lab may use, one line each."""
    for name, hsm in connections.hsms.items():
        if "softhsm" in f"{hsm.module} {hsm.module.resolve()}".lower() or "SOFTHSM2_CONF" in hsm.environment:
            yield f"hsms.{name}: SoftHSM keeps keys in files, it is no hardware"
    for name, store in connections.object_stores.items():
        if _is_loopback(store.endpoint):
            yield f"object_stores.{name}.endpoint: a loopback address"
        if store.ca_file and _bears_lab_mark(store.ca_file):
            yield f"object_stores.{name}.ca_file: the lab's certificate authority"
    for name, cluster in connections.kubernetes.items():
        if any(_is_loopback(server) for server in _servers(cluster.kubeconfig)):
            yield f"kubernetes.{name}.kubeconfig: a loopback address"
    if connections.ssh and _bears_lab_mark(connections.ssh.private_key_file):
        yield "ssh.private_key_file: the lab's own key"


def _is_loopback(url: str) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _servers(kubeconfig: Path) -> list[str]:
    try:
        clusters = yaml.load(kubeconfig.read_bytes(), Loader=yaml.CSafeLoader)["clusters"]
        return [entry["cluster"]["server"] for entry in clusters]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        raise InputError(f"{kubeconfig}: no kubeconfig with the address of a cluster's server") from None


def _bears_lab_mark(path: Path) -> bool:
    """Whether a certificate or an OpenSSH key, by its subject or its comment, says that the lab made it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if b"BEGIN CERTIFICATE" in content:
        certificates = load_pem_x509_certificates(content)
        return any(LAB_KEY_MARK in certificate.subject.rfc4514_string() for certificate in certificates)
    # The comment stands in plain bytes inside the base64 body of a key without a passphrase.
    body = b"".join(line for line in content.splitlines() if not line.startswith(b"-----"))
    try:
        return LAB_KEY_MARK.encode() in b64decode(body, validate=True)
    except ValueError:
        raise InputError(f"{path}: no certificate and no OpenSSH key") from None


def read_secret(path: Path) -> str:
    """One secret from its file, without the newline at the end.

    Raises InputError where the file cannot be read, is empty, or other users may read it; never with the secret in it.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not text in UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise InputError(f"{path}: other users may read this secret; chmod 600 it")
    if not content:
        raise InputError(f"{path}: empty; it must hold a secret")
    return content
