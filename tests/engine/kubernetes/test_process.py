"""The plugin as a process: how the engine starts it and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

COMMAND = [sys.executable, "-P", "-m", "engine.kubernetes"]
Stub = provider_pb2_grpc.ResourceProviderStub


def test_it_says_the_version_of_the_sdk_that_it_serves(stub: Stub) -> None:
    assert stub.GetPluginInfo(empty_pb2.Empty()).version == "4.34.2"


def test_it_listens_on_the_loopback_address_only(process: tuple[subprocess.Popen[str], int]) -> None:
    listening = subprocess.run(["ss", "-Hltn", f"sport = :{process[1]}"], capture_output=True, text=True, check=True)
    addresses = [line.split()[3].rpartition(":")[0] for line in listening.stdout.splitlines()]
    assert addresses in (["127.0.0.1"], ["[::ffff:127.0.0.1]"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_when_asked(number: int) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert int(started.stdout.readline())
        started.send_signal(number)
        _, errors = started.communicate(timeout=10)
    assert (started.returncode, errors) == (0, "")


def test_it_ends_when_the_engine_is_gone() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0) as started:
        assert started.stdout is not None
        assert started.stdin is not None
        assert int(started.stdout.readline())
        # The kernel closes the engine's end of the pipe however the engine ends.
        started.stdin.close()
        assert started.wait(timeout=10) == -signal.SIGKILL


def test_what_is_not_carried_is_one_plain_line(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as error:
        stub.Invoke(provider_pb2.InvokeRequest(tok="kubernetes:helm:template"))
    assert error.value.details() == "kubernetes:helm:template: not carried by Ringfence's Kubernetes plugin"
