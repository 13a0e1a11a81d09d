"""Residency: data rests, travels and is opened only where its class and the laws allow."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.demands import REACHES, demands, within
from ringfence.estate import Estate
from ringfence.proof import prove
from ringfence.rule import rule
from ringfence.verdict import Finding

_BOUNDS = ("data_classes", "laws", "places", "country", "coalition")
_EMBASSY = [{"id": "emb-1", "host_country": "XB", "under": "treaty-1", "grants": ["no-entry", "no-seizure", "home-law"]}]
_EMBASSY_SITE = {
    "index": 2, "place": {"country": "XB", "region": "port"}, "embassy": "emb-1",
    "operator": {"name": "Atlantis Embassy", "owners": [{"country": "XA", "share": 100}]},
    "prefixes": {"ipv4": "10.78.0.0/24", "ipv6": "fd77:77:2::/48"},
}  # fmt: skip


@rule(
    "RF-RES-001", "Nothing leads out of bounds", severity="critical", mandatory="file plan", waivable=False,
    reads=[*_BOUNDS, "flows", "filters", "buckets", "pools", "keys", "hsms"], controls=["nist-800-53:AC-4"],
    remedy="Cut one hop of the path: move the copy home, let a proxy enforce the egress, or withdraw the access.",
    good=[{"embassies": _EMBASSY, "sites.emb": _EMBASSY_SITE, "stores.records.copies": ["north", "emb"]}],
    bad=[
        {"stores.records.copies": ["north", "overseas"]},
        {"stores.records.backups": [{"to": "exchange", "key": "records-kek"}]},
        {"sites.north.egress": [{"to": "overseas", "carries": ["public"], "via": "gw-1"}]},
    ],
    overrides=["RF-RES-002", "RF-OWN-001", "RF-OWN-003"],
)  # fmt: skip
def nothing_leads_out(estate: Estate) -> Iterator[Finding]:
    """All that is reachable from where a data class rests, over every flow that can carry it, lies within its bounds.

    An egress that no proxy enforces carries whatever reaches it. A key that opens the class is held within them too. A
    pass lists the flows of which only the declaration says what they carry.
    """
    places = {place.name: place for place in estate.places}
    for proof in prove(estate):
        name, bounds = proof.demand.data_class, f"must stay in {proof.demand.stay_in} ({proof.demand.by()})"
        for breach in (*proof.breaches, *proof.unplaced):
            what = f"{breach.start}, which opens {name}," if breach.is_key else name
            subject = f"{breach.start if breach.is_key else name} -> {breach.node}"
            where = f"in {breach.place.country}" if breach.place else "and nothing says where that is"
            message = f"{what} can reach {breach.node}, {where}; it {bounds}"
            yield Finding(subject, message, breach.declared(), breach.path(places), unknown=breach.place is None)
        for flow in proof.trusted if proof.demand.stay_in != "anywhere" else ():
            yield Finding(name, f"{name}: {flow.kind} from {flow.source} to {flow.target}", flow.declared, note=True)


@rule(
    "RF-RES-002", "Copies stay within bounds", severity="critical", mandatory="file plan audit", waivable=False,
    reads=["buckets", *_BOUNDS], controls=["nist-800-53:SA-9(5)"],
    remedy="Remove the copy or the backup abroad; where the data already is abroad, destroy its key first.",
    good=[{"stores.models.copies": ["north", "exchange"]}],
    bad=[{"stores.records.copies": ["north", "overseas"]}, {"stores.models.copies": ["overseas"]}],
    overrides=["RF-RES-001", "RF-OWN-001", "RF-OWN-003"],
)  # fmt: skip
def copies_stay_within_bounds(estate: Estate) -> Iterator[Finding]:
    """Each copy and each backup of a store rests where the store's data class may be."""
    bounds = demands(estate)
    places = {place.name: place for place in estate.places}
    for bucket in estate.buckets:
        demand, place = bounds.get(bucket.data_class), places.get(bucket.place)
        if demand is None or place is None:
            what = f"its class {bucket.data_class!r}" if demand is None else f"its place {bucket.place!r}"
            yield Finding(f"bucket:{bucket.name}", f"nothing says what {what} is", bucket.declared, unknown=True)
        elif not within(place, demand.stay_in, estate):
            message = f"rests at {place.name} in {place.country}; {demand.by()} must stay in {demand.stay_in}"
            yield Finding(f"bucket:{bucket.name}", message, bucket.declared)


@rule(
    "RF-RES-003", "Pools work within bounds", severity="critical", mandatory="file plan", reads=["pools", *_BOUNDS],
    controls=["nist-800-53:SA-9(5)"], remedy="Take the class off the pool, or place the pool at a site within bounds.",
    bad=[{"sites.north.place.country": "XB"}], overrides=["RF-RES-001", "RF-RES-002", "RF-KEY-003", "RF-OWN-003"],
)  # fmt: skip
def pools_work_within_bounds(estate: Estate) -> Iterator[Finding]:
    """A pool works only on data classes that may be where it stands."""
    bounds = demands(estate)
    places = {place.name: place for place in estate.places}
    for pool in estate.pools:
        place = places.get(pool.site)
        if place is None:
            yield Finding(f"pool:{pool.name}", f"nothing says where {pool.site} is", pool.declared, unknown=True)
            continue
        for name in pool.classes:
            demand = bounds.get(name)
            if demand is None or not within(place, demand.stay_in, estate):
                must = f"{demand.by()} must stay in {demand.stay_in}" if demand else f"nothing says what {name!r} is"
                message = f"works on {name} at {place.name} in {place.country}; {must}"
                yield Finding(f"pool:{pool.name}", message, pool.declared, unknown=demand is None)


@rule(
    "RF-RES-004", "Hosts depend on services within bounds", severity="high", mandatory="file plan",
    reads=["services", "pools", "buckets", *_BOUNDS], controls=["nist-800-53:SA-9(5)"],
    remedy="Point the hosts at a name server, clock, mirror, registry or log host within bounds.",
    bad=[{"sites.north.services.dns": [{"host": "dns.example", "country": "XD"}]}],
)  # fmt: skip
def services_are_within_bounds(estate: Estate) -> Iterator[Finding]:
    """What hosts ask and tell goes no further than the data they hold: a name server abroad sees every question."""
    bounds = demands(estate)
    held: dict[str, set[str]] = {}
    for pool in estate.pools:
        held.setdefault(pool.site, set()).update(pool.classes)
    for bucket in estate.buckets:
        held.setdefault(bucket.place, set()).add(bucket.data_class)
    places = {place.name: place for place in estate.places}
    for service in estate.services:
        here = [bounds[name] for name in sorted(held.get(service.site, ())) if name in bounds]
        node = f"service:{service.site}:{service.kind}:{service.host}"
        strictest = min(here, key=lambda demand: REACHES.index(demand.stay_in), default=None)
        if strictest is None:
            continue
        if node not in places:
            yield Finding(node, "nothing says where it is", service.declared, unknown=True)
        elif not within(places[node], strictest.stay_in, estate):
            message = f"{service.kind} is in {service.country}; {strictest.by()} there must stay in {strictest.stay_in}"
            yield Finding(node, message, service.declared)


@rule(
    "RF-RES-005", "An egress carries only what its destination may hold", severity="critical",
    mandatory="file plan audit", reads=["filters", *_BOUNDS], controls=["nist-800-53:AC-4"], waivable=False,
    remedy="Take the class off the egress, and off its proxy.",
    bad=[{"sites.north.egress[0].carries": ["weights", "health"], "sites.north.proxies.model-proxy.carries": ["health"]}],
    overrides=["RF-RES-001", "RF-OWN-001", "RF-OWN-003"],
)  # fmt: skip
def egress_carries_what_it_may(estate: Estate) -> Iterator[Finding]:
    """Each data class that a gateway's filter lets out may be where the filter leads."""
    bounds = demands(estate)
    places = {place.name: place for place in estate.places}
    for item in estate.filters:
        subject, place = f"gateway:{item.site}:{item.gateway} -> {item.destination}", places.get(item.destination)
        if place is None:
            yield Finding(subject, f"nothing says where {item.destination} is", item.declared, unknown=True)
            continue
        for name in item.carries:
            if name not in bounds:
                yield Finding(subject, f"nothing says what the class {name!r} is", item.declared, unknown=True)
            elif not within(place, bounds[name].stay_in, estate):
                must = f"{bounds[name].by()} must stay in {bounds[name].stay_in}"
                yield Finding(subject, f"lets {name} out to {place.country}; {must}", item.declared)
