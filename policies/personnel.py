"""Personnel: who can touch what, cleared by whom and from where."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.demands import CLEARANCES, demands, within
from ringfence.estate import Estate
from ringfence.facts import Place
from ringfence.rule import rule
from ringfence.verdict import Finding

_OPS = {"who": "ops", "country": "XA", "clearance": "vetted", "via": "bastion", "classes": ["health"]}
_ABROAD = {"who": "support", "country": "XB", "clearance": "cleared", "via": "bastion", "classes": ["health"]}


@rule(
    "RF-PER-001", "People are cleared for what they reach", severity="high", mandatory="file plan",
    reads=["access", "data_classes", "laws"], controls=["nist-800-53:PS-3", "iso-27001:6.1"],
    remedy="Have the people cleared, or take the class off their access.",
    good=[{"sites.north.access": [{**_OPS, "classes": ["public"]}]}], bad=[{"sites.north.access": [_OPS]}],
)  # fmt: skip
def people_are_cleared(estate: Estate) -> Iterator[Finding]:
    """Whoever can reach the systems that hold a data class has the clearance that the class and the laws demand."""
    bounds = demands(estate)
    for access in estate.access:
        held = CLEARANCES.index(access.clearance) if access.clearance in CLEARANCES else len(CLEARANCES) - 1
        for name in access.classes:
            if name in bounds and held > CLEARANCES.index(bounds[name].people):
                message = f"reaches {name} with clearance {access.clearance!r}; {bounds[name].by()} wants {bounds[name].people}"
                yield Finding(f"people:{access.place}:{access.who}", message, access.declared)


@rule(
    "RF-PER-002", "People work from within bounds", severity="high", mandatory="file plan",
    reads=["access", "data_classes", "laws", "country", "coalition"], controls=["nist-800-53:AC-17"],
    remedy="Do the work from within the bounds of the class, or take the class off the access.",
    good=[{"sites.north.access": [{**_ABROAD, "classes": ["weights"]}]}], bad=[{"sites.north.access": [_ABROAD]}],
    overrides=["RF-RES-001"],
)  # fmt: skip
def people_work_from_within_bounds(estate: Estate) -> Iterator[Finding]:
    """Reading a screen abroad is an export: people sit where the classes that they reach may be."""
    bounds = demands(estate)
    for access in estate.access:
        desk = Place(access.who, "people", access.country, access.country, "", (), access.declared)
        for name in access.classes:
            if name in bounds and not within(desk, bounds[name].stay_in, estate):
                message = f"reaches {name} from {access.country}; {bounds[name].by()} must stay in {bounds[name].stay_in}"
                yield Finding(f"people:{access.place}:{access.who}", message, access.declared)
