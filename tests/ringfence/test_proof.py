from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ringfence.estate import Estate
from ringfence.facts import (
    Bucket,
    Country,
    DataClass,
    Filter,
    Flow,
    Hsm,
    Key,
    Law,
    Obligation,
    Partner,
    Place,
    Pool,
)
from ringfence.proof import Proof, prove

HOME, PARTNER, ABROAD = "XA", "XB", "XD"


def place(name: str, country: str = HOME, law: str = "") -> Place:
    return Place(name, "site", country, law or country, "", (), "")


def bucket(name: str, at: str, *, key: str = "", data_class: str = "health") -> Bucket:
    return Bucket(name, name, data_class, at, key, "", 0, True, True, True, False, f"stores.{name}")


def flow(
    source: str, target: str, kind: str = "replication", carries: tuple[str, ...] = ("health",), evidence: str = "store"
) -> Flow:
    return Flow(kind, source, target, carries, evidence, f"{source}->{target}")


def estate(**facts: object) -> Estate:
    """A country with a store of health data at home, and whatever else is given."""
    given = {
        "data_classes": (DataClass("health", "territory", "", "any", 100, "health"),),
        "places": (place("north"), place("bucket:records"), place("partner", PARTNER), place("overseas", ABROAD)),
        "buckets": (bucket("records", "north"),),
        "coalition": (Partner(PARTNER, "2030-01-01"),),
    } | facts
    return Estate(country=Country(HOME, "Atlantis", ("qaa",)), **given)  # type: ignore[arg-type]


def proof(**facts: object) -> Proof:
    (only,) = prove(estate(**facts))
    return only


def with_places(*places: Place) -> tuple[Place, ...]:
    return (*estate().places, *places)


def test_data_that_stays_where_it_is_passes() -> None:
    assert proof().status == "pass"


def test_a_copy_abroad_fails_with_the_path_hop_by_hop() -> None:
    found = proof(
        flows=(flow("bucket:records", "bucket:copy"), flow("bucket:copy", "overseas", "egress", evidence="proxy")),
        places=with_places(place("bucket:copy")),
    )
    (breach,) = found.breaches
    places = {item.name: item for item in with_places(place("bucket:copy"))}
    assert breach.path(places) == (
        "bucket:records in XA",
        "replication (store) to bucket:copy in XA",
        "egress (proxy) to overseas in XD",
    )
    assert breach.declared() == "bucket:copy->overseas"


def test_a_flow_that_carries_another_class_is_not_taken() -> None:
    assert proof(flows=(flow("bucket:records", "overseas", carries=("public",)),)).status == "pass"


def test_an_egress_without_a_proxy_carries_everything_whatever_it_says() -> None:
    silent = flow("north", "overseas", "egress", carries=(), evidence="filter")
    assert proof(flows=(silent,)).status == "fail"
    assert proof(flows=(structs.replace(silent, evidence="proxy"),)).status == "pass"


def test_a_filter_that_is_really_there_lets_out_even_where_no_flow_declares_it() -> None:
    gateway = place("gateway:north:gw-1")
    hole = Filter("north", "gw-1", "overseas", ("198.51.100.0/24",), 443, (), "", "")
    assert proof(filters=(hole,), places=with_places(gateway)).status == "fail"


def test_what_is_out_of_bounds_is_named_once_and_not_with_all_that_lies_beyond() -> None:
    beyond = tuple(flow(f"overseas{'-on' * n}", f"overseas{'-on' * (n + 1)}") for n in range(5))
    places = with_places(*(place(f"overseas{'-on' * n}", ABROAD) for n in range(1, 6)))
    found = proof(flows=(flow("bucket:records", "overseas"), *beyond), places=places)
    assert [breach.node for breach in found.breaches] == ["overseas"]


def test_an_embassy_under_home_law_is_territory() -> None:
    embassy = place("embassy", ABROAD, law=HOME)
    assert proof(flows=(flow("bucket:records", "embassy"),), places=with_places(embassy)).status == "pass"


@pytest.mark.parametrize(
    ("stay_in", "target", "status"),
    [
        ("territory", "partner", "fail"),
        ("coalition", "partner", "pass"),
        ("coalition", "overseas", "fail"),
        ("anywhere", "overseas", "pass"),
    ],
)
def test_a_class_reaches_as_far_as_it_allows(stay_in: str, target: str, status: str) -> None:
    classes = (DataClass("health", stay_in, "", "any", 100, ""),)
    assert proof(flows=(flow("bucket:records", target),), data_classes=classes).status == status


def test_a_law_draws_the_bounds_closer_than_the_class() -> None:
    classes = (DataClass("health", "anywhere", "", "any", 100, "health"),)
    law = Law("xa-law", "", "duty", "2025-01-01", "", True, (Obligation(sector="health", stay_in="territory"),))
    found = proof(flows=(flow("bucket:records", "overseas"),), data_classes=classes, laws=(law,))
    assert (found.status, found.demand.by()) == ("fail", "health under xa-law")


def test_a_power_that_is_not_used_binds_nobody_once_its_text_is_verified() -> None:
    classes = (DataClass("health", "anywhere", "", "any", 100, "health"),)
    power = Law("xa-power", "", "power", "2025-01-01", "", True, (Obligation(stay_in="territory"),))
    away = (flow("bucket:records", "overseas"),)
    assert proof(flows=away, data_classes=classes, laws=(power,)).status == "pass"
    assert proof(flows=away, data_classes=classes, laws=(structs.replace(power, verified=False),)).status == "fail"


def test_a_node_of_unknown_place_is_unknown_and_not_a_pass() -> None:
    found = proof(flows=(flow("bucket:records", "somewhere"),))
    assert (found.status, [breach.node for breach in found.unplaced]) == ("unknown", ["somewhere"])


def test_a_class_that_may_be_anywhere_may_be_in_unknown_places() -> None:
    classes = (DataClass("health", "anywhere", "", "any", 100, ""),)
    assert proof(flows=(flow("bucket:records", "somewhere"),), data_classes=classes).status == "pass"


def test_a_copy_abroad_is_shown_with_the_way_that_it_went_there() -> None:
    copy = bucket("copy", "overseas")
    found = proof(
        buckets=(*estate().buckets, copy),
        places=with_places(place("bucket:copy", ABROAD)),
        flows=(flow("bucket:records", "bucket:copy"),),
    )
    assert [(breach.start, breach.node) for breach in found.breaches] == [("bucket:records", "bucket:copy")]


def test_a_copy_abroad_that_no_flow_explains_is_a_breach_all_the_same() -> None:
    copy = bucket("copy", "overseas")
    found = proof(buckets=(*estate().buckets, copy), places=with_places(place("bucket:copy", ABROAD)))
    assert [(breach.start, breach.flows) for breach in found.breaches] == [("bucket:copy", ())]


def test_a_key_that_opens_the_class_is_held_within_its_bounds() -> None:
    key = Key("kek", "hsm-1", "aes-256", "wrap", "root", False, 365, "")
    root = Key("root", "hsm-2", "aes-256", "wrap", "", False, 365, "")
    found = proof(
        buckets=(bucket("records", "north", key="kek"),), keys=(key, root),
        hsms=(Hsm("hsm-1", "north", "network-hsm", ""), Hsm("hsm-2", "overseas", "network-hsm", "")),
        places=with_places(place("key:kek"), place("hsm:hsm-1"), place("key:root", ABROAD), place("hsm:hsm-2", ABROAD)),
    )  # fmt: skip
    assert [(breach.node, breach.is_key) for breach in found.breaches] == [("key:root", True)]


def test_a_key_that_nobody_knows_leaves_the_proof_unknown() -> None:
    assert proof(buckets=(bucket("records", "north", key="gone"),)).status == "unknown"


def test_what_a_pool_works_on_can_leave_from_the_pools_site() -> None:
    pool = Pool("serve", "north", "lab-node", 2, 4, "shared", ("health",), "")
    found = proof(
        buckets=(), pools=(pool,), places=with_places(place("pool:serve")),
        flows=(flow("north", "overseas", "egress", evidence="filter"),),
    )  # fmt: skip
    assert found.status == "fail"


def test_a_pass_lists_what_it_took_on_trust() -> None:
    trusted = flow("bucket:records", "pool", "read", evidence="declaration")
    found = proof(flows=(trusted,), places=with_places(place("pool")))
    assert trusted in found.trusted
    assert all(item.evidence == "declaration" for item in found.trusted)


NODES = ["bucket:records", "north", *"abcdef"]
PLACED = st.dictionaries(st.sampled_from(NODES), st.sampled_from([HOME, PARTNER, ABROAD]))
FLOWS = st.lists(
    st.builds(
        flow, st.sampled_from(NODES), st.sampled_from(NODES), st.sampled_from(["replication", "egress", "dns"]),
        st.sampled_from([(), ("health",), ("public",), ("*",)]), st.sampled_from(["store", "proxy", "declaration"]),
    ),
    max_size=14,
)  # fmt: skip
REACH = st.sampled_from(["territory", "coalition", "anywhere"])


def made(countries: dict[str, str], flows: list[Flow], stay_in: str) -> Proof:
    places = tuple(place(name, country) for name, country in countries.items())
    return proof(
        places=places, flows=tuple(flows), data_classes=(DataClass("health", stay_in, "", "any", 100, ""),)
    )  # fmt: skip


def oracle(countries: dict[str, str], flows: list[Flow], stay_in: str) -> str:
    """Decide by Warshall's closure of the whole relation, which shares nothing with a search."""
    edge = {(one.source, one.target) for one in flows if "health" in one.carries or "*" in one.carries}
    edge |= {(one.source, one.target) for one in flows if one.kind == "egress" and one.evidence != "proxy"}
    edge |= {("bucket:records", "north")} | {(node, node) for node in NODES}
    for middle, source, target in product(NODES, repeat=3):
        if (source, middle) in edge and (middle, target) in edge:
            edge.add((source, target))
    allowed = {"territory": {HOME}, "coalition": {HOME, PARTNER}, "anywhere": {HOME, PARTNER, ABROAD}}[stay_in]
    there = [countries.get(node) for node in NODES if ("bucket:records", node) in edge]
    if any(country is not None and country not in allowed for country in there):
        return "fail"
    return "unknown" if None in there and stay_in != "anywhere" else "pass"


@given(PLACED, FLOWS, REACH)
def test_the_search_agrees_with_a_closure(countries: dict[str, str], flows: list[Flow], stay_in: str) -> None:
    assert made(countries, flows, stay_in).status == oracle(countries, flows, stay_in)


@given(PLACED, FLOWS, FLOWS, REACH)
def test_adding_flows_never_turns_a_failure_into_anything_else(
    countries: dict[str, str], flows: list[Flow], more: list[Flow], stay_in: str
) -> None:
    if made(countries, flows, stay_in).status == "fail":
        assert made(countries, [*flows, *more], stay_in).status == "fail"


@given(PLACED, FLOWS, REACH)
def test_a_path_starts_where_data_rests_and_each_hop_follows_the_last(
    countries: dict[str, str], flows: list[Flow], stay_in: str
) -> None:
    for breach in made(countries, flows, stay_in).breaches:
        nodes = [breach.start, *(hop.target for hop in breach.flows)]
        assert nodes[0] == "bucket:records"
        assert nodes[-1] == breach.node
        assert [hop.source for hop in breach.flows] == nodes[:-1]
