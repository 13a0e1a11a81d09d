"""Where data can be, and by which ways it gets from one place to another: places, filters, services, access and flows."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.declaration import Declaration
from ringfence.declaration.site import Operator, Site
from ringfence.facts import Access, Bucket, Filter, Flow, Owner, Place, Service
from ringfence.flows import EVERYTHING

# Home law without immunity is a promise that the host country can break by walking in.
_EXTRATERRITORIAL = frozenset({"no-entry", "no-seizure", "home-law"})


def jurisdiction(declaration: Declaration, site: Site) -> str:
    """Return the country whose law governs a site.

    It is home for an embassy whose treaty grants immunity (no entry, no seizure) and home law, else where it stands.
    """
    for embassy in declaration.embassies:
        if embassy.id == site.embassy and _EXTRATERRITORIAL.issubset(embassy.grants):
            return declaration.country.code
    return site.place.country


def places(declaration: Declaration, buckets: tuple[Bucket, ...]) -> Iterator[Place]:
    """Yield sites, destinations, and what stands at them, each with its location, jurisdiction and owners."""
    at: dict[str, Place] = {}
    for name, site in declaration.sites.items():
        law = jurisdiction(declaration, site)
        kind = "embassy" if site.embassy else "site"
        at[name] = _place(name, kind, site.place.country, law, site.operator, f"sites.{name}")
    for name, destination in declaration.destinations.items():
        country = destination.country
        at[name] = _place(name, "destination", country, country, destination.operator, f"destinations.{name}")
    yield from at.values()
    for bucket in buckets:
        yield _standing(at[bucket.place], f"bucket:{bucket.name}", "bucket", bucket.declared)
    for name, site in declaration.sites.items():
        for pool in site.pools:
            yield _standing(at[name], f"pool:{pool}", "pool", f"sites.{name}.pools.{pool}")
        for gateway in site.gateways:
            yield _standing(at[name], f"gateway:{name}:{gateway}", "gateway", f"sites.{name}.gateways.{gateway}")
    for name, hsm in declaration.keys.hsms.items():
        yield _standing(at[hsm.site], f"hsm:{name}", "hsm", f"keys.hsms.{name}")
    for name, key in declaration.keys.purposes.items():
        site_name = declaration.keys.hsms[key.hsm].site
        yield _standing(at[site_name], f"key:{name}", "key", f"keys.purposes.{name}")
    for service in services(declaration):
        host = f"service:{service.site}:{service.kind}:{service.host}"
        yield Place(host, "service", service.country, service.country, "", (), service.declared)
    for person in access(declaration):
        yield Place(_people(person), "people", person.country, person.country, "", (), person.declared)


def _place(name: str, kind: str, country: str, law: str, operator: Operator, declared: str) -> Place:
    owners = tuple(Owner(owner.country, owner.share) for owner in operator.owners)
    return Place(name, kind, country, law, operator.name, owners, declared)


def _standing(there: Place, name: str, kind: str, declared: str) -> Place:
    return Place(name, kind, there.country, there.jurisdiction, there.operator, there.owners, declared)


def _people(person: Access) -> str:
    return f"people:{person.place}:{person.who}"


def access(declaration: Declaration) -> Iterator[Access]:
    """Yield who can reach which site's systems."""
    for name, site in declaration.sites.items():
        for at, who in enumerate(site.access):
            yield Access(who.who, name, who.country, who.clearance, who.classes, f"sites.{name}.access[{at}]")


def services(declaration: Declaration) -> Iterator[Service]:
    """Yield the services that each site's hosts use."""
    for name, site in declaration.sites.items():
        here = f"sites.{name}.services"
        for kind in ("dns", "ntp", "packages", "syslog"):
            for at, endpoint in enumerate(getattr(site.services, kind)):
                yield Service(kind, name, endpoint.host, endpoint.country, f"{here}.{kind}[{at}]")
        if site.services.registry is not None:
            registry = site.services.registry
            yield Service("registry", name, registry.host, registry.country, f"{here}.registry")


def filters(declaration: Declaration) -> Iterator[Filter]:
    """Yield what lets traffic out of each gateway: one entry for each declared egress, nothing else."""
    for name, site in declaration.sites.items():
        for at, egress in enumerate(site.egress):
            if egress.to in declaration.sites:
                there = declaration.sites[egress.to].prefixes
                prefixes: tuple[str, ...] = (str(there.ipv4), str(there.ipv6))
            else:
                prefixes = tuple(str(prefix) for prefix in declaration.destinations[egress.to].prefixes)
            carries = egress.carries
            if egress.enforced_by is not None:
                allowed = site.proxies[egress.enforced_by].carries
                carries = tuple(item for item in carries if item in allowed)
            yield Filter(
                name, egress.via, egress.to, prefixes, egress.port, carries, egress.enforced_by or "",
                f"sites.{name}.egress[{at}]",
            )  # fmt: skip


def flows(declaration: Declaration, buckets: tuple[Bucket, ...]) -> Iterator[Flow]:
    """Yield the information-flow graph's edges."""
    yield from _replication(declaration, buckets)
    yield from _within_sites(declaration, buckets)
    yield from _key_use(declaration, buckets)
    for entry in filters(declaration):
        evidence = "proxy" if entry.enforced_by else "filter"
        source = f"gateway:{entry.site}:{entry.gateway}"
        yield Flow("egress", source, entry.destination, entry.carries, evidence, entry.declared)
        yield from _arrivals(declaration, entry)
    for service in services(declaration):
        target = f"service:{service.site}:{service.kind}:{service.host}"
        yield Flow(service.kind, service.site, target, (), "declaration", service.declared)


def _replication(declaration: Declaration, buckets: tuple[Bucket, ...]) -> Iterator[Flow]:
    first: dict[str, Bucket] = {}
    for bucket in buckets:
        origin = first.setdefault(bucket.store, bucket)
        if bucket is not origin:
            kind = "backup" if ".backups[" in bucket.declared else "replication"
            target = f"bucket:{bucket.name}"
            yield Flow(kind, f"bucket:{origin.name}", target, (EVERYTHING,), "store", bucket.declared)


def _within_sites(declaration: Declaration, buckets: tuple[Bucket, ...]) -> Iterator[Flow]:
    """Inside a site: stores feed the pools that work on their class, pools reach the gateways, people reach both."""
    for name, site in declaration.sites.items():
        here = [bucket for bucket in buckets if bucket.place == name]
        for pool_name, pool in site.pools.items():
            declared = f"sites.{name}.pools.{pool_name}"
            for bucket in here:
                if bucket.data_class in pool.classes:
                    yield Flow("read", f"bucket:{bucket.name}", f"pool:{pool_name}", (EVERYTHING,), "declaration", declared)
            for gateway in site.gateways:
                target = f"gateway:{name}:{gateway}"
                yield Flow("network", f"pool:{pool_name}", target, pool.classes, "declaration", declared)
        for at, who in enumerate(site.access):
            person, declared = f"people:{name}:{who.who}", f"sites.{name}.access[{at}]"
            for bucket in here:
                if bucket.data_class in who.classes:
                    # Whatever else came into the bucket, such as an assistant's logs, they can read as well.
                    yield Flow("access", f"bucket:{bucket.name}", person, (EVERYTHING,), "declaration", declared)
            for pool_name, pool in site.pools.items():
                if seen := tuple(item for item in pool.classes if item in who.classes):
                    yield Flow("access", f"pool:{pool_name}", person, seen, "declaration", declared)
    for name, assistant in declaration.assistants.items():
        if assistant.logs_to is not None:
            for bucket in buckets:
                if bucket.store == assistant.logs_to:
                    carried = (assistant.class_ceiling,)
                    declared = f"assistants.{name}.logs_to"
                    yield Flow("logs", f"pool:{assistant.pool}", f"bucket:{bucket.name}", carried, "declaration", declared)


def _key_use(declaration: Declaration, buckets: tuple[Bucket, ...]) -> Iterator[Flow]:
    for bucket in buckets:
        if bucket.key:
            yield Flow("key-use", f"key:{bucket.key}", f"bucket:{bucket.name}", (), "key-policy", bucket.declared)


def _arrivals(declaration: Declaration, entry: Filter) -> Iterator[Flow]:
    """What arrives at another site of the estate can reach that site's pools, and so its gateways."""
    if entry.destination in declaration.sites:
        for pool in declaration.sites[entry.destination].pools:
            carried = entry.carries
            yield Flow("network", entry.destination, f"pool:{pool}", carried, "declaration", entry.declared)
