"""What a part of a country consists of."""

from __future__ import annotations

import json
from collections import Counter

import msgspec
import pytest

from hardware.catalogue import load_catalogue
from hardware.provider.kind import problems
from hardware.provider.kinds import KINDS
from ringfence.configs import render
from ringfence.errors import InputError
from ringfence.estate import FACTS, Estate, encode
from ringfence.facts import Key
from ringfence.read.plan import Planned, estate_of
from stacks import keys
from stacks.resource import PERMIT, SEAL, Resource, estate_digest, permitted
from stacks.resources import parts, resources

PARTS = pytest.mark.parametrize("part", ["national", "north"])


@pytest.fixture
def of_part(part: str, request: pytest.FixtureRequest) -> tuple[Resource, ...]:
    found: tuple[Resource, ...] = request.getfixturevalue(part)
    return found


def test_the_national_part_comes_first(estate: Estate) -> None:
    assert parts(estate) == ("national", "north")


def test_the_national_part_holds_a_resource_for_each_key_and_each_bucket(
    estate: Estate, national: tuple[Resource, ...]
) -> None:
    names = {resource.name for resource in national if resource.type not in (PERMIT, SEAL)}
    assert names == {item.name for item in (*estate.keys, *estate.buckets)}


def test_a_site_holds_a_resource_for_the_spines_each_scalable_unit_and_each_pool(north: tuple[Resource, ...]) -> None:
    ours = [resource.name for resource in north if resource.ours and resource.type not in (PERMIT, SEAL)]
    assert ours == ["north-spine", "north-su1", "north-su2", "north-serve", "north-train"]


def test_every_device_of_a_site_is_in_exactly_one_resource(estate: Estate, north: tuple[Resource, ...]) -> None:
    counts = Counter(name for resource in north for name in resource.inputs.get("devices", ()))
    assert counts == Counter(device.name for device in estate.devices)


@PARTS
def test_everything_waits_for_the_permit_and_the_seal_waits_for_everything(of_part: tuple[Resource, ...]) -> None:
    permit, *others, seal = of_part
    assert (permit.type, seal.type) == (PERMIT, SEAL)
    assert all(permit.key in resource.depends_on for resource in others)
    assert set(seal.depends_on) == {resource.key for resource in (permit, *others)}


@PARTS
def test_dependencies_come_first_and_no_key_is_taken_twice(of_part: tuple[Resource, ...]) -> None:
    seen: list[str] = []
    for resource in of_part:
        assert set(resource.depends_on) <= set(seen)
        seen.append(resource.key)
    assert len(set(seen)) == len(seen)


@PARTS
def test_every_input_is_one_that_the_provider_allows(of_part: tuple[Resource, ...]) -> None:
    for resource in of_part:
        if resource.ours:
            assert list(problems(KINDS[resource.type].model, resource.inputs)) == [], resource.key


@PARTS
def test_inputs_are_plain_data_and_the_same_each_time(of_part: tuple[Resource, ...], part: str, estate: Estate) -> None:
    configs = render(estate, part, load_catalogue()) if part != "national" else {}
    again = resources(estate, part, configs)
    assert [encode(resource.inputs) for resource in again] == [encode(resource.inputs) for resource in of_part]
    assert json.loads(json.dumps([resource.inputs for resource in of_part]))


@PARTS
def test_the_facts_of_all_resources_together_are_the_estate(of_part: tuple[Resource, ...], estate: Estate) -> None:
    planned = estate_of([Planned(each.type, each.name, each.inputs) for each in of_part if each.ours], "plan")
    for fact in set(FACTS) - {"devices", "cables", "pods"}:
        assert sorted(_items(planned, fact)) == sorted(_items(estate, fact)), fact
    assert {"devices", "cables"}.isdisjoint(item.fact for item in planned.coverage)


def _items(estate: Estate, fact: str) -> list[bytes]:
    value = getattr(estate, fact)
    return [encode(item) for item in value] if isinstance(value, tuple) else [encode(value)]


@PARTS
def test_no_fact_is_carried_twice(of_part: tuple[Resource, ...]) -> None:
    carried = Counter(
        encode([field, item])
        for resource in of_part
        if resource.ours
        for field, items in resource.inputs["facts"].items()
        for item in (items if isinstance(items, list) else [items])
    )
    assert set(carried.values()) == {1}


def test_a_permit_names_each_resource_of_ours(north: tuple[Resource, ...]) -> None:
    assert set(permitted(north)) == {resource.key for resource in north if resource.type.startswith("ringfence:")}


def test_a_changed_kubernetes_object_changes_what_the_seal_is_permitted_for(
    north: tuple[Resource, ...], estate: Estate
) -> None:
    grants = tuple(msgspec.structs.replace(item, gpus=item.gpus + 1) for item in estate.namespaces)
    configs = render(estate, "north", load_catalogue())
    changed = resources(msgspec.structs.replace(estate, namespaces=grants), "north", configs)
    assert permitted(changed)[f"{SEAL}::seal"] != permitted(north)[f"{SEAL}::seal"]


def test_where_facts_were_read_from_makes_no_other_estate(estate: Estate) -> None:
    assert estate_digest(msgspec.structs.replace(estate, coverage=())) == estate_digest(estate)


def test_a_key_is_registered_after_the_key_that_wraps_it(estate: Estate) -> None:
    chain = [Key(name, "h", "aes-256", "wrap", wrapped, False, 1, "") for name, wrapped in (("c", "b"), ("b", "a"), ("a", ""))]
    assert [item.name for item in keys.resources(msgspec.structs.replace(estate, keys=tuple(chain)))] == ["a", "b", "c"]


def test_the_id_of_a_key_depends_on_names_alone() -> None:
    key = Key("root", "national-hsm", "aes-256", "wrap", "", False, 365, "keys.purposes.root")
    assert keys.key_id("XA", key) == "408486691379f406af3bafe1742c6436"
    assert keys.key_id("XA", msgspec.structs.replace(key, rotate_days=1)) == keys.key_id("XA", key)


def test_a_part_that_the_country_does_not_have_is_named(estate: Estate) -> None:
    with pytest.raises(InputError, match='Atlantis has no part "south"; there is national, north'):
        resources(estate, "south", {})
