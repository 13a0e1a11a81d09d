"""The residency proof: all that is reachable from where a data class rests lies within what its law and class allow.

A key that opens the class must be held there too. Data is followed over every flow that can carry it, a key only over the
uses that are made of it, because it cannot leave its HSM. The cost is linear in the flows, for each data class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ringfence.demands import Demand, demands, within
from ringfence.estate import Estate
from ringfence.facts import Flow, Place
from ringfence.flows import ON_TRUST, Graph, Reached, carries

_KEY_FLOWS = frozenset({"key-use", "held-in"})


@dataclass(frozen=True, slots=True)
class Breach:
    """A node out of bounds, or of unknown place (``place`` is ``None``), and the flows that lead there.

    ``is_key`` tells whether what leads there is a key that opens the class, or data of it.
    """

    node: str
    start: str
    place: Place | None
    flows: tuple[Flow, ...]
    is_key: bool

    def path(self, places: dict[str, Place]) -> tuple[str, ...]:
        """Return the hops as text: where it rests, then each flow with its evidence, target and country."""
        hops = (f"{flow.kind} ({flow.evidence}) to {_located(flow.target, places)}" for flow in self.flows)
        return (_located(self.start, places), *hops)

    def declared(self) -> str:
        """Return the path in the declaration of what leads out of bounds."""
        return next((flow.declared for flow in reversed(self.flows) if flow.declared), "")


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found for one data class: ``trusted`` are the flows that nothing but a declaration vouches for."""

    demand: Demand
    reached: tuple[str, ...]
    breaches: tuple[Breach, ...]
    unplaced: tuple[Breach, ...]
    trusted: tuple[Flow, ...]

    @property
    def status(self) -> Literal["pass", "fail", "unknown"]:
        """``fail`` outranks ``unknown``, so that no added flow turns a failure into anything else."""
        return "fail" if self.breaches else "unknown" if self.unplaced else "pass"


def prove(estate: Estate) -> tuple[Proof, ...]:
    """Return a proof for each data class, in the order of the estate."""
    graph = Graph.of(estate)
    places = {place.name: place for place in estate.places}
    return tuple(_prove(demand, estate, graph, places) for demand in demands(estate).values())


def opening_keys(estate: Estate, data_class: str) -> tuple[str, ...]:
    """Return the names of the keys that open a class, known or not: those of its buckets, and all that wrap them."""
    wrapped_by = {key.name: key.wrapped_by for key in estate.keys}
    names = dict.fromkeys(bucket.key for bucket in estate.buckets if bucket.data_class == data_class and bucket.key)
    queue = list(names)
    for name in queue:
        wrapper = wrapped_by.get(name, "")
        if wrapper and wrapper not in names:
            names[wrapper] = None
            queue.append(wrapper)
    return tuple(names)


def _prove(demand: Demand, estate: Estate, graph: Graph, places: dict[str, Place]) -> Proof:
    name = demand.data_class

    def outside(node: str) -> bool:
        place = places.get(node)
        return place is not None and not within(place, demand.stay_in, estate)

    rests = [f"bucket:{bucket.name}" for bucket in estate.buckets if bucket.data_class == name]
    rests += [f"pool:{pool.name}" for pool in estate.pools if name in pool.classes]
    keys = [f"key:{key}" for key in opening_keys(estate, name)]
    data = graph.reach((node for node in rests if not outside(node)), lambda flow: carries(flow, name), outside)
    # A copy abroad is a breach where it stands, but the way that it went there says more.
    data.by.update({node: None for node in rests if node not in data.by})
    opened = graph.reach(keys, lambda flow: flow.kind in _KEY_FLOWS, outside)
    breaches: list[Breach] = []
    unplaced: list[Breach] = []
    for reached, is_key in ((data, False), (opened, True)):
        for node in reached.by:
            if node not in places and demand.stay_in != "anywhere":
                unplaced.append(_breach(node, None, reached, is_key))
            elif outside(node):
                breaches.append(_breach(node, places[node], reached, is_key))
    trusted = dict.fromkeys(flow for flow in (*data.taken, *opened.taken) if flow.evidence == ON_TRUST)
    return Proof(demand, (*data.by, *opened.by), tuple(breaches), tuple(unplaced), tuple(trusted))


def _breach(node: str, place: Place | None, reached: Reached, is_key: bool) -> Breach:
    flows = reached.path(node)
    return Breach(node, flows[0].source if flows else node, place, flows, is_key)


def _located(node: str, places: dict[str, Place]) -> str:
    return f"{node} in {places[node].country}" if node in places else f"{node} (place unknown)"
