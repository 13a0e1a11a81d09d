"""Jurisdiction and ownership: whose law governs a place, and who can be compelled to hand over what it holds."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.demands import Demand, demands
from ringfence.estate import Estate
from ringfence.facts import Place
from ringfence.rule import rule
from ringfence.verdict import Finding

_HOLDS = ("places", "data_classes", "laws", "country", "buckets", "pools", "filters")


@rule(
    "RF-OWN-001", "Operators are in hands that the class allows", severity="high", mandatory="file plan",
    reads=_HOLDS, controls=["nist-800-53:SR-6"],
    remedy="Move the data to an operator within the limit, or have the foreign owners sell down to it.",
    good=[{"sites.north.operator.owners": [{"country": "XA", "share": 76}, {"country": "XC", "share": 24}]}],
    bad=[
        {"sites.north.operator.owners": [{"country": "XA", "share": 60}, {"country": "XC", "share": 40}]},
        {"data_classes.weights.foreign_ownership": 24},
    ],
    overrides=["RF-OWN-002"],
)  # fmt: skip
def operators_are_in_allowed_hands(estate: Estate) -> Iterator[Finding]:
    """Foreign owners together hold no more of a place's operator than the data classes there allow."""
    home = estate.country.code
    for place, demand in _resting(estate):
        foreign = foreign_share(place, home)
        if demand.foreign_ownership < 100 and foreign > demand.foreign_ownership:
            limit = f"{demand.by()} allows {demand.foreign_ownership} %"
            yield Finding(
                place.name, f"{foreign} % of {place.operator or place.name} is in foreign hands; {limit}", place.declared
            )


@rule(
    "RF-OWN-002", "HSMs are in hands that their classes allow", severity="high", mandatory="file plan",
    reads=["hsms", "places", "data_classes", "laws", "country"], controls=["nist-800-53:SC-12"],
    remedy="Place the HSM at a site whose operator is within the limit: who holds the key holds the data.",
    bad=[{"sites.north.operator.owners": [{"country": "XA", "share": 60}, {"country": "XC", "share": 40}]}],
    overrides=["RF-OWN-001"],
)  # fmt: skip
def hsms_are_in_allowed_hands(estate: Estate) -> Iterator[Finding]:
    """The operator of an HSM's site is no more in foreign hands than the classes whose keys it holds allow."""
    bounds = demands(estate)
    places = {place.name: place for place in estate.places}
    kept = {item.keys: bounds[item.name] for item in sorted(estate.data_classes, key=lambda i: -i.foreign_ownership)}
    for hsm in estate.hsms:
        place, demand = places.get(hsm.site), kept.get(hsm.name)
        if demand is None or demand.foreign_ownership == 100:
            continue
        if place is None:
            yield Finding(f"hsm:{hsm.name}", f"nothing says where {hsm.site} is", hsm.declared, unknown=True)
        elif (foreign := foreign_share(place, estate.country.code)) > demand.foreign_ownership:
            limit = f"{demand.by()} allows {demand.foreign_ownership} %"
            yield Finding(f"hsm:{hsm.name}", f"{foreign} % of {place.operator} is in foreign hands; {limit}", hsm.declared)


@rule(
    "RF-OWN-003", "Home law governs what must stay at home", severity="critical", mandatory="file plan",
    reads=_HOLDS, controls=["iso-27001:5.31"],
    remedy="Agree on home law in the embassy's treaty and declare the grant, or move the data.",
    bad=[{"estate:places[0].jurisdiction": "XB"}],
)  # fmt: skip
def home_law_governs(estate: Estate) -> Iterator[Finding]:
    """Where data rests that must stay in the territory, no other country's law governs, even on home soil."""
    home = estate.country.code
    for place, demand in _resting(estate):
        if demand.stay_in == "territory" and place.jurisdiction != home:
            message = f"the law of {place.jurisdiction} governs {place.name}; {demand.by()} is under home law only"
            yield Finding(place.name, message, place.declared)


def foreign_share(place: Place, home: str) -> int:
    """Return the percentage of a place's operator that is not known to be held at home."""
    return 100 - sum(owner.share for owner in place.owners if owner.country == home)


def _resting(estate: Estate) -> Iterator[tuple[Place, Demand]]:
    """Yield each place with the demand of each data class that rests, is worked on or is sent there."""
    bounds = demands(estate)
    places = {place.name: place for place in estate.places}
    pairs = {(bucket.place, bucket.data_class) for bucket in estate.buckets}
    pairs |= {(pool.site, name) for pool in estate.pools for name in pool.classes}
    pairs |= {(item.destination, name) for item in estate.filters for name in item.carries}
    for name, data_class in sorted(pairs):
        if name in places and data_class in bounds:
            yield places[name], bounds[data_class]
