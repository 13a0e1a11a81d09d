"""The graph of information flows: every way by which something gets from one node of an estate to another.

Nodes are names: places by their own, ``bucket:<name>``, ``pool:<name>``, ``key:<name>``, ``hsm:<name>``,
``gateway:<site>:<name>``, ``service:<site>:<kind>:<host>`` and ``people:<site>:<who>``. Edges are the estate's flows, and
those that follow from where things stand: what rests in a bucket can be read at its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ringfence.estate import Estate
from ringfence.facts import Flow

# A flow that carries this carries every data class that reaches it.
EVERYTHING = "*"

# The evidence of a flow that nothing enforces or configures: somebody's word.
ON_TRUST = "declaration"

Follows = Callable[[Flow], bool]


@dataclass(frozen=True, slots=True)
class Graph:
    """Flows by the node that they leave."""

    leaving: dict[str, list[Flow]]

    @classmethod
    def of(cls, estate: Estate) -> Graph:
        """Return the graph of an estate's flows and of where its things stand."""
        leaving: dict[str, list[Flow]] = {}
        for flow in estate.flows:
            leaving.setdefault(flow.source, []).append(flow)
        for flow in _following(estate):
            leaving.setdefault(flow.source, []).append(flow)
        return cls(leaving)

    def reach(self, starts: Iterable[str], follows: Follows, stops: Callable[[str], bool]) -> Reached:
        """Return all that is reached, nearest first; each flow is looked at once.

        Args:
            starts: where to begin.
            follows: whether a flow is taken.
            stops: whether a node is an end: it is reached, but nothing beyond it.
        """
        by: dict[str, Flow | None] = dict.fromkeys(starts)
        taken: list[Flow] = []
        queue = list(by)
        for node in queue:
            if stops(node):
                continue
            for flow in self.leaving.get(node, ()):
                if follows(flow):
                    taken.append(flow)
                    if flow.target not in by:
                        by[flow.target] = flow
                        queue.append(flow.target)
        return Reached(by, taken)


@dataclass(frozen=True, slots=True)
class Reached:
    """Nodes with the flow by which each was first reached (``None`` for a start), and all flows that were taken."""

    by: dict[str, Flow | None]
    taken: list[Flow]

    def path(self, node: str) -> tuple[Flow, ...]:
        """Return the flows that lead to a reached node, in order."""
        path: list[Flow] = []
        while (flow := self.by[node]) is not None:
            path.append(flow)
            node = flow.source
        return tuple(reversed(path))


def carries(flow: Flow, data_class: str) -> bool:
    """Return whether data of a class can take a flow; an egress that no proxy enforces carries whatever reaches it."""
    unenforced = flow.kind == "egress" and flow.evidence != "proxy"
    return unenforced or data_class in flow.carries or EVERYTHING in flow.carries


def _following(estate: Estate) -> Iterator[Flow]:
    """Yield the flows that nobody states because they follow from other facts.

    What stands at a site can reach the site's gateways (nothing there tells one host from another), and a filter that is
    really there lets traffic out, whether or not anything declares it.
    """
    for bucket in estate.buckets:
        yield Flow("stands-at", f"bucket:{bucket.name}", bucket.place, (EVERYTHING,), ON_TRUST, bucket.declared)
    for pool in estate.pools:
        yield Flow("stands-at", f"pool:{pool.name}", pool.site, (EVERYTHING,), ON_TRUST, pool.declared)
    for key in estate.keys:
        yield Flow("held-in", f"key:{key.name}", f"hsm:{key.hsm}", (), "key-policy", key.declared)
    for hsm in estate.hsms:
        yield Flow("held-in", f"hsm:{hsm.name}", hsm.site, (), ON_TRUST, hsm.declared)
    for item in estate.filters:
        gateway = f"gateway:{item.site}:{item.gateway}"
        yield Flow("network", item.site, gateway, (EVERYTHING,), "filter", item.declared)
        evidence = "proxy" if item.enforced_by else "filter"
        yield Flow("egress", gateway, item.destination, item.carries, evidence, item.declared)
