"""The lab's wiring, on a machine of its own that is in no lab."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.network import Network
from lab.topology import Machine, Topology

pytestmark = pytest.mark.lab

TOPOLOGY = Topology("test", (Machine("m1", "host", "10.99.99.1/30"),), (), "10.99.99.2/30")


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network("ffff01")
    try:
        yield made
    finally:
        made.disconnect()


def test_a_namespace_whose_making_was_killed_is_made_anew(network: Network) -> None:
    # `ip netns add` makes an empty file and then mounts the namespace over it: this is what a kill in between leaves.
    Path("/run/netns").mkdir(exist_ok=True)
    half = Path("/run/netns", network.namespace("m1"))
    half.touch()
    assert network.connect(TOPOLOGY)
    answer = subprocess.run(["ip", "-netns", half.name, "-brief", "address"], capture_output=True, text=True, check=True)
    assert "10.99.99.1/30" in answer.stdout
    assert not network.connect(TOPOLOGY)


def test_nothing_is_left_of_a_namespace_whose_making_was_killed(network: Network) -> None:
    Path("/run/netns").mkdir(exist_ok=True)
    half = Path("/run/netns", network.namespace("m1"))
    half.touch()
    network.disconnect()
    assert not half.exists()
