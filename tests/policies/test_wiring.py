"""Defects in single ports, cables and devices of an estate of two sites, as a reader of live devices may find them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from policies.wiring import packed
from ringfence.estate import Estate
from ringfence.facts import Cable, Device, Interface
from tests.policies.minimal import failures, two_sites

WIRING = [f"RF-NET-{number:03}" for number in range(5, 13)]


def named(estate: Estate) -> dict[str, str]:
    """The subjects that the wiring rules fail, with the first rule that names each."""
    return {verdict.subject: verdict.rule for verdict in reversed(failures(estate, *WIRING))}


def device(name: str, change: Callable[[Device], Device]) -> Estate:
    devices = tuple(change(item) if item.name == name else item for item in two_sites().devices)
    assert devices != two_sites().devices
    return structs.replace(two_sites(), devices=devices)


def port(name: str, port_name: str, **values: Any) -> Estate:
    def change(item: Device) -> Device:
        ports = tuple(structs.replace(p, **values) if p.name == port_name else p for p in item.interfaces)
        return structs.replace(item, interfaces=ports)

    return device(name, change)


def cable(number: int, **values: Any) -> Estate:
    cables = list(two_sites().cables)
    cables[number] = structs.replace(cables[number], **values)
    return structs.replace(two_sites(), cables=tuple(cables))


def interface(name: str, port_name: str) -> Interface:
    (found,) = (p for d in two_sites().devices if d.name == name for p in d.interfaces if p.name == port_name)
    return found


def test_two_sound_sites_pass() -> None:
    assert named(two_sites()) == {}


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_an_address_of_another_device_names_both(family: str) -> None:
    taken = getattr(interface("north-su1-leaf1", "lo"), family)
    (verdict,) = failures(port("south-spine1", "lo", **{family: taken}), "RF-NET-005")
    assert verdict.subject == "south-spine1:lo"
    assert "north-su1-leaf1:lo" in verdict.message


def test_a_second_address_of_a_live_port_is_compared_too() -> None:
    own, taken = interface("south-spine1", "lo").ipv4, interface("north-su1-leaf1", "lo").ipv4
    (verdict,) = failures(port("south-spine1", "lo", ipv4=f"{own},{taken}"), "RF-NET-005")
    assert verdict.subject == "south-spine1:lo"


@pytest.mark.parametrize(
    ("port_name", "family", "address"),
    [
        ("rail1", "ipv4", "10.77.14.9/31"),
        ("rail1", "ipv6", "fd77:77:2::1/127"),
        ("oob0", "ipv4", "10.77.0.1/24"),
        ("oob0", "ipv4", "10.9.9.9/24"),
        ("rail2", "ipv4", "not an address"),
        ("rail2", "ipv4", "10.77.0.2/31,10.9.9.9/24"),
        ("rail2", "ipv6", "fd77::zz/127"),
    ],
)
def test_an_address_outside_its_networks_block_is_named(port_name: str, family: str, address: str) -> None:
    node = next(d.name for d in two_sites().devices if d.role == "node" and d.site == "north")
    estate = port(node, port_name, **{family: address})
    assert {verdict.subject for verdict in failures(estate, "RF-NET-006")} == {f"{node}:{port_name}"}


def test_an_address_of_another_link_in_the_same_block_is_named() -> None:
    first = two_sites().cables[0]
    estate = port(first.a, first.a_port, ipv4="10.77.7.201/31")
    assert named(estate) == {f"{first.a}:{first.a_port}": "RF-NET-007"}


def test_a_cable_to_nowhere_is_named() -> None:
    assert "north-su7-leaf1:swp1" in named(cable(0, b="north-su7-leaf1", b_port="swp1"))


def test_a_second_cable_in_a_port_is_named() -> None:
    first = two_sites().cables[0]
    estate = structs.replace(two_sites(), cables=(*two_sites().cables, Cable("x", "p", first.b, first.b_port, "compute")))
    found = named(estate)
    assert found[f"{first.b}:{first.b_port}"] == "RF-NET-008"


def test_a_leaf_with_the_as_number_of_another_is_named() -> None:
    one, other = (d for d in two_sites().devices if d.role == "leaf" and d.site == "south" and d.su == 1)
    (verdict,) = failures(device(other.name, lambda item: structs.replace(item, asn=one.asn)), *WIRING)
    assert (verdict.rule, verdict.subject) == ("RF-NET-009", other.name)


def test_a_port_with_another_mtu_is_named() -> None:
    assert named(port("south-su1-leaf1", "swp1", mtu=9000)) == {"south-su1-leaf1:swp1": "RF-NET-010"}


def test_a_node_without_a_rails_port_or_cable_is_named() -> None:
    node = two_sites().cables[0].a
    without_port = device(node, lambda item: structs.replace(item, interfaces=item.interfaces[:-1]))
    assert named(without_port)[f"{node}:{interface(node, 'rail2').name}"] in ("RF-NET-008", "RF-NET-011")
    without_cable = structs.replace(two_sites(), cables=two_sites().cables[1:])
    assert named(without_cable) == {f"{node}:rail1": "RF-NET-011"}


def test_a_node_that_is_not_there_makes_its_pool_short() -> None:
    node = next(d for d in two_sites().devices if d.role == "node")
    estate = structs.replace(two_sites(), devices=tuple(d for d in two_sites().devices if d is not node))
    assert f"pool:{node.pool}" in {verdict.subject for verdict in failures(estate, "RF-NET-011")}


def test_two_swapped_rails_of_one_node_are_named() -> None:
    cables = list(two_sites().cables)
    one, other = cables[0], cables[1]
    cables[0] = structs.replace(one, b=other.b, b_port=other.b_port)
    cables[1] = structs.replace(other, b=one.b, b_port=one.b_port)
    estate = structs.replace(two_sites(), cables=tuple(cables))
    assert {v.subject for v in failures(estate, "RF-NET-007")} == {f"{one.a}:{one.a_port}", f"{other.a}:{other.a_port}"}
    # With two nodes in an SU, one against one, nobody can tell from the cables alone which of them is wrong.
    assert failures(estate, "RF-NET-012")


DEFECTS = st.sampled_from(["ipv4", "ipv6", "mtu", "asn", "cable", "twice"])


@given(st.integers(0, 10**6), DEFECTS)
def test_any_single_defect_is_named(seed: int, defect: str) -> None:
    """Whatever port, cable or leaf it strikes: the broken thing itself is among the subjects, or in a message."""
    estate = two_sites()
    devices = [d for d in estate.devices if defect != "asn" or d.role == "leaf"]
    hit = devices[seed % len(devices)]
    victim = hit.interfaces[seed % len(hit.interfaces)]
    if defect == "mtu" and sum(p.network == victim.network for d in devices if d.site == hit.site for p in d.interfaces) < 3:
        return
    if defect == "asn":
        broken, subject = device(hit.name, lambda item: structs.replace(item, asn=0)), hit.name
    elif defect in ("cable", "twice"):
        number = seed % len(estate.cables)
        struck, other = estate.cables[number], estate.cables[number - 1]
        broken = cable(number, b="nowhere") if defect == "cable" else cable(number, b=other.b, b_port=other.b_port)
        subject = "nowhere" if defect == "cable" else f"{other.b}:{other.b_port}"
        assert struck != other
    else:
        values: dict[str, Any] = {"ipv4": {"ipv4": "192.0.2.1/31"}, "ipv6": {"ipv6": "2001:db8::1/127"}, "mtu": {"mtu": 1234}}[
            defect
        ]
        broken, subject = port(hit.name, victim.name, **values), f"{hit.name}:{victim.name}"
    found = failures(broken, *WIRING)
    assert any(subject in verdict.subject for verdict in found), (subject, found)


@given(st.ip_addresses())
def test_addresses_are_packed_as_the_standard_library_packs_them(address: Any) -> None:
    assert packed(f"{address}/31") == packed(str(address)) == address.packed


@given(st.text(max_size=20))
def test_what_is_no_address_packs_to_nothing_or_an_address(text: str) -> None:
    assert len(packed(text)) in (0, 4, 16)
