"""The part of an estate that the lab builds."""

from __future__ import annotations

import ipaddress

import msgspec
import pytest

from lab.topology import MOST_MACHINES, from_estate
from ringfence.cli.country import open_country
from ringfence.errors import InputError
from ringfence.estate import Estate
from tests.conftest import COUNTRY


@pytest.fixture(scope="module")
def estate() -> Estate:
    return open_country(COUNTRY).estate


def test_spines_and_leaves_are_switches_and_nodes_are_hosts(estate: Estate) -> None:
    kinds = {machine.name: machine.kind for machine in from_estate(estate).machines}
    assert kinds == {device.name: "host" if device.role == "node" else "switch" for device in estate.devices}
    assert sorted(kinds.values()) == ["host"] * 4 + ["switch"] * 6


def test_every_machine_and_the_gateway_share_one_management_network(estate: Estate) -> None:
    topology = from_estate(estate)
    addresses = [ipaddress.ip_interface(text) for text in (topology.gateway, *(m.oob for m in topology.machines))]
    assert len({address.network for address in addresses}) == 1
    assert len({address.ip for address in addresses}) == len(addresses)


def test_no_port_has_two_cables(estate: Estate) -> None:
    topology = from_estate(estate)
    ends = [end for cable in topology.cables for end in ((cable.a, cable.a_port), (cable.b, cable.b_port))]
    assert len(ends) == len(set(ends)) == 32


def test_two_sites_do_not_fit(estate: Estate) -> None:
    site = estate.sites[0]
    doubled = msgspec.structs.replace(estate, sites=(site, msgspec.structs.replace(site, name="south")))
    with pytest.raises(InputError, match=r"the lab holds one site, and Atlantis declares 2 \(north, south\)"):
        from_estate(doubled)


def test_more_machines_than_a_computer_carries_are_refused(estate: Estate) -> None:
    many = msgspec.structs.replace(estate, devices=estate.devices * MOST_MACHINES)
    with pytest.raises(InputError, match="north has 640 devices; the lab holds at most 64"):
        from_estate(many)


def test_a_device_without_a_management_address_is_refused(estate: Estate) -> None:
    bare = msgspec.structs.replace(estate.devices[0], interfaces=())
    with pytest.raises(InputError, match=f"{bare.name} has no management address"):
        from_estate(msgspec.structs.replace(estate, devices=(bare,)))
