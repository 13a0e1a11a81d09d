"""Declaration to Estate: what a country file means. Pure and deterministic: the same bytes on each run and machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.catalogue import Catalogue
from ringfence.compile import holdings, places
from ringfence.compile.addresses import plan
from ringfence.compile.fabric import Fabric
from ringfence.declaration import Declaration
from ringfence.declaration.society import Coalition
from ringfence.estate import FACTS, Coverage, Estate
from ringfence.facts import Cable, Country, Custodian, Device, Law, Partner, Site


def compile_estate(declaration: Declaration, catalogue: Catalogue, laws: Iterable[Law], provenance: str) -> Estate:
    """Return the Estate that a valid declaration means.

    Args:
        declaration: as ``load`` returns it; its references are known to lead somewhere.
        catalogue: the models of servers and switches.
        laws: all known laws; those that the declaration names are taken.
        provenance: where the facts come from, usually the country file's name.
    """
    devices, cables = _hardware(declaration, catalogue)
    buckets = tuple(holdings.buckets(declaration))
    country = declaration.country
    coalition = declaration.coalition
    return Estate(
        country=Country(country.code, country.name, country.languages),
        coalition=tuple(_partners(coalition)) if coalition else (),
        laws=tuple(law for law in laws if law.id in declaration.laws),
        data_classes=tuple(holdings.data_classes(declaration)),
        places=tuple(places.places(declaration, buckets)),
        access=tuple(places.access(declaration)),
        sites=_sites(declaration),
        devices=devices,
        cables=cables,
        pools=tuple(holdings.pools(declaration, catalogue)),
        filters=tuple(places.filters(declaration)),
        flows=tuple(places.flows(declaration, buckets)),
        services=tuple(places.services(declaration)),
        hsms=tuple(holdings.hsms(declaration)),
        custodians=tuple(Custodian(item.id, item.institution) for item in declaration.keys.custodians),
        quorum=declaration.keys.quorum,
        keys=tuple(holdings.keys(declaration)),
        buckets=buckets,
        namespaces=tuple(holdings.namespaces(declaration)),
        pods=tuple(holdings.pods(declaration)),
        assistants=tuple(holdings.assistants(declaration)),
        oversight=holdings.oversight(declaration),
        coverage=tuple(Coverage(fact, "declared", provenance) for fact in FACTS),
    )


def _partners(coalition: Coalition) -> Iterator[Partner]:
    for partner in coalition.partners:
        yield Partner(partner.country, partner.recognised_until.isoformat())


def _hardware(declaration: Declaration, catalogue: Catalogue) -> tuple[tuple[Device, ...], tuple[Cable, ...]]:
    devices: list[Device] = []
    cables: list[Cable] = []
    for name, site in declaration.sites.items():
        if site.fabric is not None and site.rows:
            fabric = Fabric(name, site, site.fabric, catalogue)
            devices += fabric.devices()
            cables += fabric.cables()
    return tuple(devices), tuple(cables)


def _sites(declaration: Declaration) -> tuple[Site, ...]:
    made = []
    for name, site in declaration.sites.items():
        ipv4, ipv6, where = str(site.prefixes.ipv4), str(site.prefixes.ipv6), f"sites.{name}"
        if site.fabric is None or not site.rows:
            made.append(Site(name, site.index, ipv4, ipv6, "", "", "", "", "", "", where))
            continue
        cut = plan(site, site.fabric.compute)
        compute, loopback = cut.compute, cut.loopback
        networks = (compute.prefix4(), compute.prefix6(), loopback.prefix4(), loopback.prefix6(), cut.oob.prefix4())
        made.append(Site(name, site.index, ipv4, ipv6, *networks, cut.oob_gateway(), where))
    return tuple(made)
