from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import kubernetes
import pytest
import yaml
from botocore.config import Config

from engine.progress import to_stderr
from lab import Lab
from lab.image import ensure_made
from tests.lab.spare import SpareLab
from tests.lab.ssh import Ssh


@pytest.fixture(scope="session")
def connections(lab: Lab) -> dict[str, Any]:
    """`connections.yaml` as the drivers read it."""
    content: dict[str, Any] = yaml.safe_load(lab.connections.read_text())
    return content


@pytest.fixture(scope="session")
def ssh(connections: dict[str, Any]) -> Ssh:
    return Ssh(**connections["ssh"])


@pytest.fixture(scope="session")
def s3(connections: dict[str, Any]) -> Any:
    store = connections["object_stores"]["north"]
    return boto3.client(
        "s3",
        endpoint_url=store["endpoint"],
        verify=store["ca_file"],
        aws_access_key_id=Path(store["access_key_file"]).read_text(),
        aws_secret_access_key=Path(store["secret_key_file"]).read_text(),
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="session")
def cluster(connections: dict[str, Any]) -> kubernetes.client.CoreV1Api:
    loaded = kubernetes.config.new_client_from_config(connections["kubernetes"]["north"]["kubeconfig"])
    return kubernetes.client.CoreV1Api(loaded)


@pytest.fixture(scope="module")
def spare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpareLab]:
    """A second lab that a test may break: its own folder, and its own network namespace as the machine around it."""
    ensure_made(to_stderr)  # There is no package registry inside.
    with SpareLab.made(tmp_path_factory.mktemp("spare") / "lab") as made:
        yield made
