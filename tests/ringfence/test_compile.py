"""The same declaration always means the same Estate, and what is added later moves nothing."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections import Counter
from ipaddress import ip_interface, ip_network
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.country import large_country
from ringfence.compile.fabric import shape
from ringfence.estate import FACTS, Estate, digest
from tests.ringfence.conftest import LAB, compile_country

Country = dict[str, Any]


def identity(estate: Estate) -> dict[str, tuple[int, dict[str, str]]]:
    """Return what must never change: each device's name, its ASN and the addresses of its ports."""
    return {
        device.name: (device.asn, {port.name: f"{port.ipv4} {port.ipv6}" for port in device.interfaces})
        for device in estate.devices
    }


def test_the_same_bytes_come_out_of_another_process_with_another_hash_seed(lab_country: Country) -> None:
    script = (
        "from pathlib import Path; from ringfence.cli.country import open_country; from ringfence.estate import digest;"
        f"print(digest(open_country(Path({str(LAB)!r})).estate))"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_every_fact_of_a_declaration_is_covered(lab_country: Country) -> None:
    assert {item.fact for item in compile_country(lab_country).coverage} == set(FACTS)


@settings(max_examples=60, deadline=None)
@given(
    more_racks=st.integers(0, 2), more_rows=st.integers(0, 3), pool_nodes=st.integers(0, 4), other_site=st.booleans(),
    first_pool=st.booleans(),
)  # fmt: skip
def test_adding_racks_rows_pools_and_sites_changes_no_address_asn_or_name(
    more_racks: int, more_rows: int, pool_nodes: int, other_site: bool, first_pool: bool
) -> None:
    before = yaml.safe_load(LAB.read_text())
    before["sites"]["north"]["fabric"]["compute"] |= {"leaf": "qm9700", "spine": "qm9700"}  # room to grow
    after = copy.deepcopy(before)
    site = after["sites"]["north"]
    site["rows"][0]["racks"] += more_racks
    site["rows"] += [{"index": 2 + at, "racks": 2, "capacity": 4, "power_kw": 12} for at in range(more_rows)]
    site["fabric"]["compute"]["su"] += 10  # the fabric grows with them
    if pool_nodes and more_rows:
        pool = {"index": 3, "server": "lab-node", "row": 2, "first_rack": 1, "nodes": pool_nodes, "tenancy": "shared"}
        # A name that sorts first would move the others if anything came from order.
        site["pools"]["aaa" if first_pool else "zzz"] = pool
    if other_site:
        south = copy.deepcopy(before["sites"]["north"])
        south |= {"index": 2, "prefixes": {"ipv4": "10.78.0.0/20", "ipv6": "fd78::/48"}}
        south["pools"] = {f"{name}-south": pool for name, pool in south["pools"].items()}
        after["sites"] = {"south": south, **after["sites"]}
    old, new = identity(compile_country(before)), identity(compile_country(after))
    # Spines may become more, and leaves keep every port that they had.
    assert {name: new[name] for name in old} == old


def test_no_address_is_given_twice_and_each_lies_in_its_block() -> None:
    estate = compile_country(large_country(400))
    counts = Counter(port.ipv4 for device in estate.devices for port in device.interfaces)
    counts += Counter(port.ipv6 for device in estate.devices for port in device.interfaces)
    assert counts.most_common(1)[0][1] == 1
    (site,) = estate.sites
    blocks = {"compute": ip_network(site.compute4), "oob": ip_network(site.oob4), "loopback": ip_network(site.loopback4)}
    for device in estate.devices:
        for port in device.interfaces:
            assert ip_interface(port.ipv4).ip in blocks.get(port.network, ip_network(site.ipv4)), port
            assert ip_interface(port.ipv6).ip in ip_network(site.ipv6)


def test_the_two_ends_of_a_node_cable_share_a_link() -> None:
    estate = compile_country(large_country(100))
    ports = {(device.name, port.name): port for device in estate.devices for port in device.interfaces}
    checked = 0
    for cable in estate.cables:
        if (cable.a, cable.a_port) in ports:
            a, b = ports[cable.a, cable.a_port], ports[cable.b, cable.b_port]
            assert ip_interface(a.ipv4).network == ip_interface(b.ipv4).network != a.ipv4
            checked += 1
    assert checked == 100 * 8


@pytest.mark.parametrize(
    ("su", "leaf", "spine", "core"),
    [(2, 16, 8, 0), (4, 32, 16, 0), (8, 64, 32, 0), (16, 128, 128, 64), (32, 256, 256, 128), (64, 512, 512, 256)],
)
def test_switch_counts_equal_the_superpod_reference_at_radix_64(su: int, leaf: int, spine: int, core: int) -> None:
    made = shape(su, rails=8, su_nodes=32, leaf_radix=64, spine_radix=64, core_radix=64)
    assert made is not None
    assert (made.leaves, made.spines, made.cores) == (leaf, spine, core)


@settings(max_examples=30, deadline=None)
@given(nodes=st.integers(8, 700))
def test_no_port_is_cabled_twice_and_no_switch_has_more_cables_than_ports(nodes: int) -> None:
    estate = compile_country(large_country(nodes))
    ends = Counter((cable.a, cable.a_port) for cable in estate.cables)
    ends += Counter((cable.b, cable.b_port) for cable in estate.cables)
    assert max(ends.values()) == 1
    used = Counter(device for device, _ in ends)
    switches = {device.name for device in estate.devices if device.role != "node"}
    assert {name for name, count in used.items() if name in switches and count > 64} == set()
    assert all(int(port.removeprefix("swp")) <= 64 for device, port in ends if device in switches)


def test_every_switch_of_a_full_fabric_has_each_port_in_use() -> None:
    estate = compile_country(large_country(32 * 16))
    used = Counter(end for cable in estate.cables for end in (cable.a, cable.b))
    spare = {device.name: used[device.name] for device in estate.devices if device.role != "node" and used[device.name] != 64}
    assert spare == {}


def test_an_egress_carries_no_more_than_its_proxy_lets_through(lab_country: Country) -> None:
    lab_country["sites"]["north"]["egress"][0]["carries"] = ["weights", "health"]
    (entry,) = compile_country(lab_country).filters
    assert entry.carries == ("weights",)


@pytest.mark.parametrize("lacking", ["no-entry", "no-seizure", "home-law"])
def test_an_embassy_is_under_home_law_only_if_its_treaty_grants_that_and_immunity(
    lab_country: Country, lacking: str
) -> None:  # fmt: skip
    grants = ["no-entry", "no-seizure", "home-law"]
    embassy = {"id": "emb-1", "host_country": "XB", "under": "treaty-2017", "grants": grants}
    lab_country["embassies"] = [embassy]
    lab_country["sites"]["emb"] = {
        "index": 2, "place": {"country": "XB", "region": "harbour"}, "embassy": "emb-1",
        "operator": {"name": "Atlantis Compute", "owners": [{"country": "XA", "share": 100}]},
        "prefixes": {"ipv4": "10.78.0.0/24", "ipv6": "fd78::/48"},
    }  # fmt: skip
    at_home = next(place for place in compile_country(lab_country).places if place.name == "emb")
    embassy["grants"] = [grant for grant in grants if grant != lacking]
    abroad = next(place for place in compile_country(lab_country).places if place.name == "emb")
    assert (at_home.country, at_home.jurisdiction, abroad.jurisdiction) == ("XB", "XA", "XB")


def test_who_reads_or_copies_a_bucket_takes_whatever_came_into_it(lab_country: Country) -> None:
    flows = compile_country(lab_country).flows
    leaving = [flow for flow in flows if flow.source.startswith("bucket:")]
    assert leaving
    assert {flow.carries for flow in leaving} == {("*",)}


def test_a_change_to_the_country_changes_the_digest(lab_country: Country) -> None:
    before = digest(compile_country(lab_country))
    lab_country["stores"]["records"]["retention_days"] = 2
    assert digest(compile_country(lab_country)) != before
