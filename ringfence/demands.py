"""What a data class demands once its own wish and every law that binds it are laid together: the strictest of each."""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.estate import Estate
from ringfence.facts import DataClass, Law, Obligation, Place

# From the strictest to the loosest.
REACHES: tuple[str, ...] = ("territory", "coalition", "anywhere")
CLEARANCES: tuple[str, ...] = ("cleared", "vetted", "any")


@dataclass(frozen=True, slots=True)
class Demand:
    """What holds for one data class. ``foreign_ownership`` is the highest share in percent; ``laws`` names who demands."""

    data_class: str
    stay_in: str
    foreign_ownership: int
    people: str
    laws: tuple[str, ...]

    def by(self) -> str:
        """Say who demands it, for a message: ``health under xa-data-act-12``."""
        return f"{self.data_class} under {', '.join(self.laws)}" if self.laws else self.data_class


def demands(estate: Estate) -> dict[str, Demand]:
    """Return the demand on each data class by its name."""
    return {data_class.name: _demand(data_class, estate.laws) for data_class in estate.data_classes}


def within(place: Place, reach: str, estate: Estate) -> bool:
    """Return whether ``place`` lies within ``reach``: what is abroad counts as home where home's own law rules it."""
    home = estate.country.code
    if reach == "anywhere" or home in (place.country, place.jurisdiction):
        return True
    partners = {partner.country for partner in estate.coalition}
    return reach == "coalition" and place.country in partners and place.jurisdiction in partners


def _demand(data_class: DataClass, laws: tuple[Law, ...]) -> Demand:
    stay_in, owned, people = data_class.stay_in, data_class.foreign_ownership, data_class.people
    binding: list[str] = []
    for law in laws:
        applying = [o for o in law.obligations if _applies(o, data_class)] if _binds(law) else []
        for obligation in applying:
            stay_in = min(stay_in, obligation.stay_in or stay_in, key=REACHES.index)
            people = min(people, obligation.people, key=CLEARANCES.index)
            owned = min(owned, obligation.foreign_ownership)
        if applying:
            binding.append(law.id)
    return Demand(data_class.name, stay_in, owned, people, tuple(binding))


def _binds(law: Law) -> bool:
    """A power binds nobody until it is used; whether an unverified one has been used is not known, so it binds."""
    return law.kind != "power" or not law.verified


def _applies(obligation: Obligation, data_class: DataClass) -> bool:
    return obligation.data_class in ("", data_class.name) and obligation.sector in ("", data_class.sector)
