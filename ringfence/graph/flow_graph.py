"""How the information of one data class flows: what it reaches, by which ways, and where that breaks its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.demands import within
from ringfence.errors import InputError
from ringfence.estate import Estate
from ringfence.facts import Flow
from ringfence.flows import ON_TRUST, Graph, carries
from ringfence.proof import Proof, prove

# Ways by which a key opens data; data itself takes only the flows that carry it.
_KEY_NODES = ("key:", "hsm:")


@dataclass(frozen=True, slots=True)
class Node:
    """Something that data or its keys reach. ``depth`` counts the flows from where the class rests."""

    name: str
    kind: str
    label: str
    where: str
    depth: int
    home: bool
    breach: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """A flow between two nodes; ``trusted`` when only a declaration vouches for it, ``failing`` on the way to a breach."""

    source: str
    target: str
    kind: str
    evidence: str
    trusted: bool
    failing: bool


@dataclass(frozen=True, slots=True)
class FlowGraph:
    """The graph of one class; ``paths`` are the failing proofs, hop by hop."""

    data_class: str
    stay_in: str
    status: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    paths: tuple[tuple[str, ...], ...]


def flow_graph(estate: Estate, data_class: str) -> FlowGraph:
    """Return the graph of what a data class and the keys that open it reach.

    Raises:
        InputError: the country has no such data class.
    """
    proof = next((proof for proof in prove(estate) if proof.demand.data_class == data_class), None)
    if proof is None:
        names = ", ".join(item.name for item in estate.data_classes) or "none"
        raise InputError(f'no data class "{data_class[:60]}"; there is {names}')
    places = {place.name: place for place in estate.places}
    flows = list(_flows(estate, proof))
    depths = _depths(proof, flows)
    bad = {breach.node for breach in (*proof.breaches, *proof.unplaced)}
    failing = {_key(flow) for breach in proof.breaches for flow in breach.flows}
    nodes = []
    for name in proof.reached:
        place = places.get(name)
        where = "place unknown" if place is None else place.country
        if place is not None and place.jurisdiction != place.country:
            where = f"{place.country}, {place.jurisdiction} law"
        home = place is not None and within(place, "territory", estate)
        kind, label = _named(name, place.kind if place else "unknown")
        nodes.append(Node(name, kind, label, where, depths.get(name, 0), home, name in bad))
    edges = tuple(
        Edge(flow.source, flow.target, flow.kind, flow.evidence, flow.evidence == ON_TRUST, _key(flow) in failing)
        for flow in flows
    )
    paths = tuple(breach.path(places) for breach in proof.breaches)
    return FlowGraph(data_class, proof.demand.stay_in, proof.status, tuple(nodes), edges, paths)


def _flows(estate: Estate, proof: Proof) -> Iterator[Flow]:
    """Yield each flow between reached nodes once; beyond a node that is out of bounds nothing is followed."""
    graph = Graph.of(estate)
    reached = set(proof.reached)
    ends = {breach.node for breach in proof.breaches}
    seen = set()
    for node in proof.reached:
        for flow in graph.leaving.get(node, ()) if node not in ends else ():
            taken = node.startswith(_KEY_NODES) or carries(flow, proof.demand.data_class)
            if taken and flow.target in reached and _key(flow) not in seen:
                seen.add(_key(flow))
                yield flow


def _depths(proof: Proof, flows: list[Flow]) -> dict[str, int]:
    """Return how many flows away from the class's resting places or keys each node is, by breadth first."""
    entered = {flow.target for flow in flows}
    level = [name for name in proof.reached if name not in entered] or list(proof.reached[:1])
    leaving: dict[str, list[str]] = {}
    for flow in flows:
        leaving.setdefault(flow.source, []).append(flow.target)
    depths = dict.fromkeys(level, 0)
    for name in level:
        for target in leaving.get(name, ()):
            if target not in depths:
                depths[target] = depths[name] + 1
                level.append(target)
    return depths


def _key(flow: Flow) -> tuple[str, str, str]:
    return flow.source, flow.target, flow.kind


def _named(name: str, kind: str) -> tuple[str, str]:
    """Return what a node is and how people call it."""
    head, colon, rest = name.partition(":")
    if not colon:
        return kind, name
    if head in ("service", "gateway", "people"):
        rest = rest.partition(":")[2] or rest
    return head, rest
