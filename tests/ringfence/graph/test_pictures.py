"""Pictures: well-formed, the same each time, safe with hostile names, small for a large estate, red where a proof fails."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from ringfence.errors import InputError
from ringfence.estate import Estate
from ringfence.graph import estate_mermaid, estate_svg, flow_graph, flow_mermaid, flow_svg, pictures_of
from tests.ringfence.conftest import compile_country

HOSTILE = '"];</style></svg><script>alert(1)</script>&\x1b\u202e'


@pytest.fixture
def estate(lab_country: dict[str, Any]) -> Estate:
    return compile_country(lab_country)


@pytest.fixture
def broken(lab_country: dict[str, Any]) -> Estate:
    """The lab with the health store copied abroad."""
    lab_country["stores"]["records"]["copies"].append("model-exchange")
    return compile_country(lab_country)


def words(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def classes(svg: str) -> list[str]:
    return [element.get("class", "") for element in ElementTree.fromstring(svg).iter()]


def hostile(estate: Estate) -> Estate:
    country = msgspec.structs.replace(estate.country, name=HOSTILE)
    places = tuple(msgspec.structs.replace(place, operator=HOSTILE) for place in estate.places)
    return msgspec.structs.replace(estate, country=country, places=places)


def test_the_estate_shows_country_devices_pools_stores_and_what_is_abroad(estate: Estate) -> None:
    shown = "\n".join(words(estate_svg(estate)))
    for expected in ("Atlantis", "spine1", "su2-leaf2", "pool train", "records · health", "national-hsm", "model-exchange"):
        assert expected in shown


def test_the_same_estate_gives_the_same_bytes(estate: Estate) -> None:
    assert [picture.svg for picture in pictures_of(estate)] == [picture.svg for picture in pictures_of(estate)]


def test_every_cabled_pair_of_shown_switches_has_its_line(estate: Estate) -> None:
    # Each of 2 spines to 4 leaves, and each leaf to the rack of its scalable unit.
    assert classes(estate_svg(estate)).count("rf-cable") == 8 + 4 + 1  # and one in the legend


def test_hostile_names_stay_text_in_svg(estate: Estate) -> None:
    svg = estate_svg(hostile(estate))
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}
    assert "script" not in tags
    assert "\x1b" not in svg
    assert "\u202e" not in svg


def test_hostile_names_stay_labels_in_mermaid(estate: Estate) -> None:
    text = estate_mermaid(hostile(estate))
    line = next(line for line in text.splitlines() if "subgraph country" in line)
    assert line.count('"') == 2
    assert "<script" not in text


def test_a_proof_that_fails_is_red_and_one_that_holds_is_not(estate: Estate, broken: Estate) -> None:
    drawn, failing = flow_svg(flow_graph(estate, "health")), flow_svg(flow_graph(broken, "health"))
    assert "rf-bad-box" not in classes(drawn)
    assert "rf-bad-box" in classes(failing)
    assert classes(failing).count("rf-edge-bad") > classes(drawn).count("rf-edge-bad") == 1  # the legend's


def test_the_failing_path_is_thick_in_mermaid(broken: Estate) -> None:
    graph = flow_graph(broken, "health")
    assert graph.status == "fail"
    assert sum("==>" in line for line in flow_mermaid(graph).splitlines()) == sum(edge.failing for edge in graph.edges) > 0


def test_every_end_of_a_flow_is_a_node(broken: Estate) -> None:
    graph = flow_graph(broken, "health")
    names = {node.name for node in graph.nodes}
    assert {edge.source for edge in graph.edges} | {edge.target for edge in graph.edges} <= names


def test_a_class_that_does_not_exist_is_named_with_those_that_do(estate: Estate) -> None:
    with pytest.raises(InputError, match='no data class "helth"; there is health'):
        flow_graph(estate, "helth")


def test_a_large_fabric_is_folded(estate: Estate) -> None:
    leaf = next(device for device in estate.devices if device.role == "leaf")
    node = next(device for device in estate.devices if device.role == "node")
    many = [msgspec.structs.replace(leaf, name=f"north-leaf{number}") for number in range(512)]
    many += [msgspec.structs.replace(node, name=f"north-n{number}", rack=number // 32) for number in range(2048)]
    svg = estate_svg(msgspec.structs.replace(estate, devices=tuple(many)))
    assert "+506 leaves" in words(svg)
    assert "+59 racks" in words(svg)
    assert len(svg) < 60_000
