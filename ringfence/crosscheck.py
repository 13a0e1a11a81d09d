"""What a declaration's parts must be to one another: references that lead somewhere, no cycles, address space that fits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations

from ringfence.catalogue import Catalogue
from ringfence.compile.addresses import shortfall
from ringfence.compile.fabric import shape_of
from ringfence.contradictions import contradictions
from ringfence.declaration import Declaration
from ringfence.declaration.site import ComputeNetwork, Fabric, Pool, Site
from ringfence.yamltext import Path, Problem


def crosscheck(declaration: Declaration, catalogue: Catalogue, laws: Collection[str]) -> list[Problem]:
    """Return every problem between the parts of a well-shaped declaration."""
    checks = (_sites, _data, _society, contradictions)
    problems = [problem for check in checks for problem in check(declaration)]
    for at, law in enumerate(declaration.laws):
        problems += _ref(("laws", at), "law", law, laws)
    for name, site in declaration.sites.items():
        problems += _hardware(name, site, catalogue)
    return problems


def _ref(path: Path, kind: str, name: str, known: Collection[str]) -> list[Problem]:
    if name in known:
        return []
    if near := get_close_matches(name, known, n=1):
        hint = f' (did you mean "{near[0]}"?)'
    else:
        hint = f"; there is {', '.join(sorted(known)[:8])}" if known else "; none is declared"
    return [Problem(path, f'no {kind} "{name}"{hint}', absent=name)]


def _refs(path: Path, kind: str, names: Collection[str], known: Collection[str]) -> list[Problem]:
    return [problem for at, name in enumerate(names) for problem in _ref((*path, at), kind, name, known)]


def _unique(path: Path, kind: str, values: Mapping[str | int, object]) -> Iterator[Problem]:
    seen: dict[object, str | int] = {}
    for key, value in values.items():
        if value in seen:
            yield Problem((*path, key, kind), f"{kind} {value} is already that of {seen[value]}; give it one of its own")
        seen.setdefault(value, key)


def _sites(declaration: Declaration) -> Iterator[Problem]:
    yield from _unique(("sites",), "index", {name: site.index for name, site in declaration.sites.items()})
    embassies = {embassy.id: embassy for embassy in declaration.embassies}
    yield from _unique(("embassies",), "id", {at: embassy.id for at, embassy in enumerate(declaration.embassies)})
    for name in set(declaration.sites) & set(declaration.destinations):
        yield Problem(("destinations", name), f'"{name}" is also a site; copies could mean either')
    for family in ("ipv4", "ipv6"):
        prefixes = {name: getattr(site.prefixes, family) for name, site in declaration.sites.items()}
        for (one, a), (other, b) in combinations(prefixes.items(), 2):
            if a.overlaps(b):
                yield Problem(("sites", other, "prefixes", family), f"{b} overlaps {a} of sites.{one}")
    for name, site in declaration.sites.items():
        here: Path = ("sites", name)
        if site.embassy is not None:
            yield from _ref((*here, "embassy"), "embassy", site.embassy, embassies)
            embassy = embassies.get(site.embassy)
            if embassy and embassy.host_country != site.place.country:
                yield Problem((*here, "place", "country"), f"the embassy stands in {embassy.host_country}, not here")
        yield from _shares((*here, "operator", "owners"), [owner.share for owner in site.operator.owners])
        yield from _unique((*here, "gateways"), "index", {name: gate.index for name, gate in site.gateways.items()})
        yield from _site_refs(here, site, declaration)
    for name, destination in declaration.destinations.items():
        yield from _shares(("destinations", name, "operator", "owners"), [o.share for o in destination.operator.owners])


def _shares(path: Path, shares: list[int]) -> Iterator[Problem]:
    if sum(shares) != 100:
        yield Problem(path, f"shares add up to {sum(shares)} percent, not 100; name every owner")


def _site_refs(here: Path, site: Site, declaration: Declaration) -> Iterator[Problem]:
    classes = declaration.data_classes
    for at, egress in enumerate(site.egress):
        path = (*here, "egress", at)
        yield from _ref((*path, "to"), "destination or site", egress.to, {*declaration.destinations, *declaration.sites})
        yield from _ref((*path, "via"), "gateway", egress.via, site.gateways)
        yield from _refs((*path, "carries"), "data class", egress.carries, classes)
        if egress.enforced_by is not None:
            yield from _ref((*path, "enforced_by"), "proxy", egress.enforced_by, site.proxies)
    for name, proxy in site.proxies.items():
        yield from _refs((*here, "proxies", name, "carries"), "data class", proxy.carries, classes)
    for name, pool in site.pools.items():
        yield from _refs((*here, "pools", name, "classes"), "data class", pool.classes, classes)
    for at, access in enumerate(site.access):
        yield from _refs((*here, "access", at, "classes"), "data class", access.classes, classes)


def _hardware(name: str, site: Site, catalogue: Catalogue) -> Iterator[Problem]:
    here: Path = ("sites", name)
    if site.fabric is None:
        if site.pools or site.rows:
            yield Problem((*here, "fabric"), "a site with rows or pools needs a fabric; declare compute and oob")
        return
    problems = list(_models(here, site.fabric, catalogue))
    yield from problems
    yield from _rows(here, site, site.fabric.compute)
    if not site.rows:
        return
    if site.prefixes.ipv4.prefixlen > 24 or site.prefixes.ipv6.prefixlen > 96 + site.prefixes.ipv4.prefixlen:
        yield Problem((*here, "prefixes"), "a site with a fabric takes an IPv4 /24 or larger, and an IPv6 prefix no smaller")
    elif message := shortfall(site, site.fabric.compute):
        yield Problem((*here, "prefixes", "ipv4"), message)
    if not problems and shape_of(site.fabric.compute, catalogue) is None:
        yield Problem((*here, "fabric", "compute", "su"), "the switches have too few ports for so many scalable units")
    taken: dict[tuple[int, int], str] = {}
    for pool_name, pool in site.pools.items():
        path: Path = (*here, "pools", pool_name)
        yield from _rails(path, pool, site.fabric.compute, catalogue)
        yield from _racks(path, pool_name, pool, site, site.fabric.compute, taken)
    yield from _unique((*here, "pools"), "index", {name: pool.index for name, pool in site.pools.items()})


def _models(here: Path, fabric: Fabric, catalogue: Catalogue) -> Iterator[Problem]:
    names = {("compute", "leaf"): fabric.compute.leaf, ("compute", "spine"): fabric.compute.spine}
    if fabric.compute.core is not None:
        names["compute", "core"] = fabric.compute.core
    for kind in ("oob", "storage", "inband"):
        network = getattr(fabric, kind)
        if network is not None:
            names[kind, "leaf"] = network.leaf
    for where, model in names.items():
        yield from _ref((*here, "fabric", *where), "switch model", model, catalogue.switches)


def _rows(here: Path, site: Site, compute: ComputeNetwork) -> Iterator[Problem]:
    for at, row in enumerate(site.rows):
        path = (*here, "rows", at)
        if row.index != at + 1:
            yield Problem((*path, "index"), f"row {at + 1} of the list has index {row.index}; keep old rows, with 0 racks")
        if row.racks > row.capacity:
            yield Problem((*path, "racks"), f"{row.racks} racks in a row with a capacity of {row.capacity}")
        if row.capacity * compute.rack_nodes % compute.su_nodes:
            yield Problem(
                (*path, "capacity"),
                f"{row.capacity} racks of {compute.rack_nodes} nodes are no whole number of scalable units of "
                f"{compute.su_nodes} nodes",
            )


def _rails(path: Path, pool: Pool, compute: ComputeNetwork, catalogue: Catalogue) -> Iterator[Problem]:
    problems = _ref((*path, "server"), "server model", pool.server, catalogue.servers)
    yield from problems
    if not problems and (rails := catalogue.servers[pool.server].rails) > compute.rails:
        yield Problem((*path, "server"), f"{pool.server} has {rails} rails; the fabric has {compute.rails}")


def _racks(
    path: Path, name: str, pool: Pool, site: Site, compute: ComputeNetwork, taken: dict[tuple[int, int], str]
) -> Iterator[Problem]:
    rows = {row.index: row for row in site.rows}
    if pool.row not in rows:
        yield Problem((*path, "row"), f"no row {pool.row}; there is {', '.join(map(str, rows))}")
        return
    racks = -(-pool.nodes // compute.rack_nodes)
    last = pool.first_rack + racks - 1
    if last > rows[pool.row].racks:
        yield Problem(
            (*path, "nodes"),
            f"{pool.nodes} nodes from rack {pool.first_rack} on need racks up to {last}; row {pool.row} has "
            f"{rows[pool.row].racks}",
        )
        return
    before = sum(row.capacity for row in site.rows if row.index < pool.row)
    if (before + last) * compute.rack_nodes > compute.su * compute.su_nodes:
        yield Problem((*path, "nodes"), f"stands beyond the {compute.su} scalable units that fabric.compute.su builds")
    for rack in range(pool.first_rack, last + 1):
        if (pool.row, rack) in taken:
            yield Problem((*path, "first_rack"), f"row {pool.row} rack {rack} is taken by {taken[pool.row, rack]}")
            return
        taken[pool.row, rack] = name


def _data(declaration: Declaration) -> Iterator[Problem]:
    classes, keys, sites = declaration.data_classes, declaration.keys, declaration.sites
    for name, data_class in classes.items():
        if data_class.keys is not None:
            yield from _ref(("data_classes", name, "keys"), "HSM", data_class.keys, keys.hsms)
    for name, hsm in keys.hsms.items():
        yield from _ref(("keys", "hsms", name, "site"), "site", hsm.site, sites)
    yield from _unique(("keys", "custodians"), "id", {at: item.id for at, item in enumerate(keys.custodians)})
    if keys.custodians and keys.quorum > len(keys.custodians):
        yield Problem(("keys", "quorum"), f"a quorum of {keys.quorum} of {len(keys.custodians)} custodians cannot meet")
    for name, key in keys.purposes.items():
        path: Path = ("keys", "purposes", name)
        yield from _ref((*path, "hsm"), "HSM", key.hsm, keys.hsms)
        if key.wrapped_by is not None:
            yield from _ref((*path, "wrapped_by"), "key", key.wrapped_by, keys.purposes)
    yield from _key_cycles(declaration)
    places = {*sites, *declaration.destinations}
    for name, store in declaration.stores.items():
        path = ("stores", name)
        yield from _ref((*path, "class"), "data class", store.class_, classes)
        yield from _refs((*path, "copies"), "site or destination", store.copies, places)
        yield from _refs((*path, "used_by"), "assistant", store.used_by, declaration.assistants)
        if len(set(store.copies)) < len(store.copies):
            yield Problem((*path, "copies"), "names a place twice")
        if store.key is not None:
            yield from _ref((*path, "key"), "key", store.key, keys.purposes)
        for at, backup in enumerate(store.backups):
            yield from _ref((*path, "backups", at, "to"), "site or destination", backup.to, places)
            yield from _ref((*path, "backups", at, "key"), "key", backup.key, keys.purposes)


def _key_cycles(declaration: Declaration) -> Iterator[Problem]:
    purposes = declaration.keys.purposes
    told: set[str] = set()
    for start in purposes:
        trail, name = [start], purposes[start].wrapped_by
        while name is not None and name in purposes and name not in trail:
            trail.append(name)
            name = purposes[name].wrapped_by
        if name == start and start not in told:
            told.update(trail)
            loop = " -> ".join([*trail, start])
            yield Problem(("keys", "purposes", start, "wrapped_by"), f"keys wrap each other in a circle: {loop}")


def _society(declaration: Declaration) -> Iterator[Problem]:
    pools = {name for site in declaration.sites.values() for name in site.pools}
    seen: dict[str, str] = {}
    for site_name, site in declaration.sites.items():
        for name in site.pools:
            if name in seen:
                yield Problem(("sites", site_name, "pools", name), f'"{name}" is also a pool of {seen[name]}')
            seen.setdefault(name, site_name)
    for name, assistant in declaration.assistants.items():
        path: Path = ("assistants", name)
        yield from _ref((*path, "pool"), "pool", assistant.pool, pools)
        yield from _ref((*path, "class_ceiling"), "data class", assistant.class_ceiling, declaration.data_classes)
        if assistant.logs_to is not None:
            yield from _ref((*path, "logs_to"), "store", assistant.logs_to, declaration.stores)
    tenants: set[str] = set(declaration.assistants)
    for at, grant in enumerate(declaration.ecosystem.grants):
        path = ("ecosystem", "grants", at)
        yield from _ref((*path, "pool"), "pool", grant.pool, pools)
        if grant.to in tenants:
            yield Problem((*path, "to"), f'"{grant.to}" is already a tenant; its namespace would be shared')
        tenants.add(grant.to)
    bodies = declaration.oversight.bodies
    for operation, approval in declaration.oversight.approvals.items():
        path = ("oversight", "approvals", operation)
        yield from _refs((*path, "bodies"), "oversight body", approval.bodies, bodies)
        if approval.threshold > len(set(approval.bodies)):
            yield Problem((*path, "threshold"), f"{approval.threshold} of {len(set(approval.bodies))} bodies cannot agree")
    log = declaration.oversight.log
    if log is not None:
        yield from _ref(("oversight", "log", "key"), "key", log.key, declaration.keys.purposes)
        yield from _refs(("oversight", "log", "witnesses"), "oversight body", log.witnesses, bodies)
