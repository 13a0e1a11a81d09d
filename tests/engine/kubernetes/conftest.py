from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from engine.gobuild import build
from engine.kubernetes.api import Api
from engine.kubernetes.connection import connect
from engine.progress import to_stderr
from lab import cgroup, etcd, kubernetes, packages, ports
from lab.folder import LabFolder
from lab.server import ensure_running
from tests.engine.kubernetes.resource import Plugin


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The administrator's kubeconfig of a real API server and controller manager that only these tests use."""
    folder = LabFolder(tmp_path_factory.mktemp("cluster"))
    folder.prepare()
    folder.prepare()
    packages.ensure_installed(folder, to_stderr)
    taken = ports.reserve(folder, etcd.PORTS | kubernetes.PORTS, [])
    try:
        ensure_running(etcd.server(folder, taken), folder, to_stderr)
        for tool, server in (
            (kubernetes.API_SERVER, kubernetes.api_server),
            (kubernetes.CONTROLLER_MANAGER, kubernetes.controller_manager),
        ):
            ensure_running(server(folder, taken, build(tool, to_stderr)), folder, to_stderr)
        yield kubernetes.kubeconfig(folder, taken)
    finally:
        cgroup.remove_all(folder.id)


@pytest.fixture(scope="session")
def api(kubeconfig: Path) -> Api:
    """The cluster itself, for looking at what the plugin did and for changes by hand."""
    return Api(connect({"kubeconfig": str(kubeconfig)}).client())


@pytest.fixture(scope="session")
def process() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The plugin as the engine starts it, and its port."""
    command = [sys.executable, "-P", "-m", "engine.kubernetes"]
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as started:
        assert started.stdout is not None
        yield started, int(started.stdout.readline())
        started.terminate()


@pytest.fixture(scope="session")
def stub(process: tuple[subprocess.Popen[str], int]) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """A client of the plugin, as the engine has one."""
    with grpc.insecure_channel(f"127.0.0.1:{process[1]}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


@pytest.fixture
def plugin(stub: provider_pb2_grpc.ResourceProviderStub, kubeconfig: Path, api: Api) -> Plugin:
    """The plugin, configured for the cluster."""
    return Plugin(stub, kubeconfig, api)
