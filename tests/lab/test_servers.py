"""The lab's servers do what a country's platform relies on."""

from __future__ import annotations

import json
import os
import ssl
import stat
import subprocess
import sys
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from uuid import uuid4

import kubernetes
import pytest
from botocore.exceptions import ClientError

from lab import Lab, status
from lab.etcd import authority
from lab.folder import LabFolder

pytestmark = pytest.mark.lab


@pytest.fixture
def namespace(cluster: kubernetes.client.CoreV1Api) -> Any:
    name = f"test-{uuid4().hex[:8]}"
    cluster.create_namespace({"metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    yield name
    cluster.delete_namespace(name)


def test_every_server_and_machine_runs(lab: Lab) -> None:
    found = {service.name: service.state for service in status()}
    assert set(found) >= {
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "minio",
        *(m.name for m in lab.topology.machines),
    }
    assert set(found.values()) == {"running"}


def test_the_api_server_says_the_version_that_was_built(cluster: kubernetes.client.CoreV1Api) -> None:
    assert kubernetes.client.VersionApi(cluster.api_client).get_code().git_version == "v1.37.2"


def test_a_client_without_a_certificate_is_refused(lab: Lab, cluster: kubernetes.client.CoreV1Api) -> None:
    trusted = ssl.create_default_context(cafile=str(lab.root / "keys/kubernetes/ca.crt"))
    with pytest.raises(URLError, match="401"):
        urllib.request.urlopen(f"{cluster.api_client.configuration.host}/api/v1/namespaces", context=trusted)


def test_a_pod_that_breaks_its_namespaces_security_level_is_refused(
    cluster: kubernetes.client.CoreV1Api, namespace: str
) -> None:
    pod = {"metadata": {"name": "open"}, "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "x"}]}}
    with pytest.raises(kubernetes.client.ApiException) as refused:
        cluster.create_namespaced_pod(namespace, pod)
    assert "violates PodSecurity" in refused.value.body


def test_a_quota_is_kept(cluster: kubernetes.client.CoreV1Api, namespace: str) -> None:
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"services": "0"}}}
    made = cluster.create_namespaced_resource_quota(namespace, quota)
    _first_event(
        cluster.list_namespaced_resource_quota,
        lambda event: event["object"].status.hard,
        namespace=namespace,
        resource_version=made.metadata.resource_version,
    )
    with pytest.raises(kubernetes.client.ApiException, match="exceeded quota: none"):
        cluster.create_namespaced_service(namespace, {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})


def test_a_deleted_namespace_goes_away(cluster: kubernetes.client.CoreV1Api) -> None:
    name = f"test-{uuid4().hex[:8]}"
    made = cluster.create_namespace({"metadata": {"name": name}})
    cluster.delete_namespace(name)
    _first_event(
        cluster.list_namespace,
        lambda event: event["type"] == "DELETED",
        field_selector=f"metadata.name={name}",
        resource_version=made.metadata.resource_version,
    )


def test_secrets_rest_encrypted_in_etcd(lab: Lab, cluster: kubernetes.client.CoreV1Api, namespace: str) -> None:
    cluster.create_namespaced_secret(namespace, {"metadata": {"name": "canary"}, "stringData": {"word": "CANARY-5481"}})
    folder = LabFolder(lab.root)
    etcd = authority(folder)
    client = etcd.client("kube-apiserver")
    context = ssl.create_default_context(cafile=str(etcd.certificate))
    context.load_cert_chain(client.certificate, client.key)
    question = json.dumps({"key": b64encode(f"/registry/secrets/{namespace}/canary".encode()).decode()}).encode()
    address = next(service.address for service in status() if service.name == "etcd")
    with urllib.request.urlopen(f"{address}/v3/kv/range", question, context=context) as answer:
        value = b64decode(json.load(answer)["kvs"][0]["value"])
    assert value.startswith(b"k8s:enc:secretbox:v1:lab-1:")
    assert b"CANARY" not in value


def test_changes_stand_in_the_audit_log_without_the_secrets(
    lab: Lab, cluster: kubernetes.client.CoreV1Api, namespace: str
) -> None:
    cluster.create_namespaced_secret(namespace, {"metadata": {"name": "audited"}, "stringData": {"word": "CANARY-9034"}})
    log = (lab.root / "logs/kube-apiserver-audit.log").read_text()
    assert f'"namespace":"{namespace}","name":"audited"' in log
    assert "CANARY" not in log


def test_a_bucket_can_lock_version_and_encrypt(s3: Any) -> None:
    name = f"test-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC) + timedelta(seconds=600)
    first = s3.put_object(Bucket=name, Key="o", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    assert first["ServerSideEncryption"] in {"AES256", "aws:kms"}
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    with pytest.raises(ClientError, match="WORM protected"):
        s3.delete_object(Bucket=name, Key="o", VersionId=first["VersionId"])
    s3.delete_object(Bucket=name, Key="o", VersionId=first["VersionId"], BypassGovernanceRetention=True)
    s3.delete_bucket(Bucket=name)


def test_what_a_bucket_holds_is_not_on_the_disk_in_clear(lab: Lab, s3: Any) -> None:
    name = f"test-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="o", Body=b"CANARY-2216" * 10)
    stored = [path.read_bytes() for path in (lab.root / "data/minio" / name).rglob("*") if path.is_file()]
    assert stored
    assert not any(b"CANARY" in content for content in stored)
    s3.delete_object(Bucket=name, Key="o")
    s3.delete_bucket(Bucket=name)


def test_the_hsm_opens_with_the_pin_from_its_file_and_with_no_other(connections: dict[str, Any]) -> None:
    hsm = connections["hsms"]["national-hsm"]
    program = (
        "import pkcs11, sys\n"
        f"token = pkcs11.lib({hsm['module']!r}).get_token(token_label={hsm['token']!r})\n"
        "token.open(user_pin=open(sys.argv[1]).read()).close()\n"
    )

    def opens(pin: Path) -> bool:
        # In a process of its own: the module reads its environment once.
        command, environment = [sys.executable, "-c", program, str(pin)], {**os.environ, **hsm["environment"]}
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0

    right = Path(hsm["pin_file"])
    assert opens(right)
    assert not opens(right.with_suffix(".so-pin"))


def test_secrets_are_files_that_only_root_reads(lab: Lab) -> None:
    public = {".crt", ".pub"}
    files = [path for path in (lab.root / "keys").rglob("*") if path.is_file() and path.suffix not in public]
    assert len(files) > 20
    assert {path.name: oct(_mode(path)) for path in files if _mode(path) & 0o077 and path.name != "known_hosts"} == {}
    assert _mode(lab.root) == 0o700


def test_no_secret_stands_in_a_process_argument_or_environment(lab: Lab, connections: dict[str, Any]) -> None:
    store = connections["object_stores"]["north"]
    files = [
        connections["hsms"]["national-hsm"]["pin_file"],
        store["secret_key_file"],
        str(lab.root / "keys/object-store/kms-key"),
    ]
    secrets = [Path(file).read_bytes() for file in files]
    for service in status():
        for kind in ("cmdline", "environ"):
            shown = Path(f"/proc/{service.pid}/{kind}").read_bytes()
            assert not any(secret in shown for secret in secrets), service.name


def _first_event(listing: Callable[..., Any], wanted: Callable[[Any], object], **options: Any) -> None:
    """Wait until the API server reports an event that is `wanted`."""
    watch = kubernetes.watch.Watch()
    for event in watch.stream(listing, timeout_seconds=60, **options):
        if wanted(event):
            watch.stop()
            return
    pytest.fail("no such event within 60 s")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
