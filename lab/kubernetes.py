"""The Kubernetes API: a real API server and controller manager, built from their Go module, without nodes."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engine.gobuild import GoTool
from lab import ask, durable, etcd
from lab.folder import LAB_MARK, LabFolder
from lab.pki import Authority, Certificate
from lab.server import Server

VERSION = "v1.37.2"
PORTS = {"kube-apiserver": "kube-apiserver", "kube-controller-manager": "kube-controller-manager"}
"""Ports by the server that has them."""
_MODULE = Path(__file__).parent / "servers" / "kubernetes"
_ISSUER = "https://kubernetes.ringfence.invalid"
_ADMISSION = "NodeRestriction,PodSecurity,ResourceQuota,LimitRanger,Priority,ValidatingAdmissionPolicy"
_MAJOR, _MINOR, _ = VERSION.removeprefix("v").split(".")
# Without these a build from the module calls itself v0.0.0-master.
_VERSION_FLAGS = tuple(
    f"-X k8s.io/component-base/version.{name}={value}"
    for name, value in {
        "gitVersion": VERSION,
        "gitMajor": _MAJOR,
        "gitMinor": _MINOR,
        "gitTreeState": "clean",
    }.items()
)

API_SERVER, CONTROLLER_MANAGER = (
    GoTool(name, VERSION, f"k8s.io/kubernetes/cmd/{name}", _MODULE, _VERSION_FLAGS) for name in PORTS
)


def authority(folder: LabFolder) -> Authority:
    """The authority of the API server and of those who may speak to it."""
    return Authority(folder.keys / "kubernetes", f"{LAB_MARK} kubernetes")


def kubeconfig(folder: LabFolder, ports: Mapping[str, int]) -> Path:
    """The administrator's kubeconfig; its client certificate is a file beside it, not inside."""
    client = authority(folder).client("ringfence-admin", "system:masters")
    return _kubeconfig(folder, ports, "admin", client)


def kubeconfig_path(folder: LabFolder) -> Path:
    """Where the administrator's kubeconfig is once the lab is started."""
    return folder.keys / "kubernetes" / "admin.kubeconfig"


def api_server(folder: LabFolder, ports: Mapping[str, int], executable: Path) -> Server:
    """The API server: RBAC, admission, an audit log, and secrets encrypted where they rest."""
    certificates = authority(folder)
    own = certificates.server("kube-apiserver", "kubernetes", "kubernetes.default.svc")
    to_etcd = etcd.authority(folder).client("kube-apiserver")
    signer, verifier = _service_account_keys(folder)
    encryption = _encryption_at_rest(folder)
    options = {
        "bind-address": "127.0.0.1",
        # Without these two it looks for a default route, and publishes the machine's outer address.
        "advertise-address": "127.0.0.1",
        "endpoint-reconciler-type": "none",
        "secure-port": ports["kube-apiserver"],
        "tls-cert-file": own.certificate,
        "tls-private-key-file": own.key,
        "tls-min-version": "VersionTLS12",
        "client-ca-file": certificates.certificate,
        "anonymous-auth": "false",
        "profiling": "false",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": _ADMISSION,
        "etcd-servers": f"https://127.0.0.1:{ports['etcd']}",
        "etcd-cafile": etcd.authority(folder).certificate,
        "etcd-certfile": to_etcd.certificate,
        "etcd-keyfile": to_etcd.key,
        "encryption-provider-config": encryption,
        "service-account-issuer": _ISSUER,
        "service-account-key-file": verifier,
        "service-account-signing-key-file": signer,
        "service-cluster-ip-range": "198.18.0.0/16",
        "audit-policy-file": _MODULE / "audit-policy.yaml",
        "audit-log-path": folder.logs / "kube-apiserver-audit.log",
        "audit-log-maxsize": 50,
        "audit-log-maxbackup": 2,
    }
    admin = certificates.client("ringfence-admin", "system:masters")
    return Server(
        name="kube-apiserver",
        address=f"https://127.0.0.1:{ports['kube-apiserver']}",
        command=_command(executable, options),
        complaint=partial(ask.https, ports["kube-apiserver"], "/readyz?verbose", certificates.certificate, admin),
        reads=(certificates.certificate, own.certificate, to_etcd.certificate, encryption, _MODULE / "audit-policy.yaml"),
    )


def controller_manager(folder: LabFolder, ports: Mapping[str, int], executable: Path) -> Server:
    """The controllers that make namespaces, quotas, service accounts and garbage collection work."""
    certificates = authority(folder)
    own = certificates.server("kube-controller-manager")
    client = certificates.client("system:kube-controller-manager")
    credentials = _kubeconfig(folder, ports, "controller-manager", client)
    signer, _ = _service_account_keys(folder)
    options = {
        "bind-address": "127.0.0.1",
        "secure-port": ports["kube-controller-manager"],
        "tls-cert-file": own.certificate,
        "tls-private-key-file": own.key,
        "kubeconfig": credentials,
        "authentication-kubeconfig": credentials,
        "authorization-kubeconfig": credentials,
        "use-service-account-credentials": "true",
        "service-account-private-key-file": signer,
        "root-ca-file": certificates.certificate,
        "leader-elect": "false",
        "profiling": "false",
    }
    return Server(
        name="kube-controller-manager",
        address=f"https://127.0.0.1:{ports['kube-controller-manager']}",
        command=_command(executable, options),
        complaint=partial(ask.https, ports["kube-controller-manager"], "/healthz", certificates.certificate),
        reads=(certificates.certificate, own.certificate, client.certificate, credentials),
    )


def _command(executable: Path, options: Mapping[str, object]) -> tuple[str, ...]:
    return (str(executable), *(f"--{option}={value}" for option, value in options.items()))


def _kubeconfig(folder: LabFolder, ports: Mapping[str, int], name: str, client: Certificate) -> Path:
    cluster = {
        "server": f"https://127.0.0.1:{ports['kube-apiserver']}",
        "certificate-authority": str(authority(folder).certificate),
    }
    user = {"client-certificate": str(client.certificate), "client-key": str(client.key)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
        "current-context": "lab",
    }
    path = folder.keys / "kubernetes" / f"{name}.kubeconfig"
    durable.replace(path, yaml.safe_dump(content, sort_keys=False))
    return path


def _service_account_keys(folder: LabFolder) -> tuple[Path, Path]:
    """The key pair that signs service accounts' tokens, and proves them."""
    home = folder.keys / "kubernetes"
    pem = serialization.Encoding.PEM

    def make() -> str:
        key = ec.generate_private_key(ec.SECP256R1())
        return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()

    signer = durable.once(home / "service-accounts.key", make)
    public = serialization.load_pem_private_key(signer.read_bytes(), password=None).public_key()
    verifier = home / "service-accounts.pub"
    durable.replace(verifier, public.public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode())
    return signer, verifier


def _encryption_at_rest(folder: LabFolder) -> Path:
    """The API server's encryption configuration, with the lab's key for secrets."""

    def make() -> str:
        key = {"name": "lab-1", "secret": base64.b64encode(secrets.token_bytes(32)).decode()}
        providers = [{"secretbox": {"keys": [key]}}, {"identity": {}}]
        return yaml.safe_dump(
            {
                "apiVersion": "apiserver.config.k8s.io/v1",
                "kind": "EncryptionConfiguration",
                "resources": [{"resources": ["secrets"], "providers": providers}],
            }
        )

    return durable.once(folder.keys / "kubernetes" / "encryption-at-rest.yaml", make)
