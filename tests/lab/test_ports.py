"""Ports stay what they were as long as nobody else takes them."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from lab import ports
from lab.folder import LabFolder

SERVERS = {"etcd": "etcd", "etcd-peer": "etcd", "minio": "minio"}


@pytest.fixture
def folder(tmp_path: Path) -> LabFolder:
    return LabFolder(tmp_path)


def test_every_name_has_a_port_of_its_own(folder: LabFolder) -> None:
    reserved = ports.reserve(folder, SERVERS, [])
    assert set(reserved) == set(SERVERS)
    assert len(set(reserved.values())) == len(SERVERS)


def test_ports_are_remembered(folder: LabFolder) -> None:
    assert ports.reserve(folder, SERVERS, []) == ports.reserve(folder, SERVERS, []) == ports.remembered(folder)


def test_a_port_that_somebody_took_is_given_up(folder: LabFolder) -> None:
    first = ports.reserve(folder, SERVERS, [])
    with socket.create_server(("127.0.0.1", first["minio"])):
        second = ports.reserve(folder, SERVERS, [])
    assert second["minio"] != first["minio"]
    assert second["etcd"] == first["etcd"]


def test_a_running_server_keeps_its_ports(folder: LabFolder) -> None:
    first = ports.reserve(folder, SERVERS, [])
    with socket.create_server(("127.0.0.1", first["etcd-peer"])):
        assert ports.reserve(folder, SERVERS, ["etcd"]) == first
